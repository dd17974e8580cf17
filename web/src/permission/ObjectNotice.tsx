import { Alert, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { causeWords } from "~/alert/words";
import { Ago } from "~/ui/Ago";
import { FixSteps } from "~/ui/FixSteps";
import type { PermissionVerdictFragment } from "./permission.generated";

/** ObjectNotice tells what is wrong with the whole object; nothing when nothing is. */
export function ObjectNotice({ object, crm }: { object: PermissionVerdictFragment; crm: string }) {
  const denied = object.status === "PERMISSION_MISSING" || object.status === "NOT_FOUND";
  return (
    <>
      {object.stale && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="The last check failed">
          {object.staleReason} What is shown is the verdict of the check before it.
        </Alert>
      )}
      {denied && (
        <Alert
          color="red"
          variant="light"
          icon={<IconCircleX aria-hidden />}
          title={`${object.label} cannot be read, and so none of its fields can`}
        >
          <Stack gap="xs">
            <Text size="sm">
              {causeWords[object.cause ?? "UNKNOWN"]}.{" "}
              {object.since && (
                <>
                  Since <Ago at={object.since} />.
                </>
              )}{" "}
              {object.evidence}
            </Text>
            {object.fix && <FixSteps fix={object.fix} crm={crm} />}
          </Stack>
        </Alert>
      )}
    </>
  );
}
