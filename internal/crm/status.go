package crm

// StatusOf derives a field's status from the two facts that make it (requirement
// I2). A field that is neither readable nor standardized is FieldInaccessible:
// absent from lists and search unless asked for (I9).
func StatusOf(readable, standardized bool) FieldStatus {
	switch {
	case readable && standardized:
		return FieldActiveStandardized
	case readable:
		return FieldActive
	case standardized:
		return FieldErrorStandardized
	default:
		return FieldInaccessible
	}
}
