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
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Box seals and opens. It is safe for concurrent use.
//
// A Box that was made of a source (OpenBox) follows it: it seals with the primary key
// that a changed file has now, and reads the source again before it says that a
// secret was sealed by an unknown key. So the nodes of a database take a new key as
// soon as their key file has it.
type Box struct {
	source string // empty: the keys never change

	mu        sync.RWMutex
	primitive tink.AEAD
	keys      *Keyset
	mark      fileMark
}

// NewBox makes a Box of a keyset. A keyset of other than AEAD keys is
// CONFIG_INVALID.
func NewBox(keys *Keyset) (*Box, error) {
	b := &Box{}
	return b, b.take(keys, fileMark{})
}

// OpenBox makes a Box that follows a source, as Load takes it.
func OpenBox(source string) (*Box, error) {
	b := &Box{source: source}
	return b, b.Reload()
}

// Reload reads the source again. When it cannot be read the keys stay as they are.
func (b *Box) Reload() error {
	// The mark comes first: a file that changes in between is read again.
	mark := markOf(b.source)
	keys, err := Load(b.source)
	if err != nil {
		return err
	}
	return b.take(keys, mark)
}

func (b *Box) take(keys *Keyset, mark fileMark) error {
	primitive, err := aead.New(keys.handle)
	if err != nil {
		return fault.New(fault.ConfigInvalid, "The keyset holds no AEAD key.", fault.Hint("Use a keyset of AES-256-GCM keys."))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.primitive, b.keys, b.mark = primitive, keys, mark
	return nil
}

func (b *Box) current() (tink.AEAD, *Keyset) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.primitive, b.keys
}

// follow reads the source again when its file is another one than before. A file
// that cannot be read now changes nothing: the keys at hand are still good.
func (b *Box) follow() {
	if b.source == "" {
		return
	}
	b.mu.RLock()
	same := b.mark == markOf(b.source)
	b.mu.RUnlock()
	if !same {
		_ = b.Reload()
	}
}

// KeyID is the number of a key within its keyset.
type KeyID uint32

// SealedBy reads which key sealed something; false when it was not sealed by a Box.
func SealedBy(sealed []byte) (KeyID, bool) {
	// Tink's prefix: a version byte, then the key's id.
	if len(sealed) < prefixLength || sealed[0] != 1 {
		return 0, false
	}
	return KeyID(binary.BigEndian.Uint32(sealed[1:prefixLength])), true
}

const prefixLength = 5

// Prefix is what everything begins with that a key has sealed.
func (k KeyID) Prefix() []byte { return binary.BigEndian.AppendUint32([]byte{1}, uint32(k)) }

// Primary is the key that seals.
func (b *Box) Primary() KeyID {
	b.follow()
	_, keys := b.current()
	return keys.primary()
}

// Keys lists the keys that open, the primary one first.
func (b *Box) Keys() []KeyID {
	b.follow()
	_, keys := b.current()
	return keys.ids()
}

// Newest is the key that was added last: the primary one, unless a rotation has only
// added it so far.
func (b *Box) Newest() KeyID {
	b.follow()
	_, keys := b.current()
	return keys.newest()
}

// Seal encrypts plaintext for a subject (an entity's id) of a workspace.
func (b *Box) Seal(workspaceID, subjectID string, plaintext []byte) ([]byte, error) {
	b.follow()
	primitive, _ := b.current()
	sealed, err := primitive.Encrypt(plaintext, associated(workspaceID, subjectID))
	if err != nil {
		return nil, fmt.Errorf("secret: seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same workspace and subject. Another key,
// workspace or subject, or a changed byte, is KEY_WRONG; which of them it was
// cannot be known.
func (b *Box) Open(workspaceID, subjectID string, sealed []byte) ([]byte, error) {
	primitive, keys := b.current()
	plaintext, err := primitive.Decrypt(sealed, associated(workspaceID, subjectID))
	if id, ok := SealedBy(sealed); err != nil && ok && b.source != "" && !keys.has(id) && b.Reload() == nil {
		primitive, _ = b.current()
		plaintext, err = primitive.Decrypt(sealed, associated(workspaceID, subjectID))
	}
	if err != nil {
		return nil, fault.New(fault.KeyWrong, "A stored secret cannot be opened with the present encryption key.", fault.Cause(err))
	}
	return plaintext, nil
}

// Reseal seals anew, with the primary key, what any of the keys sealed.
func (b *Box) Reseal(workspaceID, subjectID string, sealed []byte) ([]byte, error) {
	plaintext, err := b.Open(workspaceID, subjectID, sealed)
	if err != nil {
		return nil, err
	}
	return b.Seal(workspaceID, subjectID, plaintext)
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

// CanarySubject is the subject that the canary is sealed for, in no workspace.
const CanarySubject = canarySubject

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
