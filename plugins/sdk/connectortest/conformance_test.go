package connectortest_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// victimEnv names the fault of TestVictim's connector.
const victimEnv = "CONNECTORTEST_VICTIM"

// victim is a connector over no CRM at all, right but for one fault.
type victim struct {
	fault    string
	down     *bool
	describe int
}

func (v *victim) Describe() sdk.Manifest {
	m := sdk.Manifest{
		Name: "victim", Title: "Victim", Vendor: "Test", Version: "1.0.0", Kind: sdk.KindCRM, AllowedHosts: []string{"v.example"},
		Environments: []sdk.EnvironmentSpec{{Environment: sdk.Production, OAuth: sdk.OAuth{
			AuthorizeURL: "https://v.example", TokenURL: "https://v.example", Endpoint: "https://v.example",
		}}},
		MaxObjectsPerCheck: 10,
	}
	if v.fault == "manifest" {
		m.AllowedHosts = nil
	}
	if v.describe++; v.fault == "random" {
		m.Title += strconv.Itoa(v.describe)
	}
	return m
}

func (v *victim) Checklist(context.Context, sdk.Target, sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	if v.fault == "checklist" {
		return nil, nil
	}
	return []sdk.ChecklistItem{{Key: "api", Title: "API", Status: sdk.StatusPass}}, nil
}

func (v *victim) Identify(ctx context.Context, t sdk.Target) (sdk.Identity, error) {
	if *v.down {
		return sdk.Identity{}, sdk.Unavailable("down")
	}
	if v.fault == "logs" {
		slog.InfoContext(ctx, "calling", "token", t.AccessToken.Reveal())
	}
	return sdk.Identity{InstanceID: "o", UserID: "u"}, nil
}

func (v *victim) CheckPermissions(_ context.Context, t sdk.Target, r sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	for i, asked := range r.Objects {
		object := asked.Name
		check := sdk.ObjectCheck{
			Object: object, Verdict: sdk.VerdictAccessible, Rights: sdk.Rights{Read: true},
			Fields: []sdk.Field{{Name: "Id", Rights: sdk.Rights{Read: true}}},
		}
		switch {
		case v.fault == "forgets" && i == 1:
			continue
		case *v.down && v.fault == "denies":
			check = sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictDenied}
		case *v.down && v.fault == "leaks":
			return sdk.CheckOutcome{}, sdk.Unavailable("with " + t.AccessToken.Reveal())
		case *v.down, object == "Hidden" && v.fault == "hides":
			check = sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictFailed, Failure: sdk.Unavailable("down")}
		case object == "Hidden":
			check = sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictDenied, Cause: sdk.CauseUnknown}
		}
		if err := send(check); err != nil {
			return sdk.CheckOutcome{}, err
		}
	}
	return sdk.CheckOutcome{}, nil
}

func (v *victim) Read(_ context.Context, _ sdk.Target, r sdk.ReadRequest, send func(sdk.Batch) error) error {
	position, _ := strconv.Atoi(string(r.ResumeToken)) // empty is the beginning
	if position > 0 && v.fault == "skips" {
		position++
	}
	for ; position < 5; position++ {
		batch := sdk.Batch{Records: []sdk.Record{{ID: strconv.Itoa(position), Data: []byte("{}")}}, ResumeToken: []byte(strconv.Itoa(position + 1))}
		if err := send(batch); err != nil {
			return err
		}
	}
	if v.fault == "no-end" {
		return nil
	}
	return send(sdk.Batch{Done: true, ResumeToken: []byte("5")})
}

func (v *victim) ReadRecords(_ context.Context, _ sdk.Target, r sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	if r.Object == "Hidden" && v.fault != "denial-deletes" {
		return sdk.ObjectDenied(r.Object, "no")
	}
	var batch sdk.RecordsBatch
	for i, id := range r.IDs {
		n, err := strconv.Atoi(id)
		record := sdk.Record{ID: id, Deleted: err != nil || n > 4, Data: []byte("{}")}
		switch {
		case v.fault == "other-values":
			record.Data = []byte(`{"a":1}`)
		case v.fault == "invents":
			record.Deleted = false
		case v.fault == "leaves-out" && i == 0:
			continue
		}
		batch.Records = append(batch.Records, record)
	}
	if v.fault == "other-api" {
		batch.Stats = sdk.Stats{CRMCalls: 1, ByType: map[string]int{"soap": 1}}
	}
	return send(batch)
}

// TestVictim runs the suite against a connector with the fault that the
// environment names; alone, the connector has none.
func TestVictim(t *testing.T) {
	down := false
	connectortest.Run(t, connectortest.Config{
		New:     func() sdk.Connector { return &victim{fault: os.Getenv(victimEnv), down: &down} },
		Target:  sdk.Target{Environment: sdk.Production, Endpoint: "https://v.example"},
		Objects: []string{"A", "B"}, Denied: "Hidden", ReadObject: "A", UnknownID: "77",
		Outage: func(*testing.T) func() {
			down = true
			return func() { down = false }
		},
	})
}

func TestSuiteCatches(t *testing.T) {
	t.Parallel()
	for fault, check := range map[string]string{
		"manifest":       "manifest_is_valid",
		"random":         "describe_is_deterministic",
		"checklist":      "checklist_and_identity_are_valid",
		"forgets":        "every_object_is_answered_once",
		"hides":          "a_denied_object_is_a_denial",
		"denies":         "a_failed_check_is_never_a_denial",
		"skips":          "a_resume_token_continues",
		"no-end":         "a_resume_token_continues",
		"other-values":   "records_by_id_are_those_of_read",
		"invents":        "records_by_id_are_those_of_read",
		"leaves-out":     "records_by_id_are_those_of_read",
		"denial-deletes": "records_by_id_are_those_of_read",
		"other-api":      "calls_are_counted_by_declared_APIs",
		"logs":           "no_secret_in_errors_or_logs",
		"leaks":          "no_secret_in_errors_or_logs",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			command := exec.Command(os.Args[0], "-test.run=^TestVictim$")
			command.Env = append(os.Environ(), victimEnv+"="+fault)
			output, err := command.CombinedOutput()
			require.Error(t, err, "the suite passed")
			require.Contains(t, string(output), "--- FAIL: TestVictim/"+check)
		})
	}
}
