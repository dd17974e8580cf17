package mapping

import (
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Surveyed is where the standardization of an integration stands (requirements H1,
// H2).
type Surveyed struct {
	Preconditions []Precondition
	// Completed says that an admin has ended the phase.
	Completed bool
	// Blockers say what keeps it from being ended, for a person to read.
	Blockers []string
	// Objects are the package's, in its order.
	Objects []SurveyedObject
}

// Precondition is something that must hold before standardization can begin.
type Precondition struct {
	// Key is stable: CONNECTED, PUBLISHED or CHECKED.
	Key   string
	Title string
	Met   bool
	// Hint says what to do when it does not hold; empty when it does.
	Hint string
}

// SurveyedObject is how far one object is.
type SurveyedObject struct {
	// Row is the object as checks know it; nil while none has answered.
	Row     *ent.CrmObject
	Package crm.PackageObject
	// Published is true for an object that no check has seen: that is how it will be.
	Published bool
	// Mapped counts the standard fields that are mapped.
	Mapped int
	// UnmappedRequired are the keys of the required ones that are not.
	UnmappedRequired []string
}

// Survey works out where standardization stands, from all objects and mappings of the
// integration. What blocks its end are preconditions that do not hold, published
// objects that no check has answered for, and required standard fields of published,
// accessible objects that stand for nothing. An object that is missing blocks nothing:
// it has an alert of its own. An object that is not published has nothing to say.
func Survey(integration *ent.Integration, pkg crm.Package, objects []*ent.CrmObject, mappings []*ent.Mapping) Surveyed {
	rows := make(map[string]*ent.CrmObject, len(objects))
	for _, row := range objects {
		rows[row.Name] = row
	}
	mapped := make(map[string]bool, len(mappings))
	for _, row := range mappings {
		mapped[row.StandardField] = true
	}
	survey := Surveyed{Completed: slices.Contains(integration.StepsDone, crm.StepStandardization)}
	published, unchecked := 0, 0
	for _, object := range pkg.Objects {
		one := surveyObject(object, rows[object.Name], mapped)
		survey.Objects = append(survey.Objects, one)
		if !one.Published {
			continue
		}
		published++
		switch {
		case one.Row == nil || one.Row.Status == crm.ObjectNotChecked:
			unchecked++
			survey.Blockers = append(survey.Blockers, fmt.Sprintf("%s has not been checked yet.", object.Name))
		case one.Row.Status == crm.ObjectOK:
			for _, field := range object.Fields {
				if slices.Contains(one.UnmappedRequired, field.Key) {
					survey.Blockers = append(survey.Blockers,
						fmt.Sprintf("The standard field %s (%s) of %s is required and not mapped.", field.Key, field.Label, object.Name))
				}
			}
		}
	}
	survey.Preconditions = []Precondition{
		precondition("CONNECTED", "The integration is connected to the CRM.", connected(integration) == nil,
			"Connect the integration: an admin signs in to the CRM."),
		precondition("PUBLISHED", "At least one object is published.", published > 0,
			"Publish the objects that are to be synced and watched."),
		precondition("CHECKED", "Every published object has been checked.", unchecked == 0,
			"Check the integration, or wait for the check that is under way."),
	}
	if published == 0 {
		survey.Blockers = append(survey.Blockers, "No object is published.")
	}
	return survey
}

func precondition(key, title string, met bool, hint string) Precondition {
	if met {
		hint = ""
	}
	return Precondition{Key: key, Title: title, Met: met, Hint: hint}
}

func surveyObject(object crm.PackageObject, row *ent.CrmObject, mapped map[string]bool) SurveyedObject {
	one := SurveyedObject{Row: row, Package: object, Published: row == nil || row.Published}
	for _, field := range object.Fields {
		switch {
		case mapped[field.Key]:
			one.Mapped++
		case field.Requirement == crm.Required:
			one.UnmappedRequired = append(one.UnmappedRequired, field.Key)
		}
	}
	return one
}
