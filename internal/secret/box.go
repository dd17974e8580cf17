// Package secret seals credentials and client secrets before they are stored.
//
// It is authenticated encryption (Tink, AES-256-GCM) with associated data: what
// was sealed for one workspace and subject opens for no other, so a row copied
// elsewhere in the database is useless. The key comes from a file or the
// environment, never from the database. A canary in the database, sealed at the
// first start, shows at every later start whether the key is the right one.
package secret

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Box seals and opens. It is safe for concurrent use.
type Box struct{ primitive tink.AEAD }

// NewBox makes a Box of a keyset. A keyset of other than AEAD keys is
// CONFIG_INVALID.
func NewBox(keys *Keyset) (*Box, error) {
	primitive, err := aead.New(keys.handle)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "The keyset holds no AEAD key.", fault.Hint("Use a keyset of AES-256-GCM keys."))
	}
	return &Box{primitive: primitive}, nil
}

// Seal encrypts plaintext for a subject (an entity's id) of a workspace.
func (b *Box) Seal(workspaceID, subjectID string, plaintext []byte) ([]byte, error) {
	sealed, err := b.primitive.Encrypt(plaintext, associated(workspaceID, subjectID))
	if err != nil {
		return nil, fmt.Errorf("secret: seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same workspace and subject. Another key,
// workspace or subject, or a changed byte, is KEY_WRONG; which of them it was
// cannot be known.
func (b *Box) Open(workspaceID, subjectID string, sealed []byte) ([]byte, error) {
	plaintext, err := b.primitive.Decrypt(sealed, associated(workspaceID, subjectID))
	if err != nil {
		return nil, fault.New(fault.KeyWrong, "A stored secret cannot be opened with the present encryption key.", fault.Cause(err))
	}
	return plaintext, nil
}

// associated joins the two so that no other pair gives the same bytes.
func associated(workspaceID, subjectID string) []byte {
	return fmt.Appendf(nil, "%d|%s|%s", len(workspaceID), workspaceID, subjectID)
}

// canary is what the key check seals; its subject cannot be an entity's id.
const (
	canary        = "fieldwarden key check 1"
	canarySubject = "key check"
)

// KeyCheckStore keeps the sealed canary.
type KeyCheckStore interface {
	// KeyCheck returns the stored canary; nil when there is none.
	KeyCheck(ctx context.Context) ([]byte, error)
	// SaveKeyCheck stores the canary unless there is one, and returns the one
	// that is stored now.
	SaveKeyCheck(ctx context.Context, sealed []byte) ([]byte, error)
}

// Verify proves that the database was written with this key, else KEY_WRONG. A
// new database takes the key as its own.
func (b *Box) Verify(ctx context.Context, s KeyCheckStore) error {
	stored, err := s.KeyCheck(ctx)
	if err != nil {
		return err
	}
	if stored == nil {
		sealed, err := b.Seal("", canarySubject, []byte(canary))
		if err != nil {
			return err
		}
		// Another node may be first; then its canary is the one to open.
		if stored, err = s.SaveKeyCheck(ctx, sealed); err != nil {
			return err
		}
	}
	return b.Proves(stored)
}

// Proves opens a canary that Verify has stored. Another key is KEY_WRONG.
func (b *Box) Proves(canarySealed []byte) error {
	text, err := b.Open("", canarySubject, canarySealed)
	if err != nil || string(text) != canary {
		return fault.New(fault.KeyWrong, "The encryption key is not the one that this database was written with.", fault.Cause(err))
	}
	return nil
}
