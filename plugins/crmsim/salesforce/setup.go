package salesforce

import "strings"

// What SOQL tells of the org's setup: which objects and fields there are, whoever may read them, and who may. It
// needs the permission "View Setup and Configuration"; UserPermissionAccess, about the caller himself, does not.

const (
	entityDefinition     = "EntityDefinition"
	fieldDefinition      = "FieldDefinition"
	fieldPermissions     = "FieldPermissions"
	userPermissionAccess = "UserPermissionAccess"
)

// setupCatalog holds the objects of setup. They are apart from those of records, because what they say is made for each
// query, and no switch of the control page is about them.
func setupCatalog() *catalog {
	entity := text("EntityDefinitionId", "Entity Definition ID", 255, 0).related(entityDefinition)
	entity.referenceTo = []string{entityDefinition}
	references := newField("complexvalue", "ReferenceTo", "Reference To", derived).usable(usage{})
	return catalogOf(
		&object{name: entityDefinition, label: "Entity Definition", virtual: true, fields: one(
			text("DurableId", "Durable ID", 255, 0),
			text("QualifiedApiName", "Qualified API Name", 255, 0).nameOfRecord(),
			text("KeyPrefix", "Key Prefix", 3, derived),
			text("Label", "Label", 255, derived),
		)},
		&object{name: fieldDefinition, label: "Field Definition", virtual: true, fields: one(
			text("DurableId", "Durable ID", 255, 0), entity,
			text("QualifiedApiName", "Qualified API Name", 255, 0).nameOfRecord(),
			text("Label", "Label", 255, derived), references,
		)},
		&object{name: fieldPermissions, label: "Field Permissions", keyPrefix: "01k", virtual: true, fields: one(
			recordID("Field Permissions ID"),
			lookup("ParentId", "Parent ID", "", 0, "PermissionSet"),
			text("SobjectType", "Object Type Name", 40, 0),
			text("Field", "Field Name", 255, 0),
			flag("PermissionsRead", "Read Access", systemSet),
			flag("PermissionsEdit", "Edit Access", systemSet),
		)},
		&object{name: userPermissionAccess, label: "User Permission Access", virtual: true, fields: one(
			flag("PermissionsApiEnabled", "API Enabled", systemSet),
			flag("PermissionsViewAllData", "View All Data", systemSet),
			flag("PermissionsViewSetup", "View Setup and Configuration", systemSet),
		)},
	)
}

// systemPermissions are rights of the integration user beyond those on objects and fields. At first he has none.
type systemPermissions struct{ viewSetup, viewAllData bool }

// SetViewSetup grants the permission "View Setup and Configuration", or takes it away.
func (c *Controls) SetViewSetup(on bool) {
	c.sim.engine.setSystem(func(p *systemPermissions) { p.viewSetup = on })
}

// SetViewAllData grants the permission "View All Data", or takes it away: what UserPermissionAccess says. The
// integration user sees every record either way.
func (c *Controls) SetViewAllData(on bool) {
	c.sim.engine.setSystem(func(p *systemPermissions) { p.viewAllData = on })
}

func (e *engine) setSystem(change func(*systemPermissions)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.system)
	e.publish()
}

// planOf checks a query among the objects that the integration user may see, those of setup included. To users
// without View Setup these do not exist.
func (s *Simulator) planOf(c *call, q *soqlQuery) (*plan, *soqlError) {
	o, ok := s.setup.catalog.object(q.from.name)
	if !ok || !c.view.system.viewSetup && o.name != userPermissionAccess {
		return checkSOQL(q, c.view)
	}
	if o.name == fieldDefinition && !filtersBy(q.where, "DurableId", "EntityDefinitionId", "EntityDefinition.QualifiedApiName") {
		return nil, soqlFail(-1, "MALFORMED_QUERY", "%s: a filter on a reified column is required [EntityDefinitionId,DurableId]", o.name)
	}
	return checkSOQL(q, s.setup.view())
}

// filtersBy reports whether a condition asks, at its top level, for given values of one of these fields.
func filtersBy(node condition, fields ...string) bool {
	switch node := node.(type) {
	case allOf:
		for _, term := range node {
			if filtersBy(term, fields...) {
				return true
			}
		}
	case comparison:
		for _, field := range fields {
			if strings.EqualFold(node.path.name, field) && (node.op == "=" || node.op == "IN") {
				return true
			}
		}
	}
	return false
}

// setupTables are the rows of the objects of setup, as the rights of one moment have them.
func (s *Simulator) setupTables(v *view) []*table {
	rows := map[string][]map[string]any{userPermissionAccess: {{
		"PermissionsApiEnabled": true, "PermissionsViewAllData": v.system.viewAllData, "PermissionsViewSetup": v.system.viewSetup,
	}}}
	for _, o := range v.catalog.objects {
		ov := v.objects[strings.ToLower(o.name)]
		rows[entityDefinition] = append(rows[entityDefinition], map[string]any{
			"Id": o.name, "DurableId": o.name, "QualifiedApiName": o.name, "KeyPrefix": o.keyPrefix, "Label": o.label,
		})
		for _, f := range ov.existing {
			rows[fieldDefinition] = append(rows[fieldDefinition], definitionRow(o, f))
			if f.traits.has(permissionable) {
				rows[fieldPermissions] = append(rows[fieldPermissions], permissionRows(ov, f)...)
			}
		}
	}
	tables := make([]*table, len(s.setup.catalog.objects))
	for i, o := range s.setup.catalog.objects {
		tables[i] = virtualTable(o, rows[o.name])
	}
	return tables
}

func definitionRow(o *object, f *field) map[string]any {
	id := o.name + "." + f.name
	return map[string]any{
		"Id": id, "DurableId": id, "EntityDefinitionId": o.name, "QualifiedApiName": f.name, "Label": f.label,
		"ReferenceTo": map[string]any{"referenceTo": f.referenceTo},
	}
}

// permissionRows grant a field: always in the set of the System Administrator's profile, which no switch touches, and
// in the integration user's own set while he may read the field.
func permissionRows(o *objectView, f *field) []map[string]any {
	grant := func(set int, edit bool) map[string]any {
		return map[string]any{
			"ParentId": recordIDOf("0PS", set), "SobjectType": o.name, "Field": o.name + "." + f.name, "PermissionsRead": true, "PermissionsEdit": edit,
		}
	}
	rows := []map[string]any{grant(0, f.traits&(createable|updateable) != 0)}
	if own, readable := o.field(f.name); readable {
		rows = append(rows, grant(1, own.mayCreate || own.mayUpdate))
	}
	return rows
}
