// Runs operations with the client of npm graphql-sse against the URL given as the
// first argument: those of the JSON array [{query, variables}] that is the second.
// It prints one JSON array with {results, failure} of each. CLIENT_HEADERS, a JSON
// object, is sent along with every request.
import { createClient } from "graphql-sse";

const client = createClient({
  url: process.argv[2],
  headers: JSON.parse(process.env.CLIENT_HEADERS ?? "{}"),
  retryAttempts: 0,
});
const stories = [];
for (const operation of JSON.parse(process.argv[3])) {
  const story = { results: [], failure: "" };
  try {
    for await (const result of client.iterate(operation)) story.results.push(result);
  } catch (error) {
    story.failure = String(error);
  }
  stories.push(story);
}
client.dispose();
console.log(JSON.stringify(stories));
