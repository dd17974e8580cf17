import type { AlertMailing, AlertResolution, AlertState, Cause, DeliveryState, Severity } from "~/api/schema.generated";
import type { Tone } from "~/ui/Status";
import type { AlertIntegrationFragment } from "./alerts.generated";

export const severities: readonly Severity[] = ["CRITICAL", "WARNING", "INFO"];

/** The states of an alert that is not over. */
export const openStates: readonly AlertState[] = ["OPEN", "ACKNOWLEDGED", "SNOOZED", "REOPENED"];

export const severityTone: Record<Severity, Tone> = { CRITICAL: "bad", WARNING: "warning", INFO: "info" };

export const stateTone: Record<AlertState, Tone> = {
  OPEN: "unknown",
  REOPENED: "warning",
  ACKNOWLEDGED: "info",
  SNOOZED: "waiting",
  RESOLVED: "good",
};

export const deliveryTone: Record<DeliveryState, Tone> = {
  PENDING: "waiting",
  DELIVERED: "good",
  FAILED: "bad",
  CANCELLED: "unknown",
};

export const resolutionWords: Record<AlertResolution, string> = {
  RESTORED: "access is back",
  UNMAPPED: "the field was unmapped",
  RECONNECTED: "the integration was reconnected",
  DISCONNECTED: "the integration was disconnected",
  RESUMED: "the integration was resumed",
  MAPPED: "the standard field was mapped",
  DISMISSED: "it was dismissed",
  EXPIRED: "it was only news, and its day is over",
};

export const causeWords: Record<Cause, string> = {
  PERMISSION: "The integration user lacks the permission",
  OBJECT_DENIED: "The whole object cannot be read",
  DELETED: "It was deleted in the CRM",
  ARCHIVED: "It was archived in the CRM",
  SENSITIVE: "The CRM keeps it as sensitive data",
  SCOPE_MISSING: "The app lacks an OAuth scope",
  RENAMED_CANDIDATE: "It may have been renamed",
  API_VERSION: "The CRM's API version does not offer it",
  UNKNOWN: "Unknown: the CRM does not tell",
};

export const mailedWords: Record<AlertMailing, string> = {
  AT_ONCE: "Mailed at once",
  DIGEST: "In the daily digest",
  NEVER: "Not mailed",
};

/** What people call an integration: "Salesforce Acme (sandbox)". */
export function integrationName({ connector, instance, environment }: AlertIntegrationFragment): string {
  const name = instance ? `${connector.title} ${instance.name}` : connector.title;
  return environment === "SANDBOX" ? `${name} (sandbox)` : name;
}

/** What an alert is about, in the CRM's names; empty when it is about the integration. */
export function subject({ objectName, fieldName }: { objectName: string; fieldName: string }): string {
  return fieldName ? `${objectName}.${fieldName}` : objectName;
}
