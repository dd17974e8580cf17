package salesforce

import (
	"slices"
	"strings"
)

// The groups of fields and values that several objects share.

// auditFields are the stamps nearly every object carries.
func auditFields() []field {
	return []field{
		datetime("CreatedDate", "Created Date", systemSet),
		lookup("CreatedById", "Created By ID", "CreatedBy", systemSet, "User"),
		datetime("LastModifiedDate", "Last Modified Date", systemSet),
		lookup("LastModifiedById", "Last Modified By ID", "LastModifiedBy", systemSet, "User"),
		datetime("SystemModstamp", "System Modstamp", systemSet),
	}
}

// viewedFields are the dates a user last looked at a record.
func viewedFields() []field {
	return []field{
		datetime("LastViewedDate", "Last Viewed Date", derived),
		datetime("LastReferencedDate", "Last Referenced Date", derived),
	}
}

// addressFields are the nine fields of a postal address: eight parts and the compound. Both prefixes may be empty.
func addressFields(prefix, label string) []field {
	if label != "" {
		label += " "
	}
	compound := prefix + "Address"
	parts := []field{
		plainArea(prefix+"Street", label+"Street", 255, optional),
		text(prefix+"City", label+"City", 40, optional),
		text(prefix+"State", label+"State/Province", 80, optional),
		text(prefix+"PostalCode", label+"Zip/Postal Code", 20, optional),
		text(prefix+"Country", label+"Country", 80, optional),
		number("double", prefix+"Latitude", label+"Latitude", 18, 15, optional),
		number("double", prefix+"Longitude", label+"Longitude", 18, 15, optional),
		picklist(prefix+"GeocodeAccuracy", label+"Geocode Accuracy", 40, optional|restricted, "Address", "NearAddress",
			"Block", "Street", "ExtendedZip", "Zip", "Neighborhood", "City", "County", "State", "Unknown"),
	}
	for i := range parts {
		parts[i].compound = compound
	}
	whole := newField("address", compound, label+"Address", nillable|permissionable)
	whole.geoSearch = true
	return append(parts, whole)
}

// nameFields are the parts of a person's name and the compound; salutations is empty for objects without one.
func nameFields(salutations ...string) []field {
	fields := []field{
		text("LastName", "Last Name", 80, required).partOf("Name").looks("personname"),
		text("FirstName", "First Name", 40, unhideable).partOf("Name").looks("personname"),
	}
	if len(salutations) > 0 {
		fields = append(fields,
			picklist("Salutation", "Salutation", 40, unhideable, salutations...).partOf("Name").looks("personname"))
	}
	return append(fields, text("Name", "Full Name", 121, 0).looks("personname").nameOfRecord())
}

func join(groups ...[]field) []field {
	var all []field
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func one(fields ...field) []field { return fields }

func industries() []string {
	return strings.Split("Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|"+
		"Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|"+
		"Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|"+
		"Technology|Telecommunications|Transportation|Utilities|Other", "|")
}

func leadSources() []string {
	return []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}
}

func cleanStatus() field {
	return picklist("CleanStatus", "Clean Status", 40, optional|restricted, "Matched", "Different", "Acknowledged",
		"NotFound", "Inactive", "Pending", "SelectMatch", "Skipped").labelled(
		option{"Matched", "In Sync"}, option{"Different", "Different"}, option{"Acknowledged", "Reviewed"},
		option{"NotFound", "Not Found"}, option{"Inactive", "Inactive"}, option{"Pending", "Not Compared"},
		option{"SelectMatch", "Select Match"}, option{"Skipped", "Skipped"})
}

// userScopes are the "filter by owner" scopes that describe lists for objects with owners, by name.
func userScopes(plural string, more ...option) []option {
	scopes := append([]option{
		{"everything", "All " + plural},
		{"mine", "My " + plural},
		{"scopingRule", "Filter by scope"},
		{"team", "My team's " + plural},
	}, more...)
	slices.SortFunc(scopes, func(a, b option) int { return strings.Compare(a.value, b.value) })
	return scopes
}
