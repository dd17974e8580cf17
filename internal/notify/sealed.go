package notify

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
)

const (
	// secretPrefix begins a signing secret (Standard Webhooks, "Signature scheme").
	secretPrefix = "whsec_"
	// secretBytes is the length of a new one; the specification wants 24 to 64.
	secretBytes = 32
	// overlap is for how long a replaced secret signs along.
	overlap = 24 * time.Hour
)

// sealed is what of a channel is secret; it is stored as one sealed JSON text.
type sealed struct {
	URL     string       `json:"url"`
	Headers []Header     `json:"headers,omitempty"`
	Keys    []signingKey `json:"keys,omitempty"`
}

// Header is a header that is sent along; its value is a secret.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// signingKey is a signing secret.
type signingKey struct {
	Secret string `json:"secret"`
	// Until is when one that was replaced ends; zero for the present one.
	Until time.Time `json:"until,omitzero"`
}

// keys are the secrets that sign now, the present one first.
func (s sealed) keys(now time.Time) (keys []string) {
	for _, key := range s.Keys {
		if key.Until.IsZero() || key.Until.After(now) {
			keys = append(keys, key.Secret)
		}
	}
	return keys
}

// rotated has a new present secret. The one before signs along for a day; older ones
// end at once, so that two at most are good at any time.
func (s sealed) rotated(now time.Time) (sealed, string) {
	made := newSigningSecret()
	keys := []signingKey{{Secret: made}}
	if len(s.Keys) > 0 {
		keys = append(keys, signingKey{Secret: s.Keys[0].Secret, Until: now.Add(overlap)})
	}
	s.Keys = keys
	return s, made
}

func newSigningSecret() string {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // it never fails: the program ends first
	return secretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// seal encrypts a channel's secrets for its row.
func (s *Service) seal(workspaceID, channelID string, secrets sealed) ([]byte, error) {
	text, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("notify: sealing: %w", err)
	}
	return s.c.Box.Seal(workspaceID, channelID, text)
}

// open decrypts what seal made.
func (s *Service) open(row *ent.Channel) (secrets sealed, err error) {
	text, err := s.c.Box.Open(row.WorkspaceID, row.ID, row.Sealed)
	if err != nil {
		return sealed{}, err
	}
	if err := json.Unmarshal(text, &secrets); err != nil {
		return sealed{}, fmt.Errorf("notify: a channel's secrets: %w", err)
	}
	return secrets, nil
}
