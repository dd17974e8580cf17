package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// maxConfiguration bounds the configuration of one integration, in bytes.
const maxConfiguration = 16 << 10

// schemaName is the URL of a connector's schema inside the compiler; nothing is
// ever loaded from it.
const schemaName = "https://connector.invalid/config.schema.json"

// property is what the host reads of one property of a connector's schema.
type property struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Default     any    `json:"default"`
	WriteOnly   bool   `json:"writeOnly"`
}

// schemaProperties are the properties of a connector's configuration.
func schemaProperties(schema json.RawMessage) (map[string]property, error) {
	var parsed struct {
		Properties map[string]property `json:"properties"`
	}
	if len(schema) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(schema, &parsed); err != nil {
		return nil, errSchema(err)
	}
	return parsed.Properties, nil
}

func errSchema(err error) error {
	return fault.New(fault.ConnectorAnswer, "The connector's configuration schema cannot be used.", fault.Cause(err))
}

// checkConfiguration holds a configuration against the connector's JSON Schema and
// returns it in its canonical form; nil stands for an empty object. Errors:
// fault.BadInput with the path of the first property that is wrong;
// fault.ConnectorUnsupported for a secret property, which an integration cannot
// keep.
func checkConfiguration(manifest crm.Manifest, given json.RawMessage) (json.RawMessage, error) {
	if len(bytes.TrimSpace(given)) == 0 || string(bytes.TrimSpace(given)) == "null" {
		given = json.RawMessage("{}")
	}
	if len(given) > maxConfiguration {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("The configuration has %d bytes; at most %d are allowed.", len(given), maxConfiguration), fault.Field("config"))
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(given))
	object, isObject := value.(map[string]any)
	if err != nil || !isObject {
		return nil, fault.New(fault.BadInput, "The configuration must be a JSON object.", fault.Field("config"))
	}
	if len(manifest.ConfigSchema) == 0 {
		if len(object) > 0 {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("The connector %s has nothing to configure.", manifest.Title), fault.Field("config"))
		}
		return nil, nil
	}
	schema, err := compileSchema(manifest.ConfigSchema)
	if err != nil {
		return nil, err
	}
	properties, err := schemaProperties(manifest.ConfigSchema)
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(value); err != nil {
		return nil, errConfiguration(err, properties)
	}
	for name := range object {
		if properties[name].WriteOnly {
			return nil, fault.New(fault.ConnectorUnsupported, fmt.Sprintf("The property %s is a secret, which an integration's configuration cannot keep.", name),
				fault.Field("config", name))
		}
	}
	canonical, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return canonical, nil
}

// compileSchema compiles a connector's schema. References to other documents are
// not followed: the compiler has no loader.
func compileSchema(source json.RawMessage) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		return nil, errSchema(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaName, document); err != nil {
		return nil, errSchema(err)
	}
	schema, err := compiler.Compile(schemaName)
	if err != nil {
		return nil, errSchema(err)
	}
	return schema, nil
}

// errConfiguration words the first thing that is wrong. What has the wrong form is
// worded by the schema's own words for the property: people read no regular
// expressions, and the value may be one that must not be repeated.
func errConfiguration(err error, properties map[string]property) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return errSchema(err)
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	path := append([]string{"config"}, invalid.InstanceLocation...)
	text := invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	switch invalid.ErrorKind.(type) {
	case *kind.Pattern, *kind.Format:
		text = "the value does not have the form that is wanted"
		if len(invalid.InstanceLocation) > 0 {
			text += properties[invalid.InstanceLocation[0]].words()
		}
	}
	return fault.New(fault.BadInput, fmt.Sprintf("%s: %s.", strings.Join(path, "."), clip(text, 400)), fault.Field(path...))
}

// words are what the schema says of a property, to follow a sentence; empty where
// it says nothing.
func (p property) words() string {
	var words []string
	for _, text := range []string{p.Title, p.Description} {
		if text = strings.TrimRight(text, ". "); text != "" {
			words = append(words, text)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ". " + strings.Join(words, ": ")
}

// placeholder is a property of the configuration in a URL or scope of a manifest.
var placeholder = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]{0,62}\}`)

// configured fills the properties of a configuration into a manifest's URLs and
// scopes.
type configured struct {
	properties map[string]property
	given      map[string]any
}

func configurationOf(manifest crm.Manifest, config json.RawMessage) (configured, error) {
	c := configured{given: map[string]any{}}
	var err error
	if c.properties, err = schemaProperties(manifest.ConfigSchema); err != nil {
		return c, err
	}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c.given); err != nil {
			return c, fmt.Errorf("decode configuration: %w", err)
		}
	}
	return c, nil
}

// value is a property as it was given, or else its default.
func (c configured) value(name string) (string, error) {
	value, ok := c.given[name]
	if !ok {
		value = c.properties[name].Default
	}
	text, isText := value.(string)
	if !isText || text == "" {
		return "", fault.New(fault.BadInput, fmt.Sprintf("config.%s is needed to sign in.", name), fault.Field("config", name))
	}
	return text, nil
}

// address fills a URL. A property at its beginning must be a base URL, scheme and
// host alone; elsewhere it is one escaped segment.
func (c configured) address(template string) (string, error) {
	var failure error
	filled := placeholder.ReplaceAllStringFunc(template, func(found string) string {
		name := strings.Trim(found, "{}")
		value, err := c.value(name)
		if err == nil && strings.HasPrefix(template, found) {
			value, err = origin(name, value)
		} else {
			value = url.PathEscape(value)
		}
		failure = errors.Join(failure, err)
		return value
	})
	return filled, failure
}

// scopes fills scopes. A base URL loses its trailing slash, so that
// "{url}/scope" has one only.
func (c configured) scopes(templates []string) ([]string, error) {
	var failure error
	filled := make([]string, len(templates))
	for i, template := range templates {
		filled[i] = placeholder.ReplaceAllStringFunc(template, func(found string) string {
			name := strings.Trim(found, "{}")
			value, err := c.value(name)
			if err == nil && strings.HasPrefix(template, found) {
				value, err = origin(name, value)
			} else if strings.ContainsAny(value, " \t\r\n") {
				err = errors.Join(err, fault.New(fault.BadInput, fmt.Sprintf("config.%s must not hold spaces.", name), fault.Field("config", name)))
			}
			failure = errors.Join(failure, err)
			return value
		})
	}
	return filled, failure
}

// origin reads "https://host" of a configuration.
func origin(name, value string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(value, "/"))
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fault.New(fault.BadInput, fmt.Sprintf("config.%s must have the form https://host.", name), fault.Field("config", name))
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}
