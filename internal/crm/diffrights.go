package crm

import (
	"strings"
	"time"
)

// addRights adds what changed of the rights to create and update of something that
// could be read before and can be read now; field is empty for the object.
func (d *differ) addRights(field string, before, after Rights) {
	var gone, gained []string
	for _, right := range []Right{RightCreate, RightUpdate} {
		switch word := strings.ToLower(string(right)); {
		case before.Has(right) && !after.Has(right):
			gone = append(gone, word)
		case !before.Has(right) && after.Has(right):
			gained = append(gained, word)
		}
	}
	subject := d.check.Object
	if field != "" {
		subject += "." + field
	}
	if len(gone) > 0 {
		d.add(ChangeRightsReduced, field, CauseUnknown,
			"The CRM lets the integration user read "+subject+", but no longer "+strings.Join(gone, " or ")+" it.")
	}
	if len(gained) > 0 {
		d.add(ChangeRightsExtended, field, "", "The CRM lets the integration user "+strings.Join(gained, " and ")+" "+subject+" now.")
	}
}

// rightsSince is since when the rights to create and update are as they are.
func (d *differ) rightsSince(before, after Rights, since time.Time) time.Time {
	if before.Create == after.Create && before.Update == after.Update {
		return since
	}
	return d.now
}
