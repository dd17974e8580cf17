import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

export interface Secret {
  channel: string;
  value: string;
  /** True when it takes the place of another. */
  rotated: boolean;
}

/** SecretOnce shows a signing secret this once. It is closed on purpose only: a click beside it would lose it. */
export function SecretOnce({ secret, onClose }: { secret: Secret; onClose(): void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Signing secret of ${secret.channel}`}
      centered
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Text size="sm">
          It is shown this once: keep it where your receiver can read it. Messages are signed by the Standard Webhooks
          specification; refuse those whose signature does not match.
        </Text>
        <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }} data-testid="secret">
          {secret.value}
        </Code>
        {secret.rotated && (
          <Text size="sm">For 24 hours messages are signed with both secrets, the old one and this.</Text>
        )}
        <Group justify="flex-end">
          <CopyButton value={secret.value}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                onClick={copy}
              >
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
