import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { counts, object, of, page, refusal, run, runsAnswer } from "./answers";
import { Component } from "./RunsPage";

const path = "/integrations/:integrationId/runs";
const at = "/integrations/int_1/runs";

it("lists the runs with what they moved and why they are not whole", async () => {
  renderScreen(Component, { Runs: runsAnswer() }, { path, at });
  const [, partial] = await screen.findAllByRole("row", { name: /Mar 2, 2026 Daily run/ });
  expect(partial).toHaveTextContent("Partial");
  expect(partial).toHaveTextContent("Contact: The integration user cannot read it.");
  expect(partial).toHaveTextContent("1,200 read · 12 created · 1,188 unchanged");
  expect(partial).toHaveTextContent("1 min 5 s");
  expect(within(partial as HTMLElement).getByRole("link", { name: "CRM_OBJECT_DENIED" })).toHaveAttribute(
    "href",
    "/docs/errors#CRM_OBJECT_DENIED",
  );
  expect(screen.getByText(/1 run read 1,200 records: 12 created, 0 updated, 3 failed/)).toBeInTheDocument();
  const volume = screen.getByRole("table", { name: "Records that runs moved, day by day" });
  expect(within(volume).getByRole("row", { name: /2026-03-02 1 1,200 12 0 0 3/ })).toBeInTheDocument();
});

it("starts a run of chosen objects, published ones only, and leads to it", async () => {
  const { sent, router } = renderScreen(
    Component,
    {
      Runs: runsAnswer(),
      RunsRunNow: { runNow: of("RunNowPayload", { run: of("SyncRun", { id: "run_9" }), userErrors: [] }) },
    },
    { path, at },
  );
  await userEvent.click(await screen.findByRole("button", { name: "Run now…" }));
  await userEvent.click(await screen.findByRole("radio", { name: "Only these" }));
  expect(screen.getByRole("button", { name: "Start the run" })).toBeDisabled();
  expect(screen.queryByRole("checkbox", { name: "Task" })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole("checkbox", { name: "Contact" }));
  await userEvent.click(screen.getByRole("button", { name: "Start the run" }));
  await screen.findByTestId("elsewhere");
  expect(router.state.location.pathname).toBe("/integrations/int_1/runs/run_9");
  expect(sent.find(({ name }) => name === "RunsRunNow")?.variables).toMatchObject({
    integrationId: "int_1",
    objects: ["Contact"],
  });
});

it("says that another run is active when the API does", async () => {
  const refused = { run: null, userErrors: [refusal("RUN_ACTIVE", "Another run of this integration is active.")] };
  renderScreen(Component, { Runs: runsAnswer(), RunsRunNow: { runNow: of("RunNowPayload", refused) } }, { path, at });
  await userEvent.click(await screen.findByRole("button", { name: "Run now…" }));
  await userEvent.click(await screen.findByRole("button", { name: "Start the run" }));
  expect(await screen.findByText("Another run of this integration is active.")).toBeInTheDocument();
});

it("shows the run that is under way, and cancels it after asking", async () => {
  const active = {
    ...run({ id: "run_2", status: "RUNNING", phase: "READ", finishedAt: null }),
    objects: [object({ status: "RUNNING", finishedAt: null, counters: counts({ read: 40, created: 40 }) })],
  };
  const { sent } = renderScreen(
    Component,
    {
      Runs: runsAnswer({ activeRun: active }),
      RunsCancel: { cancelRun: of("CancelRunPayload", { run: { ...active, status: "CANCELLED" }, userErrors: [] }) },
    },
    { path, at },
  );
  const section = await screen.findByRole("region", { name: "Under way" });
  expect(within(section).getByText("Being read")).toBeInTheDocument();
  expect(within(section).getByText("Read the records").closest("li")).toHaveAttribute("aria-current", "step");
  await userEvent.click(within(section).getByRole("button", { name: "Cancel the run" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Cancel the run" }));
  expect(await screen.findByText("The run is stopped.")).toBeInTheDocument();
  expect(sent.find(({ name }) => name === "RunsCancel")?.variables).toMatchObject({ runId: "run_2" });
});

it("tries the chosen failed records again", async () => {
  const problem = of("Problem", { code: "RECORD_REFUSED", side: "HOST", message: "Too long.", hint: "", docsUrl: "" });
  const record = {
    objectName: "Contact",
    attempts: 2,
    createdAt: "2026-03-01T02:00:00Z",
    lastSeenAt: "2026-03-02T02:00:00Z",
  };
  const failed = page("FailedRecord", [
    { id: "frc_1", recordId: "003A", problem, ...record },
    { id: "frc_2", recordId: "003B", problem, ...record },
  ]);
  const { sent } = renderScreen(
    Component,
    {
      Runs: runsAnswer({ failedRecords: failed, allFailed: failed }),
      RunsRetryFailed: {
        retryFailedRecords: of("RetryFailedRecordsPayload", { run: of("SyncRun", { id: "run_9" }), userErrors: [] }),
      },
    },
    { path, at: `${at}?tab=failed&object=Contact` },
  );
  expect(await screen.findByRole("button", { name: "Try all of Contact again" })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("checkbox", { name: "Choose Contact 003B" }));
  await userEvent.click(screen.getByRole("button", { name: "Try 1 record again" }));
  await screen.findByTestId("elsewhere");
  expect(sent.find(({ name }) => name === "RunsRetryFailed")?.variables).toMatchObject({
    objects: null,
    failedRecordIds: ["frc_2"],
  });
});

it("reads objects from the beginning only when somebody confirms", async () => {
  const { sent } = renderScreen(
    Component,
    {
      Runs: runsAnswer({ runs: page("SyncRun", []), syncVolume: [] }),
      RunsResetCursor: {
        resetCursor: of("ResetCursorPayload", { integration: of("Integration", { id: "int_1" }), userErrors: [] }),
      },
    },
    { path, at },
  );
  expect(await screen.findByText("No run yet")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Read from the beginning…" }));
  await userEvent.click(await screen.findByRole("checkbox", { name: "Account" }));
  await userEvent.click(screen.getByRole("button", { name: "Reset" }));
  await screen.findByText("The next run reads 1 object from the beginning.");
  expect(sent.find(({ name }) => name === "RunsResetCursor")?.variables).toMatchObject({
    objects: ["Contact"],
    confirm: true,
  });
});

it("lets a viewer read, and says who can run", async () => {
  renderScreen(Component, { Runs: runsAnswer() }, { path, at, viewer: { role: "VIEWER", scopes: ["READ"] } });
  const button = await screen.findByRole("button", { name: "Run now…" });
  expect(button).toHaveAttribute("aria-disabled", "true");
  await userEvent.click(button);
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});
