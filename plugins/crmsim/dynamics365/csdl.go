package dynamics365

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// edmType is the OData type of a column.
func edmType(c *column) string {
	switch c.kind {
	case "Uniqueidentifier", "Lookup", "Owner", "Customer":
		return "Edm.Guid"
	case "Integer", "Picklist", "State", "Status":
		return "Edm.Int32"
	case "BigInt":
		return "Edm.Int64"
	case "Boolean":
		return "Edm.Boolean"
	case "Money", "Decimal":
		return "Edm.Decimal"
	case "Double":
		return "Edm.Double"
	case "DateTime":
		if c.format == "DateOnly" {
			return "Edm.Date"
		}
		return "Edm.DateTimeOffset"
	}
	if c.typeName == "ImageType" {
		return "Edm.Binary"
	}
	return "Edm.String"
}

// comparesWith reports whether a filter may compare the column with this literal. Null goes with everything.
func comparesWith(c *column, value any) bool {
	switch value.(type) {
	case string:
		return edmType(c) == "Edm.String"
	case float64:
		switch edmType(c) {
		case "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double":
			return true
		}
		return false
	case bool:
		return c.kind == "Boolean"
	case guid:
		return edmType(c) == "Edm.Guid"
	case enumValue:
		return false
	case nil:
		return true
	}
	return c.kind == "DateTime"
}

// csdl answers $metadata: the tables with their properties and navigation, functions left out.
func (s *Simulator) csdl(c *call) reply {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">` +
		`<edmx:DataServices><Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">` +
		`<EntityType Name="crmbaseentity" Abstract="true" />` +
		`<EntityType Name="principal" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="ownerid" /></Key>` +
		`<Property Name="ownerid" Type="Edm.Guid" /></EntityType>`)
	for _, t := range s.catalog.tables {
		if c.rights.exists(t) {
			c.rights.describeType(&b, t)
		}
	}
	b.WriteString(`<EntityContainer Name="System">`)
	for _, t := range s.catalog.tables {
		if c.rights.exists(t) {
			b.WriteString(`<EntitySet Name="` + t.set + `" EntityType="Microsoft.Dynamics.CRM.` + t.name + `" />`)
		}
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return textReply(http.StatusOK, "application/xml", b.String())
}

func (r *rights) describeType(b *strings.Builder, t *table) {
	base := "crmbaseentity"
	if t.base != nil {
		base = t.base.name
	}
	b.WriteString(`<EntityType Name="` + t.name + `" BaseType="mscrm.` + base + `">`)
	if t.base == nil {
		b.WriteString(`<Key><PropertyRef Name="` + t.primaryID + `" /></Key>`)
	}
	for _, c := range t.columns {
		inherited := t.base != nil && t.base.byName[c.name] != nil
		if !inherited && c.selectable() && !r.state(c).deleted {
			b.WriteString(`<Property Name="` + c.property() + `" Type="` + edmType(c) + `" />`)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.navigations)) {
		nav := t.navigations[name]
		if !r.exists(nav.lookup.table) || nav.to != nil && !r.exists(nav.to) || r.state(nav.lookup).deleted {
			continue
		}
		kind := "principal"
		if nav.to != nil {
			kind = nav.to.name
		}
		if nav.many {
			kind = "Collection(mscrm." + kind + ")"
		} else {
			kind = "mscrm." + kind
		}
		b.WriteString(`<NavigationProperty Name="`)
		_ = xml.EscapeText(b, []byte(name)) // a strings.Builder never fails
		b.WriteString(`" Type="` + kind + `" />`)
	}
	b.WriteString(`</EntityType>`)
}
