package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
)

// plain is a connector with nothing but the required interface.
type plain struct{ manifest Manifest }

func (p plain) Describe() Manifest { return p.manifest }

func (plain) Checklist(context.Context, Target, ChecklistRequest) ([]ChecklistItem, error) {
	return nil, nil
}

func (plain) Identify(context.Context, Target) (Identity, error) { return Identity{}, nil }

// full offers everything.
type full struct{ plain }

func (full) ListObjects(context.Context, Target) ([]Object, error) { return nil, nil }

func (full) ListFields(context.Context, Target, string) ([]Field, error) { return nil, nil }

func (full) CheckPermissions(context.Context, Target, CheckRequest, func(ObjectCheck) error) (CheckOutcome, error) {
	return CheckOutcome{}, nil
}

func (full) Read(context.Context, Target, ReadRequest, func(Batch) error) error { return nil }

func (full) ReadRecords(context.Context, Target, ReadRecordsRequest, func(RecordsBatch) error) error {
	return nil
}

func TestCapabilitiesFollowTheInterfaces(t *testing.T) {
	t.Parallel()
	require.Empty(t, describeResponse(plain{}).GetCapabilities())
	require.Len(t, describeResponse(full{}).GetCapabilities(), 5)
	_, err := newService(plain{}, nil).ListObjects(t.Context(), &connectorv1.ListObjectsRequest{})
	require.ErrorContains(t, err, "cannot list objects")
}

func TestManifestCarriesAPIsAndIdleTime(t *testing.T) {
	t.Parallel()
	wire := manifestToWire(Manifest{
		APITypes:     []APIType{{Key: "rest", Title: "REST API", RecommendedDailyLimit: 10_000}, {Key: "bulk", Title: "Bulk API"}},
		Environments: []EnvironmentSpec{{OAuth: OAuth{RefreshTokenIdle: 90 * 24 * time.Hour}}},
	})
	require.Equal(t, "rest", wire.GetApiTypes()[0].GetKey())
	require.Equal(t, int64(10_000), wire.GetApiTypes()[0].GetRecommendedDailyLimit())
	require.Equal(t, "Bulk API", wire.GetApiTypes()[1].GetTitle())
	require.Equal(t, int64(7_776_000), wire.GetEnvironments()[0].GetOauth().GetRefreshTokenIdleSeconds())
	require.Equal(t, map[string]int32{"bulk": 2}, statsToWire(Stats{CRMCalls: 3, ByType: map[string]int{"bulk": 2}}).GetCallsByType())
}

// A record over the host's limit is cut to what shows that it is, so that it costs
// itself and not its batch.
func TestGiantRecordIsCut(t *testing.T) {
	t.Parallel()
	require.Len(t, recordToWire(Record{Data: make([]byte, 9<<20)}).GetData(), handshake.MaxRecord+1)
	require.Len(t, recordToWire(Record{Data: make([]byte, handshake.MaxRecord)}).GetData(), handshake.MaxRecord)
}

func TestSplitRecordsLosesNothing(t *testing.T) {
	t.Parallel()
	batch := RecordsBatch{Stats: Stats{CRMCalls: 2}}
	for i := range 20 {
		batch.Records = append(batch.Records, Record{ID: fmt.Sprint(i), Data: make([]byte, 200<<10)})
	}
	parts, err := splitRecords(batch)
	require.NoError(t, err)
	require.Greater(t, len(parts), 2)
	var ids []string
	for i, part := range parts {
		require.LessOrEqual(t, proto.Size(part), handshake.MaxBatch)
		require.Equal(t, i == len(parts)-1, part.GetStats() != nil)
		for _, record := range part.GetRecords() {
			ids = append(ids, record.GetId())
		}
	}
	require.Len(t, ids, 20)
}

func TestCommandsForPeople(t *testing.T) {
	t.Parallel()
	good := plain{Manifest{
		Name: "acme", Title: "Acme", Vendor: "Acme", Version: "1.0.0", Kind: KindCRM, AllowedHosts: []string{"a.example"},
		Environments: []EnvironmentSpec{{Environment: Sandbox, OAuth: OAuth{AuthorizeURL: "https://a.example", TokenURL: "https://a.example", Endpoint: "https://a.example"}}},
	}}
	for _, tc := range []struct {
		args           []string
		connector      plain
		code           int
		stdout, stderr string
	}{
		{[]string{"describe"}, good, 0, `"environment": "ENVIRONMENT_SANDBOX"`, ""},
		{[]string{"describe"}, plain{Manifest{Name: "Acme"}}, 1, `"name": "Acme"`, "the server would refuse this manifest\nmanifest.name"},
		{[]string{"version"}, good, 0, "acme 1.0.0 (connector protocol 1", ""},
		{nil, good, 2, "", "is a Fieldwarden connector"},
		{[]string{"--help"}, good, 2, "", "describe"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, tc.code, command(tc.args, &stdout, &stderr, func() Connector { return tc.connector }))
		require.Contains(t, stdout.String(), tc.stdout)
		require.Contains(t, stderr.String(), tc.stderr)
	}
}

func TestEveryErrorSurvivesTheWire(t *testing.T) {
	t.Parallel()
	reset := time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC)
	s := newService(plain{}, nil)
	for _, err := range []error{
		Unauthenticated("m"), Forbidden("m"), AppBlocked("m"), ObjectDenied("o", "m"), FieldDenied("o", "f", "m"),
		RateLimited("m", time.Second), QuotaExhausted("m", reset), Unavailable("m"), Timeout("m"), BadResponse("m"),
		InvalidRequest("m"), CursorExpired("m"), UnsupportedAPIVersion("m"), Unsupported("m"), fmt.Errorf("wrapped: %w", Unavailable("m")),
	} {
		var want *Error
		require.ErrorAs(t, err, &want)
		details := status.Convert(s.status(t.Context(), err)).Details()
		require.Len(t, details, 1)
		detail := details[0].(*connectorv1.ErrorDetail)
		require.Equal(t, enumPrefix+string(want.Code), detail.GetCode().String())
		require.Equal(t, []string{want.Message, want.Object, want.Field}, []string{detail.GetMessage(), detail.GetObject(), detail.GetField()})
		require.Equal(t, want.RetryAfter, detail.GetRetryAfter().AsDuration())
		if !want.ResetAt.IsZero() {
			require.Equal(t, reset, detail.GetResetAt().AsTime())
		}
	}
	plainError := s.detail(errors.New("nil map"))
	require.Equal(t, connectorv1.ErrorCode_ERROR_CODE_CONNECTOR_INTERNAL, plainError.GetCode())
	unknown := s.detail(&Error{Code: "CRM_NEW", Message: "m"})
	require.Equal(t, connectorv1.ErrorCode_ERROR_CODE_CONNECTOR_INTERNAL, unknown.GetCode())
}

func TestSplitBatchLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 1200<<10), 0, 12).Draw(t, "sizes")
		before := []byte(rapid.String().Draw(t, "before"))
		batch := &connectorv1.ReadResponse{ResumeToken: []byte("after"), Done: rapid.Bool().Draw(t, "done"), Stats: &connectorv1.CallStats{CrmCalls: 2}, Restarted: true}
		for i, size := range sizes {
			batch.Records = append(batch.Records, &connectorv1.Record{Id: fmt.Sprint(i), Data: make([]byte, size)})
		}
		parts, err := splitBatch(batch, before)
		require.NoError(t, err)
		var ids []string
		for i, part := range parts {
			last := i == len(parts)-1
			require.True(t, len(part.GetRecords()) <= 1 || proto.Size(part) <= handshake.MaxBatch)
			require.LessOrEqual(t, proto.Size(part), handshake.MaxMessage)
			require.Equal(t, last && batch.GetDone(), part.GetDone())
			require.Equal(t, i == 0, part.GetRestarted())
			require.Equal(t, last, part.GetStats() != nil)
			if last {
				require.Equal(t, "after", string(part.GetResumeToken()))
			} else {
				require.Equal(t, string(before), string(part.GetResumeToken()))
			}
			for _, record := range part.GetRecords() {
				ids = append(ids, record.GetId())
			}
		}
		require.Len(t, ids, len(sizes))
		for i, id := range ids {
			require.Equal(t, fmt.Sprint(i), id)
		}
	})
}

func TestLogLinesAreHclogsAndFree(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var secrets redact.Set
	defer secrets.Add("opaque-token-1")()
	logger := newLogger(&out, &secrets)
	logger.With("a", 1).WithGroup("g").Warn("with opaque-token-1",
		"secret", Secret("hidden"), slog.Any("target", Target{AccessToken: "hidden", Endpoint: "https://x"}), "long", strings.Repeat("x", 1<<20))
	line := out.String()
	require.NotContains(t, line, "hidden")
	require.NotContains(t, line, "opaque-token-1")
	require.Less(t, len(line), 32<<10)
	var entry map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &entry))
	require.Equal(t, "warn", entry["@level"])
	require.Equal(t, "with [secret]", entry["@message"])
	_, err := time.Parse("2006-01-02T15:04:05.000000Z07:00", entry["@timestamp"].(string))
	require.NoError(t, err)
}

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	target := Target{AccessToken: "hidden", Config: json.RawMessage(`{}`)}
	text, err := json.Marshal(target)
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprint(target), fmt.Sprintf("%+v", target), fmt.Sprintf("%#v", target), fmt.Sprintf("%q", target.AccessToken), string(text)} {
		require.NotContains(t, shown, "hidden")
	}
	require.Equal(t, "hidden", target.AccessToken.Reveal())
}
