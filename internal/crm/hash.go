package crm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// HashCheck is a fingerprint of what a check found: equal for equal findings,
// whatever the order of the fields. The order of a picklist's values counts, since
// it is the order of the stages. Evidence is left out, because CRMs put request
// ids and times into it. A failed check found nothing and has no fingerprint: "".
func HashCheck(check ObjectCheck) string {
	if check.Verdict == VerdictFailed {
		return ""
	}
	// Appending to nil makes an empty list and none the same.
	fields := append([]FieldInfo(nil), check.Fields...)
	for i := range fields {
		fields[i].References = slices.Sorted(slices.Values(fields[i].References))
		fields[i].Picklist = append([]PicklistValue(nil), fields[i].Picklist...)
	}
	slices.SortFunc(fields, func(a, b FieldInfo) int { return strings.Compare(a.Name, b.Name) })
	denied := append([]DeniedField(nil), check.Denied...)
	for i := range denied {
		denied[i].Evidence = ""
	}
	slices.SortFunc(denied, func(a, b DeniedField) int { return strings.Compare(a.Name, b.Name) })
	canonical := struct {
		Object, Label string
		Verdict       ObjectVerdict
		Cause         Cause
		Rights        Rights
		APIVersion    string
		Fields        []FieldInfo
		Denied        []DeniedField
		Records       RecordAccess
		RecordsNote   string
	}{
		check.Object, check.Label, check.Verdict, check.Cause, check.Rights, check.APIVersion, fields,
		denied, check.Records, check.RecordsNote,
	}
	text, err := json.Marshal(canonical)
	if err != nil {
		// Strings, booleans and slices of them always marshal.
		panic("crm: a check does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
