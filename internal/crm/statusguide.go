package crm

// StatusGuide says what a field status means and what to do about it (requirements
// I2, I3).
type StatusGuide struct {
	Status FieldStatus
	Title  string
	// Description says what it means, and Guidance what to do; empty when nothing is.
	Description string
	Guidance    string
}

// StatusGuides are those of the three statuses that people see, in the order of a
// field's way: standardized, readable, lost.
func StatusGuides() []StatusGuide {
	return []StatusGuide{
		{
			Status: FieldActiveStandardized, Title: "Active (Standardized)",
			Description: "The integration user can read this field, and it stands for a standard field. It is watched: you are alerted when access to it is lost.",
		},
		{
			Status: FieldActive, Title: "Active",
			Description: "The integration user can read this field. It stands for no standard field, so nothing depends on it and its loss is not alerted.",
			Guidance:    "Nothing needs to be done. Map it if it is to stand for a standard field.",
		},
		{
			Status: FieldErrorStandardized, Title: "Error (Standardized)",
			Description: "This field stands for a standard field, but the integration user has no permission to read it, or it is gone from the CRM.",
			Guidance: "Make sure that the field still exists in the CRM and give the integration user the right to read it; " +
				"the fix shows here at once. If the field is gone for good or no longer needed, unmap it.",
		},
	}
}

// GuidanceOf says what a field's status means and what to do, in one text.
func GuidanceOf(status FieldStatus) string {
	for _, guide := range StatusGuides() {
		if guide.Status != status {
			continue
		}
		if guide.Guidance == "" {
			return guide.Description
		}
		return guide.Description + " " + guide.Guidance
	}
	return "The integration user cannot read this field, and it stands for no standard field, so it is left out of lists and search. " +
		"To use it, make sure that it exists in the CRM and give the integration user the right to read it."
}

// EmptySearchWords say what it means that a search for a field finds nothing, and what
// to do: to people, a field that cannot be read looks like one that does not exist.
func EmptySearchWords(object, search string, inaccessible int) (message string, steps []string) {
	message = "No field of " + object + " that the integration user may read matches \"" + Shorten(search, maxSearchShown) + "\". " +
		"A field that is missing here either does not exist in the CRM, under this name or label, or the integration user has no permission to read it."
	steps = []string{
		"Make sure that the field exists on " + object + " in the CRM, and look for its present name and label.",
		"Give the integration user the right to read it.",
		"Check the object's fields again: the field shows at once.",
	}
	if inaccessible > 0 {
		steps = append([]string{"List the inaccessible fields too: the CRM has, or had, matching ones that cannot be read now."}, steps...)
	}
	return message, steps
}

// maxSearchShown bounds what is repeated of a search.
const maxSearchShown = 100
