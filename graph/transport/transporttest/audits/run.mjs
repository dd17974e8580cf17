// Runs the server audits of npm graphql-http against the URL given as the
// only argument, and prints them as one JSON array of {id, name, status,
// reason}.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
console.log(
  JSON.stringify(
    results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? "" })),
  ),
);
