import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** WideTable scrolls a table sideways where the window is narrower than it, by keyboard too. */
export function WideTable({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  return (
    // Relative: what is hidden from sight in a cell stays in here, too.
    <Table.ScrollContainer
      minWidth={minWidth}
      type="native"
      pos="relative"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {children}
    </Table.ScrollContainer>
  );
}
