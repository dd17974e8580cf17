import { causeWords } from "~/alert/words";
import type {
  Cause,
  CheckTrigger,
  FieldStatus,
  NeedKind,
  ObjectStatus,
  PermissionChangeType,
  Requirement,
  Right,
} from "~/api/schema.generated";
import type { Tone } from "~/ui/Status";

export const objectStatuses: readonly ObjectStatus[] = ["OK", "PERMISSION_MISSING", "NOT_FOUND", "NOT_CHECKED"];

export const objectStatusWords: Record<ObjectStatus, string> = {
  OK: "Readable",
  PERMISSION_MISSING: "Permission missing",
  NOT_FOUND: "Not found",
  NOT_CHECKED: "Not checked",
};

export const objectStatusTone: Record<ObjectStatus, Tone> = {
  OK: "good",
  PERMISSION_MISSING: "bad",
  NOT_FOUND: "bad",
  NOT_CHECKED: "waiting",
};

export const fieldStatuses: readonly FieldStatus[] = [
  "ACTIVE_STANDARDIZED",
  "ACTIVE",
  "ERROR_STANDARDIZED",
  "INACCESSIBLE",
];

export const fieldStatusWords: Record<FieldStatus, string> = {
  ACTIVE_STANDARDIZED: "Active (Standardized)",
  ACTIVE: "Active",
  ERROR_STANDARDIZED: "Error (Standardized)",
  INACCESSIBLE: "Inaccessible",
};

export const fieldStatusTone: Record<FieldStatus, Tone> = {
  ACTIVE_STANDARDIZED: "good",
  ACTIVE: "info",
  ERROR_STANDARDIZED: "bad",
  INACCESSIBLE: "unknown",
};

export const requirementWords: Record<Requirement, string> = {
  REQUIRED: "Required",
  RECOMMENDED: "Recommended",
  OPTIONAL: "Optional",
};

export const needKindWords: Record<NeedKind, string> = { MAPPING: "Mapping", SETTING: "Setting", FEATURE: "Feature" };

export const rights: readonly Right[] = ["READ", "CREATE", "UPDATE"];

export const rightWords: Record<Right, string> = { READ: "Read", CREATE: "Create", UPDATE: "Update" };

export const changeTypes: readonly PermissionChangeType[] = [
  "LOST",
  "RESTORED",
  "SUSPECTED",
  "APPEARED",
  "VANISHED",
  "RIGHTS_REDUCED",
  "RIGHTS_EXTENDED",
];

export const changeWords: Record<PermissionChangeType, string> = {
  LOST: "Lost",
  RESTORED: "Restored",
  SUSPECTED: "Suspected",
  APPEARED: "Appeared",
  VANISHED: "Vanished",
  RIGHTS_REDUCED: "Rights reduced",
  RIGHTS_EXTENDED: "Rights extended",
};

export const changeTone: Record<PermissionChangeType, Tone> = {
  LOST: "bad",
  RESTORED: "good",
  SUSPECTED: "warning",
  APPEARED: "info",
  VANISHED: "unknown",
  RIGHTS_REDUCED: "warning",
  RIGHTS_EXTENDED: "info",
};

const changeMeaning: Record<PermissionChangeType, string> = {
  LOST: "It cannot be read any more; a second check confirmed it.",
  RESTORED: "It can be read again.",
  SUSPECTED: "It could not be read once; a second check confirms or drops it.",
  APPEARED: "It is there for the first time.",
  VANISHED: "It is gone, and nothing was mapped to it.",
  RIGHTS_REDUCED: "It can be read as before, but not created or updated as before.",
  RIGHTS_EXTENDED: "It can be created or updated where it could not.",
};

/** Why something changed: its cause and what was seen, or what such a change means. */
export function whyChanged(entry: { change: PermissionChangeType; cause: Cause | null; evidence: string }): string {
  // A right to write has no cause: the CRM shows only that it is there or not.
  const cause = entry.cause && !entry.change.startsWith("RIGHTS_") ? `${causeWords[entry.cause]}. ` : "";
  return cause + entry.evidence || changeMeaning[entry.change];
}

export const triggerWords: Record<CheckTrigger, string> = {
  ONBOARDING: "Onboarding",
  DAILY: "Daily run",
  ON_DEMAND: "Somebody asked",
  OPENED: "Fields were opened",
  WATCH: "Watch mode",
  CONFIRM: "Second probe",
};
