// Drives npm jsforce against a running simulator. Usage: node story.mjs BASE_URL CLIENT_ID CLIENT_SECRET, with the
// working directory where jsforce is installed. Prints one JSON object; any failure ends with a non-zero status.
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const jsforce = createRequire(process.cwd() + "/")("jsforce");
const [base, clientId, clientSecret] = process.argv.slice(2);
const redirectUri = "http://127.0.0.1:9/callback";
const control = (path, body) => fetch(base + "/sim/api" + path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

// Consent, as a browser would do it.
const oauth2 = new jsforce.OAuth2({ loginUrl: base, clientId, clientSecret, redirectUri, useVerifier: true });
const consent = oauth2.getAuthorizationUrl({ scope: "api refresh_token id", state: "s" });
assert.match(consent, /code_challenge=/);
const approved = await fetch(consent, { method: "POST", redirect: "manual", body: new URLSearchParams({ decision: "approve" }) });
const code = new URL(approved.headers.get("location")).searchParams.get("code");

const conn = new jsforce.Connection({ oauth2, version: "66.0" });
const user = await conn.authorize(code);
const identity = await conn.identity();
assert.equal(identity.user_id, user.id);
assert.equal(identity.organization_id, user.organizationId);
const identityURL = identity.id;

const versions = await conn.request("/services/data");
assert.equal(versions.at(-1).version, "66.0");
const global = await conn.describeGlobal();
const account = await conn.describe("Account");
assert.ok(account.fields.some((f) => f.name === "Industry" && f.permissionable));
await assert.rejects(conn.describe("Nope"), (e) => e.errorCode === "NOT_FOUND");

const all = await conn.query("SELECT Id, Name FROM Contact", { autoFetch: true, maxFetch: 10000, headers: { "Sforce-Query-Options": "batchSize=200" } });
assert.equal(new Set(all.records.map((r) => r.Id)).size, all.totalSize);
const first = await conn.query("SELECT Id FROM Contact", { autoFetch: false, headers: { "Sforce-Query-Options": "batchSize=200" } });
assert.equal(first.done, false);
const second = await conn.queryMore(first.nextRecordsUrl);
const bin = await conn.query("SELECT Id FROM Contact", { scanAll: true, autoFetch: true, maxFetch: 10000 });
await assert.rejects(conn.query("SELECT Nope FROM Contact"), (e) => e.errorCode === "INVALID_FIELD");

const row = await conn.sobject("Account").retrieve((await conn.query("SELECT Id FROM Account LIMIT 1")).records[0].Id);
assert.equal(row.attributes.type, "Account");
const limits = await conn.limits();
const composite = await conn.requestPost("/composite", {
  allOrNone: false,
  compositeRequest: ["Account", "Lead"].map((name) => ({ method: "GET", url: `/services/data/v66.0/sobjects/${name}/describe`, referenceId: name })),
});
assert.deepEqual(composite.compositeResponse.map((p) => p.httpStatusCode), [200, 200]);

// A dead session is refreshed once, and the call repeated.
let refreshed = 0;
conn.on("refresh", () => { refreshed++; });
await control("/tokens/kill", {});
await conn.describe("Lead");
assert.equal(refreshed, 1);

await control("/faults", { kind: "daily_limit", times: 1 });
await assert.rejects(conn.query("SELECT Id FROM Lead"), (e) => e.errorCode === "REQUEST_LIMIT_EXCEEDED");
const usage = conn.limitInfo.apiUsage;

await conn.logout(true);
console.log(JSON.stringify({
  username: identity.username, identityURL, objects: global.sobjects.length, contacts: all.records.length, done: all.done,
  second: second.records.length, bin: bin.records.length, daily: limits.DailyApiRequests.Max, refreshed, usage,
}));
