package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// canary is the access token of all calls; it must show nowhere.
	canary = "00Dcanary0000000!AQ.canary-8f2c41d7e5b94a30"
	// obedience is how long a call may take to end after its context has.
	obedience = 2 * time.Second
)

// Config tells the suite what it needs to know of the CRM behind the connector:
// a fake on loopback, usually.
type Config struct {
	// New makes the connector. Required.
	New func() sdk.Connector
	// Target is an integration of the fake; its access token is replaced by a
	// canary, so the fake must accept any. Required.
	Target sdk.Target
	// Objects exist in the fake and can be read. Required.
	Objects []string
	// Denied is an object that the CRM refuses; empty skips the check.
	Denied string
	// Outage makes the fake fail (500, 429, timeout, cut bodies: whatever a bad
	// day brings) until restore is called; nil skips the checks.
	Outage func(t *testing.T) (restore func())
	// Stall makes the fake answer nothing until restore is called; nil skips the
	// checks of deadlines and cancellation.
	Stall func(t *testing.T) (restore func())
	// ReadObject has at least two batches of records at BatchSize; empty skips
	// the checks of Read.
	ReadObject string
	// Fields are read from ReadObject.
	Fields    []string
	BatchSize int
	// UnknownID has the form of an id of ReadObject and is no record's; empty skips
	// the check that ReadRecords calls such a record deleted.
	UnknownID string
}

// suite is one run.
type suite struct {
	Config
	client *Client
	caps   []connectorv1.Capability
	output *output
	// spent are the stats of all calls.
	spent []sdk.Stats
}

func (s *suite) count(stats sdk.Stats) { s.spent = append(s.spent, stats) }

// Run runs the conformance suite; it replaces slog's default logger meanwhile, so
// do not run it in parallel with other tests. Checks that the Config or the connector's
// capabilities leave out are skipped, and say so.
func Run(t *testing.T, config Config) {
	t.Helper()
	if config.New == nil || config.Target.Endpoint == "" || len(config.Objects) == 0 {
		t.Fatal("connectortest: New, Target and Objects are required")
	}
	config.Target.AccessToken = canary
	s := &suite{Config: config, output: &output{}}
	client, stop := serve(config.New(), slog.New(slog.NewJSONHandler(s.output, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(stop)
	s.client = client
	s.capture(t)

	t.Run("manifest is valid", s.manifest)
	t.Run("describe is deterministic", s.deterministic)
	t.Run("checklist and identity are valid", s.connection)
	t.Run("every object is answered once", s.answers)
	t.Run("a denied object is a denial", s.denied)
	t.Run("a failed check is never a denial", s.outage)
	t.Run("deadlines are obeyed", s.deadline)
	t.Run("cancellation leaves no goroutine", s.cancellation)
	t.Run("a resume token continues", s.resume)
	t.Run("records by id are those of read", s.recordsByID)
	t.Run("calls are counted by declared APIs", s.calls)
	t.Run("no secret in errors or logs", s.secrets)
}

func (s *suite) need(t *testing.T, capability connectorv1.Capability) {
	t.Helper()
	if len(s.caps) == 0 {
		response, err := s.client.Describe(t.Context())
		if err != nil {
			t.Fatalf("Describe: %v", err)
		}
		s.caps = append(response.GetCapabilities(), connectorv1.Capability_CAPABILITY_UNSPECIFIED)
	}
	if !slices.Contains(s.caps, capability) {
		t.Skipf("the connector does not offer %s", capability)
	}
}

func (s *suite) manifest(t *testing.T) {
	response, err := s.client.Describe(t.Context())
	if err != nil {
		t.Fatalf("Describe: %v", err)
	}
	if err := validate.Describe(response); err != nil {
		t.Errorf("the host would refuse the manifest: %v", err)
	}
}

func (s *suite) deterministic(t *testing.T) {
	first, err := s.client.Describe(t.Context())
	if err != nil {
		t.Fatalf("Describe: %v", err)
	}
	other := Start(t, s.New())
	for range 3 {
		again, err := other.Describe(t.Context())
		if err != nil {
			t.Fatalf("Describe: %v", err)
		}
		if !proto.Equal(first, again) {
			t.Fatal("two calls of Describe gave different manifests")
		}
	}
}

func (s *suite) connection(t *testing.T) {
	request := &connectorv1.ChecklistRequest{Target: targetToWire(s.Target), Objects: s.Objects}
	response, err := s.client.connector.Checklist(t.Context(), request)
	if err != nil {
		t.Fatalf("Checklist: %v", err)
	}
	if err := validate.Checklist(response.GetItems()); err != nil {
		t.Errorf("the host would refuse the checklist: %v", err)
	}
	identity, err := s.client.connector.Identify(t.Context(), &connectorv1.IdentifyRequest{Target: targetToWire(s.Target)})
	if err != nil {
		t.Fatalf("Identify: %v", err)
	}
	if err := validate.Identity(identity.GetIdentity()); err != nil {
		t.Errorf("the host would refuse the identity: %v", err)
	}
}

// check returns the answers for objects by name, and fails on one that is
// missing, double or not asked for.
func (s *suite) check(t *testing.T, objects ...string) (map[string]sdk.ObjectCheck, error) {
	t.Helper()
	checks, outcome, err := s.client.CheckPermissions(t.Context(), s.Target, checkRequest(objects))
	s.count(outcome.Stats)
	byName := map[string]sdk.ObjectCheck{}
	for _, check := range checks {
		if _, twice := byName[check.Object]; twice {
			t.Errorf("%s was answered twice", check.Object)
		}
		if !slices.Contains(objects, check.Object) {
			t.Errorf("%s was answered and not asked for", check.Object)
		}
		byName[check.Object] = check
	}
	return byName, err
}

// absentField is the name of a field that no CRM has.
const absentField = "no_such_field_of_fieldwarden"

// checkRequest asks for objects, with a field that none of them has.
func checkRequest(objects []string) sdk.CheckRequest {
	request := sdk.CheckRequest{Unconditional: true}
	for _, object := range objects {
		request.Objects = append(request.Objects, sdk.CheckObject{Name: object, Fields: []string{absentField}})
	}
	return request
}

func (s *suite) answers(t *testing.T) {
	s.need(t, connectorv1.Capability_CAPABILITY_CHECK_PERMISSIONS)
	checks, err := s.check(t, s.Objects...)
	if err != nil {
		t.Fatalf("CheckPermissions: %v", err)
	}
	for _, object := range s.Objects {
		check, ok := checks[object]
		switch {
		case !ok:
			t.Errorf("%s was not answered", object)
		case check.Verdict != sdk.VerdictAccessible:
			t.Errorf("%s: got %s (%v), want ACCESSIBLE", object, check.Verdict, check.Failure)
		case len(check.Fields) == 0 || !check.Rights.Read:
			t.Errorf("%s: ACCESSIBLE without a field or without the right to read", object)
		}
		for _, field := range check.Fields {
			if !field.Rights.Read {
				t.Errorf("%s.%s is listed and cannot be read", object, field.Name)
			}
		}
		explained := slices.ContainsFunc(check.Denied, func(f sdk.DeniedField) bool { return f.Name == absentField && f.Cause != "" })
		if ok && check.Verdict == sdk.VerdictAccessible && !explained {
			t.Errorf("%s: the requested field %s cannot be read, and Denied does not say why (UNKNOWN at least)", object, absentField)
		}
	}
}

func (s *suite) denied(t *testing.T) {
	s.need(t, connectorv1.Capability_CAPABILITY_CHECK_PERMISSIONS)
	if s.Denied == "" {
		t.Skip("Config.Denied is empty")
	}
	checks, err := s.check(t, s.Denied, s.Objects[0])
	if err != nil {
		t.Fatalf("CheckPermissions: %v", err)
	}
	if got := checks[s.Denied]; got.Verdict != sdk.VerdictDenied || got.Cause == "" {
		t.Errorf("%s: got %s with cause %q, want DENIED with a cause, UNKNOWN at least", s.Denied, got.Verdict, got.Cause)
	}
	if got := checks[s.Objects[0]]; got.Verdict != sdk.VerdictAccessible {
		t.Errorf("%s: got %s, a denied object must not touch others", s.Objects[0], got.Verdict)
	}
}

func (s *suite) outage(t *testing.T) {
	s.need(t, connectorv1.Capability_CAPABILITY_CHECK_PERMISSIONS)
	if s.Outage == nil {
		t.Skip("Config.Outage is nil")
	}
	restore := s.Outage(t)
	checks, err := s.check(t, s.Objects...)
	restore()
	for object, check := range checks {
		switch {
		case check.Verdict == sdk.VerdictDenied:
			t.Errorf("%s: DENIED during an outage", object)
		case check.Verdict == sdk.VerdictFailed && check.Failure == nil:
			t.Errorf("%s: FAILED without an error", object)
		}
	}
	if err != nil && sdk.CodeOf(err) == sdk.CodeInternal {
		t.Errorf("the CRM's outage was reported as the connector's own: %v", err)
	}
	if err == nil && len(checks) < len(s.Objects) {
		t.Errorf("%d of %d objects were answered and no error returned", len(checks), len(s.Objects))
	}
	if checks, err := s.check(t, s.Objects[0]); err != nil || checks[s.Objects[0]].Verdict != sdk.VerdictAccessible {
		t.Errorf("after the outage: got %+v, %v, want ACCESSIBLE", checks[s.Objects[0]].Verdict, err)
	}
}

func (s *suite) deadline(t *testing.T) {
	if s.Stall == nil {
		t.Skip("Config.Stall is nil")
	}
	restore := sync.OnceFunc(s.Stall(t))
	defer restore()
	connector := s.New()
	for verb, call := range s.verbs(connector) {
		t.Run(verb, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- call(ctx) }()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("a CRM that answers nothing gave no error")
				}
			case <-time.After(obedience):
				t.Errorf("still running %s after its deadline", obedience)
			}
		})
	}
}

// verbs are the verbs called on the connector itself, not over the wire: gRPC
// would end the call for the connector.
func (s *suite) verbs(connector sdk.Connector) map[string]func(context.Context) error {
	calls := map[string]func(context.Context) error{
		"Identify": func(ctx context.Context) error {
			_, err := connector.Identify(ctx, s.Target)
			return err
		},
	}
	if checker, ok := connector.(sdk.PermissionChecker); ok {
		calls["CheckPermissions"] = func(ctx context.Context) error {
			failed := 0
			_, err := checker.CheckPermissions(ctx, s.Target, checkRequest(s.Objects), func(check sdk.ObjectCheck) error {
				if check.Verdict == sdk.VerdictFailed {
					failed++
				}
				return nil
			})
			if err == nil && failed > 0 {
				return errors.New("some objects failed")
			}
			return err
		}
	}
	if reader, ok := connector.(sdk.Reader); ok && s.ReadObject != "" {
		calls["Read"] = func(ctx context.Context) error {
			return reader.Read(ctx, s.Target, sdk.ReadRequest{Object: s.ReadObject, Fields: s.Fields}, func(sdk.Batch) error { return nil })
		}
	}
	if reader, ok := connector.(sdk.RecordReader); ok && s.ReadObject != "" && s.UnknownID != "" {
		calls["ReadRecords"] = func(ctx context.Context) error {
			request := sdk.ReadRecordsRequest{Object: s.ReadObject, Fields: s.Fields, IDs: []string{s.UnknownID}}
			return reader.ReadRecords(ctx, s.Target, request, func(sdk.RecordsBatch) error { return nil })
		}
	}
	return calls
}

func (s *suite) cancellation(t *testing.T) {
	if s.Stall == nil {
		t.Skip("Config.Stall is nil")
	}
	restore := sync.OnceFunc(s.Stall(t))
	defer restore()
	connector := s.New()
	before := runtime.NumGoroutine()
	for verb, call := range s.verbs(connector) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = call(ctx)
		}()
		time.AfterFunc(50*time.Millisecond, cancel)
		select {
		case <-ended:
		case <-time.After(obedience):
			t.Errorf("%s still runs %s after it was cancelled", verb, obedience)
		}
	}
	restore()
	deadline := time.Now().Add(obedience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before+idleAllowance && time.Now().Before(deadline) {
		<-tick.C
	}
	if left := runtime.NumGoroutine() - before; left > idleAllowance {
		t.Errorf("%d goroutines were left behind", left)
	}
}

// idleAllowance leaves room for kept-alive HTTP connections, two goroutines each
// on both ends.
const idleAllowance = 4

func (s *suite) resume(t *testing.T) {
	s.need(t, connectorv1.Capability_CAPABILITY_READ)
	if s.ReadObject == "" {
		t.Skip("Config.ReadObject is empty")
	}
	all, tokens := s.readAll(t, nil)
	if len(tokens) < 2 {
		t.Fatalf("%s gave %d batches, at least two are needed", s.ReadObject, len(tokens))
	}
	ids := map[string]bool{}
	for _, records := range all {
		for _, record := range records {
			ids[record.ID] = true
		}
	}
	for i, token := range tokens[:len(tokens)-1] {
		rest, _ := s.readAll(t, token)
		seen := map[string]bool{}
		for _, records := range append(slices.Clone(all[:i+1]), rest...) {
			for _, record := range records {
				seen[record.ID] = true
			}
		}
		if missing := len(ids) - len(seen); missing > 0 {
			t.Errorf("resuming after batch %d: %d of %d records are lost", i+1, missing, len(ids))
		}
	}
}

// readAll reads to the end and returns records and token of each batch.
func (s *suite) readAll(t *testing.T, token []byte) (records [][]sdk.Record, tokens [][]byte) {
	t.Helper()
	done := false
	err := s.client.Read(t.Context(), s.Target, sdk.ReadRequest{
		Object: s.ReadObject, Fields: s.Fields, ResumeToken: token, BatchSize: s.BatchSize,
	}, func(batch sdk.Batch) error {
		if done {
			return errors.New("a batch follows the one with Done")
		}
		done = batch.Done
		s.count(batch.Stats)
		records, tokens = append(records, batch.Records), append(tokens, batch.ResumeToken)
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if !done {
		t.Fatal("Read ended without a batch with Done")
	}
	return records, tokens
}

// secrets makes every verb fail and then looks through everything that was
// written since the suite began.
func (s *suite) secrets(t *testing.T) {
	if s.Outage != nil {
		restore := s.Outage(t)
		for verb, call := range s.verbs(s.New()) {
			if err := call(t.Context()); err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), canary) {
				t.Errorf("%s: the access token is in the error", verb)
			}
		}
		restore()
	}
	if s.output.contains(canary) {
		t.Error("the access token was logged or printed")
	}
}

// output collects what the connector writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write collects.
func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(data)
}

func (o *output) contains(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Contains(o.buf.String(), text)
}

// capture makes slog's default logger write into the output for the suite's time:
// connectors log with it.
func (s *suite) capture(t *testing.T) {
	t.Helper()
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(s.output, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
}
