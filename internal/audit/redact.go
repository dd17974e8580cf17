package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Sizes of what is kept of an input: enough to see what was tried, and no place to
// fill the database from outside.
const (
	maxText  = 200
	maxItems = 20
	maxDepth = 5
	maxInput = 8 << 10
)

// withheld stands for a value that is not kept.
const withheld = "[withheld]"

// Redacted returns what an audit entry keeps of an operation's input. A value is
// kept only when the list below names its field, and never when the field's name
// sounds like a secret: a field that is added tomorrow is withheld until somebody
// decides. Texts are cut, long lists too.
func Redacted(input map[string]any) map[string]any {
	kept, _ := redact(input, maxDepth).(map[string]any)
	if raw, err := json.Marshal(kept); err != nil || len(raw) > maxInput {
		return map[string]any{"omitted": "too large to keep"}
	}
	return kept
}

// Keeps reports whether the values of an input field are kept.
func Keeps(field string) bool {
	return slices.Contains(keptFields(), field) && !soundsSecret(field)
}

func redact(value any, depth int) any {
	switch value := value.(type) {
	case map[string]any:
		if depth == 0 {
			return withheld
		}
		kept := map[string]any{}
		for name, inner := range value {
			// Names come from the schema, which has checked them.
			if name == "idempotencyKey" {
				continue // says nothing
			}
			if !Keeps(name) {
				kept[name] = withheld
				continue
			}
			kept[name] = redact(inner, depth-1)
		}
		return kept
	case []any:
		if depth == 0 {
			return withheld
		}
		kept := make([]any, 0, min(len(value), maxItems))
		for _, inner := range value[:min(len(value), maxItems)] {
			kept = append(kept, redact(inner, depth-1))
		}
		return kept
	case string:
		return shownText(value)
	default:
		return shownOther(value)
	}
}

// shownOther keeps numbers, booleans and null. A JSON scalar's text arrives as raw
// JSON: it is kept when it is no object or list, whose fields nobody knows.
func shownOther(value any) any {
	switch value := value.(type) {
	case nil, bool, int, int64, float64, json.Number:
		return value
	case json.RawMessage:
		var plain any
		if json.Unmarshal(value, &plain) != nil {
			return withheld
		}
		switch plain := plain.(type) {
		case string:
			return shownText(plain)
		case bool, float64, nil:
			return plain
		}
	}
	return withheld
}

// shownText cuts a text and takes out what a database does not store.
func shownText(text string) string { return crm.Shorten(clean(text), maxText) }

// clean takes out what PostgreSQL refuses in a text: NUL and what is not UTF-8.
func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}

// soundsSecret reports whether a field's name is that of a secret, whatever the
// list says.
func soundsSecret(field string) bool {
	lower := strings.ToLower(field)
	if lower == "servicetokenid" {
		return false // the id of a token is none
	}
	return slices.ContainsFunc([]string{"secret", "password", "passphrase", "token", "ticket", "credential", "private", "apikey", "authorization", "cookie"},
		func(word string) bool { return strings.Contains(lower, word) })
}

// keptFields are the input fields whose values an entry keeps.
func keptFields() []string {
	return []string{
		"input", "filter",
		// what it is about
		"id", "integrationId", "fromIntegrationId", "toIntegrationId", "runId", "memberId", "invitationId", "recipientId", "serviceTokenId",
		"workspaceId", "failedRecordIds", "connector", "environment", "object", "objects", "apiType", "standardField", "crmField", "step", "key",
		"alertId", "channelId", "deliveryId", "rule", "itemIds", "throughItemId", "fields",
		// what it was to become
		"changes", "value", "expectedVersion", "scheduleTime", "scheduleZone", "grant", "time", "zone", "dailyLimit", "percent", "reason",
		"edition", "packageKey", "role", "scopes", "expiresAt", "name", "email", "addresses", "class", "clientId",
		"kind", "minSeverity", "enabled", "mappings", "interval", "toVersion", "note",
		"confirm", "dryRun", "purgeImportedData",
		// what was asked for
		"actor", "actions", "target", "outcomes", "via", "since", "until",
	}
}
