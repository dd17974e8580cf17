// Drives npm jsforce against a running simulator through every main call. Usage: node story.mjs BASE_URL CLIENT_ID
// CLIENT_SECRET, with the working directory where jsforce is installed. Prints one JSON object; any failure ends with a
// non-zero status.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const jsforce = createRequire(process.cwd() + "/")("jsforce");
const [base, clientId, clientSecret] = process.argv.slice(2);
const redirectUri = "http://127.0.0.1:9/callback";
const control = async (method, path, body) => {
  const answer = await fetch(base + "/sim/api/salesforce" + path, {
    method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
};
const today = new Date();
const yesterday = new Date(today - 24 * 3600 * 1000);
const tomorrow = new Date(+today + 24 * 3600 * 1000);

async function signIn() {
  const oauth2 = new jsforce.OAuth2({ loginUrl: base, clientId, clientSecret, redirectUri, useVerifier: true });
  const consent = oauth2.getAuthorizationUrl({ scope: "api refresh_token id", state: "s" });
  assert.match(consent, /code_challenge=/);
  // Consent, as a browser would do it.
  const approved = await fetch(consent, { method: "POST", redirect: "manual", body: new URLSearchParams({ decision: "approve" }) });
  const code = new URL(approved.headers.get("location")).searchParams.get("code");
  const conn = new jsforce.Connection({ oauth2, version: "66.0" });
  const user = await conn.authorize(code);
  return { conn, user };
}

async function identityAndMetadata(conn, user) {
  const identity = await conn.identity();
  assert.equal(identity.user_id, user.id);
  assert.equal(identity.organization_id, user.organizationId);
  assert.equal((await conn.request("/services/data")).at(-1).version, "66.0");
  const global = await conn.describeGlobal();
  const account = await conn.describe("Account");
  assert.ok(account.fields.some((f) => f.name === "Industry" && f.permissionable));
  assert.equal((await conn.describe("Task")).fields.find((f) => f.name === "WhoId").polymorphicForeignKey, true);
  await assert.rejects(conn.describe("Nope"), (e) => e.errorCode === "NOT_FOUND");
  return { username: identity.username, identityURL: identity.id, objects: global.sobjects.length };
}

async function reading(conn) {
  const all = await conn.query("SELECT Id, Name FROM Contact", { autoFetch: true, maxFetch: 10000 });
  assert.equal(new Set(all.records.map((r) => r.Id)).size, all.totalSize);
  const first = await conn.query("SELECT Id FROM Contact", { autoFetch: false });
  assert.equal(first.records.length, 2000);
  assert.equal(first.done, false);
  const second = await conn.queryMore(first.nextRecordsUrl);
  const bin = await conn.query("SELECT Id FROM Contact", { scanAll: true, autoFetch: true, maxFetch: 10000 });
  await assert.rejects(conn.query("SELECT Nope FROM Contact"), (e) => e.errorCode === "INVALID_FIELD");
  const deals = await conn.query("SELECT Id, Account.Name, Owner.Name, (SELECT ContactId, Role, IsPrimary FROM OpportunityContactRoles) " +
    "FROM Opportunity WHERE IsClosed = false");
  assert.ok(deals.records.some((r) => r.OpportunityContactRoles?.records.length > 0));
  const deleted = await conn.sobject("Contact").deleted(yesterday.toISOString(), tomorrow.toISOString());
  const updated = await conn.sobject("Contact").updated(yesterday.toISOString(), tomorrow.toISOString());
  assert.deepEqual(updated.ids, []);
  return {
    contacts: all.records.length, done: all.done, second: second.records.length, bin: bin.records.length,
    deleted: deleted.deletedRecords.length,
  };
}

async function writing(conn) {
  const contacts = conn.sobject("Contact");
  const made = await contacts.create({ LastName: "Jansen", Email: "jansen@example.com" });
  assert.equal(made.success, true);
  assert.equal((await contacts.retrieve(made.id)).LastName, "Jansen");
  assert.equal((await contacts.update({ Id: made.id, Title: "CEO" })).success, true);
  assert.equal((await contacts.retrieve(made.id, { fields: ["Title"] })).Title, "CEO");
  const changed = await contacts.upsert({ Email: "jansen@example.com", Title: "CFO" }, "Email");
  assert.deepEqual([changed.success, changed.id], [true, made.id]);
  const several = await contacts.create([{ LastName: "A" }, { FirstName: "nameless" }, { LastName: "B" }]);
  assert.deepEqual(several.map((r) => r.success), [true, false, true]);
  assert.equal(several[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  await assert.rejects(contacts.create([{ LastName: "A" }, {}], { allOrNone: true }).then((rows) => {
    assert.deepEqual(rows.map((r) => r.success), [false, false]);
    throw new Error(rows[0].errors[0].statusCode);
  }), /ALL_OR_NONE_OPERATION_ROLLED_BACK/);
  const ids = [several[0].id, several[2].id];
  assert.ok((await contacts.update(ids.map((Id) => ({ Id, Title: "x" })))).every((r) => r.success));
  assert.deepEqual((await contacts.retrieve(ids)).map((r) => r.Title), ["x", "x"]);
  const upserted = await contacts.upsert([{ Email: "jansen@example.com", Title: "y" }, { Email: "new@example.com", LastName: "N" }], "Email");
  assert.deepEqual(upserted.map((r) => [r.success, r.created]), [[true, false], [true, true]]);
  assert.ok((await contacts.destroy([...ids, upserted[1].id])).every((r) => r.success));
  assert.equal((await contacts.destroy(made.id)).success, true);
  await assert.rejects(contacts.retrieve(made.id), (e) => e.errorCode === "NOT_FOUND");
  await assert.rejects(contacts.create({ Nope: 1, LastName: "x" }), (e) => e.errorCode === "INVALID_FIELD");
  const task = await conn.sobject("Task").create({ Subject: "LinkedIn InMail: hello", Status: "Completed", TaskSubtype: "Email" });
  assert.equal((await conn.sobject("Task").retrieve(task.id)).IsClosed, true);
}

async function manyAtOnce(conn) {
  const composite = await conn.requestPost("/composite", {
    allOrNone: false,
    compositeRequest: [
      ...["Account", "Lead"].map((name) => ({ method: "GET", url: `/services/data/v66.0/sobjects/${name}/describe`, referenceId: name })),
      { method: "POST", url: "/services/data/v66.0/sobjects/Account", referenceId: "made", body: { Name: "Composite" } },
      { method: "POST", url: "/services/data/v66.0/sobjects/Contact", referenceId: "child", body: { LastName: "C", AccountId: "@{made.id}" } },
    ],
  });
  assert.deepEqual(composite.compositeResponse.map((p) => p.httpStatusCode), [200, 200, 201, 201]);
  const batch = await conn.requestPost("/composite/batch", {
    batchRequests: [{ method: "GET", url: "v66.0/limits" }, { method: "GET", url: "v66.0/sobjects/Nope/describe" }],
  });
  assert.deepEqual([batch.hasErrors, ...batch.results.map((r) => r.statusCode)], [true, 200, 404]);
  const packages = await conn.tooling.query("SELECT Id, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage");
  assert.equal(packages.records[0].SubscriberPackage.NamespacePrefix, "LID");
  conn.bulk2.pollInterval = 10;
  const rows = await (await conn.bulk2.query("SELECT Id, Name FROM Account")).toArray();
  return { bulk: rows.length, namespaces: packages.totalSize };
}

const { conn, user } = await signIn();
let refreshed = 0;
conn.on("refresh", () => { refreshed++; });
const seen = {
  ...await identityAndMetadata(conn, user), ...await reading(conn), ...await manyAtOnce(conn),
};
await writing(conn);
seen.daily = (await conn.limits()).DailyApiRequests.Max;

// A dead session is refreshed once, and the call repeated.
await control("PUT", "/switches/expire_sessions", { value: true });
await conn.describe("Lead");
assert.equal(refreshed, 1);

await control("POST", "/faults", { kind: "daily_limit", times: 1 });
await assert.rejects(conn.query("SELECT Id FROM Lead"), (e) => e.errorCode === "REQUEST_LIMIT_EXCEEDED");
const usage = conn.limitInfo.apiUsage;

await conn.logout(true);
// Without the refresh token, logout revokes the access token only.
const second = await signIn();
await second.conn.logout();
console.log(JSON.stringify({ ...seen, refreshed, usage }));
