import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";

/** Confirm asks before something that cannot be taken back, saying what it would do. */
export function Confirm({
  opened,
  title,
  action,
  busy,
  danger = true,
  onConfirm,
  onCancel,
  children,
}: {
  opened: boolean;
  title: string;
  /** What the button says: a verb. */
  action: string;
  busy: boolean;
  danger?: boolean;
  onConfirm(): void;
  onCancel(): void;
  children: ReactNode;
}) {
  return (
    <Modal opened={opened} onClose={onCancel} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button {...(danger ? { color: "red.9" } : {})} loading={busy} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
