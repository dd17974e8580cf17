import type { Edition, IntegrationState } from "~/api/schema.generated";

export const editionWords: Record<Edition, string> = {
  CORE: "Core",
  ADVANCED: "Advanced",
  ADVANCED_PLUS: "Advanced Plus",
};

/** "2 active", "1 in grace": how many integrations are in a state. */
export const stateWords: Record<IntegrationState, string> = {
  DRAFT: "not signed in",
  AUTHORIZING: "signing in",
  ONBOARDING: "in onboarding",
  ACTIVE: "active",
  PAUSED: "paused",
  GRACE: "in grace",
  DISCONNECTED: "disconnected",
};
