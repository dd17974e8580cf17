import { Anchor } from "@mantine/core";
import { Link } from "react-router";
import type { Environment } from "~/api/schema.generated";
import { words } from "~/ui/words";
import { isBeforeOnboarded } from "./about";
import type { ConnectQuery } from "./connect.generated";

export type Connected = NonNullable<NonNullable<NonNullable<ConnectQuery["integrations"]["edges"]>[number]>["node"]>;

/** holderOf finds the integration that has the place of a connector and environment already. */
export function holderOf(
  integrations: ConnectQuery["integrations"],
  connector: string,
  environment: Environment,
): Connected | undefined {
  return integrations.edges
    ?.flatMap((edge) => (edge?.node ? [edge.node] : []))
    .find(
      (each) => each.connector.name === connector && each.environment === environment && each.state !== "DISCONNECTED",
    );
}

/** Says which integration has the place, and leads to it. */
export function ConnectedAlready({ holder }: { holder: Connected }) {
  const path = `/integrations/${holder.id}`;
  const outstanding = isBeforeOnboarded(holder.state);
  return (
    <>
      {outstanding ? "It was begun already: " : "Connected already: "}
      <Anchor component={Link} to={outstanding ? `${path}/onboarding` : path} inherit underline="always">
        {outstanding ? "continue its onboarding" : (holder.instance?.name ?? "open the integration")}
      </Anchor>
      .
    </>
  );
}

/** environmentOf reads the choice of environment out of an address. */
export function environmentOf(search: URLSearchParams): Environment {
  return search.get("environment") === "SANDBOX" ? "SANDBOX" : "PRODUCTION";
}

/** Why a connector cannot be connected at all, whatever its state; empty when it can. */
export function refusalOf(
  connector: { title: string; kind: string; status: string; environments: readonly Environment[] },
  environment: Environment,
): string {
  if (connector.kind === "MAP")
    return `${connector.title} is marketing automation, not a CRM: its permissions are not checked, so it cannot be connected.`;
  if (connector.environments.length > 0 && !connector.environments.includes(environment))
    return `${connector.title} has no ${words(environment).toLowerCase()} environment.`;
  return "";
}
