import { Alert, Anchor, Badge, Button, Grid, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconFolderSearch, IconSearchOff } from "@tabler/icons-react";
import { useEffect, useEffectEvent } from "react";
import { Link, useParams } from "react-router";
import { useCommand } from "~/api/command";
import type { FeedKind } from "~/api/live";
import { useScreen } from "~/api/query";
import { useViewer } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Empty } from "~/ui/Empty";
import { FixSteps } from "~/ui/FixSteps";
import { Lines, Loaded, Page } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { count, words } from "~/ui/words";
import { AlertActions } from "./AlertActions";
import { AlertDeliveries } from "./AlertDeliveries";
import { State } from "./AlertRow";
import { AlertTimeline } from "./AlertTimeline";
import { type AlertFactsFragment, AlertScreenDocument, type AlertScreenQuery } from "./alert.generated";
import { AlertsMarkReadDocument, type AlertsMarkReadMutation } from "./alerts.generated";
import { localPath } from "./localPath";
import { Recheck } from "./Recheck";
import { causeWords, integrationName, resolutionWords, severityTone, subject } from "./words";

const kinds: readonly FeedKind[] = ["alert", "permission", "integration"];
const above = [["Alerts", "/alerts"]] as const;

export function Component() {
  const { alertId = "" } = useParams();
  // Another alert is another screen: nothing of the one before is kept.
  return <Screen key={alertId} alertId={alertId} />;
}

function Screen({ alertId }: { alertId: string }) {
  const screen = useScreen(AlertScreenDocument, { id: alertId }, { kinds });
  const alert = screen.data?.node && "rule" in screen.data.node ? screen.data.node : null;
  useReading(alertId, alert ? screen.data : undefined);
  if (screen.data && !alert) {
    return (
      <Page title="There is no such alert" above={above}>
        <Empty
          icon={IconSearchOff}
          title="This alert is not here"
          actions={
            <Button component={Link} to="/alerts" variant="default">
              Go to the alerts
            </Button>
          }
        >
          It may belong to another workspace, or it is so old that it was removed.
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={alert?.title ?? "Alert"}
      above={above}
      lead={alert && <Lead alert={alert} />}
      actions={alert && <AlertActions alert={alert} />}
    >
      <Loaded screen={screen} skeleton={<Lines />}>
        {(data) => alert && <Facts alert={alert} data={data} onChange={screen.refresh} />}
      </Loaded>
    </Page>
  );
}

const pickRead = (data: AlertsMarkReadMutation) => data.markInboxRead;

/** useReading marks what the inbox says of this alert as read: whoever has it open has read it. */
function useReading(alertId: string, data: AlertScreenQuery | undefined) {
  const { run } = useCommand(AlertsMarkReadDocument, pickRead);
  const reads = useViewer().kind === "MEMBER";
  const unread = (data?.unread.edges ?? []).flatMap((edge) =>
    edge?.node && !edge.node.read && edge.node.alert.id === alertId ? edge.node.id : [],
  );
  const wanted = reads ? unread.join(" ") : "";
  const mark = useEffectEvent((ids: string[]) => void run({ itemIds: ids, throughItemId: null }));
  useEffect(() => {
    if (wanted !== "") mark(wanted.split(" "));
  }, [wanted]);
}

function Lead({ alert }: { alert: AlertFactsFragment }) {
  return (
    <Stack gap={8}>
      <Group gap={6}>
        <Status tone={severityTone[alert.severity]}>{words(alert.severity)}</Status>
        <State alert={alert} />
        {alert.mandatory && (
          <Badge variant="default" tt="none" fw={600}>
            Mandatory
          </Badge>
        )}
      </Group>
      <span>
        <Anchor component={Link} to={`/integrations/${alert.integration.id}`} inherit underline="always">
          {integrationName(alert.integration)}
        </Anchor>
        {subject(alert) && ` · ${subject(alert)}`}
        {alert.standardField && ` · stands for ${alert.standardField}`}
      </span>
    </Stack>
  );
}

function Facts({ alert, data, onChange }: { alert: AlertFactsFragment; data: AlertScreenQuery; onChange(): void }) {
  const rule = data.alertRules.find((each) => each.rule === alert.rule);
  return (
    <Stack>
      {alert.state === "RESOLVED" && (
        <Alert color="green" variant="light" icon={<IconCircleCheck aria-hidden />} title="Resolved">
          <Ago at={alert.resolvedAt} />: {alert.resolution ? resolutionWords[alert.resolution] : "it is over"}. Should
          the problem come back, this alert is opened again.
        </Alert>
      )}
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <Card title="What is wrong">
              <Problem alert={alert} rule={rule} />
            </Card>
            <Card title="How to repair it">
              <Repair alert={alert} onChange={onChange} />
            </Card>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Card title="What it breaks">
              <Affected alert={alert} />
            </Card>
            <Card title="What happened">
              <AlertTimeline alert={alert} members={data.members} />
            </Card>
            <Card title="Whom it was sent to">
              <AlertDeliveries alert={alert} mailed={rule?.mailed} />
            </Card>
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function Problem({
  alert,
  rule,
}: {
  alert: AlertFactsFragment;
  rule: AlertScreenQuery["alertRules"][number] | undefined;
}) {
  return (
    <>
      <Text size="sm">{alert.message}</Text>
      <Fact label="Cause">{alert.cause && causeWords[alert.cause]}</Fact>
      <Fact label="Evidence">{alert.evidence}</Fact>
      {alert.folded && alert.state !== "RESOLVED" && (
        <Fact label="With its object">
          {alert.objectName} cannot be read either, so the alert on the object tells the story. This one ends with it.
        </Fact>
      )}
      {alert.foldedAlerts.length > 0 && (
        <Fact
          label={`Told with it: ${count(alert.foldedAlerts.length, "field")} that come back with ${alert.objectName}`}
        >
          <Group gap="xs">
            {alert.foldedAlerts.map((field) => (
              <Anchor key={field.id} component={Link} to={`/alerts/${field.id}`} size="sm" underline="always">
                {field.fieldName}
              </Anchor>
            ))}
          </Group>
        </Fact>
      )}
      {rule && (
        <Fact label="Rule">
          {rule.title}. {rule.description}
        </Fact>
      )}
      {alert.mandatory && (
        <Fact label="Mandatory">
          Nobody can dismiss it or unsubscribe from it: it stays in the daily digest until its problem is over.
        </Fact>
      )}
    </>
  );
}

function Repair({ alert, onChange }: { alert: AlertFactsFragment; onChange(): void }) {
  return (
    <>
      {alert.fix ? (
        <FixSteps fix={alert.fix} crm={alert.integration.connector.title} />
      ) : (
        <Text size="sm">Nothing is to be done by hand.</Text>
      )}
      <Group gap="xs" align="flex-start">
        <Button
          component={Link}
          to={localPath(alert.pageUrl)}
          size="xs"
          variant="default"
          leftSection={<IconFolderSearch size={14} aria-hidden />}
        >
          {alert.objectName ? "See it in Data Sync" : "See the integration"}
        </Button>
        {alert.state !== "RESOLVED" && alert.objectName && <Recheck alert={alert} onDone={onChange} />}
      </Group>
    </>
  );
}

function Card({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="sm">
        <Title order={2}>{title}</Title>
        {children}
      </Stack>
    </Paper>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <Text size="xs" c="dimmed" fw={600}>
        {label}
      </Text>
      <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}

function Affected({ alert }: { alert: AlertFactsFragment }) {
  const features = alert.affected.filter(({ kind }) => kind === "FEATURE");
  const settings = alert.affected.filter(({ kind }) => kind === "SETTING");
  if (alert.affected.length === 0) return <Text size="sm">Nothing else depends on it.</Text>;
  return (
    <>
      {features.length > 0 && (
        <Fact label="Features">
          <Stack gap={2} component="ul" m={0} pl="md">
            {features.map((each) => (
              <li key={each.key}>{each.title}</li>
            ))}
          </Stack>
        </Fact>
      )}
      {settings.length > 0 && (
        <Fact label="Settings">
          <Stack gap={2} component="ul" m={0} pl="md">
            {settings.map((each) => (
              <li key={each.key}>{each.title}</li>
            ))}
          </Stack>
          <Anchor component={Link} to={`/integrations/${alert.integration.id}/settings`} size="sm" underline="always">
            Open the settings
          </Anchor>
        </Fact>
      )}
    </>
  );
}
