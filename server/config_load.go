package server

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// ConfigSources says where a configuration comes from, in rising order: the
// defaults, a YAML file, the environment, and what a command's flags set.
type ConfigSources struct {
	// File is the path of a YAML file; empty is none.
	File string
	// Environ are "NAME=value" pairs, as os.Environ returns them. Each key of the
	// configuration has a variable: environmentPrefix and the key's path with
	// underlines, "FIELDWARDEN_SIGN_IN_OIDC_ISSUER" for signIn.oidc.issuer. A list or
	// map is written as YAML ("[{name: salesforce, path: /x}]"); a list of texts also
	// with commas.
	Environ []string
	// Flags are values by the key's path, "listen". An empty value sets nothing.
	Flags map[string]string
}

const environmentPrefix = "FIELDWARDEN_"

// otherVariables begin like ours and are no keys: of the command line, of
// connectors' processes, and of tests. A name that ends in "_" is a prefix.
func otherVariables() []string {
	return []string{
		"FIELDWARDEN_CONFIG", "FIELDWARDEN_LOG_LEVEL", "FIELDWARDEN_LOG_JSON", "FIELDWARDEN_URL", "FIELDWARDEN_TOKEN",
		"FIELDWARDEN_CONNECTOR_", "FIELDWARDEN_LIFELINE", "FIELDWARDEN_TEST_", "FIELDWARDEN_DEV_POSTGRES_DSN", "FIELDWARDEN_LONG_TESTS",
		"FIELDWARDEN_NPM_TESTS", "FIELDWARDEN_CHAOS_SEED", "FIELDWARDEN_REFERENCE_DATA", "FIELDWARDEN_UI_ARTIFACTS",
		"FIELDWARDEN_DWA_DIR", "FIELDWARDEN_HUBSPOT_CLIENT_DIR", "FIELDWARDEN_JSFORCE_DIR",
	}
}

// LoadedConfig is a configuration that knows where each of its values is from.
type LoadedConfig struct {
	Config Config
	// from has a line for each key that is not a default: "file X", "environment X",
	// "flag --x".
	from map[string]string
}

// LoadConfig reads all sources. An unknown key of the file is refused with its line,
// an unknown FIELDWARDEN_ variable with its name, a value that does not fit with the
// key: all CONFIG_INVALID.
func LoadConfig(s ConfigSources) (LoadedConfig, error) {
	loaded := LoadedConfig{Config: DefaultConfig(), from: map[string]string{}}
	if s.File != "" {
		if err := loaded.readFile(s.File); err != nil {
			return loaded, err
		}
	}
	leaves := leavesOf(reflect.TypeFor[Config](), nil)
	if err := loaded.readEnvironment(s.Environ, leaves); err != nil {
		return loaded, err
	}
	for path, text := range s.Flags {
		at := slices.IndexFunc(leaves, func(l leaf) bool { return l.path() == path })
		if text == "" || at < 0 {
			continue
		}
		name := "--" + kebab(path)
		if err := setLeaf(reflect.ValueOf(&loaded.Config).Elem(), leaves[at], text, name); err != nil {
			return loaded, err
		}
		loaded.from[path] = "flag " + name
	}
	return loaded, loaded.refuseStrangers(s.Environ, leaves)
}

func (l *LoadedConfig) readFile(path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("The configuration file %s cannot be read.", path), fault.Cause(err))
	}
	if err := decodeStrict(source, &l.Config); err != nil {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: %s", path, yaml.FormatError(err, false, false)), fault.Cause(err))
	}
	var tree map[string]any
	if err := yaml.Unmarshal(source, &tree); err != nil {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: %s", path, yaml.FormatError(err, false, false)), fault.Cause(err))
	}
	defaults := DefaultConfig()
	for _, leaf := range leavesOf(reflect.TypeFor[Config](), nil) {
		if says(tree, leaf.keys) {
			l.from[leaf.path()] = "file " + path
			continue
		}
		// A section that has a name and nothing in it ("runs:") is decoded to zeros.
		if value := leaf.find(reflect.ValueOf(&defaults).Elem(), false); value.IsValid() {
			leaf.find(reflect.ValueOf(&l.Config).Elem(), true).Set(value)
		}
	}
	return nil
}

func decodeStrict(source []byte, into any) error {
	err := yaml.NewDecoder(bytes.NewReader(source), yaml.Strict()).Decode(into)
	if errors.Is(err, io.EOF) {
		return nil // an empty document says nothing
	}
	return err
}

// says reports whether a YAML tree has a value at the keys.
func says(tree map[string]any, keys []string) bool {
	value, ok := tree[keys[0]]
	if !ok || len(keys) == 1 {
		return value != nil
	}
	inner, ok := value.(map[string]any)
	return ok && says(inner, keys[1:])
}

func (l *LoadedConfig) readEnvironment(environ []string, leaves []leaf) error {
	for _, leaf := range leaves {
		name := leaf.variable()
		for _, pair := range environ {
			if text, ok := strings.CutPrefix(pair, name+"="); ok && text != "" {
				if err := setLeaf(reflect.ValueOf(&l.Config).Elem(), leaf, text, name); err != nil {
					return err
				}
				l.from[leaf.path()] = "environment " + name
			}
		}
	}
	return nil
}

// refuseStrangers refuses variables that begin like ours and name nothing: most
// likely a key that is spelt wrong. What the configuration refers to by "env:NAME"
// may be called as the operator likes.
func (l *LoadedConfig) refuseStrangers(environ []string, leaves []leaf) error {
	var known []string
	for _, leaf := range leaves {
		known = append(known, leaf.variable())
	}
	known = append(known, references(reflect.ValueOf(l.Config))...)
	var strangers []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, environmentPrefix) || value == "" || slices.Contains(known, name) || isOther(name) {
			continue
		}
		strangers = append(strangers, name)
	}
	if len(strangers) == 0 {
		return nil
	}
	slices.Sort(strangers)
	return fault.New(fault.ConfigInvalid, "These environment variables name no key of the configuration: "+strings.Join(strangers, ", ")+".",
		fault.Hint("Correct or remove them; \"fieldwarden config print --variables\" lists those that there are."))
}

func isOther(name string) bool {
	return slices.ContainsFunc(otherVariables(), func(other string) bool {
		return name == other || (strings.HasSuffix(other, "_") && strings.HasPrefix(name, other))
	})
}

// references lists the variables that texts of the configuration refer to.
func references(value reflect.Value) (names []string) {
	switch value.Kind() {
	case reflect.String:
		if name, ok := strings.CutPrefix(value.String(), "env:"); ok {
			names = append(names, name)
		}
	case reflect.Pointer:
		if !value.IsNil() {
			names = references(value.Elem())
		}
	case reflect.Struct:
		for _, field := range value.Fields() {
			names = append(names, references(field)...)
		}
	case reflect.Slice:
		for i := range value.Len() {
			names = append(names, references(value.Index(i))...)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			names = append(names, references(value.MapIndex(key))...)
		}
	default:
	}
	return names
}

// leaf is a key of the configuration that holds a value and no further keys. Lists
// and maps count as values.
type leaf struct {
	keys []string
	typ  reflect.Type
}

func (l leaf) path() string { return strings.Join(l.keys, ".") }

// variable is the leaf's environment variable.
func (l leaf) variable() string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(kebab(strings.Join(l.keys, "-")), "-", "_"))
}

// kebab writes camelCase with dashes.
func kebab(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !strings.HasSuffix(out.String(), "-") {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// leavesOf lists the leaves of a struct by its yaml tags, in the order of its fields.
func leavesOf(typ reflect.Type, above []string) []leaf {
	var leaves []leaf
	for field := range typ.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "-" || !field.IsExported() {
			continue
		}
		keys := append(slices.Clone(above), key)
		if strings.Contains(options, "inline") {
			keys = above
		}
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && !reflect.PointerTo(inner).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			leaves = append(leaves, leavesOf(inner, keys)...)
			continue
		}
		leaves = append(leaves, leaf{keys: keys, typ: field.Type})
	}
	return leaves
}

// find returns the leaf's value; with create, sections that are absent are made.
// It is invalid where a section is absent.
func (l leaf) find(config reflect.Value, create bool) reflect.Value {
	return descend(config, l.keys, create)
}

func descend(value reflect.Value, keys []string, create bool) reflect.Value {
	if len(keys) == 0 {
		return value
	}
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			if !create {
				return reflect.Value{}
			}
			value.Set(reflect.New(value.Type().Elem()))
		}
		value = value.Elem()
	}
	for i := range value.NumField() {
		key, options, _ := strings.Cut(value.Type().Field(i).Tag.Get("yaml"), ",")
		if strings.Contains(options, "inline") {
			if found := descend(value.Field(i), keys, create); found.IsValid() {
				return found
			}
		} else if key == keys[0] {
			return descend(value.Field(i), keys[1:], create)
		}
	}
	return reflect.Value{}
}

// setLeaf parses a text into a leaf. The text itself is not repeated in errors: it
// may be a secret in the wrong place.
func setLeaf(config reflect.Value, l leaf, text, name string) error {
	target := l.find(config, true)
	fresh := reflect.New(l.typ)
	source := []byte(text)
	switch {
	case l.typ.Kind() == reflect.String:
		fresh.Elem().SetString(text) // as it is, whatever YAML would make of it
		target.Set(fresh.Elem())
		return nil
	case l.typ == reflect.TypeFor[[]string]() && !strings.HasPrefix(strings.TrimSpace(text), "["):
		var list []string
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		target.Set(reflect.ValueOf(list))
		return nil
	}
	if err := decodeStrict(source, fresh.Interface()); err != nil {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: the value does not fit %s.", name, l.path()), fault.Cause(err), fault.Field(l.keys...),
			fault.Hint("Write it as in the YAML file; lists and maps in YAML's short form."))
	}
	target.Set(fresh.Elem())
	return nil
}
