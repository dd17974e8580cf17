import { Anchor, Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconPlugX } from "@tabler/icons-react";
import { useState } from "react";
import { useScreen } from "~/api/query";
import type { ConnectorStatus } from "~/api/schema.generated";
import { ConnectorIcon, Fact } from "~/integration/about";
import { ConnectorProblem } from "~/integration/ConnectorProblem";
import { Guarded } from "~/integration/Guarded";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { Status, type Tone } from "~/ui/Status";
import { count, words } from "~/ui/words";
import { ConnectorDetails } from "./ConnectorDetails";
import { ConnectorsDocument, type ConnectorsQuery } from "./connectors.generated";
import { OAuthClientDialog } from "./OAuthClientDialog";

export type Connector = ConnectorsQuery["connectors"][number];

const statuses: Record<ConnectorStatus, [Tone, string]> = {
  LOADED: ["good", "Loaded"],
  FAILING: ["warning", "Failing: the next call tries again"],
  MISSING: ["bad", "Missing: there is no file"],
  UNTRUSTED: ["bad", "Untrusted: another checksum"],
  INCOMPATIBLE: ["bad", "Incompatible with this server"],
  BROKEN: ["bad", "Broken: it cannot be run"],
  QUARANTINED: ["bad", "Quarantined: it crashed too often"],
};

/** The connectors of this server: which there are, how they do, and how their processes are confined. */
export function Component() {
  const screen = useScreen(ConnectorsDocument, {}, { kinds: ["integration"] });
  const [asked, setAsked] = useState<Connector | null>(null);
  return (
    <Page
      title="Connectors"
      lead="Each CRM is spoken to by a program of its own, which the operator of the server has installed."
    >
      <Loaded screen={screen}>
        {(data) =>
          data.connectors.length === 0 ? (
            <Empty icon={IconPlugX} title="This server offers no connector">
              The operator of the server has to configure one.
            </Empty>
          ) : (
            <Stack gap="md">
              {data.connectors.map((connector) => (
                <Entry key={connector.name} connector={connector} onClient={() => setAsked(connector)} />
              ))}
            </Stack>
          )
        }
      </Loaded>
      {asked && <OAuthClientDialog connector={asked} onClose={() => setAsked(null)} />}
    </Page>
  );
}

function Entry({ connector, onClient }: { connector: Connector; onClient(): void }) {
  const [tone, word] = statuses[connector.status];
  const advisory = connector.protections.filter((each) => each.level === "ADVISORY").length;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={connector.name}>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <ConnectorIcon svg={connector.iconSvg} size={36} />
          <div style={{ flex: "1 1 200px", minWidth: 0 }}>
            <Title order={2} size="h3" id={connector.name}>
              {connector.title || connector.name}
            </Title>
            <Text size="sm" c="dimmed">
              {[connector.vendor && `by ${connector.vendor}`, connector.version && `version ${connector.version}`]
                .filter(Boolean)
                .join(", ")}
            </Text>
          </div>
          <Group gap="xs">
            <Badge variant="light" color="gray" tt="none">
              {connector.kind === "CRM" ? "CRM" : "Marketing automation"}
            </Badge>
            <Status tone={tone}>{word}</Status>
            {connector.crashes > 0 && (
              <Status tone="warning">{`${count(connector.crashes, "crash", "crashes")} since the start`}</Status>
            )}
          </Group>
        </Group>
        {connector.problem && <ConnectorProblem problem={connector.problem} />}
        {connector.kind === "MAP" && (
          <Text size="sm">Its permissions are not checked, so it cannot be connected: that is for CRMs only.</Text>
        )}
        <Group component="dl" m={0} gap="xl" style={{ rowGap: 8 }}>
          <Fact term="Environments">{connector.environments.map(words).join(", ") || "none"}</Fact>
          <Fact term="Sign-in">{connector.grants.map(words).join(", ") || "none"}</Fact>
          <Fact term="Protections">
            {connector.protections.length - advisory} enforced, {advisory} advisory
          </Fact>
        </Group>
        <ConnectorDetails connector={connector} />
        <Group>
          <Guarded scope="CONNECT" variant="default" size="xs" onClick={onClient}>
            Set the OAuth client
          </Guarded>
          <Anchor href={`/docs/admins/${connector.name}`} target="_blank" size="sm" underline="always">
            Connection guide
          </Anchor>
        </Group>
      </Stack>
    </Paper>
  );
}
