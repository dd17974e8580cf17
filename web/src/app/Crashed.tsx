import { Button, Code, Stack } from "@mantine/core";
import { IconBug } from "@tabler/icons-react";
import { useRouteError } from "react-router";
import { Empty } from "~/ui/Empty";
import { Page } from "~/ui/Page";

/** Crashed is shown instead of a screen that failed: what failed, and a way on. */
export function Crashed() {
  const error = useRouteError();
  return (
    <Page title="This page failed">
      <Empty
        icon={IconBug}
        title="The fault is ours"
        actions={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      >
        <Stack gap="xs">
          What you entered is kept. If it happens again, give this to the operator:
          <Code block>{error instanceof Error ? error.message : String(error)}</Code>
        </Stack>
      </Empty>
    </Page>
  );
}
