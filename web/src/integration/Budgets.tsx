import { Button, Group, Modal, NumberInput, Progress, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, type ReactNode, useState } from "react";
import { type Command, type UserError, useCommand } from "~/api/command";
import { Ago } from "~/ui/Ago";
import { CommandProblems } from "~/ui/Notice";
import { Card } from "./Card";
import {
  SetApiBudgetDocument,
  type SetApiBudgetMutation,
  SetQuotaShareDocument,
  type SetQuotaShareMutation,
} from "./change.generated";
import { Guarded } from "./Guarded";
import type { Overview } from "./OverviewPage";

type Budget = Overview["apiBudgets"][number];

const pickBudget = (data: SetApiBudgetMutation) => data.setApiBudget;
const pickShare = (data: SetQuotaShareMutation) => data.setQuotaShare;

/** What runs may spend of the CRM's APIs, and have spent. */
export function Budgets({ integration }: { integration: Overview }) {
  const [budget, setBudget] = useState<Budget | null>(null);
  const [share, setShare] = useState(false);
  const quota = integration.crmQuota;
  const close = () => {
    setBudget(null);
    setShare(false);
  };
  return (
    <Card title="API calls" id="budgets">
      <Stack gap="md">
        {integration.apiBudgets.map((each) => (
          <Meter
            key={each.apiType}
            title={`${each.title}, calls of Fieldwarden today`}
            used={each.usedToday}
            max={each.dailyLimit}
            note={
              <>
                The count begins again <Ago at={each.resetsAt} />.
                {each.recommendedDailyLimit !== null &&
                  ` Recommended limit: ${each.recommendedDailyLimit.toLocaleString()}.`}
              </>
            }
            action="Change the limit"
            onChange={() => setBudget(each)}
          />
        ))}
        {quota && (
          <Meter
            title={`Quota of ${integration.connector.title}, calls of all apps`}
            used={quota.used}
            max={quota.max}
            note={
              <>
                Told <Ago at={quota.at} />. Runs stop at {quota.stopAtPercent} % of it.
              </>
            }
            action="Change the share"
            onChange={() => setShare(true)}
          />
        )}
      </Stack>
      <Modal
        opened={budget !== null}
        onClose={close}
        title={budget ? `Daily limit of the ${budget.title}` : ""}
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {budget && <BudgetForm integrationId={integration.id} budget={budget} onDone={close} />}
      </Modal>
      <Modal
        opened={share}
        onClose={close}
        title="Share of the quota"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {quota && <ShareForm integrationId={integration.id} percent={quota.stopAtPercent} onDone={close} />}
      </Modal>
    </Card>
  );
}

function Meter({
  title,
  used,
  max,
  note,
  action,
  onChange,
}: {
  title: string;
  used: number;
  max: number | null;
  note: ReactNode;
  action: string;
  onChange(): void;
}) {
  const percent = max ? Math.min(100, (used / max) * 100) : 0;
  const text =
    max === null ? `${used.toLocaleString()}, no limit` : `${used.toLocaleString()} of ${max.toLocaleString()}`;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{title}</Text>
        <Text size="sm" fw={600}>
          {text}
        </Text>
      </Group>
      {max !== null && (
        <Progress
          value={percent}
          color={percent >= 100 ? "red" : percent >= 80 ? "orange" : "brand"}
          size="lg"
          aria-label={`${title}: ${text}`}
        />
      )}
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {note}
        </Text>
        <Guarded
          scope="CONFIGURE"
          variant="subtle"
          size="compact-sm"
          aria-label={`${action}: ${title}`}
          onClick={onChange}
        >
          {action}
        </Guarded>
      </Group>
    </Stack>
  );
}

function BudgetForm({ integrationId, budget, onDone }: { integrationId: string; budget: Budget; onDone(): void }) {
  const [limit, setLimit] = useState<number | "">(budget.dailyLimit ?? "");
  const set = useCommand(SetApiBudgetDocument, pickBudget);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { ok } = await set.run({ integrationId, apiType: budget.apiType, dailyLimit: limit === "" ? null : limit });
    if (ok) done("The limit is changed.", onDone);
  };
  return (
    <Form command={set} onSubmit={submit}>
      <NumberInput
        label="Calls in one local day"
        description="A run that reaches it goes on the next day where it stopped. Empty means no limit of ours."
        placeholder={
          budget.recommendedDailyLimit === null ? "No limit" : `Recommended: ${budget.recommendedDailyLimit}`
        }
        min={1}
        allowDecimal={false}
        value={limit}
        onChange={(value) => setLimit(typeof value === "number" ? value : "")}
      />
    </Form>
  );
}

function ShareForm({ integrationId, percent, onDone }: { integrationId: string; percent: number; onDone(): void }) {
  const [share, setShare] = useState<number | "">(percent);
  const set = useCommand(SetQuotaShareDocument, pickShare);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (share === "") return;
    const { ok } = await set.run({ integrationId, percent: share });
    if (ok) done("The share is changed.", onDone);
  };
  return (
    <Form command={set} onSubmit={submit}>
      <NumberInput
        label="Percent of the CRM's quota"
        description="Runs stop when all apps together have used this share, so that others keep the rest."
        min={1}
        max={100}
        suffix=" %"
        allowDecimal={false}
        required
        value={share}
        onChange={(value) => setShare(typeof value === "number" ? value : "")}
      />
    </Form>
  );
}

function Form({
  command,
  onSubmit,
  children,
}: {
  command: Pick<Command<never, { userErrors: UserError[] }>, "busy" | "outcome">;
  onSubmit(event: FormEvent): Promise<void>;
  children: ReactNode;
}) {
  return (
    <form onSubmit={(event) => void onSubmit(event)}>
      <Stack>
        {children}
        <CommandProblems outcome={command.outcome} />
        <Group justify="flex-end">
          <Button type="submit" loading={command.busy}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function done(message: string, close: () => void) {
  notifications.show({ message, closeButtonProps: { "aria-label": "Close" } });
  close();
}
