package salesforce

// The objects about users, rights and installed packages that a connector asks for reasons and hierarchies.

func userRole() *object {
	access := func(name, label string, traits trait) field {
		return picklist(name, label, 40, traits|restricted, "None", "Read", "Edit")
	}
	return &object{
		name: "UserRole", label: "Role", labelPlural: "Role", keyPrefix: "00E",
		createable: true, updateable: true, deletable: true, searchable: true, layoutable: true, mruEnabled: true,
		replicateable: true, switchable: true,
		fields: one(
			recordID("Role ID"),
			text("Name", "Name", 80, required).nameOfRecord(),
			lookup("ParentRoleId", "Parent Role ID", "", unhideable, "UserRole"),
			text("RollupDescription", "Description", 80, unhideable),
			access("OpportunityAccessForAccountOwner", "Opportunity Access Level for Account Owner", required),
			access("CaseAccessForAccountOwner", "Case Access Level for Account Owner", unhideable),
			access("ContactAccessForAccountOwner", "Contact Access Level for Account Owner", unhideable),
			lookup("ForecastUserId", "User ID", "", derived, "User"),
			flag("MayForecastManagerShare", "May Forecast Manager Share", systemSet),
			datetime("LastModifiedDate", "Last Modified Date", systemSet),
			lookup("LastModifiedById", "Last Modified By ID", "LastModifiedBy", systemSet, "User"),
			datetime("SystemModstamp", "System Modstamp", systemSet),
			text("DeveloperName", "Developer Name", 80, unhideable),
			lookup("PortalAccountId", "Account ID", "", derived, "Account"),
			picklist("PortalType", "Portal Type", 40, derived|restricted, "None", "CustomerPortal", "Partner"),
			picklist("PortalRole", "Portal Role", 40, derived|restricted, "Executive", "Manager", "Worker", "PersonAccount"),
			lookup("PortalAccountOwnerId", "User ID", "", derived, "User"),
		),
	}
}

// packageLicense lists the managed packages of the org: a row only while the LinkedIn app is installed.
func packageLicense() *object {
	return &object{
		name: "PackageLicense", label: "Package License", labelPlural: "Package License", keyPrefix: "050", virtual: true,
		fields: one(
			recordID("Package License ID"),
			picklist("Status", "Status", 40, restricted, "Trial", "Active", "Expired", "Free", "Uninstalled"),
			flag("IsProvisioned", "Is Provisioned", systemSet),
			integer("AllowedLicenses", "Allowed Licenses", 9, 0),
			integer("UsedLicenses", "Used Licenses", 9, 0),
			datetime("ExpirationDate", "Expiration Date", derived),
			datetime("CreatedDate", "Created Date", systemSet),
			datetime("LastModifiedDate", "Last Modified Date", systemSet),
			datetime("SystemModstamp", "System Modstamp", systemSet),
			text("NamespacePrefix", "Namespace Prefix", 15, 0),
		),
	}
}

// userRecordAccess answers what one user may do with up to 200 records.
func userRecordAccess() *object {
	return &object{
		name: "UserRecordAccess", label: "User Record Access", labelPlural: "User Record Access", virtual: true,
		fields: one(
			recordID("User Record Access ID"),
			lookup("UserId", "User ID", "", 0, "User"),
			lookup("RecordId", "Record ID", "", 0),
			flag("HasReadAccess", "Has Read Access", systemSet),
			flag("HasEditAccess", "Has Edit Access", systemSet),
			flag("HasDeleteAccess", "Has Delete Access", systemSet),
			flag("HasTransferAccess", "Has Transfer Access", systemSet),
			flag("HasAllAccess", "Has All Access", systemSet),
			picklist("MaxAccessLevel", "Maximum Access Level", 40, derived|restricted, "None", "Read", "Edit", "Delete",
				"Transfer", "All"),
		),
	}
}

// setupAuditTrail tells who changed what in Setup. Reading it needs the permission "View Setup and Configuration":
// take away the object to simulate a user without it.
func setupAuditTrail() *object {
	return &object{
		name: "SetupAuditTrail", label: "Setup Audit Trail Entry", labelPlural: "Setup Audit Trail Entries",
		keyPrefix: "0Ym", searchable: true, switchable: true, virtual: true,
		fields: one(
			recordID("Setup Audit Trail Entry ID"),
			text("Action", "Action", 40, 0),
			text("Section", "Section", 80, derived),
			datetime("CreatedDate", "Created Date", systemSet),
			lookup("CreatedById", "Created By ID", "CreatedBy", systemSet, "User"),
			text("Display", "Display", 1000, derived).usable(usage{}),
			text("DelegateUser", "Delegate User", 80, derived),
			text("ResponsibleNamespacePrefix", "Responsible Namespace Prefix", 15, derived),
		),
	}
}
