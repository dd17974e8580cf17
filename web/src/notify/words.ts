import { notifications } from "@mantine/notifications";
import type { DeliveryKind, DeliveryState, RecipientClass, RecipientKind, Severity } from "~/api/schema.generated";
import { words } from "~/ui/words";
import type { NotifyDeliveryFragment } from "./notify.generated";

export const severityChoices: { value: Severity; label: string }[] = [
  { value: "INFO", label: "Everything" },
  { value: "WARNING", label: "Warnings and worse" },
  { value: "CRITICAL", label: "Critical only" },
];

export const classWords: Record<RecipientClass, string> = { EXTERNAL: "The customer's", INTERNAL: "The vendor's team" };
export const kindWords: Record<RecipientKind, string> = { PERSON: "Person", LIST: "Distribution list" };

export const deliveryStates: readonly DeliveryState[] = ["PENDING", "DELIVERED", "FAILED", "CANCELLED"];
export const deliveryKinds: readonly DeliveryKind[] = ["ALERT", "ONBOARDING", "DIGEST", "TEST"];

export const deliveryKindWords: Record<DeliveryKind, string> = {
  ALERT: "Alert",
  ONBOARDING: "Onboarding check",
  DIGEST: "Daily digest",
  TEST: "Test",
};

/** Whom a delivery went to. */
export function receiver({ address, channel, medium }: NotifyDeliveryFragment): string {
  return address || channel?.name || `${words(medium)} channel that was removed`;
}

/** A local day as people read it; it has no time zone to move it. */
export function day(localDate: string): string {
  return new Date(`${localDate}T00:00:00Z`).toLocaleDateString(undefined, { dateStyle: "full", timeZone: "UTC" });
}

/** toast says shortly that a command was done. */
export function toast(message: string) {
  notifications.show({ message, closeButtonProps: { "aria-label": "Close" } });
}

export const onlyAdmins = "You can look at this; only an owner or an admin can change it.";
