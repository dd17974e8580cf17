import { Anchor } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "~/ui/Empty";
import { Page } from "~/ui/Page";

export function NotFound() {
  return (
    <Page title="There is no such page">
      <Empty icon={IconMapPinOff} title="The address leads nowhere">
        It may be of an older version, or mistyped.{" "}
        <Anchor component={Link} to="/" underline="always">
          Go to the integrations
        </Anchor>
      </Empty>
    </Page>
  );
}
