import { configure, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { renderScreen } from "~/test/render";
import { fix, integrationFacts, of, page, rightsOf, verdict } from "./fixtures";
import { Component } from "./ObjectsPage";
import type { PermissionVerdictFragment } from "./permission.generated";

// A busy machine takes its time.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 60_000 });

const where = { path: "/integrations/:integrationId/data-sync", at: "/integrations/int_1/data-sync" };

const lead = verdict({
  name: "Lead",
  status: "PERMISSION_MISSING",
  cause: "PERMISSION",
  evidence: "Lead is not in the list of objects.",
  rights: rightsOf(false),
  missingRights: ["READ"],
  since: "2026-11-20T08:00:00Z",
  fix,
});

function answer(
  objects: readonly PermissionVerdictFragment[],
  health: readonly [number, number, number][] = [[0, 0, 0]],
) {
  return {
    PermissionObjects: of("Query", {
      integration: of("Integration", {
        ...integrationFacts,
        nextRunAt: null,
        objects: page("CrmObject", objects),
        permissionHealth: health.map(([lost, lostDuring, restoredDuring], index) =>
          of("PermissionHealthDay", { date: `2026-11-${10 + index}`, lost, lostDuring, restoredDuring }),
        ),
      }),
    }),
  };
}

it("tells which objects can be read, and how to get back one that cannot", async () => {
  const user = userEvent.setup();
  const { router } = renderScreen(Component, answer([verdict({ name: "Contact" }), lead]), where);
  const denied = await screen.findByRole("article", { name: "Lead" });
  expect(within(denied).getByText("Permission missing")).toBeVisible();
  expect(within(denied).getByText("Tick Read.")).toBeVisible();
  expect(within(denied).getByText("Lead is not in the list of objects.")).toBeVisible();
  expect(within(denied).getByRole("link", { name: "1 in error" })).toHaveAttribute(
    "href",
    "/integrations/int_1/data-sync/Lead?status=ERROR_STANDARDIZED",
  );
  await user.click(screen.getByRole("radio", { name: "Readable 1" }));
  expect(screen.queryByRole("article", { name: "Lead" })).not.toBeInTheDocument();
  expect(router.state.location.search).toBe("?status=OK");
});

it("tells the history of access in words and numbers", async () => {
  const days: [number, number, number][] = [
    [0, 0, 0],
    [2, 2, 0],
    [1, 0, 1],
  ];
  renderScreen(Component, answer([lead], days), where);
  expect(await screen.findByText(/1 lost now\. In the last 3 days, 2 lost and 1 restored\./)).toBeVisible();
  const table = screen.getByRole("table", { name: "Objects and standardized fields without access, day by day" });
  expect(within(table).getByRole("row", { name: "2026-11-11 2 2 0" })).toBeInTheDocument();
});

it("checks one object, or all of them", async () => {
  const user = userEvent.setup();
  const answers = {
    ...answer([verdict({ name: "Contact" }), lead]),
    PermissionRecheckObjects: of("Mutation", {
      recheckObjects: of("RecheckObjectsPayload", {
        objects: [{ ...lead, stale: true, staleReason: "The CRM is down." }],
        userErrors: [],
      }),
    }),
  };
  const { sent } = renderScreen(Component, answers, where);
  await user.click(await screen.findByRole("button", { name: "Re-check Lead" }));
  expect(await screen.findByText("Lead: the check failed")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Re-check all" }));
  const commands = sent.filter((one) => one.name === "PermissionRecheckObjects").map((one) => one.variables["objects"]);
  expect(commands).toEqual([["Lead"], []]);
});

it("lets a viewer look, and says who may check", async () => {
  renderScreen(Component, answer([lead]), { ...where, viewer: { scopes: ["READ"] } });
  expect(await screen.findByRole("button", { name: "Re-check Lead" })).toHaveAttribute("aria-disabled", "true");
});

it("says when there is nothing yet", async () => {
  renderScreen(Component, answer([]), where);
  expect(await screen.findByText("No object has been checked yet")).toBeVisible();
});
