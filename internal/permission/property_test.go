package permission_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	entmapping "github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// world is what the property compares: verdicts, mappings and alerts as stored.
type world struct {
	// lost holds objects whose verdict is that they cannot be read.
	lost map[string]bool
	// missing holds mapped fields, as Object.Field, that cannot be read by themselves.
	missing []string
	mapped  []string
	// alerts are the subjects of open alerts.
	alerts []string
	// verdicts are all verdicts, to see that a failed check changes none.
	verdicts map[string]bool
}

func (f *fixture) world() world {
	f.t.Helper()
	w := world{lost: map[string]bool{}, verdicts: map[string]bool{}}
	objects := f.store.Read().CrmObject.Query().Where(crmobject.IntegrationID(f.integration.ID)).AllX(f.ctx)
	names := map[string]string{}
	for _, object := range objects {
		names[object.ID] = object.Name
		w.lost[object.Name] = object.Status != crm.ObjectOK
		w.verdicts[object.Name] = object.Status == crm.ObjectOK
	}
	for _, row := range f.store.Read().Mapping.Query().Where(entmapping.IntegrationID(f.integration.ID)).AllX(f.ctx) {
		w.mapped = append(w.mapped, row.ObjectName+"."+row.CrmField)
	}
	for _, row := range f.store.Read().CrmField.Query().Where(crmfield.IntegrationID(f.integration.ID)).AllX(f.ctx) {
		name := names[row.ObjectID] + "." + row.Name
		w.verdicts[name] = row.Readable
		require.Equal(f.t, slices.Contains(w.mapped, name), row.Standardized, "%s: standardized exactly if mapped", name)
		folded := row.Cause != nil && *row.Cause == crm.CauseObjectDenied
		if row.Standardized && !row.Readable && !folded {
			w.missing = append(w.missing, name)
		}
	}
	for _, name := range f.openAlerts() {
		_, subject, _ := strings.Cut(name, " ")
		w.alerts = append(w.alerts, subject)
	}
	return w
}

// holds says when an alert must be open: for each lost object; for each mapped field
// that is missing while its object is there; and while its object is lost, for each
// whose alert was open before.
func (w world) holds(t require.TestingT, before world) {
	for object, lost := range w.lost {
		require.Equal(t, lost, slices.Contains(w.alerts, object), "alert of %s", object)
	}
	for _, name := range w.mapped {
		object, _, _ := strings.Cut(name, ".")
		want := slices.Contains(w.missing, name)
		if w.lost[object] {
			want = slices.Contains(before.alerts, name)
		}
		require.Equal(t, want, slices.Contains(w.alerts, name), "alert of %s", name)
	}
	for _, subject := range w.alerts {
		_, isObject := w.lost[subject]
		require.True(t, isObject || slices.Contains(w.mapped, subject), "alert of %s, which nothing maps", subject)
	}
}

// change is what a step may do to verdicts.
type change int

const (
	// nothing is for failed checks and for mappings.
	nothing change = iota
	// repair is for regular checks: what can be read never becomes unreadable.
	repair
	// anything is for confirmations.
	anything
)

// Whatever order losses, repairs, outages, confirmations and mappings come in, an
// alert is open exactly for what is known to be lost and mandatory, a failed check
// changes nothing, nothing is lost without a confirmation, and once the CRM answers again the verdicts are its truth.
func TestAlertsFollowVerdictsInAnyOrder(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	s := storetest.Open(t, storetest.SQLiteURL(t), clock)
	rapid.Check(t, func(rt *rapid.T) {
		f := active(t, s, clock)
		truth := newFakeCRM().fields
		subjects := map[string][]string{"Account": {"", "Name", "Industry"}, "Contact": {"", "Email", "Phone", "Fax"}}
		keep := f.world()
		step := func(may change, do func()) {
			before := keep
			clock.Advance(time.Second)
			do()
			keep = f.world()
			keep.holds(rt, before)
			for subject, readable := range before.verdicts {
				if may == nothing || may == repair && readable {
					require.Equal(rt, readable, keep.verdicts[subject], "verdict on %s", subject)
				}
			}
		}
		up := func() bool { return f.crm.failure == nil }
		ifUp := func(may change) change {
			if up() {
				return may
			}
			return nothing
		}
		for range rapid.IntRange(3, 9).Draw(rt, "steps") {
			object := rapid.SampledFrom([]string{"Account", "Contact"}).Draw(rt, "object")
			switch rapid.SampledFrom([]string{"hide", "hide", "show", "fail", "check", "check", "confirm", "confirm", "recheck", "unmap", "map"}).Draw(rt, "step") {
			case "hide":
				f.crm.hide(object, rapid.SampledFrom(subjects[object]).Draw(rt, "field"))
			case "show":
				f.crm.fields[object] = truth[object]
			case "fail":
				if up() {
					f.crm.fail(outage())
				} else {
					f.crm.fail(nil)
				}
			case "check":
				step(ifUp(repair), func() { f.check(permission.Normal) })
			case "confirm":
				clock.Advance(confirmDelay)
				step(ifUp(anything), func() {
					if err := f.jobs.run(f.ctx); up() {
						require.NoError(rt, err)
					}
				})
			case "recheck":
				step(ifUp(repair), func() { f.check(permission.OnDemand, object) })
			case "unmap":
				step(nothing, func() { f.unmapAny("contact.phone") })
			case "map":
				step(nothing, func() { f.mapAny("contact.phone", "Contact", "Phone") })
			}
		}
		f.crm.fail(nil)
		for range 2 { // an object's return can bring new suspicions
			step(repair, func() { f.check(permission.Normal) })
			clock.Advance(confirmDelay)
			step(anything, func() { require.NoError(rt, f.jobs.run(f.ctx)) })
		}
		for subject, readable := range keep.verdicts {
			require.Equal(rt, f.crm.shows(subject), readable, "verdict on %s", subject)
		}
	})
}

// shows reports whether the CRM lets an object, or Object.Field, be read.
func (c *fakeCRM) shows(subject string) bool {
	object, name, isField := strings.Cut(subject, ".")
	fields, readable := c.fields[object]
	return readable && (!isField || slices.ContainsFunc(fields, func(f crm.FieldInfo) bool { return f.Name == name }))
}

// unmapAny and mapAny do it if it can be done now.
func (f *fixture) unmapAny(standardField string) {
	_ = f.mappings.Unmap(f.ctx, mapping.UnmapInput{IntegrationID: f.integration.ID, StandardField: standardField, Reason: "test", Confirm: true, IdempotencyKey: f.key()})
}

func (f *fixture) mapAny(standardField, object, name string) {
	_, _ = f.mappings.Map(f.ctx, mapping.MapInput{IntegrationID: f.integration.ID, StandardField: standardField, Object: object, CRMField: name, IdempotencyKey: f.key()})
}
