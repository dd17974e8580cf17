import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { session } from "~/api/session";
import { renderScreen } from "~/test/render";
import { object, of, page, run } from "./answers";
import { Component } from "./RunPage";

const path = "/integrations/:integrationId/runs/:runId";
const at = "/integrations/int_1/runs/run_1";

const line = (seq: number, message: string, some: object = {}) => ({
  id: `log_${seq}`,
  seq,
  createdAt: "2026-03-02T02:00:01Z",
  level: "INFO",
  message,
  objectName: "",
  problem: null,
  attributes: null,
  ...some,
});

const answer = (some: object = {}) => ({
  node: {
    ...run({}),
    objects: [object({})],
    errors: [],
    logs: page("RunLogEntry", [line(101, "Reading begins."), line(102, "20 records are stored.")], true),
    ...some,
  },
  integration: of("Integration", {
    id: "int_1",
    environment: "PRODUCTION",
    connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
    instance: of("Instance", { name: "Northwind" }),
    runs: page("SyncRun", []),
  }),
});

it("shows how a run fared with each object, its errors and its log", async () => {
  renderScreen(
    Component,
    {
      Run: answer({
        status: "PARTIAL",
        reason: "2 records of Contact were not stored.",
        errors: [
          of("RunError", {
            id: "rer_1",
            class: "CONFIG",
            problem: of("Problem", {
              code: "RECORD_REFUSED",
              side: "HOST",
              message: "The value is too long.",
              hint: "Shorten it.",
              docsUrl: "",
            }),
            objectName: "Contact",
            fieldName: "Title",
            count: 24,
            recordIds: ["003A", "003B"],
            createdAt: "2026-03-02T02:00:01Z",
            lastSeenAt: "2026-03-02T02:00:02Z",
          }),
        ],
      }),
    },
    { path, at },
  );
  expect(await screen.findByRole("heading", { level: 1, name: "Daily run of Mar 2, 2026" })).toBeInTheDocument();
  expect(screen.getByText("2 records of Contact were not stored.")).toBeInTheDocument();
  const errors = screen.getByRole("region", { name: "Errors" });
  expect(errors).toHaveTextContent("24 times");
  expect(errors).toHaveTextContent("Contact.Title");
  expect(errors).toHaveTextContent("The first 2 records:");
  expect(errors).toHaveTextContent("trying again does not help");
  const log = screen.getByRole("region", { name: "Lines of the log" });
  expect(log).toHaveTextContent("20 records are stored.");
});

it("says when a run that a limit stopped goes on", async () => {
  renderScreen(
    Component,
    { Run: answer({ status: "RATE_LIMITED", finishedAt: null, resumeAt: "2999-01-01T00:00:00Z" }) },
    { path, at },
  );
  expect(await screen.findByText("Waiting for a limit")).toBeInTheDocument();
  expect(screen.getByText(/It goes on by itself/)).toBeInTheDocument();
});

/** The older page of the log, or the newest one of another level. */
const older = ({ level, before }: Record<string, unknown>) => ({
  node: of("SyncRun", {
    id: "run_1",
    logs: page("RunLogEntry", [before ? line(1, "The run begins.") : line(77, `Only ${level}.`, { level: "ERROR" })]),
  }),
});

it("loads older lines, and lines of another level", async () => {
  const { sent, router } = renderScreen(
    Component,
    {
      Run: answer(),
      RunOlderLog: older,
    },
    { path, at },
  );
  await userEvent.click(await screen.findByRole("button", { name: "Older lines" }));
  expect(await screen.findByText("The run begins.")).toBeInTheDocument();
  expect(sent.at(-1)).toMatchObject({ name: "RunOlderLog", variables: { before: "start", level: "INFO" } });
  expect(screen.queryByRole("button", { name: "Older lines" })).not.toBeInTheDocument();
  await userEvent.selectOptions(screen.getByLabelText("Level"), "Errors only");
  expect(await screen.findByText("Only ERROR.")).toBeInTheDocument();
  expect(screen.queryByText("The run begins.")).not.toBeInTheDocument();
  expect(router.state.location.search).toBe("?level=ERROR");
});

it("downloads the log with the pasted token and the filter", async () => {
  session.token = "fw_pasted";
  const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("{}", { status: 403 }));
  renderScreen(Component, { Run: answer() }, { path, at });
  await userEvent.click(await screen.findByRole("button", { name: "Download" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "CSV" }));
  expect(await screen.findByText("Not downloaded")).toBeInTheDocument();
  expect(fetched.mock.calls[0]?.[0]).toBe("/export/runs/run_1/log.csv?level=INFO");
  expect(fetched.mock.calls[0]?.[1]?.headers).toEqual({ Authorization: "Bearer fw_pasted" });
  session.token = null;
});

it("cancels a run that is under way", async () => {
  const active = answer({ status: "RUNNING", phase: "READ", finishedAt: null });
  const { sent } = renderScreen(
    Component,
    {
      Run: active,
      RunsCancel: {
        cancelRun: of("CancelRunPayload", {
          run: run({ status: "CANCELLED", reason: "Stopped by ui." }),
          userErrors: [],
        }),
      },
    },
    { path, at },
  );
  await userEvent.click(await screen.findByRole("button", { name: "Cancel the run" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Cancel the run" }));
  expect(await screen.findByText("Cancelled")).toBeInTheDocument();
  expect(screen.getByText("Stopped by ui.")).toBeInTheDocument();
  expect(sent.find(({ name }) => name === "RunsCancel")?.variables).toMatchObject({ runId: "run_1" });
});

it("says that there is no such run", async () => {
  renderScreen(Component, { Run: { ...answer(), node: null } }, { path, at });
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("There is no such run");
});
