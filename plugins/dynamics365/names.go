package dynamics365

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// logicalName is the form of the platform's names for tables and columns. Names
// of this form need no quoting and no escaping in a URL.
var logicalName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// guid is the form of a record id.
var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func checkTableName(object string) error {
	if !logicalName.MatchString(object) {
		return sdk.InvalidRequest("a table name has characters that Dataverse does not allow")
	}
	return nil
}

// columnOf is the column that an OData property stands for: a lookup x is read as
// _x_value.
func columnOf(property string) string {
	if inner, ok := strings.CutPrefix(property, "_"); ok {
		if column, ok := strings.CutSuffix(inner, "_value"); ok {
			return column
		}
	}
	return property
}

// escape makes a value fit for a query string, spaces as %20.
func escape(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }

// quoted is a text literal of OData.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }
