import { Button, Paper, Stack, Table, Text, VisuallyHidden } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconKey, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { Pages } from "~/alert/Pages";
import { useCommand } from "~/api/command";
import { useScreen } from "~/api/query";
import { useMay } from "~/app/viewer";
import { Ago } from "~/ui/Ago";
import { Confirm } from "~/ui/Confirm";
import { Empty } from "~/ui/Empty";
import { CommandProblems } from "~/ui/Notice";
import { Loaded, Page } from "~/ui/Page";
import { Status } from "~/ui/Status";
import { WideTable } from "~/ui/WideTable";
import { CreateToken } from "./CreateToken";
import {
  type TokenRowFragment,
  TokensDocument,
  TokensRevokeDocument,
  type TokensRevokeMutation,
} from "./tokens.generated";
import { roleWord, scopeWords } from "./words";

export function Component() {
  const manage = useMay("MANAGE_TOKENS");
  const [params] = useSearchParams();
  const screen = useScreen(TokensDocument, { after: params.get("after") }, { kinds: ["member"], pause: !manage });
  if (!manage)
    return (
      <Page title="Service tokens">
        <Empty icon={IconLock} title="Owners and admins manage service tokens">
          Ask one of them for a token, or for the role. The members are listed under Members.
        </Empty>
      </Page>
    );
  return (
    <Page
      title="Service tokens"
      lead="What programs use the API with. A token is shown once, when it is made; here is what each may do and when it was last used."
      actions={<CreateToken onDone={screen.refresh} />}
    >
      <Loaded screen={screen}>
        {(data) => {
          const tokens = (data.serviceTokens.edges ?? []).flatMap((edge) => edge?.node ?? []);
          return tokens.length === 0 ? (
            <Empty icon={IconKey} title="There is no service token">
              Create one for each program that uses the API, with no more than it needs and with an end.
            </Empty>
          ) : (
            <Stack>
              <TokenTable tokens={tokens} onDone={screen.refresh} />
              <Pages next={data.serviceTokens.pageInfo.hasNextPage ? data.serviceTokens.pageInfo.endCursor : null} />
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}

const pick = (data: TokensRevokeMutation) => data.revokeServiceToken;

function TokenTable({ tokens, onDone }: { tokens: readonly TokenRowFragment[]; onDone(): void }) {
  const [revoking, setRevoking] = useState<TokenRowFragment | null>(null);
  const command = useCommand(TokensRevokeDocument, pick);
  const revoke = async () => {
    if (!revoking) return;
    const { ok } = await command.run({ serviceTokenId: revoking.id });
    if (!ok) return;
    setRevoking(null);
    onDone();
    notifications.show({ message: `${revoking.name} is revoked.`, closeButtonProps: { "aria-label": "Close" } });
  };
  return (
    <Paper withBorder p="md" component="section" aria-label="Table of tokens">
      <WideTable label="Service tokens" minWidth={760}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>May</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>
                <VisuallyHidden>What to do</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tokens.map((token) => (
              <Table.Tr key={token.id} style={{ verticalAlign: "top" }}>
                <Table.Th scope="row" fw={600} style={{ overflowWrap: "anywhere" }}>
                  {token.name}
                </Table.Th>
                <Table.Td>
                  <Text size="sm">{roleWord(token.role)}</Text>
                  {token.scopes && (
                    <Text size="xs" c="dimmed" maw={320}>
                      Only: {token.scopes.map((scope) => scopeWords[scope].toLowerCase()).join("; ")}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <TokenState token={token} />
                </Table.Td>
                <Table.Td>
                  <Ago at={token.lastUsedAt} />
                </Table.Td>
                <Table.Td>
                  <Ago at={token.createdAt} />
                </Table.Td>
                <Table.Td ta="right">
                  {works(token) && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`Revoke ${token.name}`}
                      onClick={() => {
                        command.reset();
                        setRevoking(token);
                      }}
                    >
                      Revoke…
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      <Confirm
        opened={revoking !== null}
        title={`Revoke ${revoking?.name ?? ""}?`}
        action="Revoke"
        busy={command.busy}
        onConfirm={revoke}
        onCancel={() => setRevoking(null)}
      >
        <Stack gap="sm">
          <Text size="sm">
            What uses the token is cut off within a minute, live subscriptions too. It cannot be taken back; it was last
            used <Ago at={revoking?.lastUsedAt} />.
          </Text>
          <CommandProblems outcome={command.outcome} />
        </Stack>
      </Confirm>
    </Paper>
  );
}

function works(token: TokenRowFragment): boolean {
  return !token.revokedAt && !(token.expiresAt && Date.parse(token.expiresAt) <= Date.now());
}

function TokenState({ token }: { token: TokenRowFragment }) {
  if (token.revokedAt)
    return (
      <Stack gap={2}>
        <Status tone="unknown">Revoked</Status>
        <Text size="xs" c="dimmed">
          <Ago at={token.revokedAt} />
        </Text>
      </Stack>
    );
  return (
    <Stack gap={2}>
      {works(token) ? <Status tone="good">Works</Status> : <Status tone="unknown">Ended</Status>}
      <Text size="xs" c="dimmed">
        {token.expiresAt ? (
          <>
            {works(token) ? "ends " : ""}
            <Ago at={token.expiresAt} />
          </>
        ) : (
          "without an end"
        )}
      </Text>
    </Stack>
  );
}
