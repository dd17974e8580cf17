package secret

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// fileMark tells one state of a key file from another.
type fileMark struct {
	modified time.Time
	size     int64
	inode    uint64
}

// markOf is the zero mark for what is no file or cannot be looked at.
func markOf(source string) fileMark {
	path, ok := strings.CutPrefix(source, "file:")
	if !ok {
		return fileMark{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fileMark{}
	}
	mark := fileMark{modified: info.ModTime(), size: info.Size()}
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		mark.inode = system.Ino
	}
	return mark
}

func (k *Keyset) primary() KeyID {
	return KeyID(k.handle.KeysetInfo().GetPrimaryKeyId())
}

func (k *Keyset) ids() []KeyID {
	ids := []KeyID{k.primary()}
	for _, info := range k.handle.KeysetInfo().GetKeyInfo() {
		if id := KeyID(info.GetKeyId()); id != ids[0] {
			ids = append(ids, id)
		}
	}
	return ids
}

// newest is the key that was added last: a keyset keeps the order.
func (k *Keyset) newest() KeyID {
	infos := k.handle.KeysetInfo().GetKeyInfo()
	return KeyID(infos[len(infos)-1].GetKeyId())
}

func (k *Keyset) has(id KeyID) bool {
	for _, info := range k.handle.KeysetInfo().GetKeyInfo() {
		if KeyID(info.GetKeyId()) == id {
			return true
		}
	}
	return false
}

// AddKey makes a new key and writes it to the source's file, where it opens but does
// not seal yet: that is what Promote is for, once every node has the file.
func (b *Box) AddKey() (KeyID, error) {
	var added KeyID
	err := b.change(func(manager *keyset.Manager, _ *Keyset) error {
		id, err := manager.Add(aead.AES256GCMKeyTemplate())
		added = KeyID(id)
		return err
	})
	return added, err
}

// Promote makes a key of the file the primary one: it seals from now on.
func (b *Box) Promote(id KeyID) error {
	return b.change(func(manager *keyset.Manager, _ *Keyset) error { return manager.SetPrimary(uint32(id)) })
}

// Prune removes all keys but the primary one from the file. Whatever they sealed can
// never be opened again with this file; the caller has made sure that there is none.
// It returns the function that brings them back.
func (b *Box) Prune() (undo func() error, err error) {
	var before *keyset.Handle
	err = b.change(func(manager *keyset.Manager, keys *Keyset) error {
		before = keys.handle
		var failures []error
		for _, id := range keys.ids()[1:] {
			failures = append(failures, manager.Delete(uint32(id)))
		}
		return errors.Join(failures...)
	})
	if err != nil {
		return nil, err
	}
	return func() error { return b.write(before) }, nil
}

// change reads the source's file, changes it and writes it in one step. Only one
// process at a time does that: of two new keys at once one would be lost, and with it
// all that it has sealed.
func (b *Box) change(do func(*keyset.Manager, *Keyset) error) (err error) {
	path, ok := strings.CutPrefix(b.source, "file:")
	if !ok {
		scheme, name, _ := strings.Cut(b.source, ":")
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("The encryption key comes from %s:%s, which Fieldwarden cannot change.", scheme, name),
			fault.Hint("Keep the key in a file, or rotate in the place that the key comes from: see docs/operations/key-rotation.md."))
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unwritable(path, err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return unwritable(path, err)
	}
	keys, err := Load(b.source)
	if err != nil {
		return err
	}
	manager := keyset.NewManagerFromHandle(keys.handle)
	if err := do(manager, keys); err != nil {
		return fmt.Errorf("secret: change of the keyset: %w", err)
	}
	changed, err := manager.Handle()
	if err != nil {
		return fmt.Errorf("secret: change of the keyset: %w", err)
	}
	return b.write(changed)
}

// write replaces the file as a whole, on the disk before anything is sealed by it.
func (b *Box) write(handle *keyset.Handle) (err error) {
	path := strings.TrimPrefix(b.source, "file:")
	// A link stays one: what it points to is replaced.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return unwritable(path, err)
	}
	defer os.Remove(fresh.Name()) // it has another name when all went well
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(fresh))
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return unwritable(path, err)
	}
	if err := os.Rename(fresh.Name(), path); err != nil {
		return unwritable(path, err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return unwritable(path, err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return unwritable(path, err)
	}
	return b.Reload()
}

func unwritable(path string, cause error) error {
	return fault.New(fault.ConfigInvalid, fmt.Sprintf("The key file %s cannot be replaced.", path), fault.Cause(cause),
		fault.Hint("The user that runs the server must be able to write to its folder. Nothing was changed."))
}
