import type { MappingAction, MappingOrigin, Requirement } from "~/api/schema.generated";
import type { Tone } from "~/ui/Status";
import type { MappingScreenQuery, MappingStandardFieldFragment } from "./mapping.generated";

export type IntegrationOf = NonNullable<MappingScreenQuery["integration"]>;
export type StandardField = MappingStandardFieldFragment;
export type ObjectOf = IntegrationOf["standardization"]["objects"][number];
export type Proposal = IntegrationOf["mappingProposals"][number];
export type CrmFieldOf = NonNullable<
  NonNullable<NonNullable<NonNullable<IntegrationOf["object"]>["fields"]["edges"]>[number]>["node"]
>;

/** Who made a mapping, in words. */
export const origins: Record<MappingOrigin, string> = {
  AUTO: "mapped by Fieldwarden",
  ADMIN: "chosen by an admin",
  DEFAULT: "the workspace’s default",
};

export const actions: Record<MappingAction, string> = {
  MAPPED: "Mapped",
  REMAPPED: "Mapped anew",
  UNMAPPED: "Unmapped",
  PUBLISHED: "Published",
  UNPUBLISHED: "Taken out",
  COMPLETED: "Standardization completed",
};

export const requirements: Record<Requirement, string> = {
  REQUIRED: "Required",
  RECOMMENDED: "Recommended",
  OPTIONAL: "Optional",
};

/** How a standard field stands: what the CRM field that it stands for is to us, or that there is none. */
export function standingOf(field: StandardField, crmFields: ReadonlyMap<string, CrmFieldOf>): [Tone, string] {
  if (!field.mapping) return [field.requirement === "REQUIRED" ? "bad" : "waiting", "Not mapped"];
  const known = crmFields.get(field.mapping.crmField);
  if (!known) return ["unknown", "Not seen by a check"];
  return known.status === "ERROR_STANDARDIZED" ? ["bad", "Error (Standardized)"] : ["good", "Active (Standardized)"];
}

/** A name for whoever did something: the API's history has ids. */
export function whoIs(id: string, data: MappingScreenQuery): string {
  const member = (data.members.edges ?? []).flatMap((edge) => edge?.node ?? []).find((each) => each.id === id);
  if (member) return member.name || member.email;
  if (id.startsWith("system")) return "Fieldwarden";
  return id.startsWith("tok_") ? "A service token" : "Somebody who has left";
}
