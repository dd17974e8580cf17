package hubspot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// vendorError is HubSpot's error body. HubSpot declares every field optional, and
// their shapes differ between services: what cannot be read is empty.
type vendorError struct {
	Status     string
	Message    string
	Category   string
	PolicyName string
	// OAuth is the code of RFC 6749, in the answers of the token services.
	OAuth   string
	Errors  []errorDetail
	Context json.RawMessage
}

type errorDetail struct {
	Message, Code string
	Context       json.RawMessage
}

// UnmarshalJSON takes what has the expected shape.
func (e *vendorError) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name, into := range map[string]*string{
		"status": &e.Status, "message": &e.Message, "category": &e.Category, "policyName": &e.PolicyName, "error": &e.OAuth,
	} {
		_ = json.Unmarshal(members[name], into)
	}
	e.Context = members["context"]
	var details []json.RawMessage
	_ = json.Unmarshal(members["errors"], &details)
	for _, raw := range details {
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			continue
		}
		detail := errorDetail{Context: members["context"]}
		_ = json.Unmarshal(members["message"], &detail.Message)
		_ = json.Unmarshal(members["code"], &detail.Code)
		e.Errors = append(e.Errors, detail)
	}
	return nil
}

// texts reads a list of texts out of an error's context.
func texts(context json.RawMessage, name string) []string {
	var members map[string]json.RawMessage
	var list []string
	if json.Unmarshal(context, &members) == nil {
		_ = json.Unmarshal(members[name], &list)
	}
	return list
}

// scopes are the names of the scopes that are missing, under any of the names that
// HubSpot has used for the list.
func (e vendorError) scopes() []string {
	var scopes []string
	contexts := []json.RawMessage{e.Context}
	for _, detail := range e.Errors {
		contexts = append(contexts, detail.Context)
	}
	for _, context := range contexts {
		for _, name := range []string{"requiredGranularScopes", "requiredScopes", "missingScopes"} {
			for _, scope := range texts(context, name) {
				if !slices.Contains(scopes, scope) {
					scopes = append(scopes, excerpt(scope))
				}
			}
		}
	}
	slices.Sort(scopes)
	return scopes
}

// bodyForm is what an answer's body looks like.
type bodyForm string

const (
	// formVendor is an error in HubSpot's words.
	formVendor bodyForm = "an error of HubSpot's"
	formJSON   bodyForm = "JSON of another shape"
	formBroken bodyForm = "broken JSON"
	formHTML   bodyForm = "an HTML page"
	formText   bodyForm = "plain text"
	formEmpty  bodyForm = "an empty body"
)

func bodyKind(a answer) bodyForm {
	body := bytes.TrimSpace(a.body)
	switch {
	case len(body) == 0:
		return formEmpty
	case json.Valid(body):
		return formJSON
	case body[0] == '<' || strings.Contains(a.header.Get("Content-Type"), "html"):
		return formHTML
	case body[0] == '{' || body[0] == '[' || strings.Contains(a.header.Get("Content-Type"), "json"):
		return formBroken
	default:
		return formText
	}
}

// parseError reads an error body. It is HubSpot's when it is a JSON object that
// says anything in HubSpot's or OAuth's words.
func parseError(a answer) (vendorError, bodyForm) {
	form := bodyKind(a)
	var e vendorError
	if form != formJSON || json.Unmarshal(a.body, &e) != nil {
		return vendorError{}, form
	}
	if e.Message == "" && e.Category == "" && e.OAuth == "" {
		return e, formJSON
	}
	return e, formVendor
}

// describeError words an error for admins: status, HubSpot's category and its
// message.
func describeError(a answer, e vendorError, form bodyForm) string {
	if form != formVendor {
		return fmt.Sprintf("HubSpot answered HTTP %d with %s.", a.status, form)
	}
	text := fmt.Sprintf("HubSpot answered HTTP %d", a.status)
	for _, code := range []string{e.Category, e.PolicyName, e.OAuth} {
		if code != "" {
			text += " " + excerpt(code)
			break
		}
	}
	if message := excerpt(e.Message); message != "" {
		text += ": " + message
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// redirectMessage names the host of a redirect; it is not followed, for a login
// page is no answer and the token must not travel.
func redirectMessage(a answer) string {
	host := "another address"
	if location, err := url.Parse(a.header.Get("Location")); err == nil && location.Host != "" {
		host = excerpt(location.Host)
	}
	return fmt.Sprintf("HubSpot answered HTTP %d and pointed to %s; the connector does not follow.", a.status, host)
}

// oneLine removes line breaks and other control characters.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// excerpt makes one line of at most about 240 bytes.
func excerpt(text string) string {
	text = oneLine(text)
	if len(text) > 240 {
		text = strings.ToValidUTF8(text[:240], "") + "…"
	}
	return text
}
