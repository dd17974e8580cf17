package permission_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	entmapping "github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/permissionchange"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

const confirmDelay = 5 * time.Second

// testPackage needs three objects with a few standard fields each.
func testPackage() crm.Package {
	object := func(key, name string, requirement crm.Requirement, fields ...crm.StandardField) crm.PackageObject {
		return crm.PackageObject{Key: key, Name: name, Label: name, Requirement: requirement, Rights: crm.Rights{Read: true}, Fields: fields}
	}
	field := func(key, candidate string, kind crm.DataType, requirement crm.Requirement) crm.StandardField {
		return crm.StandardField{Key: key, Label: candidate, DataType: kind, Requirement: requirement, Candidates: []string{candidate}, Features: []string{"pages"}}
	}
	return crm.Package{
		Key: "test", Version: 1, Title: "Test", CRM: "salesforce",
		Features: []crm.Feature{{Key: "pages", Title: "Pages", Description: "Shows records."}},
		Objects: []crm.PackageObject{
			object("account", "Account", crm.Required,
				field("account.id", "Id", crm.TypeID, crm.Required), field("account.name", "Name", crm.TypeText, crm.Required)),
			object("contact", "Contact", crm.Required,
				field("contact.id", "Id", crm.TypeID, crm.Required), field("contact.email", "Email", crm.TypeEmail, crm.Required),
				field("contact.phone", "Phone", crm.TypePhone, crm.Recommended), field("contact.title", "Title", crm.TypeText, crm.Recommended)),
			object("opportunity", "Opportunity", crm.Recommended,
				field("opportunity.id", "Id", crm.TypeID, crm.Required), field("opportunity.stage", "StageName", crm.TypePicklist, crm.Required)),
		},
	}
}

// fakeCRM is a CRM whose rights a test switches, behind a connector that counts its
// calls.
type fakeCRM struct {
	mu sync.Mutex
	// fields are the readable fields by object; an object that is not here is denied.
	fields map[string][]crm.FieldInfo
	// failure fails the whole call, failures single objects.
	failure  error
	failures map[string]error
	// rights are those on objects; an object that is not here can only be read.
	rights   map[string]crm.Rights
	version  string
	requests []crm.CheckRequest
	// denied explains fields, and records limits them, by object.
	denied  map[string][]crm.DeniedField
	records map[string]string
	// memo is what the connector wants to have kept; memos is what came with each call.
	memo []byte
	// allowance is what may be spent.
	allowance crm.Allowance
	memos     []string
	// during runs while a call is under way, after the CRM has made its answer.
	during func()
}

func field(name, kind string) crm.FieldInfo {
	return crm.FieldInfo{Name: name, Label: name, Type: kind, Rights: crm.Rights{Read: true, Update: true}, Hideable: true}
}

func newFakeCRM() *fakeCRM {
	return &fakeCRM{
		version:  "66.0",
		failures: map[string]error{},
		rights:   map[string]crm.Rights{},
		fields: map[string][]crm.FieldInfo{
			"Account": {field("Id", "id"), field("Name", "string"), field("Industry", "picklist")},
			"Contact": {field("Id", "id"), field("Email", "email"), field("Phone", "phone"), field("Title", "string"), field("Fax", "phone")},
			"Opportunity": {field("Id", "id"), {
				Name: "StageName", Label: "Stage", Type: "picklist", Rights: crm.Rights{Read: true}, Hideable: true,
				Picklist: []crm.PicklistValue{{Value: "Open", Label: "Open", Active: true}, {Value: "Won", Label: "Won", Active: true}},
			}},
		},
	}
}

// hide takes a field, or with an empty name the object, from the integration user
// and returns what gives it back.
func (c *fakeCRM) hide(object, name string) (show func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.fields[object]
	if name == "" {
		delete(c.fields, object)
	} else {
		c.fields[object] = slices.DeleteFunc(slices.Clone(before), func(f crm.FieldInfo) bool { return f.Name == name })
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.fields[object] = before
	}
}

func (c *fakeCRM) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
}

func (c *fakeCRM) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.requests)
}

// Call gives any integration a target.
func (c *fakeCRM) Call(ctx context.Context, integrationID string, do func(context.Context, string, crm.Target) error) error {
	return do(ctx, "salesforce", crm.Target{IntegrationID: integrationID})
}

// Describe is the connector's manifest.
func (c *fakeCRM) Describe(string) (crm.Manifest, error) {
	return crm.Manifest{Name: "salesforce", Title: "Salesforce", Capabilities: []crm.Capability{crm.CanCheckPermissions}, Remediations: []crm.RemediationTemplate{{
		Cause: crm.CausePermission, Subject: crm.SubjectField, Who: "Salesforce administrator",
		Steps:    []string{"Open {object}, field {field}.", "Make it visible to {user}."},
		DeepLink: "{instanceUrl}/setup/{object}/{field}",
	}}}, nil
}

// Allowance is what the test says.
func (c *fakeCRM) Allowance(context.Context, *ent.Client, *ent.Integration, time.Time) (crm.Allowance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.allowance, nil
}

// CheckPermissions answers as a connector does.
func (c *fakeCRM) CheckPermissions(_ context.Context, _ string, target crm.Target, r crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	c.mu.Lock()
	c.requests, c.memos = append(c.requests, r), append(c.memos, string(target.Memo))
	checks, err := c.answer(r), c.failure
	during := c.during
	c.mu.Unlock()
	if during != nil {
		during()
	}
	if err != nil {
		return nil, crm.CheckOutcome{}, err
	}
	return checks, crm.CheckOutcome{Stats: crm.CallStats{CRMCalls: 1}, Memo: c.memo}, nil
}

func (c *fakeCRM) answer(r crm.CheckRequest) []crm.ObjectCheck {
	checks := make([]crm.ObjectCheck, len(r.Objects))
	for i, asked := range r.Objects {
		name := asked.Name
		check := crm.ObjectCheck{Object: name, Label: name, APIVersion: c.version}
		fields, readable := c.fields[name]
		switch {
		case c.failures[name] != nil:
			check.Verdict, check.Failure = crm.VerdictFailed, c.failures[name]
		case readable:
			check.Verdict, check.Rights, check.Fields = crm.VerdictAccessible, crm.Rights{Read: true}, slices.Clone(fields)
			if granted, set := c.rights[name]; set {
				check.Rights = granted
			}
			check.Denied = c.denied[name]
			if check.RecordsNote = c.records[name]; check.RecordsNote != "" {
				check.Records = crm.RecordsPartial
			}
		default:
			check.Verdict, check.Cause, check.Evidence = crm.VerdictDenied, crm.CausePermission, name+" is not in the list of objects."
		}
		checks[i] = check
	}
	return checks
}

// fakeJobs keeps what was enqueued, and plays it when the test says so.
type fakeJobs struct {
	mu       sync.Mutex
	handlers map[string]job.Handler
	waiting  []job.Job
	// later is a kind of which run leaves the jobs waiting.
	later string
}

func (f *fakeJobs) Register(kind string, h job.Handler, _ job.HandlerOptions) { f.handlers[kind] = h }

func (f *fakeJobs) Enqueue(_ context.Context, tx *store.Tx, kind, workspaceID string, payload any, _ ...job.Option) (int64, error) {
	text, err := json.Marshal(payload)
	tx.AfterCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waiting = append(f.waiting, job.Job{Kind: kind, WorkspaceID: workspaceID, Payload: text})
	})
	return 1, err
}

// run plays everything that waits, the same job once, and returns the first error.
func (f *fakeJobs) run(ctx context.Context) error {
	f.mu.Lock()
	waiting := slices.Clone(f.waiting)
	isLater := func(j job.Job) bool { return j.Kind == f.later }
	f.waiting = slices.DeleteFunc(f.waiting, func(j job.Job) bool { return !isLater(j) })
	waiting = slices.DeleteFunc(waiting, isLater)
	f.mu.Unlock()
	done := map[string]bool{}
	for _, j := range waiting {
		if id := j.Kind + string(j.Payload); !done[id] {
			done[id] = true
			if err := f.handlers[j.Kind](principal.System(ctx, j.WorkspaceID, j.Kind), j); err != nil {
				return err
			}
		}
	}
	return nil
}

// fixture is an integration with everything that checks need.
type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	clock       *clockwork.FakeClock
	crm         *fakeCRM
	jobs        *fakeJobs
	config      permission.Config
	permissions *permission.Service
	mappings    *mapping.Service
	alerts      *alert.Service
	integration *ent.Integration
}

func newFixture(t *testing.T, s *store.Store, clock *clockwork.FakeClock) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s, clock: clock, crm: newFakeCRM(), jobs: &fakeJobs{handlers: map[string]job.Handler{}}}
	var err error
	log := slog.New(slog.DiscardHandler)
	packages := snapshot.Packages(func(string, string, int) (crm.Package, error) { return testPackage(), nil })
	f.alerts, err = alert.New(alert.Config{Connectors: f.crm, Logger: log})
	require.NoError(t, err)
	f.mappings, err = mapping.New(mapping.Config{Store: s, Alerts: f.alerts, Packages: packages})
	require.NoError(t, err)
	f.config = permission.Config{
		Store: s, Caller: f.crm, Checker: f.crm, Jobs: f.jobs, Alerts: f.alerts, Mappings: f.mappings, Packages: packages, Meter: f.crm, Logger: log,
	}
	f.permissions, err = permission.New(f.config)
	require.NoError(t, err)
	f.permissions.Register(f.jobs)
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f.integration, err = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetConnector("salesforce").
			SetEnvironment(crm.Production).SetState(crm.IntegrationOnboarding).
			SetInstanceURL("https://acme.example").SetIntegrationUser("sync@acme.example").Save(ctx)
		return err
	}))
	return f
}

// active is a fixture whose onboarding is over: checked, mapped, standardized.
func active(t *testing.T, s *store.Store, clock *clockwork.FakeClock) *fixture {
	t.Helper()
	f := newFixture(t, s, clock)
	f.check(permission.Onboarding)
	f.standardize()
	return f
}

func (f *fixture) standardize() {
	f.t.Helper()
	require.NoError(f.t, f.mappings.CompleteStandardization(f.ctx, mapping.CompleteInput{IntegrationID: f.integration.ID, IdempotencyKey: f.key()}))
}

var keys struct {
	sync.Mutex
	n int
}

func (f *fixture) key() string {
	keys.Lock()
	defer keys.Unlock()
	keys.n++
	return fmt.Sprintf("key-%d", keys.n)
}

func (f *fixture) check(mode permission.Mode, objects ...string) permission.Result {
	f.t.Helper()
	result, err := f.permissions.Check(f.ctx, f.integration.ID, permission.CheckInput{Mode: mode, Objects: objects})
	require.NoError(f.t, err)
	return result
}

// nextDay makes the daily check and, after the delay, what it enqueued.
func (f *fixture) nextDay() {
	f.t.Helper()
	f.clock.Advance(24 * time.Hour)
	f.check(permission.Normal)
	f.confirm()
}

func (f *fixture) confirm() {
	f.t.Helper()
	f.clock.Advance(confirmDelay)
	require.NoError(f.t, f.jobs.run(f.ctx))
}

func (f *fixture) object(name string) *ent.CrmObject {
	f.t.Helper()
	object, err := f.store.Read().CrmObject.Query().
		Where(crmobject.IntegrationID(f.integration.ID), crmobject.Name(name)).Only(f.ctx)
	require.NoError(f.t, err)
	return object
}

func (f *fixture) field(object, name string) *ent.CrmField {
	f.t.Helper()
	row, err := f.store.Read().CrmField.Query().
		Where(crmfield.ObjectID(f.object(object).ID), crmfield.Name(name)).Only(f.ctx)
	require.NoError(f.t, err)
	return row
}

func (f *fixture) status(object, name string) crm.FieldStatus {
	f.t.Helper()
	row := f.field(object, name)
	return crm.StatusOf(row.Readable, row.Standardized)
}

// openAlerts lists the open alerts as "RULE Object.Field".
func (f *fixture) openAlerts() []string {
	f.t.Helper()
	rows, err := f.store.Read().Alert.Query().
		Where(entalert.IntegrationID(f.integration.ID), entalert.OpenKeyNotNil()).All(f.ctx)
	require.NoError(f.t, err)
	names := []string{}
	for _, row := range rows {
		require.NotNil(f.t, row.OpenKey)
		names = append(names, alertName(row))
	}
	slices.Sort(names)
	return names
}

func alertName(row *ent.Alert) string {
	name := string(row.Rule) + " " + row.ObjectName
	if row.FieldName != "" {
		name += "." + row.FieldName
	}
	return name
}

// theAlert is the only alert there is of something lost.
func (f *fixture) theAlert() *ent.Alert {
	f.t.Helper()
	row, err := f.store.Read().Alert.Query().Where(
		entalert.IntegrationID(f.integration.ID), entalert.RuleNotIn(crm.RuleSchemaChanged, crm.RuleRequiredFieldUnmapped),
	).Only(f.ctx)
	require.NoError(f.t, err)
	return row
}

// changes lists the permission history as "CHANGE Object.Field", the oldest first.
func (f *fixture) changes() []string {
	f.t.Helper()
	rows, err := f.store.Read().PermissionChange.Query().
		Where(permissionchange.IntegrationID(f.integration.ID)).
		Order(permissionchange.ByCreatedAt(), permissionchange.ByObjectName(), permissionchange.ByFieldName()).All(f.ctx)
	require.NoError(f.t, err)
	names := []string{}
	for _, row := range rows {
		name := string(row.Change) + " " + row.ObjectName
		if row.FieldName != "" {
			name += "." + row.FieldName
		}
		names = append(names, name)
	}
	return names
}

// feed lists what the feed says since a sequence: kind and event.
func (f *fixture) feed(after int64) []string {
	f.t.Helper()
	entries, err := f.store.FeedAfter(f.ctx, f.integration.WorkspaceID, after, 500)
	require.NoError(f.t, err)
	said := []string{}
	for _, entry := range entries {
		var payload struct {
			Event  string `json:"event"`
			Change string `json:"change"`
			Object string `json:"object"`
			Field  string `json:"field"`
		}
		require.NoError(f.t, json.Unmarshal(entry.Payload, &payload))
		text := entry.Kind
		for _, part := range []string{payload.Event, payload.Change, payload.Object, payload.Field} {
			if part != "" {
				text += " " + part
			}
		}
		said = append(said, text)
	}
	return said
}

func (f *fixture) head() int64 {
	f.t.Helper()
	head, err := f.store.FeedHead(f.ctx, f.integration.WorkspaceID)
	require.NoError(f.t, err)
	return head
}

// outage is what a connector says of a CRM that does not answer.
func outage() error {
	return fault.New(fault.CRMUnavailable, "Salesforce answered 503 to the check.")
}

// forgetfulChecker leaves an object out of its answers.
type forgetfulChecker struct {
	*fakeCRM
	object string
}

func (c *forgetfulChecker) CheckPermissions(ctx context.Context, name string, t crm.Target, r crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	checks, stats, err := c.fakeCRM.CheckPermissions(ctx, name, t, r)
	return slices.DeleteFunc(checks, func(check crm.ObjectCheck) bool { return check.Object == c.object }), stats, err
}

func (f *fixture) replaceChecker(checker permission.Checker) {
	f.t.Helper()
	f.config.Checker = checker
	var err error
	f.permissions, err = permission.New(f.config)
	require.NoError(f.t, err)
}

func (f *fixture) setState(state crm.IntegrationState) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(state).Exec(ctx)
	}))
}

// objectNames are the names of the objects that a check asked for.
func objectNames(r crm.CheckRequest) []string {
	names := make([]string, len(r.Objects))
	for i, object := range r.Objects {
		names[i] = object.Name
	}
	return names
}

// usePackage makes everything go by another package.
func (f *fixture) usePackage(pkg crm.Package) {
	f.t.Helper()
	f.config.Packages = func(string, string, int) (crm.Package, error) { return pkg, nil }
	var err error
	f.mappings, err = mapping.New(mapping.Config{Store: f.store, Alerts: f.alerts, Packages: f.config.Packages})
	require.NoError(f.t, err)
	f.config.Mappings = f.mappings
	f.replaceChecker(f.crm)
	f.permissions.Register(f.jobs)
}

// mapped is the mapping of a standard field.
func (f *fixture) mapped(standardField string) *ent.Mapping {
	f.t.Helper()
	row, err := f.store.Read().Mapping.Query().Where(entmapping.IntegrationID(f.integration.ID), entmapping.StandardField(standardField)).Only(f.ctx)
	require.NoError(f.t, err)
	return row
}
