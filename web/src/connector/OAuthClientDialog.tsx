import { Button, Group, Modal, PasswordInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useState } from "react";
import { useCommand } from "~/api/command";
import type { Environment } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { words } from "~/ui/words";
import type { Connector } from "./ConnectorsPage";
import { SetOAuthClientDocument, type SetOAuthClientMutation } from "./connectors.generated";

const pickSet = (data: SetOAuthClientMutation) => data.setOAuthClient;

/** Asks for the OAuth client that the workspace registered at a CRM. */
export function OAuthClientDialog({ connector, onClose }: { connector: Connector; onClose(): void }) {
  const environments: Environment[] =
    connector.environments.length > 0 ? connector.environments : ["PRODUCTION", "SANDBOX"];
  const [environment, setEnvironment] = useState<Environment>(environments[0] ?? "PRODUCTION");
  const [clientId, setClientId, forget] = useDraft(`oauth-client:${connector.name}`, "");
  // The secret is never kept anywhere but in this form.
  const [clientSecret, setClientSecret] = useState("");
  const set = useCommand(SetOAuthClientDocument, pickSet);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { ok } = await set.run({ connector: connector.name, environment, clientId: clientId.trim(), clientSecret });
    if (!ok) return;
    forget();
    setClientSecret("");
    notifications.show({
      message: `The OAuth client of ${connector.title} is set.`,
      closeButtonProps: { "aria-label": "Close" },
    });
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`OAuth client of ${connector.title || connector.name}`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={(event) => void submit(event)} autoComplete="off">
        <Stack>
          <Text size="sm" c="dimmed">
            The app that this workspace registered at the CRM. It is used instead of the server's own from the next
            sign-in on.
          </Text>
          <Select
            label="Environment"
            data={environments.map((each) => ({ value: each, label: words(each) }))}
            value={environment}
            allowDeselect={false}
            onChange={(next) => next && setEnvironment(next as Environment)}
          />
          <TextInput
            label="Client id"
            required
            autoComplete="off"
            value={clientId}
            onChange={(event) => setClientId(event.currentTarget.value)}
          />
          <PasswordInput
            label="Client secret"
            description="It is stored encrypted and never shown again."
            required
            autoComplete="new-password"
            value={clientSecret}
            onChange={(event) => setClientSecret(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show what is entered" }}
          />
          <CommandProblems outcome={set.outcome} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={set.busy}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
