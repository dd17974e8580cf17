import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** WideTable scrolls a table sideways where the window is narrower than it, by keyboard too. */
export function WideTable({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={minWidth} type="native" tabIndex={0} role="region" aria-label={label}>
      {children}
    </Table.ScrollContainer>
  );
}
