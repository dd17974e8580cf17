import { Alert, Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import type { CombinedError } from "@urql/core";
import type { UserError } from "~/api/command";

interface Told {
  code: string;
  message: string;
  hint: string;
  docsUrl: string;
  requestId?: string | undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What the API said; a server that could not be reached is told as such. */
function told(error: CombinedError): Told[] {
  if (error.graphQLErrors.length === 0) {
    return [
      {
        code: "",
        message: "The server could not be reached.",
        hint: "Check the network, then try again. Nothing you entered is lost.",
        docsUrl: "",
      },
    ];
  }
  return error.graphQLErrors.map(({ message, extensions }) => ({
    code: text(extensions["code"]),
    message,
    hint: text(extensions["hint"]),
    docsUrl: text(extensions["docsUrl"]),
    requestId: text(extensions["requestId"]) || undefined,
  }));
}

/** The page that explains a code, on this very server. */
function codePage({ code, docsUrl }: Told | UserError): string {
  return code ? `/docs/errors#${code}` : docsUrl;
}

function Line({ problem }: { problem: Told | UserError }) {
  const page = codePage(problem);
  return (
    <Stack gap={2}>
      <Text size="sm">{problem.message}</Text>
      {problem.hint && problem.hint !== problem.message && (
        <Text size="sm" c="dimmed">
          {problem.hint}
        </Text>
      )}
      {page && (
        <Text size="xs" c="dimmed">
          <Anchor href={page} target="_blank" inherit>
            {problem.code}
          </Anchor>
          {"requestId" in problem && problem.requestId ? ` · request ${problem.requestId}` : null}
        </Text>
      )}
    </Stack>
  );
}

/** ErrorNotice shows a request that failed: what, what to do, the page of its code, and a way to try again. */
export function ErrorNotice({ error, onRetry }: { error: CombinedError; onRetry?: () => void }) {
  const unreachable = error.graphQLErrors.length === 0;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={unreachable ? <IconPlugConnectedX aria-hidden /> : <IconAlertTriangle aria-hidden />}
      title={unreachable ? "No answer" : "This did not work"}
    >
      <Stack gap="sm">
        {told(error).map((problem) => (
          <Line key={problem.code + problem.message} problem={problem} />
        ))}
        {onRetry && (
          <Group>
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

/** Refusals shows what the API found wrong with an input; nothing was changed. */
export function Refusals({ errors }: { errors: readonly UserError[] }) {
  if (errors.length === 0) return null;
  return (
    <Alert
      color="orange"
      variant="light"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title="Nothing was changed"
    >
      <List spacing="sm" listStyleType="none">
        {errors.map((problem) => (
          <List.Item key={problem.code + problem.field.join(".") + problem.message}>
            <Line problem={problem} />
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** Shows whatever went wrong with a command; nothing when it went well. */
export function CommandProblems({
  outcome,
}: {
  outcome: { userErrors: readonly UserError[]; error: CombinedError | undefined } | null;
}) {
  if (!outcome) return null;
  return (
    <>
      {outcome.error && <ErrorNotice error={outcome.error} />}
      <Refusals errors={outcome.userErrors} />
    </>
  );
}
