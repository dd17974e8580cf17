import { notifications } from "@mantine/notifications";
import { useCommand } from "~/api/command";
import { PermissionRecheckFieldsDocument, type PermissionRecheckFieldsMutation } from "./fields.generated";
import { PermissionRecheckObjectsDocument, type PermissionRecheckObjectsMutation } from "./objects.generated";

const ofObjects = (data: PermissionRecheckObjectsMutation) => data.recheckObjects;
const ofFields = (data: PermissionRecheckFieldsMutation) => data.recheckFields;

/** tell says how a check ended: that the CRM did not answer is no failure of the request. */
function tell(what: string, failure: string | undefined) {
  notifications.show({
    title: failure === undefined ? `${what}: checked` : `${what}: the check failed`,
    message:
      failure === undefined
        ? "What the CRM answered is shown now."
        : `${failure} The verdicts are as they were before.`,
    color: failure === undefined ? "green" : "orange",
    closeButtonProps: { "aria-label": "Close" },
  });
}

/** Checks objects with all their fields; none named is all of the package. */
export function useRecheckObjects(integrationId: string) {
  const command = useCommand(PermissionRecheckObjectsDocument, ofObjects);
  const recheck = async (objects: readonly { name: string; label: string }[]) => {
    const { ok, payload } = await command.run({ integrationId, objects: objects.map((object) => object.name) });
    if (!ok) return;
    const failed = (payload?.objects ?? []).find((object) => object.stale);
    tell(objects.length === 1 && objects[0] ? objects[0].label : "All objects", failed?.staleReason);
  };
  return { ...command, recheck };
}

/** Checks one object's fields; none named is all of them. */
export function useRecheckFields(integrationId: string, object: string) {
  const command = useCommand(PermissionRecheckFieldsDocument, ofFields);
  const recheck = async (fields: readonly string[]) => {
    const { ok, payload } = await command.run({ integrationId, object, fields: [...fields] });
    if (ok)
      tell(
        fields[0] ?? payload?.object?.label ?? object,
        payload?.object?.stale ? payload.object.staleReason : undefined,
      );
    return ok;
  };
  return { ...command, recheck };
}
