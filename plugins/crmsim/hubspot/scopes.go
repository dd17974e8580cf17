package hubspot

import (
	"slices"
	"strings"
)

// otherScopes are those that belong to no object type of the simulator.
func otherScopes() []string {
	return []string{
		"oauth", "crm.objects.owners.read", "settings.users.read", "settings.users.teams.read", "crm.export",
		"crm.objects.custom.read", "crm.schemas.custom.read",
	}
}

// DefaultScopes are what an app needs for everything that the simulator has, sensitive properties left aside: the
// scopes of the private app, and a fair list for an OAuth app.
func DefaultScopes() []string {
	scopes := otherScopes()
	for _, o := range objectTypes() {
		scopes = append(scopes, o.read...)
		scopes = append(scopes, o.write...)
		scopes = append(scopes, o.definitions...)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// knownScopes are all that can be asked for: the default ones, those for sensitive values and those for definitions.
func knownScopes() []string {
	scopes := DefaultScopes()
	for _, o := range objectTypes() {
		if !o.sensitive {
			continue
		}
		for _, class := range []sensitivity{sensitive, highlySensitive} {
			scopes = append(scopes, o.sensitiveScope(class, "read"), o.sensitiveScope(class, "write"))
		}
		scopes = append(scopes, "crm.schemas."+o.name+".write")
	}
	return append(scopes, "tickets", "automation", "crm.lists.read", "crm.lists.write")
}

// plainScope drops the suffix that API descriptions and error bodies add to sensitive scopes and guides do not.
func plainScope(name string) string { return strings.TrimSuffix(name, ".v2") }

// holds reports whether a scope is among the given ones, in either spelling.
func holds(scopes []string, wanted string) bool {
	return slices.ContainsFunc(scopes, func(have string) bool { return plainScope(have) == plainScope(wanted) })
}

func holdsAll(scopes, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !holds(scopes, one) })
}

func holdsAny(scopes, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(one string) bool { return holds(scopes, one) })
}
