package salesforce

func organization() *object {
	setting := func(name, label string, length int, values ...string) field {
		return picklist(name, label, length, nillable|updateable|restricted, values...)
	}
	fixed := func(name, label string, length int, values ...string) field {
		return picklist(name, label, length, nillable|restricted, values...)
	}
	address := addressFields("", "")
	for i := range address {
		address[i].traits &^= createable | permissionable
	}
	return &object{
		name: "Organization", label: "Organization", labelPlural: "Organizations", keyPrefix: "00D",
		updateable: true, replicateable: true,
		fields: join(
			one(
				recordID("Organization ID"),
				text("Name", "Name", 80, updateable).nameOfRecord(),
				text("Division", "Division", 80, nillable|updateable),
			),
			address,
			one(
				phone("Phone", "Phone", nillable|updateable),
				phone("Fax", "Fax", nillable|updateable),
				text("PrimaryContact", "Primary Contact", 80, nillable|updateable),
				setting("DefaultLocaleSidKey", "Locale", 40, "en_US", "en_GB", "de_DE", "fr_FR", "ja_JP"),
				setting("TimeZoneSidKey", "Time Zone", 40, "America/Los_Angeles", "America/New_York", "Europe/London",
					"Europe/Berlin", "Asia/Tokyo", "UTC"),
				setting("LanguageLocaleKey", "Language", 40, "en_US", "de", "fr", "ja"),
				flag("ReceivesInfoEmails", "Info Emails", updateable|defaulted),
				flag("ReceivesAdminInfoEmails", "Info Emails Admin", updateable|defaulted),
			),
			flags(updateable|defaulted, "Preferences", "RequireOpportunityProducts", "TransactionSecurityPolicy",
				"TerminateOldestSession", "ConsentManagementEnabled", "AutoSelectIndividualOnMerge", "LightningLoginEnabled",
				"OnlyLLPermUserAllowed"),
			one(
				integer("FiscalYearStartMonth", "Fiscal Year Starts In", 9, nillable|updateable),
				flag("UsesStartDateAsFiscalYearName", "Fiscal Year Name by Start", updateable|defaulted),
				fixed("DefaultAccountAccess", "Default Account Access", 40, "None", "Read", "Edit", "ControlledByLeadOrContact"),
				fixed("DefaultContactAccess", "Default Contact Access", 40, "None", "Read", "Edit", "ControlledByParent"),
				fixed("DefaultOpportunityAccess", "Default Opportunity Access", 40, "None", "Read", "Edit",
					"ControlledByLeadOrContact"),
				fixed("DefaultLeadAccess", "Default Lead Access", 40, "None", "Read", "Edit", "ReadEditTransfer"),
				fixed("DefaultCaseAccess", "Default Case Access", 40, "None", "Read", "Edit", "ReadEditTransfer"),
				fixed("DefaultCalendarAccess", "Default Calendar Access", 40, "HideDetails", "HideDetailsInsert", "ShowDetails",
					"ShowDetailsInsert", "AllowEdits"),
				fixed("DefaultPricebookAccess", "Default Price Book Access", 40, "None", "Read", "ReadSelect"),
				fixed("DefaultCampaignAccess", "Default Campaign Access", 40, "None", "Read", "Edit", "All"),
				datetime("SystemModstamp", "System Modstamp", systemSet),
				textLike("email", "ComplianceBccEmail", "Compliance BCC Email", 80, nillable|updateable),
				setting("UiSkin", "UI Skin", 40, "Theme1", "Theme2", "Theme3"),
				text("SignupCountryIsoCode", "Signup Country", 2, derived),
				datetime("TrialExpirationDate", "Trial Expiration Date", derived),
				integer("NumKnowledgeService", "Knowledge Licenses", 9, systemSet),
				fixed("OrganizationType", "Edition", 40, "Team Edition", "Professional Edition", "Enterprise Edition",
					"Developer Edition", "Unlimited Edition"),
				text("NamespacePrefix", "Namespace Prefix", 15, derived),
				text("InstanceName", "Instance Name", 5, derived),
				flag("IsSandbox", "Is Sandbox", systemSet),
				text("WebToCaseDefaultOrigin", "Web to Case Default Origin", 40, nillable|updateable),
				integer("MonthlyPageViewsUsed", "Monthly Page Views Used", 9, derived),
				integer("MonthlyPageViewsEntitlement", "Monthly Page Views Allowed", 9, derived),
				flag("IsReadOnly", "Is Read Only", systemSet),
				datetime("CreatedDate", "Created Date", systemSet),
				lookup("CreatedById", "Created By ID", "CreatedBy", systemSet, "User"),
				datetime("LastModifiedDate", "Last Modified Date", systemSet),
				lookup("LastModifiedById", "Last Modified By ID", "LastModifiedBy", systemSet, "User"),
			),
		),
	}
}
