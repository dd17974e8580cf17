package secret_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func newBox(t *testing.T) (box *secret.Box, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys", "keyset.json")
	require.NoError(t, secret.Generate(path))
	keys, err := secret.Load("file:" + path)
	require.NoError(t, err)
	box, err = secret.NewBox(keys)
	require.NoError(t, err)
	return box, path
}

func TestSealedSecretsOpenOnlyInTheirPlace(t *testing.T) {
	t.Parallel()
	box, _ := newBox(t)
	other, _ := newBox(t)
	sealed, err := box.Seal("wks_1", "crd_1", []byte("refresh token"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "refresh")

	plain, err := box.Open("wks_1", "crd_1", sealed)
	require.NoError(t, err)
	require.Equal(t, "refresh token", string(plain))

	changed := append([]byte{}, sealed...)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another workspace":   func() ([]byte, error) { return box.Open("wks_2", "crd_1", sealed) },
		"another subject":     func() ([]byte, error) { return box.Open("wks_1", "crd_2", sealed) },
		"moved border":        func() ([]byte, error) { return box.Open("wks_", "1|crd_1", sealed) },
		"another key":         func() ([]byte, error) { return other.Open("wks_1", "crd_1", sealed) },
		"a changed byte":      func() ([]byte, error) { return box.Open("wks_1", "crd_1", changed) },
		"nothing":             func() ([]byte, error) { return box.Open("wks_1", "crd_1", nil) },
		"an unsealed secret":  func() ([]byte, error) { return box.Open("wks_1", "crd_1", []byte("refresh token")) },
		"border inside an id": func() ([]byte, error) { return box.Open("wks_1|crd_1", "", sealed) },
	} {
		_, err := open()
		require.True(t, fault.Is(err, fault.KeyWrong), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "refresh")
	}
}

func TestLoad(t *testing.T) {
	box, path := newBox(t)
	sealed, err := box.Seal("w", "s", []byte("x"))
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Error(t, secret.Generate(path), "an existing key is never replaced")

	t.Setenv("FIELDWARDEN_TEST_KEY", base64.StdEncoding.EncodeToString(content))
	keys, err := secret.Load("env:FIELDWARDEN_TEST_KEY")
	require.NoError(t, err)
	require.Equal(t, "[keyset]", fmt.Sprintf("%v", keys))
	require.Equal(t, "[keyset]", fmt.Sprintf("%#v", keys))
	fromEnvironment, err := secret.NewBox(keys)
	require.NoError(t, err)
	_, err = fromEnvironment.Open("w", "s", sealed)
	require.NoError(t, err)

	open := filepath.Join(t.TempDir(), "open.json")
	require.NoError(t, os.WriteFile(open, content, 0o600))
	require.NoError(t, os.Chmod(open, 0o640))
	garbage := filepath.Join(t.TempDir(), "garbage.json")
	require.NoError(t, os.WriteFile(garbage, []byte(`{"key": "hunter2"`), 0o600))
	t.Setenv("FIELDWARDEN_TEST_GARBAGE", "hunter2!")
	for source, want := range map[string]fault.Code{
		"file:" + filepath.Join(t.TempDir(), "absent.json"): fault.KeyMissing,
		"env:FIELDWARDEN_TEST_ABSENT":                       fault.KeyMissing,
		"file:" + open:                                      fault.ConfigInvalid,
		"file:" + garbage:                                   fault.ConfigInvalid,
		"file:" + t.TempDir():                               fault.ConfigInvalid,
		"env:FIELDWARDEN_TEST_GARBAGE":                      fault.ConfigInvalid,
		"gcp-kms://projects/p":                              fault.ConfigInvalid,
		"":                                                  fault.ConfigInvalid,
	} {
		_, err := secret.Load(source)
		found, ok := fault.From(err)
		require.True(t, ok, "%s: %v", source, err)
		require.Equal(t, want, found.Code, source)
		require.NotEmpty(t, found.WhatToDo())
		require.NotContains(t, found.Error()+found.WhatToDo(), "hunter2")
	}
}

// TestSeveralKeys shows what rotation needs: an older key still opens after
// another one became primary.
func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	old, path := newBox(t)
	sealed, err := old.Seal("w", "s", []byte("x"))
	require.NoError(t, err)

	file, err := os.Open(path)
	require.NoError(t, err)
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(file))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, manager.SetPrimary(id))
	handle, err = manager.Handle()
	require.NoError(t, err)
	rotated := filepath.Join(t.TempDir(), "rotated.json")
	file, err = os.OpenFile(rotated, os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file)))
	require.NoError(t, file.Close())

	keys, err := secret.Load("file:" + rotated)
	require.NoError(t, err)
	box, err := secret.NewBox(keys)
	require.NoError(t, err)
	_, err = box.Open("w", "s", sealed)
	require.NoError(t, err)
	sealed, err = box.Seal("w", "s", []byte("x"))
	require.NoError(t, err)
	_, err = old.Open("w", "s", sealed)
	require.True(t, fault.Is(err, fault.KeyWrong), "the new key is primary: %v", err)
}

func TestVerifyKnowsTheRightKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		box, _ := newBox(t)
		require.NoError(t, box.Verify(t.Context(), s), "a new database takes the key")
		require.NoError(t, box.Verify(t.Context(), s))
		other, _ := newBox(t)
		require.True(t, fault.Is(other.Verify(t.Context(), s), fault.KeyWrong))
		require.NoError(t, box.Verify(t.Context(), s), "the wrong key changed nothing")
	})
}
