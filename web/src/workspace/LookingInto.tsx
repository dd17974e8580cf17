import { Button, Center, Group, Paper, Text } from "@mantine/core";
import { IconArrowBackUp, IconBuildingCommunity, IconEye } from "@tabler/icons-react";
import { Empty } from "~/ui/Empty";
import { lookInto } from "./look";

/** LookingInto says on every screen that a workspace was chosen, and leads back to one's own. */
export function LookingInto({ name }: { name: string }) {
  return (
    <Paper withBorder px="sm" py={6} mb="md" component="section" aria-label="Chosen workspace">
      <Group justify="space-between" gap="xs">
        <Group gap={8} wrap="nowrap" style={{ minWidth: 0 }}>
          <IconEye size={18} style={{ flex: "none" }} aria-hidden />
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            You look into <b>{name}</b>.
          </Text>
        </Group>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowBackUp size={16} aria-hidden />}
          onClick={() => lookInto(null)}
        >
          Back to your own workspace
        </Button>
      </Group>
    </Paper>
  );
}

/** LeaveWorkspace is all that is left of a chosen workspace that one may not look into any more. */
export function LeaveWorkspace() {
  return (
    <Center component="main" p="xl">
      <Empty
        icon={IconBuildingCommunity}
        title="There is no such workspace any more"
        actions={<Button onClick={() => lookInto(null)}>Back to your own workspace</Button>}
      >
        The workspace that you looked into is gone, or you may not look into it any longer.
      </Empty>
    </Center>
  );
}
