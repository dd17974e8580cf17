import { Paper, Radio, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useCommand } from "~/api/command";
import type { Environment, OAuthGrant } from "~/api/schema.generated";
import { CommandProblems } from "~/ui/Notice";
import { useDraft } from "~/ui/useDraft";
import { type Config, ConfigForm, hasConfig, missingConfig } from "./ConfigForm";
import { StartIntegrationDocument, type StartIntegrationMutation, type StartPageQuery } from "./connect.generated";
import { Guarded } from "./Guarded";
import { leaveFor } from "./leave";
import { type Schedule, ScheduleFields } from "./ScheduleFields";

type Connector = StartPageQuery["connectors"][number];

interface Draft {
  config: Config;
  schedule: Schedule;
  grant: OAuthGrant | null;
}

const grants: Record<OAuthGrant, [string, string]> = {
  AUTHORIZATION_CODE: ["Sign in with a browser", "You sign in at the CRM as the integration user, and come back."],
  CLIENT_CREDENTIALS: ["The app signs in as itself", "Nobody has to sign in: the app's own user at the CRM is used."],
};

const pickStart = (data: StartIntegrationMutation) => data.startIntegration;

/** StartForm asks for what is needed to start, and sends the browser to the CRM. */
export function StartForm({
  connector,
  environment,
  zone,
}: {
  connector: Connector;
  environment: Environment;
  zone: string;
}) {
  const initial = useMemo<Draft>(
    () => ({ config: {}, schedule: { time: "02:00", zone }, grant: connector.grants[0] ?? null }),
    [zone, connector.grants],
  );
  const [draft, setDraft, forget] = useDraft<Draft>(`start:${connector.name}:${environment}`, initial);
  const start = useCommand(StartIntegrationDocument, pickStart);
  const [missing, setMissing] = useState<string[]>([]);
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);

  const errorOf = (...path: string[]) =>
    start.outcome?.userErrors.find((each) => each.field.join(".").endsWith(path.join(".")))?.message;

  const submit = async () => {
    const lacking = missingConfig(connector.configSchema, draft.config);
    setMissing(lacking);
    const first = lacking[0];
    if (first !== undefined) {
      form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
      return;
    }
    const { ok, payload } = await start.run({
      connector: connector.name,
      environment,
      scheduleTime: draft.schedule.time,
      scheduleZone: draft.schedule.zone,
      // An integration that was begun before keeps its configuration when none is given.
      config: Object.keys(draft.config).length > 0 ? draft.config : null,
      grant: draft.grant,
    });
    if (!ok || !payload?.integration) return;
    forget();
    if (payload.signInUrl) leaveFor(payload.signInUrl);
    else navigate(`/integrations/${payload.integration.id}/onboarding`);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="start">
      <form ref={form} onSubmit={onSubmit} noValidate>
        <Stack>
          <Title order={2} id="start">
            Start
          </Title>
          {hasConfig(connector.configSchema) && (
            <ConfigForm
              schema={connector.configSchema}
              value={draft.config}
              onChange={(config) => setDraft({ ...draft, config })}
              errorOf={(name) => (missing.includes(name) ? "Please enter this." : errorOf("config", name))}
            />
          )}
          {connector.grants.length > 1 && (
            <Radio.Group
              label="How to sign in"
              value={draft.grant ?? ""}
              onChange={(grant) => setDraft({ ...draft, grant: grant as OAuthGrant })}
            >
              <Stack gap="xs" mt="xs">
                {connector.grants.map((grant) => (
                  <Radio key={grant} value={grant} label={grants[grant][0]} description={grants[grant][1]} />
                ))}
              </Stack>
            </Radio.Group>
          )}
          <Stack gap={4}>
            <Title order={3}>Daily run</Title>
            <Text size="sm" c="dimmed">
              Data is synced and permissions are checked once a day. You can change the time later.
            </Text>
          </Stack>
          <ScheduleFields
            value={draft.schedule}
            onChange={(schedule) => setDraft({ ...draft, schedule })}
            errorOf={(field) => errorOf(field === "time" ? "scheduleTime" : "scheduleZone")}
          />
          <CommandProblems outcome={start.outcome} />
          <div>
            <Guarded scope="CONNECT" type="submit" loading={start.busy}>
              Start
            </Guarded>
            <Text size="sm" c="dimmed" mt="xs">
              {draft.grant === "CLIENT_CREDENTIALS"
                ? "The app signs in at once, then the connection is tested."
                : `You are led to ${connector.title} to sign in and to consent. The sign-in stays open for ten minutes.`}
            </Text>
          </div>
        </Stack>
      </form>
    </Paper>
  );
}
