import { Button, NativeSelect, Stack, Text } from "@mantine/core";
import { IconCopy, IconTableOff } from "@tabler/icons-react";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { whoMay } from "~/integration/Guarded";
import { NoIntegration } from "~/integration/NoIntegration";
import { sourcesFor } from "~/settings/CopyDialog";
import { Empty } from "~/ui/Empty";
import { Lines, Loaded, Page } from "~/ui/Page";
import { words } from "~/ui/words";
import { CopyMapping } from "./CopyMapping";
import { FieldsCard } from "./FieldsCard";
import { HistoryCard } from "./HistoryCard";
import { MappingScreenDocument, type MappingScreenQuery } from "./mapping.generated";
import { ObjectStatus, ObjectsCard } from "./ObjectsCard";
import { PhaseCard } from "./PhaseCard";
import { ProposalsCard } from "./ProposalsCard";
import type { IntegrationOf } from "./standard";

// The API gives at most 100 items at once.
const most = 100;

export function Component() {
  const { integrationId = "" } = useParams();
  const [search] = useSearchParams();
  const object = search.get("object");
  const [history, setHistory] = useState(10);
  const [copying, setCopying] = useState(false);
  const mayEdit = useMay("CONFIGURE");
  const screen = useScreen(
    MappingScreenDocument,
    { id: integrationId, object: object ?? "", hasObject: object !== null, of: object, history },
    { kinds: ["mapping", "check", "permission", "onboarding", "integration"], integrationId },
  );
  const integration = screen.data?.integration;
  if (screen.data && !integration) return <NoIntegration />;
  const sources = integration && screen.data ? sourcesFor(integration, screen.data.integrations) : [];
  const name = integration?.instance?.name ?? integration?.connector.title;
  const shown = integration?.standardization.objects.find((each) => each.name === object);
  const here = `/integrations/${integrationId}/standardization`;
  const back = search.get("from") === "onboarding" ? `${here}?from=onboarding` : here;
  return (
    <Page
      title={shown ? `Standard fields of ${shown.label}` : name ? `Standardization of ${name}` : "Standardization"}
      above={[["Integrations", "/"], ...(object ? [["Standardization", back] as const] : [])]}
      lead={
        integration &&
        `${integration.connector.title} · ${words(integration.environment)}. Which CRM field stands for which standard field of the package.`
      }
      actions={
        !object &&
        mayEdit &&
        sources.length > 0 && (
          <Button variant="default" leftSection={<IconCopy size={16} aria-hidden />} onClick={() => setCopying(true)}>
            Copy from another integration
          </Button>
        )
      }
    >
      {!mayEdit && (
        <Text size="sm" c="dimmed">
          You can look at the mappings. {whoMay}
        </Text>
      )}
      <Loaded screen={screen}>
        {(data) =>
          data.integration && (
            <Cards
              integration={data.integration}
              data={data}
              object={object}
              fetching={screen.fetching}
              refresh={screen.refresh}
              onOlder={history < most ? () => setHistory(Math.min(history + 30, most)) : null}
            />
          )
        }
      </Loaded>
      {copying && integration && (
        <CopyMapping
          integration={integration}
          sources={sources}
          onClose={() => setCopying(false)}
          onCopied={() => {
            setCopying(false);
            screen.refresh();
          }}
        />
      )}
    </Page>
  );
}

function Cards({
  integration,
  data,
  object,
  fetching,
  refresh,
  onOlder,
}: {
  integration: IntegrationOf;
  data: MappingScreenQuery;
  object: string | null;
  fetching: boolean;
  refresh(): void;
  onOlder: (() => void) | null;
}) {
  const history = <HistoryCard integration={integration} data={data} fetching={fetching} onOlder={onOlder} />;
  const proposals = (
    <ProposalsCard
      key={object}
      integrationId={integration.id}
      proposals={integration.mappingProposals.filter((each) => !object || each.objectName === object)}
      onDone={refresh}
    />
  );
  if (!object)
    return (
      <Stack gap="lg">
        <PhaseCard integration={integration} onDone={refresh} />
        <ObjectsCard integration={integration} onDone={refresh} />
        {proposals}
        {history}
      </Stack>
    );
  // The answer about the object before: the next one is on its way.
  if (integration.object && integration.object.name !== object) return <Lines />;
  const defaults = new Map(
    data.mappingDefaults
      .filter((each) => each.connector === integration.connector.name)
      .map((each) => [each.standardField, each.crmField]),
  );
  return (
    <Stack gap="lg">
      <ChooseObject integration={integration} object={object} />
      {integration.standardFields.some((field) => field.object === object) ? (
        <>
          {proposals}
          <FieldsCard integration={integration} object={object} defaults={defaults} onDone={refresh} />
          {history}
        </>
      ) : (
        <Empty icon={IconTableOff} title="The package has no such object">
          Choose one of the objects above.
        </Empty>
      )}
    </Stack>
  );
}

function ChooseObject({ integration, object }: { integration: IntegrationOf; object: string }) {
  const [, setSearch] = useSearchParams();
  const { objects } = integration.standardization;
  const shown = objects.find((each) => each.name === object);
  return (
    <Stack gap={6} align="flex-start">
      <NativeSelect
        label="Object"
        value={object}
        data={[
          ...(shown ? [] : [{ value: object, label: object }]),
          ...objects.map(({ name, label, mappedCount, standardFieldCount }) => ({
            value: name,
            label: `${label} (${mappedCount} of ${standardFieldCount} mapped)`,
          })),
        ]}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setSearch((old) => {
            old.set("object", next);
            return old;
          });
        }}
      />
      {shown && <ObjectStatus object={shown} />}
    </Stack>
  );
}
