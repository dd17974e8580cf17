package schedule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// fortyZones have every kind of rule: none, half and quarter hours, DST of both
// hemispheres and turned about, of 30 minutes and of two hours, by Ramadan, gaps at
// midnight and into the next date, a date that was skipped, both sides of the date line.
var fortyZones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Istanbul", "Europe/Moscow", "Europe/Kyiv",
	"America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/St_Johns",
	"America/Santiago", "America/Asuncion", "America/Sao_Paulo", "America/Nuuk", "America/Scoresbysund", "America/Havana",
	"America/Caracas", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran",
	"Asia/Kolkata", "Asia/Kathmandu", "Asia/Almaty", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe", "Australia/Eucla",
	"Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Antarctica/Troll",
}

// wander is how many integrations change their schedule at random, about one day in five.
const wander = 6

// long reports whether the long tests are asked for. The race detector makes a thousand
// days last for hours, so it sees the first of them only.
func long() bool { return os.Getenv("FIELDWARDEN_LONG_TESTS") != "" && !raced }

// TestOneRunPerLocalDayInFortyZones lets the scheduler run for a thousand days, over
// each database, and counts: each local date of each zone has one run, none is missed
// and none doubled. Beside them schedules change at random.
func TestOneRunPerLocalDayInFortyZones(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		// One era has Samoa's leap over the date line, the other the rules of today.
		begin := time.Date(2011, time.December, 15, 12, 0, 0, 0, time.UTC)
		if strings.HasPrefix(url, "postgres") {
			begin = time.Date(2026, time.February, 25, 12, 0, 0, 0, time.UTC)
		}
		days := 1000
		if !long() {
			days = 40
			t.Logf("SKIPPED %d of 1000 days: set FIELDWARDEN_LONG_TESTS, without -race, for all of them", 1000-days)
		}
		newWorld(t, url, begin).live(days)
	})
}

// world is a database in which integrations are due, with what is known of their runs.
type world struct {
	t         *testing.T
	ctx       context.Context
	store     *store.Store
	clock     *clockwork.FakeClock
	scheduler *schedule.Scheduler
	schedules *schedule.Service
	random    *rand.Rand
	begin     time.Time
	residents map[string]string // integration id to zone
	wanderers map[string][]stay
	changes   int
}

// stay is a schedule of a wanderer, in force from an instant on.
type stay struct {
	from         time.Time
	hour, minute int
	loc          *time.Location
}

func (s stay) String() string { return fmt.Sprintf("%02d:%02d %s", s.hour, s.minute, s.loc) }

func newWorld(t *testing.T, url string, begin time.Time) *world {
	t.Helper()
	clock := clockwork.NewFakeClockAt(begin)
	s := storetest.Open(t, url, clock)
	w := &world{
		t: t, store: s, clock: clock, begin: begin, residents: map[string]string{}, wanderers: map[string][]stay{},
		random: rand.New(rand.NewPCG(uint64(begin.Year()), 1)),
	}
	w.ctx, _ = storetest.Workspace(t, s)
	w.scheduler = newScheduler(t, s, clock, runs{}, nil)
	var err error
	w.schedules, err = schedule.NewService(s)
	require.NoError(t, err)
	for _, zone := range fortyZones {
		at := w.somewhere(zone)
		w.residents[w.connect(at)] = zone
	}
	for range wander {
		at := w.somewhere(fortyZones[w.random.IntN(len(fortyZones))])
		w.wanderers[w.connect(at)] = []stay{at}
	}
	return w
}

// somewhere is a schedule in a zone, mostly in the hours in which clocks change.
func (w *world) somewhere(zone string) stay {
	loc, err := time.LoadLocation(zone)
	require.NoError(w.t, err)
	hours := []int{0, 1, 2, 2, 3, 22, 23, w.random.IntN(24)}
	return stay{from: w.clock.Now(), hour: hours[w.random.IntN(len(hours))], minute: 15 * w.random.IntN(4), loc: loc}
}

func (w *world) connect(at stay) string {
	next := crm.NextDaily(w.clock.Now(), at.hour, at.minute, at.loc)
	return integrationAt(w.ctx, w.t, w.store, fmt.Sprintf("%02d:%02d", at.hour, at.minute), at.loc.String(), next).ID
}

// tidyAfter is how many pokes go by between two tidyings.
const tidyAfter = 2000

// tidy does what autovacuum does on a PostgreSQL in use: the one of the tests runs
// without, and a thousand days leave more dead rows than living ones.
func (w *world) tidy() {
	if w.store.Dialect() != store.Postgres {
		return
	}
	_, err := w.store.SQL().ExecContext(w.ctx, "VACUUM ANALYZE")
	require.NoError(w.t, err)
}

// live goes from one instant at which something is due to the next.
func (w *world) live(days int) {
	end := w.begin.AddDate(0, 0, days)
	for pokes, nextChange := 0, w.begin.Add(time.Hour); ; pokes++ {
		if pokes%tidyAfter == 0 {
			w.tidy()
		}
		first, err := w.store.Read().Integration.Query().Order(integration.ByNextRunAt()).First(w.ctx)
		require.NoError(w.t, err)
		now := *first.NextRunAt
		if nextChange.Before(now) {
			now = nextChange
		}
		if now.After(end) {
			break
		}
		w.clock.Advance(now.Sub(w.clock.Now()))
		if now.Equal(nextChange) {
			w.change()
			nextChange = now.Add(time.Duration(1+w.random.IntN(2*5*24*60/wander)) * time.Minute)
		}
		require.NoError(w.t, w.scheduler.Poke(w.ctx))
	}
	made := 0
	for id, zone := range w.residents {
		made += w.checkResident(id, zone, end)
	}
	for id, stays := range w.wanderers {
		made += w.checkWanderer(id, stays, end)
	}
	w.t.Logf("%d days, %d zones, %d changes of schedules: %d runs, 0 missed, 0 doubled", days, len(fortyZones), w.changes, made)
}

// change moves a wanderer to another zone and time.
func (w *world) change() {
	ids := make([]string, 0, wander)
	for _, row := range w.all() {
		if w.wanderers[row.ID] != nil {
			ids = append(ids, row.ID)
		}
	}
	id := ids[w.random.IntN(len(ids))]
	to := w.somewhere(fortyZones[w.random.IntN(len(fortyZones))])
	w.changes++
	_, err := w.schedules.Set(w.ctx, schedule.SetInput{
		IdempotencyKey: fmt.Sprintf("change-%d", w.changes), IntegrationID: id,
		Time: fmt.Sprintf("%02d:%02d", to.hour, to.minute), Zone: to.loc.String(),
	})
	require.NoError(w.t, err)
	w.wanderers[id] = append(w.wanderers[id], to)
}

func (w *world) all() []*ent.Integration {
	rows, err := w.store.Read().Integration.Query().Order(integration.ByID()).All(w.ctx)
	require.NoError(w.t, err)
	return rows
}

func (w *world) runsOf(id string) []*ent.SyncRun {
	rows, err := w.store.Read().SyncRun.Query().Where(syncrun.IntegrationID(id)).Order(syncrun.ByCreatedAt(), syncrun.ByLocalDate()).All(w.ctx)
	require.NoError(w.t, err)
	return rows
}

// checkResident compares an integration's runs with its zone's calendar, which is
// found by looking at the clock.
func (w *world) checkResident(id, zone string, end time.Time) int {
	loc, err := time.LoadLocation(zone)
	require.NoError(w.t, err)
	want := map[string]bool{}
	for at := w.begin; at.Before(end); at = at.Add(6 * time.Hour) {
		want[crm.LocalDate(at, loc).String()] = true
	}
	// The first and the last date may be due before the simulation begins or after it ends.
	first, last := crm.LocalDate(w.begin, loc).String(), crm.LocalDate(end, loc).String()
	rows := w.runsOf(id)
	for _, run := range rows {
		require.Equal(w.t, run.LocalDate, crm.LocalDate(run.CreatedAt, loc).String(), "a run was not on its local day in %s", zone)
		require.Equal(w.t, crm.RunScheduled, run.Kind)
		require.True(w.t, want[run.LocalDate] || run.LocalDate == last, "two runs on %s in %s", run.LocalDate, zone)
		delete(want, run.LocalDate)
	}
	delete(want, first)
	delete(want, last)
	require.Empty(w.t, want, "dates without a run in %s", zone)
	return len(rows)
}

// checkWanderer holds the rules for schedules that change: dates only go up, and a date
// is passed over only when its time never came while any of the schedules was in force.
func (w *world) checkWanderer(id string, stays []stay, end time.Time) int {
	rows := w.runsOf(id)
	require.NotEmpty(w.t, rows)
	ran := map[string]time.Time{}
	for i, run := range rows {
		if i > 0 {
			require.Greater(w.t, run.LocalDate, rows[i-1].LocalDate, "%v", stays)
		}
		ran[run.LocalDate] = run.CreatedAt
	}
	for i, in := range stays {
		until := end
		if i+1 < len(stays) {
			until = stays[i+1].from
		}
		for at := crm.NextDaily(in.from, in.hour, in.minute, in.loc); at.Before(until); at = crm.NextDaily(at, in.hour, in.minute, in.loc) {
			date := crm.DueDate(at, in.hour, in.minute, in.loc).String()
			when, has := ran[date]
			require.True(w.t, has, "no run for %s, due %s by %s", date, at, in)
			require.False(w.t, when.After(at), "the run for %s, due %s by %s, came late: %s", date, at, in, when)
		}
		// At the change itself nothing that is due stays without a run.
		if newest := crm.DueDate(in.from, in.hour, in.minute, in.loc).String(); i > 0 {
			last := rows[0].LocalDate
			for _, run := range rows {
				if !run.CreatedAt.After(in.from) {
					last = run.LocalDate
				}
			}
			require.GreaterOrEqual(w.t, last, newest, "after the change to %s at %s", in, in.from)
		}
	}
	return len(rows)
}
