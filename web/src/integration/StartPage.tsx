import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconPlugX } from "@tabler/icons-react";
import { Link, useParams, useSearchParams } from "react-router";
import { useScreen } from "~/api/query";
import { useViewer } from "~/app/viewer";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { words } from "~/ui/words";
import { Benefits, NeededRights, Prerequisites } from "./BeforeStart";
import { ConnectorProblem } from "./ConnectorProblem";
import { ConnectedAlready, environmentOf, holderOf, refusalOf } from "./choice";
import { StartPageDocument } from "./connect.generated";
import { StartForm } from "./StartForm";

/** What connecting a CRM gives and needs, and the start of it. */
export function Component() {
  const { connector: name = "" } = useParams();
  const [search] = useSearchParams();
  const environment = environmentOf(search);
  const { workspace } = useViewer();
  const screen = useScreen(
    StartPageDocument,
    { connector: name, package: workspace.packageKey },
    { kinds: ["integration"] },
  );
  const connector = screen.data?.connectors.find((each) => each.name === name);
  const title = `Connect ${connector?.title || name}, ${words(environment).toLowerCase()}`;
  const back = `/connect?environment=${environment}`;
  return (
    <Page
      title={title}
      lead="Read what it gives and what it needs. Then start: you sign in at the CRM and come back here."
      above={[
        ["Integrations", "/"],
        ["Connect a CRM", back],
      ]}
      actions={
        <Anchor href={`/docs/admins/${name}`} target="_blank" size="sm" underline="always">
          Connection guide
        </Anchor>
      }
    >
      <Loaded screen={screen}>
        {(data) => {
          if (!connector) {
            return (
              <Empty
                icon={IconPlugX}
                title="This server has no such connector"
                actions={
                  <Button component={Link} to={back}>
                    Choose another CRM
                  </Button>
                }
              />
            );
          }
          const refusal = refusalOf(connector, environment);
          const holder = holderOf(data.integrations, name, environment);
          const bought = data.packages.find((each) => each.isNewest);
          return (
            <Stack gap="lg">
              {connector.problem && <ConnectorProblem problem={connector.problem} />}
              {holder && (
                <Text size="sm">
                  <ConnectedAlready holder={holder} />
                </Text>
              )}
              {bought && <Benefits features={bought.features} />}
              <Prerequisites prerequisites={connector.prerequisites} />
              {bought && <NeededRights objects={bought.objects} crm={connector.title} />}
              {refusal ? (
                <Empty
                  icon={IconPlugX}
                  title="It cannot be connected"
                  actions={
                    <Group>
                      <Button component={Link} to={back}>
                        Choose another CRM
                      </Button>
                    </Group>
                  }
                >
                  {refusal}
                </Empty>
              ) : (
                <StartForm
                  key={`${name} ${environment}`}
                  connector={connector}
                  environment={environment}
                  zone={workspace.timeZone}
                />
              )}
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}
