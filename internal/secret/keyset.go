package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// maxKeyset bounds what is read as a keyset; one key takes about 400 bytes.
const maxKeyset = 1 << 20

// Keyset holds one or more AEAD keys: the primary one seals, all of them open.
// It prints as "[keyset]".
type Keyset struct{ handle *keyset.Handle }

// String hides the keys from fmt.
func (Keyset) String() string { return "[keyset]" }

// GoString hides the keys from %#v.
func (Keyset) GoString() string { return "[keyset]" }

// Load reads a keyset from "file:PATH" or from "env:NAME". The file holds Tink's
// JSON and must be readable by its owner only; the variable holds the same JSON
// in base64. A source that is not there is KEY_MISSING; one that cannot be used
// is CONFIG_INVALID. No error repeats what was read.
func Load(source string) (*Keyset, error) {
	scheme, place, _ := strings.Cut(source, ":")
	switch scheme {
	case "file":
		return loadFile(place)
	case "env":
		return loadEnvironment(place)
	default:
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key's source %q is not supported.", scheme),
			fault.Hint("Use file:/path/to/keyset.json or env:NAME_OF_VARIABLE."))
	}
}

func loadFile(path string) (*Keyset, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.KeyMissing, fmt.Sprintf("There is no encryption key at %s.", path),
			fault.Hint("Restore the key file that this database was written with; for a new installation, generate one."))
	}
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key at %s cannot be read.", path), fault.Cause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key at %s is not a regular file.", path), fault.Cause(err))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key at %s can be read by others (mode %04o).", path, info.Mode().Perm()),
			fault.Hint("Run: chmod 600 %s. If others had access to this machine, replace the key.", path))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyset))
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key at %s cannot be read.", path), fault.Cause(err))
	}
	return parse(text, path)
}

func loadEnvironment(name string) (*Keyset, error) {
	encoded := os.Getenv(name)
	if encoded == "" {
		return nil, fault.New(fault.KeyMissing, fmt.Sprintf("The environment variable %s, which should hold the encryption key, is empty.", name),
			fault.Hint("Set %s to the base64 form of the keyset that this database was written with.", name))
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return nil, unusable(name)
	}
	return parse(text, name)
}

// parse reads Tink's JSON. Tink's own error is dropped: it may quote the input.
func parse(text []byte, from string) (*Keyset, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, unusable(from)
	}
	return &Keyset{handle: handle}, nil
}

func unusable(from string) error {
	return fault.New(fault.ConfigInvalid, fmt.Sprintf("What %s holds is no keyset.", from),
		fault.Hint("It must be a Tink keyset of AEAD keys as JSON (in base64 when it comes from the environment)."))
}

// Generate writes a new keyset with one AES-256-GCM key to a file that only its
// owner can read. It never replaces a file.
func Generate(path string) (err error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("secret: generate: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("secret: generate: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("secret: generate: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file)); err != nil {
		return fmt.Errorf("secret: generate: %w", err)
	}
	// Data sealed with a key that a power cut takes away is lost.
	return file.Sync()
}
