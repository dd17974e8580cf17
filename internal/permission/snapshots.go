package permission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/permissionsnapshot"
	"github.com/fieldwarden/fieldwarden/ent/snapshotobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// sight is what one check saw, on its way into a snapshot (requirement J3). A snapshot
// holds the newest content that was seen of each object, by its hash; the contents
// themselves are stored once each. So a check that saw nothing new writes one row's
// counters, and a snapshot of one changed object stores one content.
type sight struct {
	// seen are the hashes of the objects that were answered for, by name; an object
	// whose answer was dropped for a newer one is taken out.
	seen map[string]string
	// bodies are the contents that the newest snapshot did not have.
	bodies map[string][]byte
	// base is the newest snapshot when the CRM had answered; nil when there was none.
	base *ent.PermissionSnapshot
}

// look makes the contents that may have to be stored, outside of any transaction:
// packing thousands of fields takes a while.
func (s *Service) look(ctx context.Context, a answer) (*sight, error) {
	seen := &sight{seen: map[string]string{}, bodies: map[string][]byte{}}
	for _, answered := range a.checks {
		if answered.hash != "" {
			seen.seen[answered.Object] = answered.hash
		}
	}
	if len(seen.seen) == 0 {
		return seen, nil
	}
	var err error
	if seen.base, err = newestSnapshot(ctx, s.store.Read(), a.integrationID); err != nil {
		return nil, err
	}
	for _, answered := range a.checks {
		if answered.hash == "" || seen.base != nil && seen.base.Objects[answered.Object] == answered.hash {
			continue
		}
		if seen.bodies[answered.Object], err = pack(crm.Seen(answered.ObjectCheck)); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// newestSnapshot is the last one of an integration; nil when there is none.
func newestSnapshot(ctx context.Context, client *ent.Client, integrationID string) (*ent.PermissionSnapshot, error) {
	found, err := client.PermissionSnapshot.Query().Where(permissionsnapshot.IntegrationID(integrationID)).
		Order(permissionsnapshot.ByID(sql.OrderDesc())).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("permission: the newest snapshot: %w", err)
	}
	return found, nil
}

// saveSnapshot stores what the whole check saw: it counts the newest snapshot up when
// that says the same, else it adds one.
func (a *application) saveSnapshot(ctx context.Context) error {
	if a.sight == nil {
		return nil // nothing was asked for
	}
	for _, v := range a.verdicts {
		if v.result.Superseded {
			delete(a.sight.seen, v.check.Object)
		}
	}
	if a.isPart || len(a.sight.seen) == 0 {
		return nil
	}
	counted, err := a.countSnapshot(ctx, a.sight.base)
	if err != nil || counted {
		return err
	}
	// Another check may have stored one since.
	newest, err := newestSnapshot(ctx, a.tx.Ent(), a.integration.ID)
	if err != nil {
		return err
	}
	if counted, err = a.countSnapshot(ctx, newest); err != nil || counted {
		return err
	}
	return a.addSnapshot(ctx, newest)
}

// countSnapshot counts a snapshot up if it is the newest still and says what this
// check saw, in one statement.
func (a *application) countSnapshot(ctx context.Context, newest *ent.PermissionSnapshot) (bool, error) {
	if newest == nil || newest.Identity != identityOf(a.integration) || contentHash(a.merged(newest)) != newest.ContentHash {
		return false, nil
	}
	n, err := a.tx.Ent().PermissionSnapshot.Update().
		Where(permissionsnapshot.ID(newest.ID), isNewest(a.integration.ID)).
		SetLastSeenAt(a.tx.Now()).AddChecks(1).Save(ctx)
	if err != nil {
		return false, fmt.Errorf("permission: counting a snapshot: %w", err)
	}
	return n == 1, nil
}

// isNewest matches the newest snapshot of an integration; ids sort by creation.
func isNewest(integrationID string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Table(permissionsnapshot.Table)
		s.Where(sql.In(s.C(permissionsnapshot.FieldID), sql.Select(sql.Max(t.C(permissionsnapshot.FieldID))).From(t).
			Where(sql.EQ(t.C(permissionsnapshot.FieldIntegrationID), integrationID))))
	}
}

// merged are the objects of the newest snapshot with those that this check saw.
func (a *application) merged(newest *ent.PermissionSnapshot) map[string]string {
	objects := map[string]string{}
	if newest != nil {
		maps.Copy(objects, newest.Objects)
	}
	maps.Copy(objects, a.sight.seen)
	// What the package has dropped is seen no more.
	maps.DeleteFunc(objects, func(name, _ string) bool { _, needed := a.pkg.Object(name); return !needed })
	return objects
}

// addSnapshot stores a snapshot with the contents that are new.
func (a *application) addSnapshot(ctx context.Context, newest *ent.PermissionSnapshot) error {
	var creates []*ent.SnapshotObjectCreate
	for _, name := range slices.Sorted(maps.Keys(a.sight.bodies)) {
		hash, stands := a.sight.seen[name]
		if !stands {
			continue
		}
		creates = append(creates, a.tx.Ent().SnapshotObject.Create().
			SetID(gid.New(gid.SnapshotObject)).SetWorkspaceID(a.integration.WorkspaceID).SetCreatedAt(a.tx.Now()).
			SetIntegrationID(a.integration.ID).SetObjectName(name).SetContentHash(hash).SetBody(a.sight.bodies[name]))
	}
	if len(creates) > 0 {
		err := a.tx.Ent().SnapshotObject.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(snapshotobject.FieldWorkspaceID, snapshotobject.FieldIntegrationID, snapshotobject.FieldObjectName, snapshotobject.FieldContentHash),
			sql.ResolveWithIgnore(),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("permission: saving what was seen: %w", err)
		}
	}
	objects := a.merged(newest)
	err := a.tx.Ent().PermissionSnapshot.Create().
		SetID(gid.New(gid.Snapshot)).SetWorkspaceID(a.integration.WorkspaceID).SetCreatedAt(a.tx.Now()).
		SetIntegrationID(a.integration.ID).SetTrigger(a.trigger).SetLastSeenAt(a.tx.Now()).
		SetAPIVersion(crm.Shorten(a.apiVersion(), versionLength)).SetIdentity(identityOf(a.integration)).
		SetObjects(objects).SetContentHash(contentHash(objects)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("permission: saving a snapshot: %w", err)
	}
	return nil
}

// apiVersion is the CRM API version that the objects were read with.
func (a *application) apiVersion() string {
	for _, v := range a.verdicts {
		if v.check.APIVersion != "" {
			return v.check.APIVersion
		}
	}
	return a.integration.APIVersion
}

// identityLength is that of the column.
const identityLength = 300

func identityOf(integration *ent.Integration) string {
	return crm.Shorten(integration.IntegrationUser, identityLength)
}

// contentHash is equal for equal objects with equal contents.
func contentHash(objects map[string]string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		// Neither a name nor a hash holds these separators.
		fmt.Fprintf(sum, "%s\x00%s\n", name, objects[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// SnapshotRetention is how long a snapshot is kept after a check last saw it; the two
// newest of an integration are kept however old they are.
const SnapshotRetention = 180 * 24 * time.Hour

// tidied bounds how many old snapshots one pass looks at.
const tidied = 500

// tidyEvery is how often old snapshots are looked for; the scheduler asks each minute.
const tidyEvery = time.Hour

// TidySnapshots removes old snapshots and the contents that no snapshot holds any
// more, once an hour; ctx is that of the scheduler's housekeeping, which looks across
// workspaces. Several nodes may do it at once.
func (s *Service) TidySnapshots(ctx context.Context) error {
	last, now := s.tidiedAt.Load(), s.now()
	if last != 0 && now.Sub(time.Unix(last, 0)) < tidyEvery || !s.tidiedAt.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	before := s.now().Add(-SnapshotRetention)
	old, err := s.store.Read().PermissionSnapshot.Query().
		Where(permissionsnapshot.LastSeenAtLT(before), notOfTheNewestTwo).
		Limit(tidied).All(ctx)
	if err != nil {
		return fmt.Errorf("permission: looking for old snapshots: %w", err)
	}
	byIntegration := map[string][]string{}
	for _, row := range old {
		byIntegration[row.IntegrationID] = append(byIntegration[row.IntegrationID], row.ID)
	}
	for _, integrationID := range slices.Sorted(maps.Keys(byIntegration)) {
		err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tidySnapshotsOf(ctx, tx, integrationID, byIntegration[integrationID])
		})
		if err != nil {
			return fmt.Errorf("permission: removing old snapshots: %w", err)
		}
	}
	return nil
}

// notOfTheNewestTwo matches snapshots that at least two newer ones of their
// integration follow.
func notOfTheNewestTwo(s *sql.Selector) {
	t := sql.Table(permissionsnapshot.Table).As("newer")
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("2 <= ").Wrap(func(b *sql.Builder) {
			b.Join(sql.Select(sql.Count("*")).From(t).Where(sql.And(
				sql.ColumnsEQ(t.C(permissionsnapshot.FieldIntegrationID), s.C(permissionsnapshot.FieldIntegrationID)),
				sql.ColumnsGT(t.C(permissionsnapshot.FieldID), s.C(permissionsnapshot.FieldID)),
			)))
		})
	}))
}

// tidySnapshotsOf removes snapshots of one integration, and the contents that are left
// over, under the integration's lock: no check stores one meanwhile.
func tidySnapshotsOf(ctx context.Context, tx *store.Tx, integrationID string, ids []string) error {
	if _, err := snapshot.Lock(ctx, tx, integrationID); err != nil {
		return err
	}
	if _, err := tx.Ent().PermissionSnapshot.Delete().Where(permissionsnapshot.IDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	kept, err := tx.Ent().PermissionSnapshot.Query().Where(permissionsnapshot.IntegrationID(integrationID)).
		Select(permissionsnapshot.FieldObjects).All(ctx)
	if err != nil {
		return err
	}
	held := map[[2]string]bool{}
	for _, row := range kept {
		for name, hash := range row.Objects {
			held[[2]string{name, hash}] = true
		}
	}
	contents, err := tx.Ent().SnapshotObject.Query().Where(snapshotobject.IntegrationID(integrationID)).
		Select(snapshotobject.FieldID, snapshotobject.FieldObjectName, snapshotobject.FieldContentHash).All(ctx)
	if err != nil {
		return err
	}
	var loose []string
	for _, row := range contents {
		if !held[[2]string{row.ObjectName, row.ContentHash}] {
			loose = append(loose, row.ID)
		}
	}
	for part := range slices.Chunk(loose, rowsPerStatement) {
		if _, err := tx.Ent().SnapshotObject.Delete().Where(snapshotobject.IDIn(part...)).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
