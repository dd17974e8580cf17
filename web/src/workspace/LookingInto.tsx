import { Button, Center } from "@mantine/core";
import { IconArrowBackUp, IconBuildingCommunity } from "@tabler/icons-react";
import { Empty } from "~/ui/Empty";
import { lookInto } from "./look";

/** LookingInto stands beside the name of a workspace that was chosen, and leads back to one's own. */
export function LookingInto({ name }: { name: string }) {
  return (
    <Button
      size="compact-sm"
      variant="light"
      color="orange"
      leftSection={<IconArrowBackUp size={16} aria-hidden />}
      aria-label={`You look into ${name}. Back to your own workspace`}
      style={{ flex: "none" }}
      onClick={() => lookInto(null)}
    >
      Back
    </Button>
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
