import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { session } from "~/api/session";
import { renderScreen } from "~/test/render";
import { Component } from "./TokenSignInPage";
import { localPath } from "./token";

beforeEach(() => {
  sessionStorage.clear();
  session.token = null;
});

function answer(status: number, body: unknown) {
  return vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(JSON.stringify(body), { status }));
}

const good = {
  data: { viewer: { id: "tok_1", name: "CI", role: "ADMIN", workspace: { id: "ws_1", name: "Contoso" } } },
};

async function enter(token: string) {
  await userEvent.type(screen.getByLabelText(/^Token/), token);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

it("keeps a good token for this tab and goes where one was going", async () => {
  const asked = answer(200, good);
  const { router } = renderScreen(
    Component,
    {},
    { path: "/signin/token", at: "/signin/token?return=%2Falerts%3Fa%3Db" },
  );
  await enter(" fw_secret ");
  await screen.findByTestId("elsewhere");
  expect(session.token).toBe("fw_secret");
  expect(router.state.location.pathname + router.state.location.search).toBe("/alerts?a=b");
  expect(asked.mock.calls[0]?.[1]?.headers).toMatchObject({ Authorization: "Bearer fw_secret" });
});

it("says that a token is wrong, and keeps none", async () => {
  answer(401, { errors: [{ message: "no", extensions: { code: "UNAUTHENTICATED" } }] });
  renderScreen(Component, {}, { path: "/signin/token" });
  await enter("fw_wrong");
  expect(await screen.findByText(/does not accept this token/)).toBeVisible();
  expect(session.token).toBeNull();
});

it("says that there is no answer", async () => {
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("no network"));
  renderScreen(Component, {}, { path: "/signin/token" });
  await enter("fw_secret");
  expect(await screen.findByText(/could not be reached/)).toBeVisible();
});

it("returns to paths of this server only", () => {
  for (const [asked, path] of [
    [null, "/"],
    ["", "/"],
    ["/alerts?a=b#c", "/alerts?a=b#c"],
    ["https://evil.example", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/signin", "/"],
    ["/signin/token?return=/x", "/"],
  ] as const) {
    expect(localPath(asked)).toBe(path);
  }
});
