package hubspot

import "net/http"

// schemas serves the object schemas. The list is of custom objects, of which the portal has none; single schemas are
// there for HubSpot's own objects too.
func (s *Simulator) schemas(c *call) reply {
	rest := c.location.rest
	switch {
	case len(rest) == 0 || rest[0] != "schemas" || len(rest) > 2:
		return resourceMissing()
	case c.method != http.MethodGet:
		return notSimulated("custom objects")
	case len(rest) == 1 && !c.may([]string{"crm.schemas.custom.read", "crm.objects.custom.read"}):
		return missingScopes("crm.schemas.custom.read", "crm.objects.custom.read")
	case len(rest) == 1:
		return results([]any{})
	}
	o, refused := s.typeAt(c, 1)
	if refused != nil {
		return *refused
	}
	if !c.may(o.definitions) {
		return missingScopes(o.definitions...)
	}
	properties := []propertyAnswer{}
	for _, d := range s.schema.list(o.name) {
		if d.exists() && d.class() == nonSensitive {
			properties = append(properties, d.answer())
		}
	}
	links := []map[string]any{}
	for _, other := range s.types.all {
		if len(typesBetween(o.singular, other.singular)) > 0 {
			links = append(links, map[string]any{
				"id": o.typeID + "-" + other.typeID, "name": o.title + "_TO_" + other.title,
				"fromObjectTypeId": o.typeID, "toObjectTypeId": other.typeID,
			})
		}
	}
	required := o.required
	if required == nil {
		required = []string{}
	}
	return jsonReply(http.StatusOK, map[string]any{
		"id": o.typeID, "objectTypeId": o.typeID, "name": o.title, "fullyQualifiedName": o.title,
		"labels":     map[string]string{"singular": labelOf(o.singular), "plural": o.label},
		"properties": properties, "requiredProperties": required, "searchableProperties": append([]string{}, o.searched...),
		"secondaryDisplayProperties": []string{}, "primaryDisplayProperty": o.display, "associations": links,
		"archived": false, "allowsSensitiveProperties": o.sensitive, "createdAt": timestamp(definedAt()),
		"updatedAt": timestamp(definedAt()),
	})
}
