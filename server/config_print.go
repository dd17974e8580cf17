package server

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/fieldwarden/fieldwarden/internal/obs"
)

// Print writes every key with the value that is in force and where that comes from.
// No secret is printed: references to secrets are, passwords in URLs are masked, and
// what stands where a reference belongs is masked whole.
func (l LoadedConfig) Print(w io.Writer) error {
	redactor := obs.NewRedactor()
	filled := l.Config.filled()
	ofNew := filled
	ofNew.Workspace = filled.Workspace.ofNew()
	for _, leaf := range leavesOf(reflect.TypeFor[Config](), nil) {
		value, from := leaf.find(reflect.ValueOf(&l.Config).Elem(), false), cmp.Or(l.from[leaf.path()], "default")
		for _, other := range []struct {
			config *Config
			from   string
		}{{&filled, "default"}, {&ofNew, "default of a new workspace"}} {
			// A zero that means the default gives way to it; others are values like any.
			if found := leaf.find(reflect.ValueOf(other.config).Elem(), false); isZero(value) && !isZero(found) {
				value, from = found, other.from
			}
		}
		text := "(unset)"
		if value.IsValid() {
			text = redactor.Text(shown(leaf.keys[len(leaf.keys)-1], value))
		}
		if _, err := fmt.Fprintf(w, "%s: %s  # %s\n", leaf.path(), text, from); err != nil {
			return fmt.Errorf("server: %w", err)
		}
	}
	return nil
}

// isZero reports whether a key is absent or says nothing.
func isZero(value reflect.Value) bool { return !value.IsValid() || value.IsZero() }

// PrintVariables writes every key with its environment variable.
func PrintVariables(w io.Writer) error {
	for _, leaf := range leavesOf(reflect.TypeFor[Config](), nil) {
		if _, err := fmt.Fprintf(w, "%-40s %s\n", leaf.path(), leaf.variable()); err != nil {
			return fmt.Errorf("server: %w", err)
		}
	}
	return nil
}

// shown writes a value in YAML's short form.
func shown(key string, value reflect.Value) string {
	text, err := yaml.MarshalWithOptions(masked(key, value).Interface(), yaml.Flow(true))
	if err != nil {
		return "(cannot be shown)"
	}
	return strings.TrimSpace(string(text))
}

// masked is a copy of a value without its secrets.
func masked(key string, value reflect.Value) reflect.Value {
	clean := reflect.New(value.Type()).Elem()
	clean.Set(value)
	switch value.Kind() {
	case reflect.String:
		clean.SetString(maskedText(key, value.String()))
	case reflect.Pointer:
		if !value.IsNil() {
			clean.Set(reflect.New(value.Type().Elem()))
			clean.Elem().Set(masked(key, value.Elem()))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			field := value.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if field.IsExported() {
				clean.Field(i).Set(masked(name, value.Field(i)))
			}
		}
	case reflect.Slice:
		if value.IsNil() {
			break
		}
		clean.Set(reflect.MakeSlice(value.Type(), value.Len(), value.Len()))
		for i := range value.Len() {
			clean.Index(i).Set(masked(key, value.Index(i)))
		}
	case reflect.Map:
		if value.IsNil() {
			break
		}
		clean.Set(reflect.MakeMap(value.Type()))
		for _, name := range value.MapKeys() {
			clean.SetMapIndex(name, masked(key, value.MapIndex(name)))
		}
	default:
	}
	return clean
}

// maskedText masks a password in a URL, and what is no reference under a key that
// takes only references.
func maskedText(key, text string) string {
	lower := strings.ToLower(key)
	for _, secret := range []string{"secret", "password", "token", "key"} {
		reference := strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
		if strings.HasSuffix(lower, secret) && text != "" && !reference {
			return obs.Mask
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.User == nil && !u.Query().Has("password") {
		return text
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "MASKED")
	}
	if query := u.Query(); query.Has("password") {
		query.Set("password", "MASKED")
		u.RawQuery = query.Encode()
	}
	return strings.Replace(u.String(), "MASKED", obs.Mask, 1)
}
