package salesforce

func contact() *object {
	return &object{
		name: "Contact", label: "Contact", labelPlural: "Contacts", keyPrefix: "003",
		createable: true, updateable: true, deletable: true, undeletable: true, mergeable: true, searchable: true,
		layoutable: true, triggerable: true, mruEnabled: true, feedEnabled: true, replicateable: true,
		switchable: true, scopes: userScopes("contacts"),
		fields: join(
			one(
				recordID("Contact ID"),
				flag("IsDeleted", "Deleted", systemSet),
				lookup("MasterRecordId", "Master Record ID", "MasterRecord", derived, "Contact"),
				lookup("AccountId", "Account ID", "Account", optional, "Account").prefiltered().children("Contacts"),
			),
			nameFields("Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
			addressFields("Other", "Other"),
			addressFields("Mailing", "Mailing"),
			one(
				phone("Phone", "Business Phone", optional),
				phone("Fax", "Business Fax", optional),
				phone("MobilePhone", "Mobile Phone", optional),
				phone("HomePhone", "Home Phone", optional),
				phone("OtherPhone", "Other Phone", optional),
				phone("AssistantPhone", "Asst. Phone", optional),
				lookup("ReportsToId", "Reports To ID", "ReportsTo", optional, "Contact").prefiltered(),
				textLike("email", "Email", "Email", 80, optional|idLookup),
				text("Title", "Title", 128, optional),
				text("Department", "Department", 80, optional),
				text("AssistantName", "Assistant's Name", 40, optional),
				picklist("LeadSource", "Lead Source", 255, optional, leadSources()...),
				date("Birthdate", "Birthdate", optional),
				plainArea("Description", "Contact Description", 32000, optional),
				lookup("OwnerId", "Owner ID", "Owner", required|defaulted, "User"),
			),
			auditFields(),
			one(
				date("LastActivityDate", "Last Activity", derived),
				datetime("LastCURequestDate", "Last Stay-in-Touch Request Date", derived),
				datetime("LastCUUpdateDate", "Last Stay-in-Touch Save Date", derived),
			),
			viewedFields(),
			one(
				text("EmailBouncedReason", "Email Bounced Reason", 255, unhideable),
				datetime("EmailBouncedDate", "Email Bounced Date", unhideable),
				flag("IsEmailBounced", "Is Email Bounced", systemSet),
				textLike("url", "PhotoUrl", "Photo URL", 255, derived).looks("imageurl"),
				text("Jigsaw", "Data.com Key", 20, optional),
				text("JigsawContactId", "Jigsaw Contact ID", 20, derived).related("JigsawContact"),
				cleanStatus(),
				lookup("IndividualId", "Individual ID", "Individual", unhideable, "Individual").prefiltered().
					children("Contacts"),
			),
		),
	}
}

func lead() *object {
	owner := lookup("OwnerId", "Owner ID", "Owner", required|defaulted, "Group", "User").manyParents()
	return &object{
		name: "Lead", label: "Lead", labelPlural: "Leads", keyPrefix: "00Q",
		createable: true, updateable: true, deletable: true, undeletable: true, mergeable: true, searchable: true,
		layoutable: true, triggerable: true, mruEnabled: true, feedEnabled: true, replicateable: true,
		switchable: true, scopes: userScopes("leads", option{"queue_owned", "Queue owned leads"},
			option{"user_owned", "User owned leads"}),
		fields: join(
			one(
				recordID("Lead ID"),
				flag("IsDeleted", "Deleted", systemSet),
				lookup("MasterRecordId", "Master Record ID", "MasterRecord", derived, "Lead"),
			),
			nameFields("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."),
			one(
				text("Title", "Title", 128, optional),
				text("Company", "Company", 255, required),
			),
			addressFields("", ""),
			one(
				phone("Phone", "Phone", optional),
				phone("MobilePhone", "Mobile Phone", optional),
				phone("Fax", "Fax", optional),
				textLike("email", "Email", "Email", 80, optional|idLookup),
				textLike("url", "Website", "Website", 255, optional),
				textLike("url", "PhotoUrl", "Photo URL", 255, derived).looks("imageurl"),
				plainArea("Description", "Description", 32000, optional),
				picklist("LeadSource", "Lead Source", 255, optional, leadSources()...),
				picklist("Status", "Status", 255, required|defaulted, "Open - Not Contacted", "Working - Contacted",
					"Closed - Converted", "Closed - Not Converted").startsAs("Open - Not Contacted"),
				picklist("Industry", "Industry", 255, optional, industries()...),
				picklist("Rating", "Rating", 255, optional, "Hot", "Warm", "Cold"),
				number("currency", "AnnualRevenue", "Annual Revenue", 18, 0, optional),
				integer("NumberOfEmployees", "Employees", 8, optional),
				owner,
				flag("IsConverted", "Converted", createable|defaulted),
				date("ConvertedDate", "Converted Date", derived),
				lookup("ConvertedAccountId", "Converted Account ID", "ConvertedAccount", derived, "Account").prefiltered(),
				lookup("ConvertedContactId", "Converted Contact ID", "ConvertedContact", derived, "Contact").prefiltered(),
				lookup("ConvertedOpportunityId", "Converted Opportunity ID", "ConvertedOpportunity", derived,
					"Opportunity").prefiltered(),
				flag("IsUnreadByOwner", "Unread By Owner", checkbox),
			),
			auditFields(),
			one(date("LastActivityDate", "Last Activity", derived)),
			viewedFields(),
			one(
				text("Jigsaw", "Data.com Key", 20, optional),
				text("JigsawContactId", "Jigsaw Contact ID", 20, derived).related("JigsawContact"),
				cleanStatus(),
				text("CompanyDunsNumber", "Company D-U-N-S Number", 9, optional),
				lookup("DandbCompanyId", "D&B Company ID", "DandbCompany", optional, "DandBCompany").prefiltered(),
				text("EmailBouncedReason", "Email Bounced Reason", 255, nillable|updateable),
				datetime("EmailBouncedDate", "Email Bounced Date", nillable|updateable),
				lookup("IndividualId", "Individual ID", "Individual", unhideable, "Individual").prefiltered(),
				text("LID__LinkedIn_Company_Id__c", "LinkedIn Company Id", 80, optional).ofPackage(),
				text("LID__LinkedIn_Member_Token__c", "LinkedIn Member Token", 80, optional).ofPackage(),
			),
		),
	}
}
