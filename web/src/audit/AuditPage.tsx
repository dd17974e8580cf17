import { Button, Menu, Stack, Text } from "@mantine/core";
import { IconClipboardList, IconDownload, IconFilterOff, IconLock, IconRefresh } from "@tabler/icons-react";
import { Pages } from "~/alert/Pages";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { Empty } from "~/ui/Empty";
import { Loaded, Page } from "~/ui/Page";
import { count } from "~/ui/words";
import { AuditEntries } from "./AuditEntries";
import { AuditFilters } from "./AuditFilters";
import { AuditDocument } from "./audit.generated";
import { download } from "./download";
import { filterOf, useAuditView, write } from "./view";

export function Component() {
  const may = useMay("READ_AUDIT");
  const [view, change] = useAuditView();
  const filter = filterOf(view);
  // Reading is recorded: the page asks when somebody does, never by itself.
  const screen = useScreen(AuditDocument, { filter, after: view.after }, { kinds: [], pause: !may });
  if (!may)
    return (
      <Page title="Audit log">
        <Empty icon={IconLock} title="Owners and admins read the audit log">
          Ask one of them, or for the role. The members are listed under Members.
        </Empty>
      </Page>
    );
  const keep = (form: "csv" | "json") => download(`/export/audit.${form}`, write(view));
  const narrowed = Object.keys(filter).length > 0;
  return (
    <Page
      title="Audit log"
      lead="What was done, tried or refused, and what it changed. Reading the log is itself recorded."
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={screen.fetching}
            onClick={screen.refresh}
          >
            Refresh
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
                Download
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{narrowed ? "All that match the filter" : "All entries"}</Menu.Label>
              <Menu.Item onClick={() => keep("csv")}>CSV</Menu.Item>
              <Menu.Item onClick={() => keep("json")}>JSON</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <Loaded screen={screen}>
        {({ auditLog }) => {
          const entries = (auditLog.edges ?? []).flatMap((edge) => edge?.node ?? []);
          return (
            <Stack>
              <AuditFilters view={view} change={change} known={entries.map(({ action }) => action)} />
              <Text size="sm" c="dimmed" role="status">
                {count(auditLog.totalCount, "entry", "entries")}
              </Text>
              {entries.length === 0 ? (
                <Empty
                  icon={narrowed ? IconFilterOff : IconClipboardList}
                  title={narrowed ? "No entry matches" : "There is no entry"}
                >
                  {narrowed ? "Nothing matches all that is chosen above." : "What is done from now on is listed here."}
                </Empty>
              ) : (
                <AuditEntries entries={entries} change={change} />
              )}
              <Pages next={auditLog.pageInfo.hasNextPage ? auditLog.pageInfo.endCursor : null} />
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}
