// Package validate holds the rules of the connector protocol that the types do
// not express. The host applies them to everything a connector answers before it
// becomes a domain value; the SDK's "describe" command and connectortest apply
// the same ones, so an author sees what the host would refuse.
//
// Functions return nil or an error whose text names the path, what was found and
// what is wanted. Free text is never refused for its length: the host cuts it.
package validate

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// Limits on counts.
const (
	maxItems         = 200
	maxObjects       = 20_000
	maxFields        = 5_000
	maxPicklist      = 20_000
	maxRecords       = 50_000
	maxObjectsPerOne = 200
	maxLabel         = 1 << 10
	maxAPITypes      = 10
	maxIcon          = 32 << 10
	maxSchema        = 256 << 10
)

func problem(path, format string, args ...any) error {
	return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
}

// name checks an API name or id: present, short, no control characters.
func name(path, value string) error {
	switch {
	case value == "":
		return problem(path, "is empty")
	case len(value) > handshake.MaxName:
		return problem(path, "has %d bytes, at most %d are allowed", len(value), handshake.MaxName)
	case strings.ContainsFunc(value, unicode.IsControl), !utf8.ValidString(value):
		return problem(path, "holds control characters")
	case strings.TrimSpace(value) != value:
		return problem(path, "begins or ends with white space")
	}
	return nil
}

// recordID checks the id of a record.
func recordID(path, value string) error {
	if len(value) > handshake.MaxRecordID {
		return problem(path, "has %d bytes, at most %d are allowed", len(value), handshake.MaxRecordID)
	}
	return name(path, value)
}

// label checks an optional one-line text.
func label(path, value string) error {
	if len(value) > maxLabel {
		return problem(path, "has %d bytes, at most %d are allowed", len(value), maxLabel)
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return problem(path, "holds control characters")
	}
	return nil
}

// title checks a required one-line text.
func title(path, value string) error {
	if strings.TrimSpace(value) == "" {
		return problem(path, "is empty")
	}
	return label(path, value)
}

func count(path string, got, limit int) error {
	if got > limit {
		return problem(path, "has %d entries, at most %d are allowed", got, limit)
	}
	return nil
}

// address checks a URL: https, or http on a loopback address; no user part.
func address(path, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" {
		return problem(path, "%q is not an absolute URL", value)
	}
	if parsed.User != nil {
		return problem(path, "%q holds a user name", parsed.Redacted())
	}
	if parsed.Scheme == "https" || parsed.Scheme == "http" && loopback(parsed.Hostname()) {
		return nil
	}
	return problem(path, "%q is not https", value)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// known reports an enum value that this protocol version has a name for, other
// than UNSPECIFIED.
func known[T interface {
	~int32
	String() string
}](path string, value T, names map[int32]string) error {
	if _, ok := names[int32(value)]; !ok || value == 0 {
		return problem(path, "%s is not a value that can be sent here", value)
	}
	return nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unique returns a function that refuses a key it has seen.
func unique() func(path, key string) error {
	seen := map[string]struct{}{}
	return func(path, key string) error {
		if _, ok := seen[key]; ok {
			return problem(path, "%q stands twice", key)
		}
		seen[key] = struct{}{}
		return nil
	}
}

var (
	keyPattern     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	hostPattern    = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

func key(path, value string) error {
	if !keyPattern.MatchString(value) {
		return problem(path, "%.80q is not a key: lower-case letters, digits and dashes, at most 64", value)
	}
	return nil
}
