import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { renderScreen } from "~/test/render";
import { Component } from "./MembersPage";

const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });
const page = (type: string, nodes: readonly object[]) =>
  of(`${type}Connection`, {
    totalCount: nodes.length,
    pageInfo: of("PageInfo", { hasNextPage: false, endCursor: null }),
    edges: nodes.map((node) => of(`${type}Edge`, { node: of(type, node) })),
  });

// Drafts outlive a screen.
beforeEach(() => sessionStorage.clear());

const olga = {
  id: "mem_1",
  email: "olga@example.com",
  name: "Olga Owner",
  role: "OWNER",
  createdAt: "2026-03-01T08:00:00Z",
  lastSeenAt: "2026-03-02T08:00:00Z",
};
const ann = { ...olga, id: "mem_2", email: "ann@example.com", name: "", role: "VIEWER", lastSeenAt: null };

const answer = (invitations: readonly object[] = []) => ({
  members: page("Member", [ann, olga]),
  invitations: page("Invitation", invitations),
  integrations: page("Integration", [
    {
      id: "int_1",
      environment: "PRODUCTION",
      connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
      instance: of("Instance", { name: "Northwind" }),
      userMatches: page("UserMatch", [
        { member: of("Member", { id: "mem_1" }), status: "MATCHED", crmUserId: "005A" },
        { member: of("Member", { id: "mem_2" }), status: "NOT_MATCHED", crmUserId: null },
      ]),
    },
  ]),
});

it("lists who is a member, as what, and which CRM user each one is", async () => {
  renderScreen(Component, { Members: answer() });
  const own = await screen.findByRole("row", { name: /Olga Owner/ });
  expect(own).toHaveTextContent("You");
  expect(own).toHaveTextContent("Northwind: 005A");
  const other = screen.getByRole("row", { name: /ann@example.com/ });
  expect(other).toHaveTextContent("Viewer");
  expect(other).toHaveTextContent("never");
  expect(other).toHaveTextContent("No CRM user has this address");
});

it("invites a person and shows the link once", async () => {
  const invitation = of("Invitation", {
    id: "inv_1",
    email: "carl@example.com",
    role: "ADMIN",
    createdAt: "2026-03-02T08:00:00Z",
    expiresAt: "2026-03-09T08:00:00Z",
  });
  const acceptUrl = "https://fieldwarden.example.com/signin/invitation?ticket=t";
  const { sent } = renderScreen(Component, {
    Members: answer(),
    MembersInvite: { inviteMember: of("InviteMemberPayload", { invitation, acceptUrl, userErrors: [] }) },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Invite…" }));
  await userEvent.type(await screen.findByLabelText(/E-mail address/), "carl@example.com");
  await userEvent.click(screen.getByRole("radio", { name: "Admin" }));
  await userEvent.click(screen.getByRole("button", { name: "Make the invitation" }));
  expect(await screen.findByTestId("once")).toHaveTextContent(acceptUrl);
  expect(sent.find(({ name }) => name === "MembersInvite")?.variables).toMatchObject({
    email: "carl@example.com",
    role: "ADMIN",
  });
  await userEvent.click(screen.getByRole("button", { name: "I have kept it" }));
  expect(screen.queryByText(acceptUrl)).not.toBeInTheDocument();
});

it("says that the last owner stays", async () => {
  const refused = {
    code: "LAST_OWNER",
    message: "olga@example.com is the last owner of the workspace.",
    hint: "Make somebody else an owner first.",
    field: ["memberId"],
    docsUrl: "",
  };
  renderScreen(Component, {
    Members: answer(),
    MembersRemove: {
      removeMember: of("RemoveMemberPayload", { member: null, userErrors: [of("UserError", refused)] }),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Remove olga@example.com" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Remove" }));
  expect(await screen.findByText(refused.message)).toBeInTheDocument();
  expect(screen.getByText(refused.hint)).toBeInTheDocument();
});

it("sends only what was changed of a member", async () => {
  const { sent } = renderScreen(Component, {
    Members: answer(),
    MembersSetRole: {
      setMemberRole: of("SetMemberRolePayload", { member: of("Member", { ...ann, role: "ADMIN" }), userErrors: [] }),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Change ann@example.com" }));
  await userEvent.click(await screen.findByRole("radio", { name: "Admin" }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("The member is changed.")).toBeInTheDocument();
  expect(sent.map(({ name }) => name)).not.toContain("MembersUpdate");
  expect(screen.getByRole("row", { name: /ann@example.com/ })).toHaveTextContent("Admin");
});

it("lets an admin change everybody but owners", async () => {
  renderScreen(Component, { Members: answer() }, { viewer: { id: "mem_3", role: "ADMIN" } });
  const owner = await screen.findByRole("row", { name: /Olga Owner/ });
  expect(within(owner).queryByRole("button")).not.toBeInTheDocument();
  expect(owner).toHaveTextContent("Owners change owners");
  await userEvent.click(screen.getByRole("button", { name: "Invite…" }));
  await screen.findByRole("radio", { name: "Admin" });
  expect(screen.queryByRole("radio", { name: "Owner" })).not.toBeInTheDocument();
});

it("shows viewers the members and nothing to change", async () => {
  const { sent } = renderScreen(
    Component,
    { Members: { ...answer(), invitations: undefined } },
    { viewer: { role: "VIEWER", scopes: ["READ"] } },
  );
  expect(await screen.findByRole("row", { name: /Olga Owner/ })).toBeInTheDocument();
  expect(sent[0]?.variables).toMatchObject({ manage: false });
  expect(screen.queryByRole("button", { name: /Remove/ })).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Invite…" })).toHaveAttribute("aria-disabled", "true");
  expect(screen.queryByText("Open invitations")).not.toBeInTheDocument();
});
