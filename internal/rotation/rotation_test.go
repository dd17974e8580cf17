package rotation_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/ent/idempotencykey"
	entmigrate "github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/rotation"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func newBox(t *testing.T) (box *secret.Box, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, secret.Generate(path))
	box, err := secret.OpenBox("file:" + path)
	require.NoError(t, err)
	return box, path
}

// TestSealedColumnsAreAll: a column that begins with "sealed" and is not rotated
// would be lost with the next key.
func TestSealedColumnsAreAll(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"key_check.sealed": true}
	for _, table := range entmigrate.Tables {
		for _, column := range table.Columns {
			if strings.HasPrefix(column.Name, "sealed") {
				want[table.Name+"."+column.Name] = true
			}
		}
	}
	got := map[string]bool{}
	for _, column := range store.SealedColumns() {
		got[column.Table+"."+column.Column] = true
	}
	require.Equal(t, want, got)
	require.GreaterOrEqual(t, len(want), 4)
}

// TestRotateUnderLoad rotates several times while credentials are refreshed all the
// time, by this node and by one that knows only the key file. No write is lost, and
// once the old keys are gone everything opens.
func TestRotateUnderLoad(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		const credentials, rotations = 40, 3
		box, path := newBox(t)
		other, err := secret.OpenBox("file:" + path)
		require.NoError(t, err)
		require.NoError(t, box.Verify(t.Context(), s))
		ctx, workspace := storetest.Workspace(t, s)
		w := &writers{ctx: ctx, store: s, workspaceID: workspace.ID, latest: map[string]string{}}
		for i := range credentials {
			require.NoError(t, w.create(box, fmt.Sprintf("int_%03d", i)))
		}
		w.answer(t, box)

		stop := make(chan struct{})
		var refreshing sync.WaitGroup
		failures := make(chan error, 2)
		for i, box := range []*secret.Box{box, other} {
			refreshing.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					if err := w.refresh(box, fmt.Sprintf("int_%03d", (n*2+i)%credentials), fmt.Sprint("token ", i, n)); err != nil {
						failures <- err
						return
					}
				}
			})
		}
		r := rotation.Rotator{Store: s, Box: box}
		for range rotations {
			require.NoError(t, r.Rotate(ctx, rotation.StageAll, func(p rotation.Progress) { t.Logf("%+v", p) }))
		}
		close(stop)
		refreshing.Wait()
		require.Empty(t, failures)
		require.Len(t, box.Keys(), rotations+1)
		w.requireAll(t, box)
		pruned, err := r.Prune(ctx)
		require.NoError(t, err)
		require.Equal(t, rotations, pruned)

		restarted, err := secret.OpenBox("file:" + path)
		require.NoError(t, err)
		require.Len(t, restarted.Keys(), 1)
		require.NoError(t, restarted.Verify(t.Context(), s))
		w.requireAll(t, restarted)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		t.Logf("%d refreshes during %d rotations, %d credentials: 0 lost", w.refreshed, rotations, credentials)
	})
}

// writers write credentials as a refresh does: compare-and-swap on the version.
type writers struct {
	ctx         context.Context
	store       *store.Store
	workspaceID string

	mu        sync.Mutex
	latest    map[string]string
	refreshed int
	stateID   string
}

func (w *writers) create(box *secret.Box, id string) error {
	sealed, err := box.Seal(w.workspaceID, id, []byte("first"))
	if err != nil {
		return err
	}
	w.latest[id] = "first"
	return w.store.WithTx(w.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Credential.Create().SetWorkspaceID(w.workspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(id).
			SetSealed(sealed).SetRefreshedAt(tx.Now()).Exec(ctx)
	})
}

func (w *writers) refresh(box *secret.Box, id, token string) error {
	row, err := w.store.Read().Credential.Query().Where(credential.IntegrationID(id)).Only(w.ctx)
	if err != nil {
		return err
	}
	if _, err := box.Open(w.workspaceID, id, row.Sealed); err != nil {
		return fmt.Errorf("before the refresh: %w", err)
	}
	sealed, err := box.Seal(w.workspaceID, id, []byte(token))
	if err != nil {
		return err
	}
	saved := 0
	err = w.store.WithTx(w.ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		saved, err = tx.Ent().Credential.Update().Where(credential.IntegrationID(id), credential.Version(row.Version)).
			SetSealed(sealed).AddVersion(1).Save(ctx)
		return err
	})
	if err == nil && saved != 1 {
		err = fmt.Errorf("the refresh of %s was fenced off by something that is no refresh", id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest[id], w.refreshed = token, w.refreshed+1
	return err
}

// answer saves a startIntegration's answer, with its sealed ticket.
func (w *writers) answer(t *testing.T, box *secret.Box) {
	t.Helper()
	type started struct {
		IntegrationID, StateID string
		SealedTicket           []byte
	}
	w.stateID = "ost_1"
	sealed, err := box.Seal(w.workspaceID, w.stateID, []byte("ticket"))
	require.NoError(t, err)
	_, err = store.Idempotent(w.ctx, w.store, "k", "startIntegration", nil, func(context.Context, *store.Tx) (started, error) {
		return started{IntegrationID: "int_000", StateID: w.stateID, SealedTicket: sealed}, nil
	})
	require.NoError(t, err)
}

func (w *writers) requireAll(t *testing.T, box *secret.Box) {
	t.Helper()
	for id, want := range w.latest {
		row, err := w.store.Read().Credential.Query().Where(credential.IntegrationID(id)).Only(w.ctx)
		require.NoError(t, err)
		plain, err := box.Open(w.workspaceID, id, row.Sealed)
		require.NoError(t, err)
		require.Equal(t, want, string(plain))
	}
	row, err := w.store.Read().IdempotencyKey.Query().Where(idempotencykey.Operation("startIntegration")).Only(w.ctx)
	require.NoError(t, err)
	ticket := strings.Split(strings.SplitN(string(row.Answer), `"SealedTicket":`, 2)[1], `"`)[1]
	raw, err := base64.StdEncoding.DecodeString(ticket)
	require.NoError(t, err)
	plain, err := box.Open(w.workspaceID, w.stateID, raw)
	require.NoError(t, err)
	require.Equal(t, "ticket", string(plain))
	require.Contains(t, string(row.Answer), "int_000", "the rest of the answer is as it was")
}

// TestRotationResumes: a rotation that died at any of its steps is finished by the
// next one, which makes no further key.
func TestRotationResumes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		box, path := newBox(t)
		require.NoError(t, box.Verify(t.Context(), s))
		ctx, workspace := storetest.Workspace(t, s)
		w := &writers{ctx: ctx, store: s, workspaceID: workspace.ID, latest: map[string]string{}}
		require.NoError(t, w.create(box, "int_1"))
		w.answer(t, box)
		r := rotation.Rotator{Store: s, Box: box}
		steps := func(stage rotation.Stage) (names []string) {
			require.NoError(t, r.Rotate(ctx, stage, func(p rotation.Progress) { names = append(names, p.Step) }))
			return names
		}

		require.Equal(t, []string{"added"}, steps(rotation.StageAdd))
		require.Len(t, box.Keys(), 2)
		old := box.Primary()
		left, err := r.Left(ctx)
		require.NoError(t, err)
		require.Zero(t, left, "the added key does not seal yet")
		// It died right after the promotion.
		require.NoError(t, box.Promote(box.Keys()[1]))
		require.NotEqual(t, old, box.Primary())
		_, err = r.Prune(ctx)
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		require.Len(t, box.Keys(), 2, "a refused pruning leaves the keys")

		resumed := steps(rotation.StageAll)
		require.Equal(t, "resumed", resumed[0])
		require.Equal(t, "done", resumed[len(resumed)-1])
		require.Len(t, box.Keys(), 2, "no further key was made")
		w.requireAll(t, box)

		// A node whose file is an older copy cannot open what it does not have.
		stale := filepath.Join(t.TempDir(), "copy.json")
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(stale, content, 0o600))
		behind, err := secret.OpenBox("file:" + stale)
		require.NoError(t, err)
		require.Equal(t, "promoted", steps(rotation.StageAll)[1])
		row, err := s.Read().Credential.Query().Only(ctx)
		require.NoError(t, err)
		_, err = behind.Open(workspace.ID, "int_1", row.Sealed)
		require.True(t, fault.Is(err, fault.KeyWrong), "%v", err)
		// With the file of today it opens at once, without a restart.
		content, err = os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(stale, content, 0o600))
		_, err = behind.Open(workspace.ID, "int_1", row.Sealed)
		require.NoError(t, err)
	})
}

func TestKeysFromTheEnvironmentAreNotRotated(t *testing.T) {
	_, path := newBox(t)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	t.Setenv("FIELDWARDEN_TEST_ROTATED", base64.StdEncoding.EncodeToString(content))
	box, err := secret.OpenBox("env:FIELDWARDEN_TEST_ROTATED")
	require.NoError(t, err)
	_, err = box.AddKey()
	found, ok := fault.From(err)
	require.True(t, ok)
	require.Equal(t, fault.ConfigInvalid, found.Code)
	require.Contains(t, found.WhatToDo(), "key-rotation.md")
}

// TestPruneLeavesAKeyThatWasOnlyAdded: it is not an older one.
func TestPruneLeavesAKeyThatWasOnlyAdded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx := t.Context()
		path := filepath.Join(t.TempDir(), "key.json")
		require.NoError(t, secret.Generate(path))
		box, err := secret.OpenBox("file:" + path)
		require.NoError(t, err)
		require.NoError(t, box.Verify(ctx, s))
		r := rotation.Rotator{Store: s, Box: box}
		tell := func(rotation.Progress) {}
		require.NoError(t, r.Rotate(ctx, rotation.StageAdd, tell))
		_, err = r.Prune(ctx)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		require.Len(t, box.Keys(), 2)
		require.NoError(t, r.Rotate(ctx, rotation.StageReseal, tell))
		pruned, err := r.Prune(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, pruned)
	})
}
