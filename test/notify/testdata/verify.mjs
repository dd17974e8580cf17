// Verifies signed messages with the public library: one JSON document on standard input.
import { Webhook } from "standardwebhooks";
import { readFileSync } from "node:fs";

const { messages } = JSON.parse(readFileSync(0, "utf8"));
let verified = 0;
for (const { secret, headers, body, good } of messages) {
  let ok = true;
  try {
    new Webhook(secret).verify(body, headers);
  } catch {
    ok = false;
  }
  if (ok !== good) throw new Error(`message ${headers["webhook-id"]}: verified is ${ok}, expected ${good}`);
  verified++;
}
console.log(JSON.stringify({ verified }));
