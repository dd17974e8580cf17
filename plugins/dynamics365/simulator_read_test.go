package dynamics365_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// copyOf is what a host has of a table after reading it.
type copyOf struct {
	rows      map[string]map[string]any
	stamps    map[string]time.Time
	deliver   map[string]int // how often each version of each row came
	restarted int
	token     []byte
}

func newCopy() *copyOf {
	return &copyOf{rows: map[string]map[string]any{}, stamps: map[string]time.Time{}, deliver: map[string]int{}}
}

// apply takes a batch over, as the host does.
func (c *copyOf) apply(t *testing.T, b sdk.Batch) {
	t.Helper()
	if b.Restarted {
		c.restarted++
		clear(c.rows)
		clear(c.deliver)
	}
	for _, record := range b.Records {
		if record.Deleted {
			delete(c.rows, record.ID)
			continue
		}
		var row map[string]any
		require.NoError(t, json.Unmarshal(record.Data, &row))
		c.rows[record.ID] = row
		c.deliver[record.ID+" "+versionOf(row)]++
	}
	c.token = b.ResumeToken
}

func versionOf(row map[string]any) string {
	raw, _ := json.Marshal(row["versionnumber"])
	return string(raw)
}

var readFields = []string{"name", "versionnumber", "modifiedon", "ownerid", "revenue", "statecode"}

// drain reads accounts to the end, with an interruption after every few batches.
func (o *org) drain(t *testing.T, c *copyOf, fields []string, every, size int) {
	t.Helper()
	clear(c.deliver)
	stop := errors.New("stop")
	for done := false; !done; {
		left := every
		err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "account", Fields: fields, ResumeToken: c.token, BatchSize: size}, func(b sdk.Batch) error {
			require.LessOrEqual(t, len(b.ResumeToken), 64<<10)
			c.apply(t, b)
			done = b.Done
			if left--; left == 0 && !done {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			require.NoError(t, err)
		}
	}
	for version, times := range c.deliver {
		require.Equal(t, 1, times, "%s was sent twice", version)
	}
}

// requireSame holds the copy against the simulator, read in one go.
func (o *org) requireSame(t *testing.T, c *copyOf) {
	t.Helper()
	ids, err := o.RecordIDs("account")
	require.NoError(t, err)
	require.Len(t, c.rows, len(ids))
	fresh := newCopy()
	o.drain(t, fresh, readFields, 1000, 2000)
	require.Equal(t, fresh.rows, c.rows)
}

func accounts(n int) world.Size { return world.Size{Companies: n, People: 1, Users: 5} }

// modes are the two ways to read.
var modes = map[string]func(*testing.T, *org){
	"delta": func(*testing.T, *org) {},
	"stamp": func(t *testing.T, o *org) { t.Helper(); require.NoError(t, o.SetChangeTracking("account", false)) },
}

func TestSimulatorRead(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC))
			o := startOrg(t, crmsim.Config{Records: accounts(1100), Clock: clock})
			prepare(t, o)
			c := newCopy()
			o.drain(t, c, readFields, 2, 100)
			require.Len(t, c.rows, 1100)
			for _, row := range c.rows {
				require.NotEmpty(t, row["ownerid"])
				require.Equal(t, "systemuser", row["ownerid@table"])
				require.NotEmpty(t, row["ownerid@formatted"])
				require.NotEmpty(t, row["statecode@formatted"])
				require.NotContains(t, row, "transactioncurrencyid", "nobody asked for the currency")
			}
			o.requireSame(t, c)
			o.drain(t, c, readFields, 100, 100)
			require.Empty(t, c.deliver, "nothing changed")
			require.Zero(t, c.restarted)
		})
	}
}

// TestSimulatorReadLosesNothing: many rows with one stamp, more than a page, rows
// that change, come and go while pages are read, and interruptions.
func TestSimulatorReadLosesNothing(t *testing.T) {
	t.Parallel()
	count, size := 900, 50
	if os.Getenv("FIELDWARDEN_LONG_TESTS") != "" {
		count, size = 30_000, 500
	}
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The simulator's clock and the Date header of its answers are one clock
			// here, as they are at Microsoft.
			o := startOrg(t, crmsim.Config{Records: accounts(10)})
			prepare(t, o)
			_, err := o.CreateRecords(crmsim.RecordChange{Object: "account", Count: count, Late: 24 * time.Hour, Fields: map[string]any{"name": "Same second"}})
			require.NoError(t, err)
			pages := 0
			o.BeforePage(func(object string) {
				if pages++; object != "account" || pages%3 != 0 || pages > 60 {
					return
				}
				_, err := o.TouchRecords(crmsim.RecordChange{Object: "account", Count: 7, Fields: map[string]any{"name": "Changed meanwhile"}})
				require.NoError(t, err)
				_, err = o.CreateRecords(crmsim.RecordChange{Object: "account", Count: 5, Fields: map[string]any{"name": "New"}})
				require.NoError(t, err)
				_, err = o.CreateRecords(crmsim.RecordChange{Object: "account", Count: 1, Late: 4 * time.Minute, Fields: map[string]any{"name": "Late commit"}})
				require.NoError(t, err)
			})
			c := newCopy()
			o.drain(t, c, readFields, 3, size)
			o.drain(t, c, readFields, 1000, size)
			o.BeforePage(nil)
			o.drain(t, c, readFields, 1000, size)
			o.requireSame(t, c)
		})
	}
}

func TestSimulatorReadOfChanges(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(400)})
			prepare(t, o)
			c := newCopy()
			o.drain(t, c, readFields, 100, 90)
			changed, err := o.TouchRecords(crmsim.RecordChange{Object: "account", Count: 130, Fields: map[string]any{"name": "Changed"}})
			require.NoError(t, err)
			late, err := o.CreateRecords(crmsim.RecordChange{Object: "account", Count: 3, Late: 4 * time.Minute, Fields: map[string]any{"name": "Late"}})
			require.NoError(t, err)
			o.drain(t, c, readFields, 1, 50)
			require.Len(t, c.deliver, len(changed)+len(late))
			o.drain(t, c, readFields, 1, 50)
			require.Empty(t, c.deliver, "what is younger than the horizon is remembered")

			gone, err := o.DeleteRecords(crmsim.RecordChange{Object: "account", Count: 20})
			require.NoError(t, err)
			o.drain(t, c, readFields, 1, 50)
			if name == "delta" {
				require.NotContains(t, c.rows, gone[0])
				o.requireSame(t, c)
			} else {
				require.Contains(t, c.rows, gone[0], "stamps show no deletions")
			}
		})
	}
}

// TestSimulatorExpiredDelta: after a long pause everything is read again, and the
// host is told so.
func TestSimulatorExpiredDelta(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: accounts(300)})
	c := newCopy()
	o.drain(t, c, readFields, 100, 100)
	_, err := o.DeleteRecords(crmsim.RecordChange{Object: "account", Count: 20})
	require.NoError(t, err)
	o.ExpireDeltaTokens()
	o.drain(t, c, readFields, 2, 100)
	require.Equal(t, 1, c.restarted)
	o.requireSame(t, c)
}

// TestSimulatorReadChangesMode: when the role is lowered, what can no longer be
// seen is not taken for deleted; when it is raised, deletions show again.
func TestSimulatorReadChangesMode(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: accounts(300)})
	c := newCopy()
	o.drain(t, c, readFields, 100, 100)
	require.NoError(t, o.SetObject("account", condition("depth:Basic")))
	o.drain(t, c, readFields, 100, 100)
	require.Zero(t, c.restarted)
	require.Len(t, c.rows, 300)
	require.Less(t, len(c.deliver), 300)
	require.NoError(t, o.SetObject("account", condition("")))
	_, err := o.DeleteRecords(crmsim.RecordChange{Object: "account", Count: 20})
	require.NoError(t, err)
	o.drain(t, c, readFields, 100, 100)
	require.Equal(t, 1, c.restarted)
	o.requireSame(t, c)
	require.NoError(t, o.SetChangeTracking("account", false))
	o.drain(t, c, readFields, 100, 100)
	require.Equal(t, 1, c.restarted)
}

// TestSimulatorReadOfOtherFields: a new field needs all rows again; one that is
// wanted no longer does not, and neither does one that comes and goes lose values.
func TestSimulatorReadOfOtherFields(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: accounts(200)})
	c := newCopy()
	o.drain(t, c, readFields, 100, 100)
	o.drain(t, c, readFields[:3], 100, 100)
	require.Empty(t, c.deliver)
	o.drain(t, c, readFields, 100, 100)
	require.Equal(t, 1, c.restarted)
	require.Len(t, c.rows, 200)
}

// TestSimulatorNullsAreNoData: a secured column comes back as null with status 200.
// Whenever it is secured, no null must reach the host.
func TestSimulatorNullsAreNoData(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(500)})
			prepare(t, o)
			fields := []string{"name", "telephone1"}
			read := func(token []byte, before func(page int)) (*copyOf, error) {
				c, pages := newCopy(), 0
				o.BeforePage(func(object string) {
					if object == "account" {
						pages++
						before(pages)
					}
				})
				defer o.BeforePage(nil)
				err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "account", Fields: fields, ResumeToken: token, BatchSize: 100}, func(b sdk.Batch) error {
					c.apply(t, b)
					return nil
				})
				for _, row := range c.rows {
					require.Contains(t, row, "telephone1")
					require.NotNil(t, row["telephone1"])
				}
				return c, err
			}
			all, err := read(nil, func(int) {})
			require.NoError(t, err)
			require.Len(t, all.rows, 500)
			refused := func(c *copyOf, err error, rows int) {
				t.Helper()
				var denied *sdk.Error
				require.ErrorAs(t, err, &denied)
				require.Equal(t, [3]string{string(sdk.CodeFieldDenied), "account", "telephone1"}, [3]string{string(denied.Code), denied.Object, denied.Field})
				require.Len(t, c.rows, rows)
			}
			secure := func(name string) { require.NoError(t, o.SetField("account", "telephone1", fieldCondition(name))) }
			c, err := read(nil, func(page int) {
				if page == 3 {
					secure("secured")
				}
			})
			refused(c, err, 200)
			c, err = read(nil, func(int) {})
			refused(c, err, 0)
			secure("secured_granted")
			c, err = read(nil, func(int) {})
			require.NoError(t, err)
			require.Len(t, c.rows, 500)
			require.NoError(t, o.SetObject("systemuser", control.ObjectChange{Read: crmsim.Off()}))
			_, err = read(nil, func(int) {})
			require.Equal(t, sdk.CodeForbidden, sdk.CodeOf(err), "nobody can tell whether its values are real")
		})
	}
}

func TestSimulatorReadOfLostRights(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(300)})
			prepare(t, o)
			c := newCopy()
			o.drain(t, c, readFields, 100, 100)
			read := func(token []byte) error {
				return dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "account", Fields: readFields, ResumeToken: token}, func(sdk.Batch) error { return nil })
			}
			for _, token := range [][]byte{nil, c.token} {
				require.NoError(t, o.SetObject("account", control.ObjectChange{Read: crmsim.Off()}))
				require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(read(token)))
				require.NoError(t, o.SetObject("account", control.ObjectChange{Read: crmsim.On()}))
				require.NoError(t, o.SetObject("account", condition("deleted")))
				require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(read(token)))
				require.NoError(t, o.SetObject("account", condition("")))
				require.NoError(t, o.SetField("account", "revenue", fieldCondition("deleted")))
				var denied *sdk.Error
				require.ErrorAs(t, read(token), &denied)
				require.Equal(t, sdk.CodeFieldDenied, denied.Code, "%v", denied)
				require.Equal(t, "revenue", denied.Field)
				require.NoError(t, o.SetField("account", "revenue", fieldCondition("")))
				require.NoError(t, read(token))
				_, err := o.AddFault(control.Fault{Kind: crmsim.FaultUnavailable})
				require.NoError(t, err)
				require.Equal(t, sdk.CodeUnavailable, sdk.CodeOf(read(token)))
				o.ClearFaults()
			}
			require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "contact", ResumeToken: c.token}, nil)))
		})
	}
}

func TestSimulatorReadWithoutStamps(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	require.NoError(t, o.SetChangeTracking("activityparty", false))
	err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "activityparty", Fields: []string{"addressused"}}, func(sdk.Batch) error { return nil })
	require.Equal(t, sdk.CodeUnsupported, sdk.CodeOf(err), "%v", err)
}

// TestSimulatorReadOfActivities: lookups to several tables and inherited columns.
func TestSimulatorReadOfActivities(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	count := 0
	err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{
		Object: "task", Fields: []string{"subject", "regardingobjectid", "ownerid", "statecode", "scheduledend"},
	}, func(b sdk.Batch) error {
		for _, record := range b.Records {
			count++
			require.Contains(t, string(record.Data), `"subject":`)
			require.NotContains(t, string(record.Data), `_value`)
		}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, count)
}

// spoilt is a resume token whose link the service no longer takes.
func spoilt(t *testing.T, token []byte) []byte {
	t.Helper()
	var position map[string]any
	require.NoError(t, json.Unmarshal(token, &position))
	link, _ := position["link"].(string)
	position["link"] = strings.NewReplacer("pagingcookie", "cookie", "deltatoken=", "deltatoken=x").Replace(link)
	token, err := json.Marshal(position)
	require.NoError(t, err)
	return token
}

// TestSimulatorReadGoesOnWhenLinksAreRefused: by stamps, a new query goes on behind
// the last record, though all have one stamp; change tracking begins anew, and says
// so.
func TestSimulatorReadGoesOnWhenLinksAreRefused(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(10)})
			prepare(t, o)
			_, err := o.CreateRecords(crmsim.RecordChange{Object: "account", Count: 290, Late: time.Hour, Fields: map[string]any{"name": "Same second"}})
			require.NoError(t, err)
			c, stop := newCopy(), errors.New("stop")
			for done, tries := false, 0; !done; tries++ {
				batches := 0
				err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "account", Fields: readFields, ResumeToken: c.token, BatchSize: 40}, func(b sdk.Batch) error {
					c.apply(t, b)
					if batches++; batches == 1 && !b.Done && tries < 4 {
						return stop
					}
					done = b.Done
					return nil
				})
				if errors.Is(err, stop) {
					c.token = spoilt(t, c.token)
					continue
				}
				require.NoError(t, err)
			}
			for version, times := range c.deliver {
				require.Equal(t, 1, times, version)
			}
			require.Equal(t, name == "delta", c.restarted > 0)
			o.requireSame(t, c)
		})
	}
}
