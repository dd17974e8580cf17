package hubspot

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// location is a path without its version. HubSpot keeps several generations side by side, v3 and v4 with the version
// after the product and dated ones with the version after the resource; both lead to the same place here.
type location struct {
	area    string   // "objects", "properties", "account-info", …
	version string   // "v3", "v4", "2026-03", "2026-09"
	rest    []string // segments below
}

// dated reports whether a version is a date.
func dated(version string) bool { return version == "2026-03" || version == "2026-09" }

// locate splits a path. ok is false for paths and versions that do not exist.
func locate(path []string) (at location, ok bool) {
	if len(path) < 2 {
		return location{}, false
	}
	switch path[0] {
	case "crm":
		return locateCRM(path[1:])
	case "crm-object-schemas", "account-info", "appinstalls":
		at = location{area: path[0], version: path[1], rest: path[2:]}
		return at, at.version == "v3" || dated(at.version)
	case "settings":
		if len(path) >= 3 && path[2] == "users" && path[1] == "v3" {
			return location{area: "settings-users", version: path[1], rest: path[3:]}, true
		}
		if len(path) >= 3 && path[1] == "users" && dated(path[2]) {
			return location{area: "settings-users", version: path[2], rest: path[3:]}, true
		}
	}
	return location{}, false
}

func locateCRM(path []string) (at location, ok bool) {
	if len(path) < 2 {
		return location{}, false
	}
	areas := []string{"objects", "properties", "pipelines", "owners", "associations", "exports"}
	switch first, second := path[0], path[1]; {
	case first == "v3" && second == "schemas":
		return location{area: "crm-object-schemas", version: first, rest: path[1:]}, true
	case first == "v3" && slices.Contains(areas, second), first == "v4" && (second == "objects" || second == "associations"):
		return location{area: second, version: first, rest: path[2:]}, true
	case dated(second) && slices.Contains(areas, first):
		return location{area: first, version: second, rest: path[2:]}, true
	}
	return location{}, false
}

// relative is a path without its version, so that fault rules need not name one: "/objects/contacts", "/oauth/token",
// "/oauth/introspect".
func relative(path string) string {
	parts := segments(path)
	if len(parts) >= 3 && parts[0] == "oauth" && parts[2] == "token" {
		return "/oauth/" + parts[len(parts)-1] // token, introspect, revoke
	}
	at, ok := locate(parts)
	if !ok {
		return ""
	}
	return "/" + strings.Join(append([]string{at.area}, at.rest...), "/")
}

// segments splits and unescapes a path, without empty segments: the Node client ends some paths with a slash.
func segments(escaped string) []string {
	var parts []string
	for _, part := range strings.Split(escaped, "/") {
		if part == "" {
			continue
		}
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		parts = append(parts, part)
	}
	return parts
}

// endpoint names what a call is for, for the request log.
func (c *call) endpoint() string {
	rest := c.location.rest
	last := ""
	if len(rest) > 0 {
		last = rest[len(rest)-1]
	}
	switch c.location.area {
	case "objects":
		switch {
		case len(rest) >= 4:
			return "associations"
		case len(rest) == 3 && rest[1] == "batch":
			return "batch/" + last
		case last == "search":
			return "search"
		case len(rest) == 1 && c.method == http.MethodGet:
			return "list"
		case len(rest) == 1:
			return "create"
		}
		return map[string]string{http.MethodGet: "get", http.MethodPatch: "update", http.MethodDelete: "archive"}[c.method]
	case "associations":
		if strings.HasPrefix(last, "labels") {
			return "association labels"
		}
		return "associations"
	default:
		return c.location.area
	}
}
