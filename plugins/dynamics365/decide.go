package dynamics365

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// decide is the verdict on one table by what Dataverse answered. It is the whole
// rule, and pure:
//
//	metadata knows no such table                    denied, DELETED
//	metadata was not answered                       failed
//	the read privilege is not held                  denied, PERMISSION
//	privileges were not answered                    failed
//	the user may not ask for privileges             as the proof read says
//	else                                            accessible
//
// and on a column of an accessible table:
//
//	metadata does not list it                       denied, DELETED (or RENAMED_CANDIDATE)
//	secured for reading, and no profile grants it   denied, PERMISSION
//	secured, and nobody can tell who may read it    the table is failed
//
// A table with a read privilege below organization depth is accessible; what it
// withholds is told by Records.
func decide(asked sdk.CheckObject, f *findings) sdk.ObjectCheck {
	check := sdk.ObjectCheck{Object: asked.Name, APIVersion: APIVersion}
	found := f.tables[asked.Name]
	switch {
	case found.missing:
		return denied(check, sdk.CauseDeleted, missingTable(asked.Name))
	case found.err != nil:
		return failed(check, found.err)
	case found.definition.IsActivity && f.pointer() == nil:
		return failed(check, f.baseError(asked.Name))
	}
	check.Label = found.definition.label()
	if check = f.judgeRead(check, &found.definition); check.Verdict != sdk.VerdictAccessible {
		return check
	}
	fields, err := f.judgeColumns(asked, found)
	if err != nil {
		return failed(sdk.ObjectCheck{Object: asked.Name, Label: check.Label, APIVersion: APIVersion}, err)
	}
	check.Rights.Create, check.Rights.Update = f.holds(&found.definition, "Create"), f.holds(&found.definition, "Write")
	for _, c := range fields {
		if c.denied == nil {
			check.Fields = append(check.Fields, c.attribute.field(check.Rights, c.rights))
		} else {
			check.Denied = append(check.Denied, *c.denied)
		}
	}
	return check
}

// judgeRead decides whether rows can be read, and which.
func (f *findings) judgeRead(check sdk.ObjectCheck, d *definition) sdk.ObjectCheck {
	check.Verdict, check.Rights.Read = sdk.VerdictAccessible, true
	p, has := d.privilege("Read")
	switch {
	case f.privileges.refused:
		return f.judgeProof(check, p)
	case !has:
		// Rows follow those they belong to (parties their activity).
		return check
	case !f.privileges.answered[p.Name]:
		err := f.privileges.failed[p.Name]
		if err == nil {
			err = sdk.BadResponse("Dataverse did not say whether the integration user holds " + p.Name)
		}
		return failed(check, err)
	}
	reach := f.privileges.held.depth(p)
	switch reach {
	case depthNone:
		return denied(check, sdk.CausePermission, fmt.Sprintf(
			"None of the integration user's security roles holds the privilege %s, which reading %s takes.", p.Name, check.Object))
	case depthGlobal:
		check.Records = sdk.RecordsAll
	default:
		check.Records = sdk.RecordsPartial
		check.RecordsNote = "The privilege " + p.Name + " is held at " + reach.limit() + "."
	}
	return check
}

// judgeProof decides by reading one row, because the user may not ask for its own
// privileges. How many rows it sees stays unknown.
func (f *findings) judgeProof(check sdk.ObjectCheck, p privilege) sdk.ObjectCheck {
	err, read := f.proofs[check.Object]
	switch {
	case !read:
		return failed(check, errNoPrivilegeToAsk(check.Object))
	case err == nil:
		return check
	}
	var e *sdk.Error
	if errors.As(err, &e) && e.Code == sdk.CodeObjectDenied && p.Name != "" {
		return denied(check, sdk.CausePermission, e.Message+" (A read of one row was tried, because the integration user may not ask for its privileges; it needs "+p.Name+".)")
	}
	return failed(check, err)
}

// holds reports a privilege to change rows. Where the platform refuses to tell,
// the last known answer stands: a right that is not known to be lost is not
// reported as lost.
func (f *findings) holds(d *definition, kind string) bool {
	p, has := d.privilege(kind)
	switch {
	case !has:
		return false
	case f.privileges.answered[p.Name]:
		return f.privileges.held.depth(p) != depthNone
	default:
		return f.memo.Held[p.Name] != depthNone
	}
}

// columnVerdict is the judgement of one column.
type columnVerdict struct {
	attribute *attribute
	rights    sdk.Rights
	// denied is nil for a column that can be read.
	denied *sdk.DeniedField
}

// judgeColumns decides on the readable columns of a table and on the wanted ones.
func (f *findings) judgeColumns(asked sdk.CheckObject, found *tableFinding) ([]columnVerdict, error) {
	d, base := &found.definition, f.pointer()
	var verdicts []columnVerdict
	for i := range d.Attributes {
		a := &d.Attributes[i]
		wanted := slices.Contains(asked.Fields, a.LogicalName)
		switch {
		case !d.selectable(a, base):
			if wanted {
				verdicts = append(verdicts, unreadable(a))
			}
			continue
		case !a.IsSecured:
			verdicts = append(verdicts, columnVerdict{attribute: a})
			continue
		}
		rights, known, err := f.columnRights(d.LogicalName, a)
		switch {
		case err != nil:
			return nil, err
		case !known && (wanted || f.memo.knows(d.LogicalName)):
			return nil, errNoColumnSecurity(d.LogicalName, a.LogicalName)
		case !known:
		case a.securedFor().Read && !rights.Read:
			verdicts = append(verdicts, secured(d, a))
		default:
			verdicts = append(verdicts, columnVerdict{attribute: a, rights: rights})
		}
	}
	for i, name := range asked.Fields {
		if d.column(name) == nil && !slices.Contains(asked.Fields[:i], name) {
			verdicts = append(verdicts, absent(d, base, name))
		}
	}
	return verdicts, nil
}

// columnRights are the rights on a secured column; not known when the platform
// refuses to tell them and no earlier check did.
func (f *findings) columnRights(table string, a *attribute) (rights sdk.Rights, known bool, err error) {
	switch {
	case f.columns.rights != nil:
		return f.columns.rights.of(a), true, nil
	case f.columns.refused:
		rights, known = f.memo.column(table, a.LogicalName)
		return rights, known, nil
	case f.columns.err != nil:
		return sdk.Rights{}, false, f.columns.err
	default:
		return sdk.Rights{}, false, sdk.BadResponse("Dataverse did not say who may read secured columns")
	}
}

func secured(d *definition, a *attribute) columnVerdict {
	return columnVerdict{attribute: a, denied: &sdk.DeniedField{
		Name: a.LogicalName, Label: a.DisplayName.or(a.SchemaName), Cause: sdk.CausePermission,
		Evidence: fmt.Sprintf("Column security: %s.%s is secured, and no column security profile of the integration user or its teams allows Read. Dataverse then sends empty values without an error.", d.LogicalName, a.LogicalName),
	}}
}

// unreadable explains a wanted column that the Web API never delivers.
func unreadable(a *attribute) columnVerdict {
	return columnVerdict{attribute: a, denied: &sdk.DeniedField{
		Name: a.LogicalName, Label: a.DisplayName.or(a.SchemaName), Cause: sdk.CauseUnknown,
		Evidence: fmt.Sprintf("Dataverse's metadata says that this column (type %s) cannot be read through the Web API, by anybody.", excerpt(a.typeName())),
	}}
}

// absent explains a wanted column that metadata does not list.
func absent(d *definition, base *definition, name string) columnVerdict {
	verdict := &sdk.DeniedField{Name: name, Cause: sdk.CauseDeleted, Evidence: missingColumn(d.LogicalName, name)}
	if other := d.renamed(name, base); other != nil {
		verdict.Cause = sdk.CauseRenamedCandidate
		verdict.Label = other.DisplayName.or(other.SchemaName)
		verdict.Evidence += fmt.Sprintf(" It does list %s (%s), which has the same name but for the publisher's prefix.", other.LogicalName, verdict.Label)
	}
	return columnVerdict{denied: verdict}
}

func (f *findings) baseError(table string) error {
	if found := f.tables[activityPointer]; found != nil && found.err != nil {
		return found.err
	}
	return sdk.BadResponse("Dataverse did not answer the definition of " + activityPointer + ", from which " + table + " inherits its columns")
}

func errNoPrivilegeToAsk(table string) error {
	return sdk.Forbidden("The integration user may not ask for its own privileges on " + table + ". Give one of its security roles Read on User (prvReadUser).")
}

func errNoColumnSecurity(table, column string) error {
	return sdk.Forbidden(fmt.Sprintf(
		"%s.%s is secured, and the integration user may not ask who can read it. Give one of its security roles Read on User (prvReadUser).", table, column))
}

func denied(check sdk.ObjectCheck, cause sdk.Cause, evidence string) sdk.ObjectCheck {
	check.Verdict, check.Cause, check.Evidence, check.Rights = sdk.VerdictDenied, cause, evidence, sdk.Rights{}
	return check
}

func failed(check sdk.ObjectCheck, err error) sdk.ObjectCheck {
	check.Verdict, check.Failure, check.Rights = sdk.VerdictFailed, err, sdk.Rights{}
	return check
}
