import { Button, List, Stack, Text } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";

export interface FixData {
  steps: readonly string[];
  deepLink: string | null;
  who: string;
}

/** FixSteps is the exact way to repair something in the CRM, and who can. */
export function FixSteps({ fix, crm = "the CRM" }: { fix: FixData; crm?: string }) {
  return (
    <Stack gap="xs">
      {fix.steps.length > 0 && (
        <List type="ordered" size="sm" spacing={4}>
          {fix.steps.map((step) => (
            <List.Item key={step}>{step}</List.Item>
          ))}
        </List>
      )}
      {fix.who && (
        <Text size="sm" c="dimmed">
          Who can do it: {fix.who}
        </Text>
      )}
      {fix.deepLink && (
        <div>
          <Button
            component="a"
            href={fix.deepLink}
            target="_blank"
            rel="noreferrer"
            size="xs"
            variant="default"
            rightSection={<IconExternalLink size={14} aria-hidden />}
          >
            Open in {crm}
          </Button>
        </div>
      )}
    </Stack>
  );
}
