/** The world that test/ui made for the browser. */
export interface World {
  url: string;
  simulator: string;
  ownerLink: string;
  counts?: string;
  tokens: Record<string, string>;
  integrations: Record<string, string>;
  artifacts: string;
  chromium: string;
}

export function readWorld(): World {
  const told = process.env["FIELDWARDEN_UI_WORLD"];
  if (!told)
    throw new Error(
      "FIELDWARDEN_UI_WORLD is not set: run `go test ./test/ui`, which makes the world and starts these tests",
    );
  return JSON.parse(told) as World;
}

/** Changes a right in the simulated CRM, as its administrator would. */
export async function setField(world: World, crm: string, object: string, field: string, read: boolean) {
  const answer = await fetch(`${world.simulator}/sim/api/${crm}/objects/${object}/fields/${field}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ read }),
  });
  if (!answer.ok) throw new Error(`the simulator said ${answer.status}: ${await answer.text()}`);
}

/** The SQL statements since the last call, by the GraphQL operation's name. */
export async function statements(world: World): Promise<Record<string, number>> {
  if (!world.counts) throw new Error("this world does not count statements");
  return (await (await fetch(world.counts)).json()) as Record<string, number>;
}
