import { Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** Card is one part of the overview. */
export function Card({ title, id, children }: { title: string; id: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={id}>
      <Title order={2} id={id} mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
