package access

import "github.com/fieldwarden/fieldwarden/internal/principal"

// anyone is the scope of what everybody who is signed in may do.
const anyone principal.Scope = ""

// Table returns all rules, sorted by operation.
//
// Fields within guard what several root fields lead to: the settings and the
// connector's configuration are the CRM admin settings of requirement A2, wherever
// they show.
func Table() []Rule {
	return []Rule{
		{"CopySettingsPayload.plan", principal.ScopeReadSettings},
		{ExportAudit, principal.ScopeReadAudit},
		{ExportRunLog, principal.ScopeRead},
		{"ImportConfigurationPayload.plan", principal.ScopeReadSettings},
		{"Integration.config", principal.ScopeReadSettings},
		{"Integration.settings", principal.ScopeReadSettings},

		{"Mutation.addRecipients", principal.ScopeConfigure},
		{"Mutation.cancelRun", principal.ScopeOperate},
		{"Mutation.checkIntegration", principal.ScopeOperate},
		{"Mutation.completeOnboardingStep", principal.ScopeConnect},
		{"Mutation.copyMapping", principal.ScopeConfigure},
		{"Mutation.copySettings", principal.ScopeConfigure},
		{"Mutation.createServiceToken", principal.ScopeManageTokens},
		{"Mutation.disconnectIntegration", principal.ScopeConnect},
		{"Mutation.finishOnboarding", principal.ScopeConnect},
		{"Mutation.importConfiguration", principal.ScopeConfigure},
		{"Mutation.inviteMember", principal.ScopeManageMembers},
		{"Mutation.mapField", principal.ScopeConfigure},
		{"Mutation.pauseIntegration", principal.ScopeConfigure},
		{"Mutation.recheckFields", principal.ScopeOperate},
		{"Mutation.reconnectIntegration", principal.ScopeConnect},
		{"Mutation.removeMember", principal.ScopeManageMembers},
		{"Mutation.removeRecipient", principal.ScopeConfigure},
		{"Mutation.replaceIntegrationUser", principal.ScopeConnect},
		{"Mutation.resetCursor", principal.ScopeConfigure},
		{"Mutation.resumeIntegration", principal.ScopeConfigure},
		{"Mutation.retryFailedRecords", principal.ScopeOperate},
		{"Mutation.revokeInvitation", principal.ScopeManageMembers},
		{"Mutation.revokeServiceToken", principal.ScopeManageTokens},
		{"Mutation.runNow", principal.ScopeOperate},
		{"Mutation.setApiBudget", principal.ScopeConfigure},
		{"Mutation.setEntitlements", principal.ScopeEntitle},
		{"Mutation.setMemberRole", principal.ScopeManageMembers},
		{"Mutation.setOAuthClient", principal.ScopeConnect},
		{"Mutation.setQuotaShare", principal.ScopeConfigure},
		{"Mutation.setSchedule", principal.ScopeConfigure},
		{"Mutation.startIntegration", principal.ScopeConnect},
		{"Mutation.unmapField", principal.ScopeConfigure},
		{"Mutation.updateMember", principal.ScopeManageMembers},
		{"Mutation.updateSettings", principal.ScopeConfigure},

		{"Query.alerts", principal.ScopeRead},
		{"Query.auditLog", principal.ScopeReadAudit},
		{"Query.configurationDocument", principal.ScopeReadSettings},
		{"Query.connectors", principal.ScopeRead},
		{"Query.errorCodes", anyone},
		{"Query.feedEntries", principal.ScopeRead},
		{"Query.integration", principal.ScopeRead},
		{"Query.integrations", principal.ScopeRead},
		{"Query.invitations", principal.ScopeManageMembers},
		{"Query.members", principal.ScopeRead},
		{"Query.node", principal.ScopeRead},
		{"Query.recipients", principal.ScopeRead},
		{"Query.serverInfo", anyone},
		{"Query.serviceTokens", principal.ScopeManageTokens},
		{"Query.viewer", anyone},
		{"Query.workspace", principal.ScopeRead},
		{"Query.workspaces", principal.ScopeRead},

		{"SetEntitlementsPayload.disabledSettings", principal.ScopeReadSettings},

		{"Subscription.alertEvents", principal.ScopeRead},
		{"Subscription.integrationState", principal.ScopeRead},
		{"Subscription.permissionChanges", principal.ScopeRead},
		{"Subscription.runLogTail", principal.ScopeRead},
		{"Subscription.settingsChanged", principal.ScopeReadSettings},
		{"Subscription.syncRunProgress", principal.ScopeRead},
		{"Subscription.workspaceEvents", principal.ScopeRead},

		{"UpdateSettingsPayload.settings", principal.ScopeReadSettings},
	}
}
