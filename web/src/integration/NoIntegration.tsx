import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "~/ui/Empty";
import { Page } from "~/ui/Page";

/** NoIntegration is every page of an integration that is not in this workspace. */
export function NoIntegration() {
  return (
    <Page title="There is no such integration" above={[["Integrations", "/"]]}>
      <Empty
        icon={IconPlugConnectedX}
        title="This workspace has no integration with this address"
        actions={
          <Button component={Link} to="/">
            Go to the integrations
          </Button>
        }
      >
        It may belong to another workspace, or the address is mistyped.
      </Empty>
    </Page>
  );
}
