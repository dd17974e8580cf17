package dynamics365

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// plan finds out how the table is to be read: its entity set and keys, the columns'
// properties, and whether changes can be tracked. It takes one call, or two
// without a memo.
func (r *reader) plan(ctx context.Context) error {
	found, err := r.inquire(ctx, []string{r.object}, r.memo)
	if err != nil {
		return err
	}
	table := found.tables[r.object]
	switch {
	case table.missing:
		return sdk.ObjectDenied(r.object, missingTable(r.object))
	case table.err != nil:
		return table.err
	case table.definition.IsActivity && found.pointer() == nil:
		return found.baseError(r.object)
	}
	d := &table.definition
	if r.properties, err = selectList(d, found.pointer(), r.fields); err != nil {
		return err
	}
	r.at.Set, r.at.Key, r.at.User = d.EntitySetName, d.PrimaryIDAttribute, found.user
	if err := r.chooseMode(d, found); err != nil {
		return err
	}
	stamp := d.column(modifiedOn)
	if r.at.Mode == modeStamp && (stamp == nil || !d.selectable(stamp, found.pointer())) {
		return sdk.Unsupported(r.object + " has no modifiedon, and its changes cannot be tracked: it cannot be read incrementally")
	}
	return nil
}

// chooseMode decides between change tracking and stamps. A table that can be
// tracked now and was read by stamps before is read anew: only then are deletions
// known. The other way nothing is said about what can no longer be seen.
func (r *reader) chooseMode(d *definition, found *findings) error {
	chosen := modeStamp
	if p, ok := d.privilege("Read"); ok && d.ChangeTrackingEnabled && !found.privileges.refused {
		if err := found.privileges.failed[p.Name]; err != nil {
			return err
		}
		if found.privileges.held.depth(p) == depthGlobal {
			chosen = modeDelta
		}
	}
	if before := r.at.Mode; before != chosen {
		r.restart(chosen)
		r.restarted = before == modeStamp && chosen == modeDelta
	}
	return nil
}

// selectList are the properties to select: the wanted columns, the key, and
// modifiedon where there is one.
func selectList(d, pointer *definition, fields []string) ([]string, error) {
	properties := []string{d.PrimaryIDAttribute}
	if stamp := d.column(modifiedOn); stamp != nil && d.selectable(stamp, pointer) {
		properties = append(properties, modifiedOn)
	}
	for _, field := range fields {
		a := d.column(field)
		if a == nil {
			return nil, sdk.FieldDenied(d.LogicalName, field, missingColumn(d.LogicalName, field))
		}
		if !d.selectable(a, pointer) && field != d.PrimaryIDAttribute {
			return nil, sdk.FieldDenied(d.LogicalName, field, unreadable(a).denied.Evidence)
		}
		if !slices.Contains(properties, a.property()) {
			properties = append(properties, a.property())
		}
	}
	return properties, nil
}

// query is the first page of a new query at the position.
func (r *reader) query() string {
	path := r.at.Set + "?$select=" + strings.Join(r.properties, ",")
	if r.at.Mode == modeDelta {
		return path
	}
	if filter := r.filter(); filter != "" {
		path += "&$filter=" + escape(filter)
	}
	return path + "&$orderby=" + escape(modifiedOn+" asc,"+r.at.Key+" asc")
}

// filter selects what comes after the position. Should the platform not compare
// keys, the whole second of the position is read again.
func (r *reader) filter() string {
	if r.at.Stamp.IsZero() {
		return ""
	}
	stamp := r.at.Stamp.UTC().Format(time.RFC3339)
	if r.at.ID == "" || r.wholeSeconds {
		return modifiedOn + " ge " + stamp
	}
	return modifiedOn + " gt " + stamp + " or (" + modifiedOn + " eq " + stamp + " and " + r.at.Key + " gt " + r.at.ID + ")"
}

// verifyPart asks which columns of the table are secured at this moment.
func (r *reader) verifyPart() part {
	return part{
		path: "EntityDefinitions(LogicalName='" + r.object + "')?$select=LogicalName&$expand=Attributes($select=LogicalName,MetadataId,IsSecured,CanBeSecuredForRead" +
			";$filter=" + escape("IsSecured eq true") + ")",
		object: r.object,
	}
}

// verify makes sure that the user could read every wanted column when a page was
// fetched: values of a secured column that it may not read are null, and look like
// data. table and rights are the answers of the parts that came with the page.
func (r *reader) verify(table, rights answer) error {
	var d definition
	if err := r.read(table, r.object, &d); err != nil {
		return err
	}
	if d.LogicalName != r.object || d.Attributes == nil {
		return sdk.BadResponse("Dataverse answered the definition of " + r.object + " with something else")
	}
	var granted columnRights
	for i := range d.Attributes {
		a := &d.Attributes[i]
		if !a.securedFor().Read || !r.wanted[a.LogicalName] {
			continue
		}
		if isRefused(rights) {
			return errNoColumnSecurity(r.object, a.LogicalName)
		}
		if granted == nil {
			err := r.partError(rights, "")
			if err == nil {
				granted, err = parseColumnRights(rights)
			}
			if err != nil {
				return err
			}
		}
		if !granted.of(a).Read {
			return sdk.FieldDenied(r.object, a.LogicalName, secured(&d, a).denied.Evidence)
		}
	}
	return nil
}
