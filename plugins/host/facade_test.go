package host_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

func TestGoodConnector(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		manifest, err := l.Describe("test")
		require.NoError(t, err)
		require.Equal(t, "Test CRM", manifest.Title)
		require.Equal(t, []crm.Capability{crm.CanListObjects, crm.CanListFields, crm.CanCheckPermissions, crm.CanRead, crm.CanReadRecords}, manifest.Capabilities)
		recommended := 500
		require.Equal(t, []crm.APIType{{Key: "rest", Title: "REST API", RecommendedDailyLimit: &recommended}, {Key: "bulk", Title: "Bulk API"}}, manifest.APIs())
		require.Equal(t, host.StateLoaded, l.status(t).State)

		identity, err := l.Identify(t.Context(), "test", target(""))
		require.NoError(t, err)
		require.Equal(t, "org", identity.InstanceID)
		require.Empty(t, identity.Environment)

		items, err := l.Checklist(t.Context(), "test", target(""), []string{"Contact"})
		require.NoError(t, err)
		require.Equal(t, crm.ChecklistPass, items[0].Status)

		objects, err := l.ListObjects(t.Context(), "test", target(""))
		require.NoError(t, err)
		require.Equal(t, []crm.ObjectInfo{{Name: "Contact", Label: "Contact", Rights: crm.Rights{Read: true}}, {Name: "Lead", Label: "Lead"}}, objects)

		fields, err := l.ListFields(t.Context(), "test", target(""), "Contact")
		require.NoError(t, err)
		require.Len(t, fields, 3)
	})
}

func TestFailuresKeepTheirCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		for mode, want := range map[string]struct {
			code fault.Code
			part string
		}{
			"panic":        {fault.ConnectorInternal, "panicked in Identify"},
			"secret-error": {fault.CRMUnavailable, "access_token=[secret]"},
			"plain-error":  {fault.ConnectorInternal, "dial https://test.example with [secret]"},
			"lies":         {fault.ConnectorAnswer, "identity.user_id: is empty"},
		} {
			_, err := l.Identify(t.Context(), "test", target(mode))
			requireFault(t, err, want.code, want.part)
		}
		_, err := l.Identify(t.Context(), "test", target("quota"))
		failure := requireFault(t, err, fault.CRMQuotaExhausted)
		require.InDelta(t, time.Hour, failure.RetryAfter, float64(time.Minute))
		require.NotEmpty(t, failure.Details["resetAt"])

		_, err = l.Identify(t.Context(), "test", target("rate"))
		require.Equal(t, 7*time.Second, requireFault(t, err, fault.CRMRateLimited).RetryAfter)

		_, err = l.Identify(t.Context(), "test", target("field"))
		failure = requireFault(t, err, fault.CRMFieldDenied)
		require.Equal(t, "Contact", failure.Details["object"])
		require.Equal(t, "Email", failure.Details["field"])

		_, err = l.ListFields(t.Context(), "test", target(""), "Gone")
		require.Equal(t, "Gone", requireFault(t, err, fault.CRMObjectDenied).Details["object"])

		_, err = l.ListObjects(t.Context(), "test", target("lies"))
		requireFault(t, err, fault.ConnectorAnswer, `objects[1].name: "Contact" stands twice`)
		_, err = l.ListFields(t.Context(), "test", target("lies"), "Contact")
		requireFault(t, err, fault.ConnectorAnswer, "fields[1].name: is empty")

		// It serves on after all of this.
		_, err = l.Identify(t.Context(), "test", target(""))
		require.NoError(t, err)
		require.Zero(t, l.status(t).Crashes)
	})
}

func TestUnknownConnector(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.Identify(t.Context(), "nosuch", target(""))
	require.True(t, fault.Is(err, fault.ConnectorNotFound))
	require.ErrorContains(t, err, "there are: test")
	_, err = l.Describe("nosuch")
	require.True(t, fault.Is(err, fault.ConnectorNotFound))
	require.True(t, fault.Is(l.Restart(t.Context(), "nosuch"), fault.ConnectorNotFound))
}

func TestCheckAnswersEachObjectOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		// The manifest takes three objects per call, so this is two calls.
		checks, outcome, err := l.CheckPermissions(t.Context(), "test", target(""),
			crm.CheckRequest{Objects: named("Contact", "Denied", "Failed", "Wide", "Contact")})
		require.NoError(t, err)
		require.Equal(t, crm.CallStats{CRMCalls: 2, QuotaUsed: 10, QuotaMax: 100}, outcome.Stats)
		require.Equal(t, []string{"Contact", "Denied", "Failed", "Wide"}, objectsOf(checks))
		require.Equal(t, crm.VerdictAccessible, checks[0].Verdict)
		require.Len(t, checks[0].Fields, 3)
		require.Equal(t, crm.VerdictDenied, checks[1].Verdict)
		require.Equal(t, crm.CausePermission, checks[1].Cause)
		require.Equal(t, crm.VerdictFailed, checks[2].Verdict)
		require.True(t, fault.Is(checks[2].Failure, fault.CRMRateLimited))
		require.Len(t, checks[3].Fields, 900, "an answer over 1 MiB comes in parts")
	})
}

func objectsOf(checks []crm.ObjectCheck) []string {
	var objects []string
	for _, check := range checks {
		objects = append(objects, check.Object)
	}
	return objects
}

func TestWrongAnswersAreFailedChecksNeverDenials(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		for mode, part := range map[string]string{
			"missing":               "did not answer for this object",
			"twice":                 "answered twice",
			"no-fields":             "check.fields: is empty",
			"no-verdict":            "check.verdict",
			"no-read":               "check.rights.read: is false",
			"duplicate-field":       "stands twice",
			"failed-without-reason": "check.failure: is missing",
			"denied-with-fields":    "is DENIED, yet",
			"other-object":          "did not answer for this object",
		} {
			checks, _, err := l.CheckPermissions(t.Context(), "test", target(mode), crm.CheckRequest{Objects: named("Contact", "Lead")})
			require.NoError(t, err, mode)
			require.Equal(t, []string{"Contact", "Lead"}, objectsOf(checks), mode)
			require.Equal(t, crm.VerdictFailed, checks[0].Verdict, mode)
			requireFault(t, checks[0].Failure, fault.ConnectorAnswer, part)
			require.Equal(t, crm.VerdictAccessible, checks[1].Verdict, mode)
		}
	})
}

func TestCheckThatBreaksOffLeavesTheRestFailed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		checks, _, err := l.CheckPermissions(t.Context(), "test", target("breaks-off"),
			crm.CheckRequest{Objects: named("Contact", "Lead", "User", "Account", "Task")})
		requireFault(t, err, fault.CRMUnauthenticated)
		require.Len(t, checks, 5)
		require.Equal(t, crm.VerdictAccessible, checks[0].Verdict)
		for _, check := range checks[1:] {
			require.Equal(t, crm.VerdictFailed, check.Verdict)
			require.True(t, fault.Is(check.Failure, fault.CRMUnauthenticated))
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		var ids []string
		var last crm.Batch
		collect := func(batch crm.Batch) error {
			for _, record := range batch.Records {
				ids = append(ids, record.ID)
			}
			last = batch
			return nil
		}
		require.NoError(t, l.Read(t.Context(), "test", target(""), crm.ReadRequest{Object: "Contact"}, collect))
		require.Len(t, ids, 25)
		require.True(t, last.Done)

		ids = nil
		require.NoError(t, l.Read(t.Context(), "test", target(""), crm.ReadRequest{Object: "Contact", ResumeToken: []byte("20")}, collect))
		require.Equal(t, []string{"20", "21", "22", "23", "24"}, ids)

		stop := errors.New("enough")
		err := l.Read(t.Context(), "test", target(""), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error { return stop })
		require.Equal(t, stop, err, "the caller's own error comes back unchanged")
	})
}

func TestReadSplitsLargeBatches(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		records, batches := 0, 0
		err := l.Read(t.Context(), "test", target("large-batch"), crm.ReadRequest{Object: "Contact", ResumeToken: []byte("before")}, func(batch crm.Batch) error {
			records += len(batch.Records)
			batches++
			if batch.Done {
				require.Equal(t, "end", string(batch.ResumeToken))
			} else {
				require.Equal(t, "before", string(batch.ResumeToken), "a part keeps the token before the batch")
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 3000, records)
		require.Greater(t, batches, 2)
	})
}

func TestReadRefusesBrokenStreams(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		for mode, want := range map[string]struct {
			code fault.Code
			part string
		}{
			"no-done":        {fault.ConnectorAnswer, "ended without a batch that has done set"},
			"no-id":          {fault.ConnectorAnswer, "records[1].id: is empty"},
			"endless":        {fault.ConnectorAnswer, "neither a record nor a new resume token"},
			"undeclared-api": {fault.ConnectorAnswer, `"soap" is not among the manifest's api_types`},
		} {
			err := l.Read(t.Context(), "test", target(mode), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error { return nil })
			requireFault(t, err, want.code, want.part)
		}
		_, err := l.ListObjects(t.Context(), "test", target("giant"))
		requireFault(t, err, fault.ConnectorTooLarge)
	})
}

// One record that cannot be taken costs itself, not the rest of its batch.
func TestRecordsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		var taken []string
		refused := map[string]string{}
		var stats crm.CallStats
		collect := func(batch crm.Batch) error {
			for _, record := range batch.Records {
				taken = append(taken, record.ID)
			}
			for _, record := range batch.Refused {
				require.Equal(t, string(fault.RecordRefused), record.Code)
				refused[record.ID] = record.Message
			}
			stats = batch.Stats
			return nil
		}
		requireRefused := func() {
			require.Equal(t, []string{"good", "gone"}, taken)
			require.Equal(t, map[string]string{
				"list":  "The record was refused: the data is not a JSON object.",
				"nul":   "The record was refused: a text in the data holds a NUL character, which PostgreSQL cannot store.",
				"giant": "The record was refused: the data has more than 262144 bytes.",
			}, refused)
		}
		require.NoError(t, l.Read(t.Context(), "test", target("bad-records"), crm.ReadRequest{Object: "Contact"}, collect))
		requireRefused()
		require.Equal(t, crm.CallStats{CRMCalls: 3, ByType: map[string]int{"bulk": 2}}, stats)

		taken, refused = nil, map[string]string{}
		ids := []string{"good", "list", "nul", "giant", "gone"}
		require.NoError(t, l.ReadRecords(t.Context(), "test", target("bad-records"), crm.ReadRecordsRequest{Object: "Contact", IDs: ids}, collect))
		requireRefused()
	})
}

func TestReadRecords(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		found := map[string]crm.Record{}
		calls := 0
		request := crm.ReadRecordsRequest{Object: "Contact", Fields: []string{"n"}, IDs: []string{"1", "x", "3"}}
		require.NoError(t, l.ReadRecords(t.Context(), "test", target(""), request, func(batch crm.Batch) error {
			for _, record := range batch.Records {
				found[record.ID] = record
			}
			calls += batch.Stats.CRMCalls
			return nil
		}))
		require.Len(t, found, 3)
		require.JSONEq(t, `{"n":3}`, string(found["3"].Data))
		require.True(t, found["x"].Deleted)
		require.Equal(t, 1, calls)

		stop := errors.New("enough")
		err := l.ReadRecords(t.Context(), "test", target(""), request, func(crm.Batch) error { return stop })
		require.Equal(t, stop, err, "the caller's own error comes back unchanged")

		discard := func(crm.Batch) error { return nil }
		for mode, part := range map[string]string{
			"forgets":  "1 of 3 records were neither sent nor called deleted",
			"doubles":  `"1" was not asked for, or was answered before`,
			"other-id": `"other" was not asked for`,
		} {
			requireFault(t, l.ReadRecords(t.Context(), "test", target(mode), request, discard), fault.ConnectorAnswer, part)
		}
		requireFault(t, l.ReadRecords(t.Context(), "test", target("rate"), request, discard), fault.CRMRateLimited)
		err = l.ReadRecords(t.Context(), "test", target(""), crm.ReadRecordsRequest{Object: "Contact", IDs: []string{"1", "1"}}, discard)
		require.True(t, fault.Is(err, fault.Internal))
		require.ErrorContains(t, err, "stands twice")
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, l lab) {
		_, err := l.Identify(t.Context(), "test", target("hang"))
		requireFault(t, err, fault.ConnectorTimeout, "Identify did not end within 200ms")
		err = l.Read(t.Context(), "test", target("silent"), crm.ReadRequest{Object: "Contact"}, func(crm.Batch) error { return nil })
		requireFault(t, err, fault.ConnectorTimeout, "Read sent nothing for 200ms")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = l.Identify(ctx, "test", target("hang"))
		require.ErrorIs(t, requireFault(t, err, fault.ShuttingDown), context.Canceled)
	}, func(c *host.Config) {
		c.Timeouts.Identify, c.Timeouts.Idle = 200*time.Millisecond, 200*time.Millisecond
	})
}

func TestConnectorThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(c *host.Config) { c.Timeouts.Identify = 100 * time.Millisecond }).start(t)
	_, err := l.Identify(t.Context(), "test", target("ignore-context"))
	requireFault(t, err, fault.ConnectorTimeout)
	_, err = l.Checklist(t.Context(), "test", target(""), nil)
	require.NoError(t, err, "other calls are served meanwhile")
}

// named asks for objects and no field in particular.
func named(names ...string) []crm.CheckObject {
	objects := make([]crm.CheckObject, len(names))
	for i, name := range names {
		objects[i] = crm.CheckObject{Name: name}
	}
	return objects
}
