import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { endOf } from "./CreateToken";
import { Component } from "./TokensPage";

const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

beforeEach(() => sessionStorage.clear());

const token = of("ServiceToken", {
  id: "tok_1",
  name: "warehouse-export",
  role: "ADMIN",
  scopes: ["READ", "OPERATE"],
  createdAt: "2026-03-01T08:00:00Z",
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
});

const answer = (tokens: readonly object[]) => ({
  serviceTokens: of("ServiceTokenConnection", {
    totalCount: tokens.length,
    pageInfo: of("PageInfo", { hasNextPage: false, endCursor: null }),
    edges: tokens.map((node) => of("ServiceTokenEdge", { node })),
  }),
});

it("creates a token narrower than its role and shows it once", async () => {
  const { sent } = renderScreen(Component, {
    Tokens: answer([]),
    TokensCreate: {
      createServiceToken: of("CreateServiceTokenPayload", { serviceToken: token, token: "fw_secret", userErrors: [] }),
    },
  });
  expect(await screen.findByText("There is no service token")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Create a token…" }));
  await userEvent.type(await screen.findByLabelText(/^Name/), "ci");
  await userEvent.click(screen.getByRole("radio", { name: "Admin" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "All of what the role may do" }));
  expect(screen.getByRole("button", { name: "Create" })).toBeDisabled();
  expect(screen.queryByRole("checkbox", { name: /edition and package/ })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole("checkbox", { name: "Start and stop runs and checks" }));
  await userEvent.selectOptions(screen.getByLabelText("It ends"), "Never by itself");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByTestId("once")).toHaveTextContent("fw_secret");
  expect(sent.find(({ name }) => name === "TokensCreate")?.variables).toMatchObject({
    name: "ci",
    role: "ADMIN",
    scopes: ["OPERATE"],
    expiresAt: null,
  });
  await userEvent.click(screen.getByRole("button", { name: "I have kept it" }));
  expect(screen.queryByText("fw_secret")).not.toBeInTheDocument();
  expect(JSON.stringify({ ...sessionStorage })).not.toContain("fw_secret");
});

it("revokes a token after asking", async () => {
  const { sent } = renderScreen(Component, {
    Tokens: answer([token]),
    TokensRevoke: {
      revokeServiceToken: of("RevokeServiceTokenPayload", {
        serviceToken: { ...token, revokedAt: "2026-03-02T08:00:00Z" },
        userErrors: [],
      }),
    },
  });
  const row = await screen.findByRole("row", { name: /warehouse-export/ });
  expect(row).toHaveTextContent("without an end");
  expect(row).toHaveTextContent("start and stop runs and checks");
  await userEvent.click(within(row).getByRole("button"));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Revoke" }));
  expect(await screen.findByText("warehouse-export is revoked.")).toBeInTheDocument();
  expect(sent.find(({ name }) => name === "TokensRevoke")?.variables).toMatchObject({ serviceTokenId: "tok_1" });
});

it("asks nothing for who may not manage tokens", async () => {
  const { sent } = renderScreen(Component, {}, { viewer: { role: "VIEWER", scopes: ["READ"] } });
  expect(await screen.findByText("Owners and admins manage service tokens")).toBeInTheDocument();
  expect(sent).toEqual([]);
});

it("ends a token when it was said", () => {
  const now = new Date("2026-03-02T08:00:00Z");
  expect(endOf("", "", now)).toBeNull();
  expect(endOf("30", "", now)).toBe("2026-04-01T08:00:00.000Z");
  expect(endOf("date", "2026-03-05", now)).toBe(new Date("2026-03-05T23:59:59").toISOString());
});
