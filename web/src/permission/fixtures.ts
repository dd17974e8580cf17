// What the server of the tests answers. The cache needs to know what everything is.
import type { PermissionFieldDetailFragment, PermissionFieldRowFragment } from "./fields.generated";
import type { PermissionEntryFragment, PermissionVerdictFragment } from "./permission.generated";

export const of = <Value extends object>(__typename: string, value: Value): Value => ({ __typename, ...value });

export const page = <Node extends object>(
  type: string,
  nodes: readonly Node[],
  more: { total?: number; end?: string } = {},
) =>
  of(`${type}Connection`, {
    totalCount: more.total ?? nodes.length,
    pageInfo: of("PageInfo", { hasNextPage: more.end !== undefined, endCursor: more.end ?? null }),
    edges: nodes.map((node) => of(`${type}Edge`, { node: of(type, node) })),
  });

export const rightsOf = (read: boolean, create = read, update = read) => of("Rights", { read, create, update });

const need = {
  kind: "SETTING",
  key: "contacts.create",
  title: "Create contacts",
  right: "CREATE",
  met: false,
  active: true,
} as const;

export function verdict(value: Partial<PermissionVerdictFragment> & { name: string }): PermissionVerdictFragment {
  return of("CrmObject", {
    id: `obj_${value.name}`,
    label: value.name,
    requirement: "REQUIRED",
    status: "OK",
    published: true,
    syncPhase: "DAILY",
    checkedAt: new Date().toISOString(),
    stale: false,
    staleReason: "",
    since: null,
    suspectedAt: null,
    cause: null,
    evidence: "",
    recordAccess: "ALL",
    recordAccessNote: "",
    missingRights: [],
    rights: rightsOf(true),
    fieldCounts: of("FieldCounts", { activeStandardized: 11, active: 40, errorStandardized: 1, inaccessible: 2 }),
    fix: null,
    neededBy: [of("Need", need)],
    ...value,
  });
}

export const fix = of("Fix", {
  steps: ["Open Setup.", "Tick Read."],
  deepLink: "https://crm.example/setup",
  who: "Salesforce administrator",
});

export function fieldRow(value: Partial<PermissionFieldRowFragment> & { name: string }): PermissionFieldRowFragment {
  return of("CrmField", {
    id: `fld_${value.name}`,
    label: `${value.name} of the contact`,
    dataType: "string",
    status: "ACTIVE",
    standardField: null,
    since: null,
    suspectedAt: null,
    rights: rightsOf(true),
    ...value,
  });
}

export function entry(value: Partial<PermissionEntryFragment> & { id: string }): PermissionEntryFragment {
  return of("PermissionChange", {
    createdAt: "2026-11-20T08:00:00Z",
    objectName: "Contact",
    fieldName: "Email",
    change: "LOST",
    cause: "PERMISSION",
    evidence: "It is not in the list of fields.",
    standardized: true,
    ...value,
  });
}

export const lostEmail: PermissionFieldDetailFragment = of("CrmField", {
  ...fieldRow({
    name: "Email",
    label: "E-mail",
    status: "ERROR_STANDARDIZED",
    standardField: "contact.email",
    rights: rightsOf(false),
    since: "2026-11-20T08:00:00Z",
  }),
  custom: false,
  hideable: true,
  guidance: "Grant access in the CRM, or unmap it.",
  cause: "RENAMED_CANDIDATE",
  evidence: "A similar field appeared.",
  renameCandidate: "Email__c",
  checkedAt: "2026-11-22T08:00:00Z",
  stale: false,
  staleReason: "",
  accessed: false,
  monitored: true,
  missingRights: ["READ" as const],
  neededBy: [
    of("Need", {
      kind: "MAPPING" as const,
      key: "contact.email",
      title: "E-mail",
      right: "READ" as const,
      met: false,
      active: true,
    }),
  ],
  fix,
  history: page("PermissionChange", [entry({ id: "pch_1" })]),
});

export const guides = [
  of("FieldStatusGuide", {
    status: "ACTIVE_STANDARDIZED",
    title: "Active (Standardized)",
    description: "It can be read, and it stands for a standard field.",
    guidance: "",
  }),
  of("FieldStatusGuide", {
    status: "ERROR_STANDARDIZED",
    title: "Error (Standardized)",
    description: "The integration user has no permission to read it.",
    guidance: "Unmap it if it is no longer needed.",
  }),
];

export const integrationFacts = {
  id: "int_1",
  state: "ACTIVE",
  environment: "PRODUCTION",
  connector: of("Connector", { name: "salesforce", title: "Salesforce" }),
};
