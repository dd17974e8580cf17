package salesforce_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// org is a running simulator that the connector is connected to.
type org struct {
	*crmsim.Controls
	target sdk.Target
}

func startOrg(t *testing.T, config crmsim.Config) *org {
	t.Helper()
	simulator, err := crmsim.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(simulator.Handler())
	t.Cleanup(server.Close)
	return &org{simulator.Controls(), signIn(t, server.URL)}
}

// signIn does what the host does with the manifest's OAuth description.
func signIn(t *testing.T, base string) sdk.Target {
	t.Helper()
	const redirect, verifier = "http://127.0.0.1:9/callback", "a-verifier-of-at-least-forty-three-characters-0123456789"
	spec := salesforce.New().Describe().Environments[0].OAuth
	at := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		return base + u.Path
	}
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {crmsim.DefaultClientID}, "redirect_uri": {redirect},
		"scope": {strings.Join(spec.Scopes, " ")}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(at(spec.AuthorizeURL)+"?"+query.Encode(), url.Values{"decision": {"approve"}})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := answer.Location()
	require.NoError(t, err, "status %d", answer.StatusCode)
	answer, err = browser.PostForm(at(spec.TokenURL), url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirect},
		"client_id": {crmsim.DefaultClientID}, "client_secret": {crmsim.DefaultClientSecret}, "code_verifier": {verifier},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var tokens map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&tokens))
	require.Equal(t, http.StatusOK, answer.StatusCode, "%v", tokens)
	return sdk.Target{
		IntegrationID: "int_1", Environment: sdk.Production,
		Endpoint: tokens[spec.EndpointField].(string), AccessToken: sdk.Secret(tokens["access_token"].(string)),
	}
}

func (o *org) check(t *testing.T, objects ...string) map[string]sdk.ObjectCheck {
	t.Helper()
	checks := map[string]sdk.ObjectCheck{}
	_, err := salesforce.NewWithoutPause().CheckPermissions(t.Context(), o.target, sdk.CheckRequest{Objects: connectortest.Objects(objects...), Unconditional: true}, func(c sdk.ObjectCheck) error {
		checks[c.Object] = c
		return nil
	})
	require.NoError(t, err)
	require.Len(t, checks, len(objects))
	return checks
}

func fieldOf(check sdk.ObjectCheck, name string) (sdk.Field, bool) {
	i := slices.IndexFunc(check.Fields, func(f sdk.Field) bool { return f.Name == name })
	if i < 0 {
		return sdk.Field{}, false
	}
	return check.Fields[i], true
}

var story = []string{"Account", "Contact", "Lead", "Opportunity", "User"}

func TestSimulatorPermissionStory(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	o.ClearRequests()
	for object, check := range o.check(t, story...) {
		require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v", object, check.Failure)
		require.True(t, check.Rights.Read)
		require.Equal(t, salesforce.APIVersion, check.APIVersion)
	}
	require.Equal(t, 1, o.Counters().APICalls)

	require.NoError(t, o.SetField("Contact", "Email", crmsim.FieldSwitch{Read: crmsim.Off()}))
	require.NoError(t, o.SetField("Contact", "Phone", crmsim.FieldSwitch{Edit: crmsim.Off()}))
	require.NoError(t, o.SetObject("Lead", crmsim.ObjectSwitch{Read: crmsim.Off()}))
	require.NoError(t, o.SetObject("Opportunity", crmsim.ObjectSwitch{Queryable: crmsim.Off()}))
	require.NoError(t, o.SetObject("Account", crmsim.ObjectSwitch{Edit: crmsim.Off()}))
	checks := o.check(t, story...)
	_, email := fieldOf(checks["Contact"], "Email")
	require.False(t, email)
	phone, ok := fieldOf(checks["Contact"], "Phone")
	require.True(t, ok)
	require.Equal(t, sdk.Rights{Read: true}, phone.Rights)
	require.Equal(t, sdk.Rights{Read: true, Create: true}, checks["Account"].Rights)
	for _, object := range []string{"Lead", "Opportunity"} {
		require.Equal(t, sdk.VerdictDenied, checks[object].Verdict)
		require.Equal(t, sdk.CauseObjectDenied, checks[object].Cause)
	}

	o.ResetPermissions()
	checks = o.check(t, story...)
	_, email = fieldOf(checks["Contact"], "Email")
	require.True(t, email)
	require.Equal(t, sdk.VerdictAccessible, checks["Lead"].Verdict)
}

// TestSimulatorOutages: no fault of the service is ever taken for a loss.
func TestSimulatorOutages(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	for kind, want := range map[crmsim.FaultKind]sdk.Code{
		crmsim.FaultServerError: sdk.CodeUnavailable, crmsim.FaultUnavailable: sdk.CodeUnavailable,
		crmsim.FaultUnavailableJSON: sdk.CodeUnavailable, crmsim.FaultEdge: sdk.CodeUnavailable,
		crmsim.FaultTooManyRequests: sdk.CodeRateLimited, crmsim.FaultConcurrentLimit: sdk.CodeRateLimited,
		crmsim.FaultDailyLimit: sdk.CodeQuotaExhausted, crmsim.FaultSessionNotREST: sdk.CodeAppBlocked,
		crmsim.FaultAPIDisabled: sdk.CodeForbidden, crmsim.FaultTruncated: sdk.CodeBadResponse, crmsim.FaultCut: sdk.CodeBadResponse,
	} {
		_, err := o.AddFault(crmsim.Fault{Kind: kind})
		require.NoError(t, err)
		for object, check := range o.check(t, story...) {
			require.Equal(t, sdk.VerdictFailed, check.Verdict, "%s %s", kind, object)
			require.Equal(t, want, sdk.CodeOf(check.Failure), "%s: %v", kind, check.Failure)
		}
		o.ClearFaults()
	}
	for kind, want := range map[crmsim.FaultKind]sdk.Verdict{
		crmsim.FaultServerError: sdk.VerdictFailed, crmsim.FaultDailyLimit: sdk.VerdictFailed, crmsim.FaultInsufficientAccess: sdk.VerdictDenied,
	} {
		_, err := o.AddFault(crmsim.Fault{Kind: kind, Object: "Contact", Parts: true})
		require.NoError(t, err)
		checks := o.check(t, story...)
		require.Equal(t, want, checks["Contact"].Verdict, "%s", kind)
		require.Equal(t, sdk.VerdictAccessible, checks["Account"].Verdict)
		o.ClearFaults()
	}
	_, err := o.AddFault(crmsim.Fault{Kind: crmsim.FaultServerError, Times: 2})
	require.NoError(t, err)
	require.Equal(t, sdk.VerdictAccessible, o.check(t, "Account")["Account"].Verdict, "two repetitions outlast two faults")

	o.KillAccessTokens()
	_, err = salesforce.NewWithoutPause().CheckPermissions(t.Context(), o.target, sdk.CheckRequest{Objects: connectortest.Objects(story...)}, func(sdk.ObjectCheck) error {
		t.Error("nothing can be answered")
		return nil
	})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	_, err = salesforce.NewWithoutPause().Identify(t.Context(), o.target)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

func TestSimulatorIdentityAndLists(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Sandbox: true, OrgName: "Acme"})
	identity, err := salesforce.NewWithoutPause().Identify(t.Context(), o.target)
	require.NoError(t, err)
	require.Equal(t, sdk.Sandbox, identity.Environment)
	require.Equal(t, "Acme", identity.InstanceName)
	require.Equal(t, o.target.Endpoint, identity.InstanceURL)
	require.Len(t, identity.InstanceID, 18)

	objects, err := salesforce.NewWithoutPause().ListObjects(t.Context(), o.target)
	require.NoError(t, err)
	for _, name := range story {
		require.True(t, slices.ContainsFunc(objects, func(object sdk.Object) bool { return object.Name == name && object.Rights.Read }), name)
	}
	fields, err := salesforce.NewWithoutPause().ListFields(t.Context(), o.target, "Opportunity")
	require.NoError(t, err)
	stage := fields[slices.IndexFunc(fields, func(f sdk.Field) bool { return f.Name == "StageName" })]
	require.Equal(t, "picklist", stage.Type)
	require.NotEmpty(t, stage.Picklist)
	require.True(t, stage.RequiredOnCreate)
	_, err = salesforce.NewWithoutPause().ListFields(t.Context(), o.target, "Missing__c")
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err))

	o.ClearRequests()
	items, err := salesforce.NewWithoutPause().Checklist(t.Context(), o.target, sdk.ChecklistRequest{Objects: story})
	require.NoError(t, err)
	statuses := map[string]sdk.Status{}
	for _, item := range items {
		statuses[item.Key] = item.Status
	}
	require.Equal(t, sdk.StatusFail, statuses["right-environment"], "production was chosen, this is a sandbox")
	require.Equal(t, sdk.StatusPass, statuses["object-lead"])
	require.Equal(t, sdk.StatusPass, statuses["api-budget"])
	require.Equal(t, 1, o.Counters().APICalls)
}

// drain reads an object to the end, with an interruption after every few batches,
// and returns how often each record came.
func (o *org) drain(t *testing.T, object string, token []byte, every int) (map[string]int, []byte) {
	t.Helper()
	seen := map[string]int{}
	stop := errors.New("stop")
	for done := false; !done; {
		left := every
		err := salesforce.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: object, Fields: []string{"Name", "CreatedDate"}, ResumeToken: token, BatchSize: 200}, func(b sdk.Batch) error {
			for _, record := range b.Records {
				seen[record.ID]++
			}
			token, done = b.ResumeToken, b.Done
			if left--; left == 0 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			require.NoError(t, err)
		}
	}
	return seen, token
}

func TestSimulatorRead(t *testing.T) {
	t.Parallel()
	const count = 3000
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": count}})
	seen, token := o.drain(t, "Account", nil, 2)
	require.Len(t, seen, count)
	for id, times := range seen {
		require.Equal(t, 1, times, id)
	}
	again, token := o.drain(t, "Account", token, 100)
	require.Empty(t, again)

	changed, err := o.TouchRecords(crmsim.RecordChange{Object: "Account", Count: 700})
	require.NoError(t, err)
	late, err := o.CreateRecords(crmsim.RecordChange{Object: "Account", Count: 1, Fields: map[string]any{"Name": "New"}})
	require.NoError(t, err)
	seen, token = o.drain(t, "Account", token, 1)
	require.Len(t, seen, len(changed)+len(late))

	late, err = o.CreateRecords(crmsim.RecordChange{Object: "Account", Count: 3, Fields: map[string]any{"Name": "Late"}, LateSeconds: 9 * 60})
	require.NoError(t, err)
	seen, _ = o.drain(t, "Account", token, 100)
	for _, id := range late {
		require.Equal(t, 1, seen[id], "a record that committed nine minutes late")
	}
}

func TestSimulatorReadGoesOnWhenCursorsClose(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 2500}, MaxPageRows: 300})
	seen := map[string]int{}
	err := salesforce.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "Account", Fields: []string{"Name", "BillingAddress"}}, func(b sdk.Batch) error {
		for _, record := range b.Records {
			seen[record.ID]++
			require.NotContains(t, string(record.Data), `"attributes"`)
		}
		o.DropCursors()
		return nil
	})
	require.NoError(t, err)
	require.Len(t, seen, 2500)
	for id, times := range seen {
		require.Equal(t, 1, times, id)
	}
}

func TestSimulatorReadOfLostRights(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	read := func() error {
		return salesforce.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "Contact", Fields: []string{"LastName", "Email"}}, func(sdk.Batch) error { return nil })
	}
	require.NoError(t, read())
	require.NoError(t, o.SetField("Contact", "Email", crmsim.FieldSwitch{Read: crmsim.Off()}))
	var denied *sdk.Error
	require.ErrorAs(t, read(), &denied)
	require.Equal(t, [3]string{string(sdk.CodeFieldDenied), "Contact", "Email"}, [3]string{string(denied.Code), denied.Object, denied.Field})
	require.NoError(t, o.SetObject("Contact", crmsim.ObjectSwitch{Read: crmsim.Off()}))
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(read()))
	_, err := o.AddFault(crmsim.Fault{Kind: crmsim.FaultUnavailable})
	require.NoError(t, err)
	require.Equal(t, sdk.CodeUnavailable, sdk.CodeOf(read()))
}

func TestSimulatorSlowDescribe(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	_, err := o.AddFault(crmsim.Fault{Kind: crmsim.FaultSlow, DelayMS: 1000})
	require.NoError(t, err)
	checks := 0
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err = salesforce.NewWithoutPause().CheckPermissions(ctx, o.target, sdk.CheckRequest{Objects: connectortest.Objects(story...)}, func(c sdk.ObjectCheck) error {
		checks++
		if c.Verdict != sdk.VerdictFailed || sdk.CodeOf(c.Failure) != sdk.CodeTimeout {
			return fmt.Errorf("a slow org was taken for %s %v", c.Verdict, c.Failure)
		}
		return nil
	})
	if err != nil {
		require.Equal(t, sdk.CodeTimeout, sdk.CodeOf(err))
	}
	require.LessOrEqual(t, checks, len(story))
}
