package runlog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/ent/runlogentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// fixture is a run with its log.
type fixture struct {
	t     *testing.T
	ctx   context.Context
	store *store.Store
	log   *runlog.Log
	run   *ent.SyncRun
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s}
	redactor := obs.NewRedactor()
	redactor.Register("operators-own-secret")
	var err error
	f.log, err = runlog.New(runlog.Config{Store: s, Redactor: redactor})
	require.NoError(t, err)
	f.tx(func(ctx context.Context, tx *store.Tx) error {
		integration, err := tx.Ent().Integration.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("fake").SetEnvironment(crm.Production).Save(ctx)
		if err != nil {
			return err
		}
		f.run, err = tx.Ent().SyncRun.Create().SetWorkspaceID(workspace.ID).SetIntegrationID(integration.ID).SetCreatedAt(tx.Now()).
			SetKind(crm.RunManual).SetLocalDate("2026-03-02").Save(ctx)
		return err
	})
	return f
}

func (f *fixture) tx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) say(lines ...runlog.Line) {
	f.t.Helper()
	f.tx(func(ctx context.Context, tx *store.Tx) error { return f.log.Append(ctx, tx, f.run, lines...) })
}

func (f *fixture) lines() []*ent.RunLogEntry {
	f.t.Helper()
	rows, err := f.store.Read().RunLogEntry.Query().Order(runlogentry.BySeq()).All(f.ctx)
	require.NoError(f.t, err)
	return rows
}

func (f *fixture) announced() (all []runlog.Lines) {
	f.t.Helper()
	rows, err := f.store.Read().FeedEntry.Query().Where(feedentry.Kind(runlog.FeedKind)).Order(feedentry.BySeq()).All(f.ctx)
	require.NoError(f.t, err)
	for _, row := range rows {
		require.Equal(f.t, f.run.ID, row.SubjectID)
		var lines runlog.Lines
		require.NoError(f.t, json.Unmarshal(row.Payload, &lines))
		all = append(all, lines)
	}
	return all
}

func TestLinesAreNumberedRedactedAndAnnouncedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.tx(func(ctx context.Context, tx *store.Tx) error {
			if err := f.log.Append(ctx, tx, f.run, runlog.Line{Level: crm.LogInfo, Message: "one"}, runlog.Line{Level: crm.LogDebug, Message: "two", Object: "Contact"}); err != nil {
				return err
			}
			return f.log.Append(ctx, tx, f.run, runlog.Line{
				Level: crm.LogError, Fault: fault.CRMForbidden, Message: "login with Bearer canary-canary-canary failed",
				Attributes: map[string]string{"url": "https://u:canary-pass@crm.example/?code=canary-code&x=1", "own": "operators-own-secret"},
			})
		})
		f.say(runlog.Line{Level: crm.LogWarn, Message: "four"})
		lines := f.lines()
		require.Len(t, lines, 4)
		for i, line := range lines {
			require.Equal(t, i+1, line.Seq)
		}
		text := fmt.Sprint(lines[2].Message, lines[2].Attributes)
		require.NotContains(t, text, "canary")
		require.NotContains(t, text, "operators-own-secret")
		require.Contains(t, lines[2].Attributes["url"], "crm.example")
		require.Equal(t, []runlog.Lines{{RunID: f.run.ID, From: 1, To: 3}, {RunID: f.run.ID, From: 4, To: 4}}, f.announced())
	})
}

func TestRolledBackLinesLeaveNoGap(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		require.Error(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			require.NoError(t, f.log.Append(ctx, tx, f.run, runlog.Line{Level: crm.LogInfo, Message: "never"}))
			return fault.New(fault.Fenced, "no")
		}))
		f.say(runlog.Line{Level: crm.LogInfo, Message: "one"})
		require.Len(t, f.lines(), 1)
		require.Equal(t, 1, f.lines()[0].Seq)
	})
}

func TestLogEndsWithALineThatSaysSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, storetest.Open(t, storetest.AnyURL(t), clockwork.NewFakeClockAt(storetest.Start())))
	f.tx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().SyncRun.UpdateOneID(f.run.ID).SetLogSeq(runlog.MaxLines - 3).Exec(ctx)
	})
	line := runlog.Line{Level: crm.LogInfo, Message: "more"}
	f.say(line)
	f.say(line, line, line)
	f.say(line)
	f.say(line, line)
	lines := f.lines()
	require.Len(t, lines, 3)
	require.Equal(t, runlog.MaxLines, lines[2].Seq)
	require.Contains(t, lines[2].Message, "The log is full")
	require.Equal(t, "more", lines[1].Message)
	announced := f.announced()
	require.Equal(t, runlog.MaxLines, announced[len(announced)-1].To)
	run, err := f.store.Read().SyncRun.Get(f.ctx, f.run.ID)
	require.NoError(t, err)
	require.Equal(t, runlog.MaxLines, run.LogSeq)
}

func TestErrorsAreGrouped(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		ids := make([]string, 30)
		for i := range ids {
			ids[i] = fmt.Sprint("rec-", i)
		}
		f.tx(func(ctx context.Context, tx *store.Tx) error {
			for _, failure := range []runlog.Failure{
				{Code: fault.RecordRefused, Object: "Contact", Message: "first", RecordIDs: ids[:15]},
				{Code: fault.RecordRefused, Object: "Contact", Message: "newest", RecordIDs: ids[10:]},
				{Code: fault.RecordRefused, Object: "Lead", Message: "other object"},
				{Code: fault.CRMFieldDenied, Object: "Contact", Field: "Email", Message: "a field"},
				{Code: fault.CRMFieldDenied, Object: "Contact", Field: "Email", Message: "a field"},
			} {
				if err := f.log.Error(ctx, tx, f.run, failure); err != nil {
					return err
				}
			}
			return nil
		})
		rows, err := s.Read().RunError.Query().All(f.ctx)
		require.NoError(t, err)
		counts := map[string]int{}
		for _, row := range rows {
			counts[row.FaultCode+" "+row.ObjectName+"."+row.FieldName] = row.Count
			if row.ObjectName == "Contact" && row.FieldName == "" {
				require.Equal(t, "newest", row.Message)
				require.Equal(t, ids[:runlog.MaxErrorRecords], row.RecordIds)
			}
		}
		require.Equal(t, map[string]int{"RECORD_REFUSED Contact.": 35, "RECORD_REFUSED Lead.": 1, "CRM_FIELD_DENIED Contact.Email": 2}, counts)
	})
}

func TestFailedRecordsAreKeptUntilTheyAreStored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		refused := func(ids ...string) (all []crm.RefusedRecord) {
			for _, id := range ids {
				all = append(all, crm.RefusedRecord{ID: id, Code: string(fault.RecordRefused), Message: "no JSON object"})
			}
			return all
		}
		f.tx(func(ctx context.Context, tx *store.Tx) error {
			n, err := f.log.Refused(ctx, tx, f.run, "Contact", refused("a", "b", "a"))
			require.Equal(t, 2, n)
			return err
		})
		clock.Advance(time.Hour)
		f.tx(func(ctx context.Context, tx *store.Tx) error {
			n, err := f.log.Refused(ctx, tx, f.run, "Contact", refused("b", "c"))
			require.Equal(t, 2, n)
			return err
		})
		rows, err := s.Read().FailedRecord.Query().Order(failedrecord.ByRecordID()).All(f.ctx)
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, 2, rows[1].Attempts)
		require.Equal(t, rows[0].LastSeenAt.Add(time.Hour).UTC(), rows[1].LastSeenAt.UTC())
		require.Equal(t, rows[0].CreatedAt.UTC(), rows[1].CreatedAt.UTC())
		require.Len(t, f.lines(), 2)
		require.Equal(t, "2 records were not stored: no JSON object", f.lines()[0].Message)
		require.Equal(t, 4, must(s.Read().RunError.Query().Only(f.ctx)).Count)

		f.tx(func(ctx context.Context, tx *store.Tx) error {
			return f.log.Stored(ctx, tx, f.run.IntegrationID, "Contact", []string{"b", "x"})
		})
		f.tx(func(ctx context.Context, tx *store.Tx) error {
			return f.log.Stored(ctx, tx, f.run.IntegrationID, "Lead", []string{"a", "c"})
		})
		require.Equal(t, []string{"a", "c"}, must(s.Read().FailedRecord.Query().Order(failedrecord.ByRecordID()).Select(failedrecord.FieldRecordID).Strings(f.ctx)))
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestExportFiltersAndPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		var lines []runlog.Line
		for i := range 600 {
			line := runlog.Line{Level: crm.LogDebug, Message: fmt.Sprintf("Line %d", i+1)}
			if i%100 == 0 {
				line.Level, line.Object = crm.LogWarn, "Contact"
			}
			lines = append(lines, line)
		}
		f.say(lines...)
		count := func(filter runlog.Filter) (seqs []int) {
			require.NoError(t, f.log.Export(f.ctx, f.run.ID, filter, func(entries []*ent.RunLogEntry) error {
				for _, entry := range entries {
					seqs = append(seqs, entry.Seq)
				}
				return nil
			}))
			return seqs
		}
		all := count(runlog.Filter{})
		require.Len(t, all, 600)
		for i, seq := range all {
			require.Equal(t, i+1, seq)
		}
		require.Len(t, count(runlog.Filter{Level: crm.LogInfo}), 6)
		require.Empty(t, count(runlog.Filter{Object: "Contact", Level: crm.LogError}))
		require.Equal(t, []int{501}, count(runlog.Filter{Object: "Contact", Search: "LINE 5"}))
		require.True(t, fault.Is(f.log.Export(f.ctx, f.run.ID, runlog.Filter{Level: "LOUD"}, nil), fault.BadInput))
		require.NoError(t, f.log.Exists(f.ctx, f.run.ID))
		other, _ := storetest.Workspace(t, s)
		require.True(t, fault.Is(f.log.Exists(other, f.run.ID), fault.NotFound))
		require.NoError(t, f.log.Export(other, f.run.ID, runlog.Filter{}, func([]*ent.RunLogEntry) error { t.Error("another workspace's line"); return nil }))
	})
}

func TestOldLinesAreForgotten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		old := make([]runlog.Line, 2100)
		for i := range old {
			old[i] = runlog.Line{Level: crm.LogInfo, Message: "old"}
		}
		f.say(old...)
		clock.Advance(runlog.Retention)
		f.say(runlog.Line{Level: crm.LogInfo, Message: "young"})
		system := principal.AllWorkspaces(t.Context(), "test")
		require.NoError(t, f.log.Housekeep(system))
		require.Len(t, f.lines(), 2101, "not older than the retention")
		clock.Advance(time.Second)
		require.NoError(t, f.log.Housekeep(system))
		require.Len(t, f.lines(), 1)
		require.NoError(t, f.log.Housekeep(system))
		f.say(runlog.Line{Level: crm.LogInfo, Message: "more"})
		require.Equal(t, 2102, f.lines()[1].Seq)
	})
}
