// Drives HubSpot's own Node client against a running simulator. Usage: node story.mjs BASE_URL CLIENT_ID CLIENT_SECRET,
// with the working directory where @hubspot/api-client is installed. Prints one JSON object with the number of calls
// made; any failure ends with a non-zero status.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const hubspot = createRequire(process.cwd() + "/")("@hubspot/api-client");
const [base, clientId, clientSecret] = process.argv.slice(2);
const redirectUri = "http://127.0.0.1:9/callback";
const options = { basePath: base, numberOfApiCallRetries: 0 };
let calls = 0;
const ok = async (call) => { calls++; return call; };
const fails = async (call, code) => {
  calls++;
  await assert.rejects(call, (e) => { assert.equal(e.code, code, e.message); return true; });
};

// Consent, as a browser would do it. The client always names app.hubspot.com; the path and query are what counts.
const scopes = ["oauth"].concat(["contacts", "companies", "deals", "leads", "line_items"]
  .flatMap((o) => [`crm.objects.${o}.read`, `crm.objects.${o}.write`]),
  "crm.objects.owners.read", "settings.users.read", "settings.users.teams.read", "crm.schemas.contacts.read",
  "crm.schemas.contacts.write", "crm.objects.custom.read", "crm.schemas.custom.read", "sales-email-read");
const bare = new hubspot.Client(options);
const consent = new URL(bare.oauth.getAuthorizationUrl(clientId, redirectUri, scopes.join(" "), undefined, "s"));
const approved = await fetch(base + consent.pathname + consent.search, {
  method: "POST", redirect: "manual", body: new URLSearchParams({ decision: "approve" }),
});
const code = new URL(approved.headers.get("location")).searchParams.get("code");

// Tokens.
const first = await ok(bare.oauth.tokensApi.create("authorization_code", code, redirectUri, clientId, clientSecret));
assert.equal(first.tokenType, "bearer");
const tokens = await ok(bare.oauth.tokensApi.create("refresh_token", undefined, undefined, clientId, clientSecret, first.refreshToken));
assert.equal(tokens.refreshToken, first.refreshToken);
await fails(bare.oauth.tokensApi.create("refresh_token", undefined, undefined, clientId, clientSecret, "na1-no"), 400);
const info = await ok(bare.oauth.accessTokensApi.get(tokens.accessToken));
assert.deepEqual([info.hubId, info.scopes.length], [12345678, scopes.length]);
assert.equal((await ok(bare.oauth.refreshTokensApi.get(tokens.refreshToken))).hubId, 12345678);

const c = new hubspot.Client({ ...options, accessToken: tokens.accessToken });
const account = await (await ok(c.apiRequest({ path: "/account-info/v3/details" }))).json();
assert.equal(account.accountType, "STANDARD");

// Lists: every page, with associations; archived ones apart.
const contacts = [];
for (let after; ;) {
  const page = await ok(c.crm.contacts.basicApi.getPage(50, after, ["email", "no_such_property"], undefined, ["companies"]));
  contacts.push(...page.results);
  if (!(after = page.paging?.next?.after)) break;
}
assert.equal(new Set(contacts.map((r) => r.id)).size, 150);
assert.ok(contacts[0].createdAt instanceof Date);
assert.ok(!("no_such_property" in contacts[0].properties));
assert.equal(contacts[0].associations.companies.results[0].type, "contact_to_company");
assert.equal((await ok(c.crm.contacts.basicApi.getPage(10, undefined, undefined, undefined, undefined, true))).results.length, 0);
const every = await ok(c.crm.companies.getAll ? c.crm.companies.getAll(20) : []);
assert.equal(every.length, 40);
assert.equal((await ok(c.crm.deals.basicApi.getPage(1))).results[0].properties.pipeline !== undefined, true);
assert.equal((await ok(c.crm.lineItems.basicApi.getPage(1))).results.length, 1);
for (const kind of ["leads", "calls", "notes", "tasks", "emails", "communications", "meetings"]) {
  assert.ok(Array.isArray((await ok(c.crm.objects[kind].basicApi.getPage(5))).results), kind);
}
assert.equal((await ok(c.crm.objects.basicApi.getPage("0-136", 3))).results.length, 3);
const one = await ok(c.crm.contacts.basicApi.getById(contacts[3].id, ["email", "phone"]));
assert.equal(one.properties.email, contacts[3].properties.email);
const byMail = await ok(c.crm.contacts.basicApi.getById(one.properties.email, ["email"], undefined, undefined, false, "email"));
assert.equal(byMail.id, one.id);
await fails(c.crm.contacts.basicApi.getById("12345"), 404);

// Batches.
const batch = await ok(c.crm.contacts.batchApi.read({ inputs: contacts.slice(0, 3).map(({ id }) => ({ id })), properties: ["email"], propertiesWithHistory: [] }));
assert.equal(batch.results.length, 3);
const partly = await ok(c.crm.contacts.batchApi.read({ inputs: [{ id: contacts[0].id }, { id: "999" }], properties: ["email"], propertiesWithHistory: [] }));
assert.deepEqual([partly.numErrors, partly.errors[0].category], [1, "OBJECT_NOT_FOUND"]);
const made = await ok(c.crm.contacts.batchApi.create({ inputs: [1, 2].map((n) => ({ properties: { email: `batch${n}@client.example` }, associations: [] })) }));
assert.equal(made.results.length, 2);
const changed = await ok(c.crm.contacts.batchApi.update({ inputs: made.results.map(({ id }) => ({ id, properties: { city: "Turin" } })) }));
assert.equal(changed.results[1].properties.city, "Turin");
const upserted = await ok(c.crm.contacts.batchApi.upsert({ inputs: [
  { id: "batch1@client.example", idProperty: "email", properties: { city: "Rome" } },
  { id: "fresh@client.example", idProperty: "email", properties: { city: "Bari" } },
] }));
assert.deepEqual(upserted.results.map((r) => r._new), [false, true]);
await ok(c.crm.contacts.batchApi.archive({ inputs: made.results.map(({ id }) => ({ id })) }));
assert.equal((await ok(c.crm.contacts.basicApi.getPage(10, undefined, ["email"], undefined, undefined, true))).results.length, 2);

// One record's life.
const contact = await ok(c.crm.contacts.basicApi.create({ properties: { email: "ada@client.example", firstname: "Ada" }, associations: [] }));
assert.equal(contact.properties.lifecyclestage, "lead");
await fails(c.crm.contacts.basicApi.create({ properties: { email: "ada@client.example" }, associations: [] }), 409);
await fails(c.crm.contacts.basicApi.create({ properties: { testproperty: "x" }, associations: [] }), 400);
const updated = await ok(c.crm.contacts.basicApi.update(contact.id, { properties: { lastname: "Lovelace" } }));
assert.equal(updated.properties.lastname, "Lovelace");
const company = await ok(c.crm.companies.basicApi.create({ properties: { name: "Engines", domain: "engines.example" }, associations: [] }));
const deal = await ok(c.crm.deals.basicApi.create({ properties: { dealname: "Engine", dealstage: "qualifiedtobuy", pipeline: "default" }, associations: [
  { to: { id: company.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 341 }] },
] }));
await ok(c.crm.deals.basicApi.update(deal.id, { properties: { dealstage: "contractsent" } }));
const lead = await ok(c.crm.objects.leads.basicApi.create({ properties: { hs_lead_name: "Ada" }, associations: [
  { to: { id: contact.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 578 }] },
] }));
const stamp = new Date().toISOString();
const activities = {
  calls: [{ hs_call_title: "Call" }, 194], notes: [{ hs_note_body: "Note" }, 202], tasks: [{ hs_task_subject: "Task" }, 204],
  emails: [{ hs_email_direction: "EMAIL", hs_email_subject: "Mail" }, 198], meetings: [{ hs_meeting_title: "Meeting" }, 200],
  communications: [{ hs_communication_channel_type: "LINKEDIN_MESSAGE", hs_communication_logged_from: "CRM", hs_communication_body: "Hello" }, 81],
};
for (const [kind, [properties, typeId]] of Object.entries(activities)) {
  const logged = await ok(c.crm.objects[kind].basicApi.create({ properties: { ...properties, hs_timestamp: stamp }, associations: [
    { to: { id: contact.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: typeId }] },
  ] }));
  const read = await ok(c.crm.objects[kind].basicApi.getById(logged.id, ["hs_timestamp"], undefined, ["contacts"]));
  assert.equal(read.associations.contacts.results[0].id, contact.id, kind);
  await ok(c.crm.objects[kind].basicApi.archive(logged.id));
}

// Search: filters, sorts, paging by offset, the cap.
const found = await ok(c.crm.contacts.searchApi.doSearch({
  filterGroups: [{ filters: [{ propertyName: "email", operator: "EQ", value: "ada@client.example" }] }],
  sorts: ["-createdate"], properties: ["email"], limit: 10, after: "0",
}));
assert.deepEqual([found.total, found.results[0].id], [1, contact.id]);
const paged = await ok(c.crm.companies.searchApi.doSearch({ filterGroups: [], sorts: [], properties: ["name"], limit: 25, after: "25" }));
assert.deepEqual([paged.total, paged.results.length], [41, 16]);
const leads = await ok(c.crm.objects.leads.searchApi.doSearch({
  filterGroups: [{ filters: [{ propertyName: "hs_pipeline_stage", operator: "IN", values: ["new-stage-id"] }] }], sorts: [], properties: [], limit: 100, after: "0",
}));
assert.ok(leads.total > 0);
await fails(c.crm.contacts.searchApi.doSearch({ filterGroups: [], sorts: [], properties: [], limit: 100, after: "10000" }), 400);

// Associations v4.
const v4 = c.crm.associations.v4;
await ok(v4.basicApi.create("contacts", contact.id, "companies", company.id, [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }]));
await ok(v4.basicApi.createDefault("contacts", contact.id, "deals", deal.id));
const linked = await ok(v4.basicApi.getPage("contacts", contact.id, "companies", undefined, 500));
assert.equal(String(linked.results[0].toObjectId), company.id); // a number, whatever the type says
assert.equal(linked.results[0].associationTypes[0].label, "Primary");
const both = await ok(v4.batchApi.getPage("contacts", "companies", { inputs: [{ id: contact.id }, { id: contacts[0].id }] }));
assert.equal(both.results.length, 2);
const none = await ok(v4.batchApi.getPage("contacts", "companies", { inputs: [{ id: contact.id }, { id: upserted.results[1].id }] }));
assert.equal(none.errors[0].subCategory, "crm.associations.NO_ASSOCIATIONS_FOUND");
await ok(v4.batchApi.create("deals", "contacts", { inputs: [{ _from: { id: deal.id }, to: { id: contacts[0].id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 3 }] }] }));
await ok(v4.batchApi.createDefault("deals", "contacts", { inputs: [{ _from: { id: deal.id }, to: { id: contacts[1].id } }] }));
assert.equal((await ok(v4.basicApi.getPage("deals", deal.id, "contacts"))).results.length, 3);
await fails(v4.basicApi.create("contacts", contact.id, "companies", company.id, [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 2 }]), 400);
await ok(v4.batchApi.archive("deals", "contacts", { inputs: [{ _from: { id: deal.id }, to: [{ id: contacts[0].id }] }] }));
await ok(v4.basicApi.archive("deals", deal.id, "contacts", contacts[1].id));
assert.equal((await ok(v4.basicApi.getPage("deals", deal.id, "contacts"))).results.length, 1);
const labels = await ok(v4.schema.definitionsApi.getAll("contacts", "companies"));
assert.ok(labels.results.some((l) => l.typeId === 1 && l.label === "Primary"));

// Definitions.
const properties = await ok(c.crm.properties.coreApi.getAll("contacts", false));
assert.ok(properties.results.length > 300);
assert.equal((await ok(c.crm.properties.coreApi.getByName("deals", "amount"))).type, "number");
const custom = await ok(c.crm.properties.coreApi.create("contacts", { name: "shoe_size", label: "Shoe size", type: "number", fieldType: "number", groupName: "contactinformation" }));
assert.equal(custom.hubspotDefined, undefined);
assert.equal((await ok(c.crm.properties.coreApi.update("contacts", "shoe_size", { label: "Size" }))).label, "Size");
const several = await ok(c.crm.properties.batchApi.read("contacts", { archived: false, dataSensitivity: "non_sensitive", inputs: [{ name: "email" }, { name: "shoe_size" }] }));
assert.equal(several.results.length, 2);
await ok(c.crm.properties.batchApi.create("contacts", { inputs: [{ name: "hat_size", label: "Hat size", type: "number", fieldType: "number", groupName: "contactinformation" }] }));
await ok(c.crm.properties.batchApi.archive("contacts", { inputs: [{ name: "hat_size" }] }));
await ok(c.crm.properties.coreApi.archive("contacts", "shoe_size"));
assert.deepEqual((await ok(c.crm.properties.coreApi.getAll("contacts", true))).results.map((p) => p.name), ["hat_size", "shoe_size"]);
assert.ok((await ok(c.crm.properties.groupsApi.getAll("contacts"))).results.some((g) => g.name === "contactinformation"));
const secret = await (await ok(c.apiRequest({ path: "/crm/v3/properties/contacts", qs: { dataSensitivity: "sensitive" } }))).json();
assert.deepEqual(secret.results, []);
assert.deepEqual((await ok(c.crm.schemas.coreApi.getAll(false))).results, []);
assert.equal((await ok(c.crm.schemas.coreApi.getById("contacts"))).objectTypeId, "0-1");

// Pipelines, owners, users.
const pipelines = await ok(c.crm.pipelines.pipelinesApi.getAll("deals"));
assert.deepEqual(pipelines.results.map((p) => p.id)[0], "default");
assert.equal(pipelines.results[0].stages.length, 7);
assert.equal((await ok(c.crm.pipelines.pipelinesApi.getById("deals", "default"))).label, "Sales Pipeline");
assert.equal((await ok(c.crm.pipelines.pipelineStagesApi.getAll("leads", (await c.crm.pipelines.pipelinesApi.getAll("leads")).results[0].id))).results.length, 5);
const owners = await ok(c.crm.owners.ownersApi.getPage(undefined, undefined, 100, false));
assert.ok(owners.results.length > 5);
assert.equal((await ok(c.crm.owners.ownersApi.getById(Number(owners.results[1].id)))).email, owners.results[1].email);
await ok(c.crm.owners.ownersApi.getPage(undefined, undefined, 100, true));
assert.ok((await ok(c.settings.users.usersApi.getPage(100))).results.length > 5);
assert.ok((await ok(c.settings.users.teamsApi.getAll())).results.length > 0);

// Raw requests, dated paths, archiving, the end of the token.
const raw = await ok(c.apiRequest({ method: "GET", path: "/crm/objects/2026-09/contacts", qs: { limit: 1 } }));
assert.equal((await raw.json()).results.length, 1);
assert.equal((await ok(c.apiRequest({ method: "POST", path: "/crm/v3/exports/export/async", body: {} }))).status, 501);
for (const [api, id] of [["contacts", contact.id], ["companies", company.id], ["deals", deal.id]]) {
  await ok(c.crm[api].basicApi.archive(id));
}
await ok(c.crm.objects.leads.basicApi.archive(lead.id));
await fails(c.crm.contacts.basicApi.getById(contact.id), 404);
await ok(bare.oauth.refreshTokensApi.archive(tokens.refreshToken));
await fails(bare.oauth.tokensApi.create("refresh_token", undefined, undefined, clientId, clientSecret, tokens.refreshToken), 400);
c.setAccessToken("unknown");
await fails(c.crm.contacts.basicApi.getPage(1), 401);

console.log(JSON.stringify({ calls, contacts: contacts.length, done: true }));
