import { Button, Stack, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconRefresh } from "@tabler/icons-react";
import { useCommand } from "~/api/command";
import { useMay } from "~/app/viewer";
import { CommandProblems } from "~/ui/Notice";
import {
  type AlertCheckedFragment,
  type AlertFactsFragment,
  AlertRecheckFieldDocument,
  type AlertRecheckFieldMutation,
  AlertRecheckObjectDocument,
  type AlertRecheckObjectMutation,
} from "./alert.generated";
import { subject } from "./words";

const pickField = (data: AlertRecheckFieldMutation) => data.recheckFields;
const pickObject = (data: AlertRecheckObjectMutation) => data.recheckObjects;

type Verdict = Pick<AlertCheckedFragment, "rights" | "missingRights">;

/** Recheck asks the CRM again now: a repair shows at once, and ends the alert. */
export function Recheck({ alert, onDone }: { alert: AlertFactsFragment; onDone(): void }) {
  const field = useCommand(AlertRecheckFieldDocument, pickField);
  const object = useCommand(AlertRecheckObjectDocument, pickObject);
  const may = useMay("OPERATE");
  const which = { integrationId: alert.integration.id, object: alert.objectName };
  const check = async () => {
    if (alert.fieldName) {
      const { ok, payload } = await field.run({ ...which, field: alert.fieldName });
      if (ok && payload?.object) say(alert, payload.object, payload.object.field);
      if (ok) onDone();
    } else {
      const { ok, payload } = await object.run(which);
      const checked = payload?.objects?.[0];
      if (ok && checked) say(alert, checked, checked);
      if (ok) onDone();
    }
  };
  return (
    <Stack gap="xs" align="flex-start">
      <Tooltip label="Only an owner or an admin can check." disabled={may}>
        <Button
          size="xs"
          leftSection={<IconRefresh size={14} aria-hidden />}
          disabled={!may}
          loading={field.busy || object.busy}
          onClick={check}
        >
          Check again now
        </Button>
      </Tooltip>
      <CommandProblems outcome={field.outcome} />
      <CommandProblems outcome={object.outcome} />
    </Stack>
  );
}

/** say tells what the check found, as far as it is about this alert. */
function say(alert: AlertFactsFragment, checked: AlertCheckedFragment, verdict: Verdict | null) {
  const closeButtonProps = { "aria-label": "Close" };
  if (checked.stale) {
    notifications.show({
      color: "orange",
      title: "The check got no answer",
      message: checked.staleReason,
      closeButtonProps,
    });
    return;
  }
  // Without a cause the alert is not about access, and the verdict says nothing of it.
  const still = alert.cause && (!verdict?.rights.read || verdict.missingRights.length > 0);
  notifications.show({
    color: still ? "orange" : "green",
    message: still ? `Checked just now: ${subject(alert)} still lacks access.` : "Checked just now.",
    closeButtonProps,
  });
}
