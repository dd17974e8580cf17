import { Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconBuildingCommunity, IconEye, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useScreen } from "~/api/query";
import { useMay, useViewer } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { count } from "~/ui/words";
import { Entitlements } from "./Entitlements";
import { lookInto } from "./look";
import { editionWords, stateWords } from "./words";
import { type WorkspaceRowFragment, WorkspacesDocument } from "./workspaces.generated";

export function Component() {
  const [params] = useSearchParams();
  const [entitling, setEntitling] = useState<WorkspaceRowFragment | null>(null);
  const screen = useScreen(
    WorkspacesDocument,
    { after: params.get("after") },
    { kinds: ["alert", "integration", "run", "workspace"] },
  );
  return (
    <Page
      title="Workspaces"
      lead="How the integrations of each workspace fare. The numbers of the workspace that you look into are live, the others are of the moment they were asked for."
      actions={
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={screen.fetching}
          onClick={screen.refresh}
        >
          Refresh
        </Button>
      }
    >
      <Loaded screen={screen}>
        {({ workspaces, packages }) => {
          const rows = (workspaces.edges ?? []).flatMap((edge) => edge?.node ?? []);
          return rows.length === 0 ? (
            <Empty icon={IconBuildingCommunity} title="There is no workspace to look into" />
          ) : (
            <Stack>
              <Text size="sm" c="dimmed" role="status">
                {count(workspaces.totalCount, "workspace")}
              </Text>
              {rows.map((workspace) => (
                <Card key={workspace.id} workspace={workspace} onEntitle={() => setEntitling(workspace)} />
              ))}
              <Pages next={workspaces.pageInfo.hasNextPage ? workspaces.pageInfo.endCursor : null} />
              {entitling && (
                <Entitlements workspace={entitling} packages={packages} onClose={() => setEntitling(null)} />
              )}
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Card({ workspace, onEntitle }: { workspace: WorkspaceRowFragment; onEntitle(): void }) {
  const { health } = workspace;
  const here = useViewer().workspace.id === workspace.id;
  const mayEntitle = useMay("ENTITLE");
  return (
    <Paper withBorder p="md" component="article" aria-label={workspace.name}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={6} style={{ minWidth: 0, flex: "1 1 320px" }}>
          <Group gap="xs">
            <Title order={2} style={{ overflowWrap: "anywhere" }}>
              {workspace.name}
            </Title>
            {here && (
              <Badge variant="light" tt="none">
                You are here
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {editionWords[workspace.edition]} · {workspace.packageKey} · {workspace.timeZone}
          </Text>
          <Group gap="xs">
            {health.needAttention > 0 ? (
              <Status tone="bad">{`${count(health.needAttention, "integration")} to look at`}</Status>
            ) : (
              health.integrations > 0 && <Status tone="good">Nothing to look at</Status>
            )}
            {health.openCritical > 0 && <Status tone="bad">{`${health.openCritical} critical`}</Status>}
            {health.openWarning > 0 && <Status tone="warning">{count(health.openWarning, "warning")}</Status>}
            {health.stale > 0 && <Status tone="bad">{`${health.stale} stale`}</Status>}
            {health.late > 0 && <Status tone="warning">{`${health.late} late`}</Status>}
          </Group>
          <Text size="sm">
            {health.integrations === 0 ? (
              "No integration yet."
            ) : (
              <>
                {count(health.integrations, "integration")}:{" "}
                {health.states.map(({ state, count: n }) => `${n} ${stateWords[state]}`).join(", ")}. Last synced{" "}
                <Ago at={health.lastSyncedAt} />.
              </>
            )}
          </Text>
        </Stack>
        <Group gap="xs">
          {mayEntitle && (
            <Button variant="default" size="xs" aria-label={`What it bought: ${workspace.name}`} onClick={onEntitle}>
              What it bought
            </Button>
          )}
          {!here && (
            <Button
              size="xs"
              leftSection={<IconEye size={14} aria-hidden />}
              aria-label={`Look into it: ${workspace.name}`}
              onClick={() => lookInto(workspace.id)}
            >
              Look into it
            </Button>
          )}
        </Group>
      </Group>
    </Paper>
  );
}
