package permission_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/permissionsnapshot"
	"github.com/fieldwarden/fieldwarden/ent/snapshotobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// snapshots are the integration's, the oldest first.
func (f *fixture) snapshots() []*ent.PermissionSnapshot {
	f.t.Helper()
	rows, err := f.store.Read().PermissionSnapshot.Query().Where(permissionsnapshot.IntegrationID(f.integration.ID)).
		Order(permissionsnapshot.ByID()).All(f.ctx)
	require.NoError(f.t, err)
	return rows
}

// contents counts the stored contents.
func (f *fixture) contents() int {
	f.t.Helper()
	n, err := f.store.Read().SnapshotObject.Query().Where(snapshotobject.IntegrationID(f.integration.ID)).Count(f.ctx)
	require.NoError(f.t, err)
	return n
}

// differences words what lies between two snapshots.
func (f *fixture) differences(from, to *ent.PermissionSnapshot) []string {
	f.t.Helper()
	compared, err := f.permissions.Compare(f.ctx, from.ID, to.ID)
	require.NoError(f.t, err)
	said := []string{}
	for _, d := range compared.Differences {
		line := fmt.Sprintf("%s %s", d.Change, d.Object)
		if d.Field != "" {
			line += "." + d.Field
		}
		said = append(said, line)
	}
	return said
}

// Requirement J3: a snapshot for each content that was seen, not for each check.
func TestAContentIsStoredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		require.Len(t, f.snapshots(), 1)
		first := f.snapshots()[0]
		require.Equal(t, crm.TriggerOnboarding, first.Trigger)
		require.Equal(t, "66.0", first.APIVersion)
		require.Equal(t, "sync@acme.example", first.Identity)
		require.Len(t, first.Objects, 3)
		require.Equal(t, 3, f.contents())

		clock.Advance(time.Hour)
		f.check(permission.Normal)
		f.check(permission.OnDemand, "Contact")
		require.Len(t, f.snapshots(), 1)
		require.Equal(t, 3, f.snapshots()[0].Checks)
		require.Equal(t, clock.Now(), f.snapshots()[0].LastSeenAt.UTC())

		show := f.crm.hide("Contact", "Email")
		f.check(permission.Normal)
		f.confirm()
		require.Len(t, f.snapshots(), 2, "the probe that confirms sees what the check saw")
		lost := f.snapshots()[1]
		require.Equal(t, crm.TriggerDaily, lost.Trigger)
		require.Equal(t, 2, lost.Checks)
		require.Equal(t, 4, f.contents(), "only Contact is new")
		require.Equal(t, []string{"VANISHED Contact.Email"}, f.differences(first, lost))

		show()
		f.check(permission.OnDemand, "Contact")
		require.Len(t, f.snapshots(), 3)
		back := f.snapshots()[2]
		require.Equal(t, first.ContentHash, back.ContentHash)
		require.Equal(t, 4, f.contents(), "what was seen before is there")
		require.Empty(t, f.differences(first, back))
		require.Equal(t, []string{"APPEARED Contact.Email"}, f.differences(lost, back))

		f.crm.fail(outage())
		f.check(permission.Normal)
		require.Equal(t, 1, f.snapshots()[2].Checks, "a check that failed saw nothing")
	})
}

func TestSnapshotsOfTwoIntegrationsAreNotCompared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f, other := active(t, s, clock), active(t, s, clock)
		mine, theirs := f.snapshots()[0], other.snapshots()[0]
		_, err := f.permissions.Compare(f.ctx, mine.ID, theirs.ID)
		require.True(t, fault.Is(err, fault.NotFound), "another workspace's is not there: %v", err)
		_, err = f.permissions.Compare(f.ctx, "snp_none", mine.ID)
		require.True(t, fault.Is(err, fault.NotFound))
	})
}

func TestOldSnapshotsAreRemovedWithTheirContents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		for i := range 3 {
			f.crm.fields["Contact"] = append(f.crm.fields["Contact"], field(fmt.Sprintf("New_%d__c", i), "string"))
			clock.Advance(time.Minute)
			f.check(permission.Normal)
		}
		require.Len(t, f.snapshots(), 4)
		require.Equal(t, 6, f.contents())
		require.NoError(t, f.permissions.TidySnapshots(f.ctx))
		require.Len(t, f.snapshots(), 4, "nothing is old")
		clock.Advance(permission.SnapshotRetention + time.Hour)
		require.NoError(t, f.permissions.TidySnapshots(f.ctx))
		require.Len(t, f.snapshots(), 2, "the newest two are kept however old they are")
		require.Equal(t, 4, f.contents())
		require.Equal(t, []string{"APPEARED Contact.New_2__c"}, f.differences(f.snapshots()[0], f.snapshots()[1]))
	})
}

// setRights changes the rights of an object at the CRM.
func (f *fixture) setRights(object string, rights crm.Rights) {
	f.crm.mu.Lock()
	defer f.crm.mu.Unlock()
	f.crm.rights[object] = rights
}

// Requirement I8: a right to write that is needed is missed by two checks, alerted
// once, and resolved at once.
func TestALostRightToWriteIsAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		writes := testPackage()
		writes.Objects[1].Rights = crm.Rights{Read: true, Create: true}
		f.usePackage(writes)
		full := crm.Rights{Read: true, Create: true, Update: true}
		f.setRights("Contact", full)
		f.check(permission.Onboarding)
		f.standardize()
		clock.Advance(time.Hour)
		f.check(permission.Normal)
		require.Empty(t, f.openAlerts())

		f.setRights("Contact", crm.Rights{Read: true})
		clock.Advance(time.Hour)
		f.check(permission.Normal)
		require.NotContains(t, f.openAlerts(), "WRITE_ACCESS_LOST Contact", "seen once only")
		require.Equal(t, []string{"RIGHTS_REDUCED Contact"}, f.changes())
		f.confirm()
		require.Contains(t, f.openAlerts(), "WRITE_ACCESS_LOST Contact")
		lost := f.store.Read().Alert.Query().Where(entalert.RuleEQ(crm.RuleWriteAccessLost)).OnlyX(f.ctx)
		require.Equal(t, crm.SeverityWarning, lost.Severity, "only the package needs it")
		require.False(t, lost.Mandatory)
		require.NotEmpty(t, lost.Fix.Steps)

		f.setRights("Contact", full)
		f.check(permission.OnDemand, "Contact")
		require.NotContains(t, f.openAlerts(), "WRITE_ACCESS_LOST Contact", "resolved at once")
		require.Contains(t, f.changes(), "RIGHTS_EXTENDED Contact")
	})
}

// eightObjects is a package of eight objects, each with 500 fields at the CRM.
func eightObjects(f *fixture) crm.Package {
	pkg := testPackage()
	pkg.Objects = nil
	for i := range 8 {
		key, name := fmt.Sprintf("thing%d", i), fmt.Sprintf("Thing%d", i)
		pkg.Objects = append(pkg.Objects, crm.PackageObject{
			Key: key, Name: name, Label: name, Requirement: crm.Required, Rights: crm.Rights{Read: true},
			Fields: []crm.StandardField{{Key: key + ".id", Label: "Id", DataType: crm.TypeID, Requirement: crm.Required, Candidates: []string{"Id"}}},
		})
		f.crm.fields[name] = wideObject(495)
	}
	return pkg
}

// A daily check of 4,000 fields of which nothing changed writes a constant few
// statements; ten changed fields write in proportion to ten.
func TestADailyCheckOfFourThousandFields(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.usePackage(eightObjects(f))
		f.check(permission.Onboarding)
		f.standardize()
		clock.Advance(time.Hour)
		f.check(permission.Normal)

		clock.Advance(24 * time.Hour)
		calls, started := f.crm.calls(), time.Now()
		unchanged := f.count(permission.CheckInput{Mode: permission.Normal})
		t.Logf("8 objects, 4,000 fields, nothing changed: %d CRM call, %d reads, %d writes, %s",
			f.crm.calls()-calls, unchanged.reads, unchanged.writes, time.Since(started).Round(time.Millisecond))
		require.Equal(t, 2, unchanged.writes, "the time of the check, and the snapshot")
		require.LessOrEqual(t, unchanged.reads, 9)
		require.Equal(t, 1, f.crm.calls()-calls)

		for i := range 10 {
			name := fmt.Sprintf("Thing%d", i%2)
			f.crm.fields[name][10+i].Label = "Another label"
		}
		clock.Advance(24 * time.Hour)
		started = time.Now()
		changed := f.count(permission.CheckInput{Mode: permission.Normal})
		t.Logf("10 fields of 2 objects changed: %d reads, %d rows written, %s",
			changed.reads, changed.writes, time.Since(started).Round(time.Millisecond))
		// A bulk insert counts each of its rows: 10 fields, 2 objects and their 2 contents,
		// the time of the 6 others, a snapshot; and what those do not write.
		require.GreaterOrEqual(t, changed.writes, 10)
		require.LessOrEqual(t, changed.writes, unchanged.writes+10+2+2+3)
	})
}
