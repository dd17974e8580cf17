package salesforce

func account() *object {
	return &object{
		name: "Account", label: "Account", labelPlural: "Accounts", keyPrefix: "001",
		createable: true, updateable: true, deletable: true, undeletable: true, mergeable: true, searchable: true,
		layoutable: true, triggerable: true, mruEnabled: true, feedEnabled: true, replicateable: true,
		switchable: true, scopes: userScopes("accounts"),
		fields: join(
			one(
				recordID("Account ID"),
				flag("IsDeleted", "Deleted", systemSet),
				lookup("MasterRecordId", "Master Record ID", "MasterRecord", derived, "Account"),
				text("Name", "Account Name", 255, required).partOf("Name").looks("switchablepersonname").nameOfRecord(),
				picklist("Type", "Account Type", 255, optional, "Prospect", "Customer - Direct", "Customer - Channel",
					"Channel Partner / Reseller", "Installation Partner", "Technology Partner", "Other"),
				lookup("ParentId", "Parent Account ID", "Parent", optional, "Account").prefiltered().
					children("ChildAccounts"),
			),
			spacedAccuracy(addressFields("Billing", "Billing")),
			spacedAccuracy(addressFields("Shipping", "Shipping")),
			one(
				phone("Phone", "Account Phone", optional),
				phone("Fax", "Account Fax", optional),
				text("AccountNumber", "Account Number", 40, optional),
				textLike("url", "Website", "Website", 255, optional),
				textLike("url", "PhotoUrl", "Photo URL", 255, derived).looks("imageurl"),
				text("Sic", "SIC Code", 20, optional),
				picklist("Industry", "Industry", 255, optional, industries()...),
				number("currency", "AnnualRevenue", "Annual Revenue", 18, 0, optional),
				integer("NumberOfEmployees", "Employees", 8, optional),
				picklist("Ownership", "Ownership", 255, optional, "Public", "Private", "Subsidiary", "Other"),
				text("TickerSymbol", "Ticker Symbol", 20, optional),
				plainArea("Description", "Account Description", 32000, optional),
				picklist("Rating", "Account Rating", 255, optional, "Hot", "Warm", "Cold"),
				text("Site", "Account Site", 80, optional),
				lookup("OwnerId", "Owner ID", "Owner", required|defaulted, "User"),
			),
			auditFields(),
			one(date("LastActivityDate", "Last Activity", derived)),
			viewedFields(),
			one(
				text("Jigsaw", "Data.com Key", 20, optional),
				text("JigsawCompanyId", "Jigsaw Company ID", 20, derived).related("JigsawCompany"),
				cleanStatus(),
				picklist("AccountSource", "Account Source", 255, optional, leadSources()...),
				text("DunsNumber", "D-U-N-S Number", 9, optional),
				text("Tradestyle", "Tradestyle", 255, optional),
				text("NaicsCode", "NAICS Code", 8, optional),
				text("NaicsDesc", "NAICS Description", 120, optional),
				text("YearStarted", "Year Started", 4, optional),
				text("SicDesc", "SIC Description", 80, optional),
				lookup("DandbCompanyId", "D&B Company ID", "DandbCompany", optional, "DandBCompany").prefiltered(),
				lookup("OperatingHoursId", "Operating Hour ID", "OperatingHours", optional, "OperatingHours").
					prefiltered(),
			),
		),
	}
}

// spacedAccuracy labels two geocode accuracies as accounts do, and only they.
func spacedAccuracy(address []field) []field {
	for i := range address {
		for j, o := range address[i].options {
			switch o.value {
			case "NearAddress":
				address[i].options[j].label = "Near Address"
			case "ExtendedZip":
				address[i].options[j].label = "Extended Zip"
			}
		}
	}
	return address
}
