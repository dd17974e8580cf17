import { Alert, Anchor, Button, Container, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { localPath, verify } from "./token";

/** Where a person pastes a bearer token: it stands in for a session, in this tab only. */
export function Component() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const back = localPath(search.get("return"));
  useEffect(() => {
    document.title = "Sign in with a token · Fieldwarden";
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    const found = await verify(token.trim());
    setBusy(false);
    if (found) setProblem(found);
    else navigate(back, { replace: true });
  };
  return (
    <Container size={460} py={{ base: "xl", sm: 80 }} component="main">
      <Paper withBorder p="lg">
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Group gap="xs">
              <img src="/favicon.svg" width={26} height={26} alt="" />
              <Text fw={700}>Fieldwarden</Text>
            </Group>
            <Title order={1}>Sign in with a token</Title>
            <Text size="sm" c="dimmed">
              Paste a service token or another bearer token of this server. It stays in this tab and is forgotten when
              the tab is closed.
            </Text>
            <PasswordInput
              label="Token"
              required
              autoComplete="off"
              spellCheck={false}
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": "Show the token" }}
            />
            {problem && (
              <Alert color="red" variant="light" role="alert">
                {problem}
              </Alert>
            )}
            <Button type="submit" loading={busy} disabled={token.trim() === ""}>
              Sign in
            </Button>
            <Anchor href={`/signin?return=${encodeURIComponent(back)}`} size="sm">
              Other ways to sign in
            </Anchor>
          </Stack>
        </form>
      </Paper>
    </Container>
  );
}
