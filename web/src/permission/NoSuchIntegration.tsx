import { IconPlugConnectedX } from "@tabler/icons-react";
import { Empty } from "~/ui/Empty";

/** What each tab shows of an integration that is not in this workspace. */
export function NoSuchIntegration() {
  return (
    <Empty icon={IconPlugConnectedX} title="This workspace has no integration with this address">
      It may belong to another workspace, or the address is mistyped.
    </Empty>
  );
}
