package hubspot_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
	"github.com/fieldwarden/fieldwarden/plugins/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// portal is a running simulator that the connector is connected to.
type portal struct {
	*crmsim.Controls

	base         string
	target       sdk.Target
	refreshToken string
}

// startPortal serves a portal without limits and signs in as the host does.
func startPortal(t *testing.T, config crmsim.Config, configuration string) *portal {
	t.Helper()
	config.Limits = crmsim.Limits{TenSecondly: -1, Search: -1, Daily: -1}
	simulator, err := crmsim.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(simulator.Handler())
	t.Cleanup(server.Close)
	p := &portal{Controls: simulator.Controls(), base: server.URL}
	p.signIn(t)
	p.target.Config = json.RawMessage(configuration)
	return p
}

// signIn does what the host does with the manifest's OAuth description: a consent
// with a browser, and an introspection of the token.
func (p *portal) signIn(t *testing.T) {
	t.Helper()
	const redirect, verifier = "http://127.0.0.1:9/callback", "a-verifier-of-at-least-forty-three-characters-0123456789"
	spec := hubspot.New().Describe().Environments[0].OAuth
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {crmsim.DefaultClientID}, "redirect_uri": {redirect},
		"scope": {strings.Join(spec.Scopes, " ")}, "optional_scope": {strings.Join(spec.OptionalScopes, " ")}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(p.at(t, spec.AuthorizeURL)+"?"+query.Encode(), url.Values{"decision": {"approve"}})
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := answer.Location()
	require.NoError(t, err, "status %d: %s", answer.StatusCode, page)
	tokens := p.post(t, spec.TokenURL, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier},
	})
	p.refreshToken = tokens["refresh_token"].(string)
	p.target = sdk.Target{IntegrationID: "int_1", Environment: sdk.Production, Endpoint: p.base, AccessToken: sdk.Secret(tokens["access_token"].(string))}
	p.introspect(t)
}

func (p *portal) refresh(t *testing.T) {
	t.Helper()
	tokens := p.post(t, hubspot.New().Describe().Environments[0].OAuth.TokenURL, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.refreshToken}})
	p.target.AccessToken = sdk.Secret(tokens["access_token"].(string))
	p.introspect(t)
}

// introspect asks for the token's scopes, without its own words for tokens.
func (p *portal) introspect(t *testing.T) {
	t.Helper()
	answer := p.post(t, hubspot.New().Describe().Environments[0].OAuth.IntrospectURL, url.Values{"token": {p.target.AccessToken.Reveal()}, "token_type_hint": {"access_token"}})
	raw, err := json.Marshal(answer)
	require.NoError(t, err)
	p.target.Introspection = raw
}

func (p *portal) at(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return p.base + u.Path
}

func (p *portal) post(t *testing.T, address string, form url.Values) map[string]any {
	t.Helper()
	form.Set("client_id", crmsim.DefaultClientID)
	form.Set("client_secret", crmsim.DefaultClientSecret)
	answer, err := http.PostForm(p.at(t, address), form)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var members map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&members))
	require.Equal(t, http.StatusOK, answer.StatusCode, "%v", members)
	return members
}

// packageFields are what the package for HubSpot asks for: the first candidate of
// every standard field.
func packageFields() []sdk.CheckObject {
	var objects []sdk.CheckObject
	for _, one := range [][2]string{
		{"companies", `id name hubspot_owner_id hs_lastmodifieddate domain industry numberofemployees type phone city
			state zip country`},
		{"contacts", `id associations.companies firstname lastname email phone jobtitle job_function hubspot_owner_id
			hs_analytics_source country lastmodifieddate`},
		{"leads", `id hs_lead_name associations.contacts hs_associated_contact_firstname
			hs_associated_contact_lastname hs_associated_company_name hs_associated_contact_email
			hs_pipeline_stage hs_lead_source hubspot_owner_id hs_lastmodifieddate`},
		{"deals", `id associations.companies associations.contacts dealname dealstage pipeline hs_is_closed
			hs_is_closed_won amount closedate dealtype hubspot_owner_id hs_lastmodifieddate`},
		{"owners", `id email firstName lastName archived`},
	} {
		objects = append(objects, sdk.CheckObject{Name: one[0], Fields: strings.Fields(one[1])})
	}
	return objects
}

// check makes a check as the host does: with a fresh introspection.
func (p *portal) check(t *testing.T, objects ...sdk.CheckObject) map[string]sdk.ObjectCheck {
	t.Helper()
	p.introspect(t)
	checks := map[string]sdk.ObjectCheck{}
	_, err := hubspot.NewWithoutPause().CheckPermissions(t.Context(), p.target, sdk.CheckRequest{Objects: objects, Unconditional: true}, func(c sdk.ObjectCheck) error {
		checks[c.Object] = c
		return nil
	})
	require.NoError(t, err)
	require.Len(t, checks, len(objects))
	return checks
}

func readable(check sdk.ObjectCheck, name string) bool {
	return slices.ContainsFunc(check.Fields, func(f sdk.Field) bool { return f.Name == name })
}

func deniedField(check sdk.ObjectCheck, name string) sdk.DeniedField {
	i := slices.IndexFunc(check.Denied, func(f sdk.DeniedField) bool { return f.Name == name })
	if i < 0 {
		return sdk.DeniedField{}
	}
	return check.Denied[i]
}

// TestSimulatorSteadyCheck: objects + 1 calls, the host's introspection included,
// by the simulator's own count.
func TestSimulatorSteadyCheck(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2026-09", "2026-03", "v3"} {
		p := startPortal(t, crmsim.Config{}, `{"apiVersion":"`+version+`"}`)
		p.Journal().Clear()
		objects := packageFields()
		for name, check := range p.check(t, objects...) {
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s %s: %v %s", version, name, check.Failure, check.Evidence)
			require.Empty(t, check.Denied, name)
			require.Equal(t, version, check.APIVersion)
			require.Equal(t, sdk.RecordsAll, check.Records)
			require.Equal(t, name != "owners", check.Rights.Update, name)
		}
		require.Equal(t, len(objects)+1, p.Counters().Requests, version)
	}
}

// TestSimulatorCauses: every cause that HubSpot lets us know, lost and restored.
func TestSimulatorCauses(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	contacts := sdk.CheckObject{Name: "contacts", Fields: []string{"email", "jobtitle", "associations.companies"}}
	leads := sdk.CheckObject{Name: "leads", Fields: []string{"hs_lead_name"}}
	condition := func(name string) func() {
		return func() { require.NoError(t, p.SetField("contacts", "jobtitle", control.FieldChange{Condition: &name})) }
	}
	forbid := func(objects ...string) func() {
		return func() {
			require.NoError(t, p.SetSwitch(crmsim.SwitchUserLevel, len(objects) > 0))
			require.NoError(t, p.SetSwitch(crmsim.SwitchUserForbidden, append([]string{}, objects...)))
		}
	}
	scope := func(name string, on bool) func() { return func() { p.SetScope(name, on) } }
	cases := []struct {
		name          string
		lose, restore func()
		object        string
		field         string // "" for the object itself
		cause         sdk.Cause
		evidence      string
	}{
		{"archived", condition("archived"), condition(""), "contacts", "jobtitle", sdk.CauseArchived, "archived properties"},
		{"sensitive", condition("sensitive"), condition(""), "contacts", "jobtitle", sdk.CauseSensitive, "crm.objects.contacts.sensitive.read"},
		{"highly sensitive", condition("highly_sensitive"), condition(""), "contacts", "jobtitle", sdk.CauseSensitive, "crm.objects.contacts.highly_sensitive.read"},
		{"deleted", condition("deleted"), condition(""), "contacts", "jobtitle", sdk.CauseDeleted, "lists no property jobtitle"},
		{"a user's token", forbid("contacts"), forbid(), "contacts", "", sdk.CausePermission, "You do not have permissions"},
		{"scope of the object", scope("crm.objects.contacts.read", false), scope("crm.objects.contacts.read", true), "contacts", "", sdk.CauseScopeMissing, "crm.objects.contacts.read"},
		{"scope of the other object", scope("crm.objects.companies.read", false), scope("crm.objects.companies.read", true), "contacts", "associations.companies", sdk.CauseScopeMissing, "crm.objects.companies.read"},
		{"made anew under another name", func() {
			condition("deleted")()
			require.NoError(t, p.CreateProperty("contacts", "job_title", "Job title"))
		}, condition(""), "contacts", "jobtitle", sdk.CauseRenamedCandidate, "job_title"},
		{"edition", func() { p.SetUngrantable("crm.objects.leads.read") }, func() { p.SetUngrantable() }, "leads", "", sdk.CauseScopeMissing, "Sales Hub Professional"},
	}
	whole := func(name string) {
		for object, check := range p.check(t, contacts, leads) {
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %s %s %v", name, object, check.Evidence, check.Failure)
			require.Empty(t, check.Denied, name)
		}
	}
	whole("at first")
	for _, c := range cases {
		c.lose()
		for _, known := range []bool{true, false} {
			checks := p.check(t, contacts, leads)
			if !known { // the causes are the same without an introspection, by the answers themselves
				p.target.Introspection = nil
				checks = map[string]sdk.ObjectCheck{}
				_, err := hubspot.NewWithoutPause().CheckPermissions(t.Context(), p.target, sdk.CheckRequest{Objects: []sdk.CheckObject{contacts, leads}}, func(c sdk.ObjectCheck) error {
					checks[c.Object] = c
					return nil
				})
				require.NoError(t, err)
				if c.field == "associations.companies" {
					continue // only the introspection can tell
				}
			}
			check := checks[c.object]
			cause, evidence := check.Cause, check.Evidence
			if c.field != "" {
				require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v", c.name, check.Failure)
				require.False(t, readable(check, c.field), c.name)
				cause, evidence = deniedField(check, c.field).Cause, deniedField(check, c.field).Evidence
			} else {
				require.Equal(t, sdk.VerdictDenied, check.Verdict, "%s: %v", c.name, check.Failure)
			}
			require.Equal(t, c.cause, cause, "%s (introspection %v): %s", c.name, known, evidence)
			require.Contains(t, evidence, c.evidence, c.name)
		}
		c.restore()
		whole(c.name + " restored")
	}
}

// TestSimulatorSensitiveWithScope: what the scope opens is listed like any field.
func TestSimulatorSensitiveWithScope(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	marked := "sensitive"
	require.NoError(t, p.SetField("contacts", "jobtitle", control.FieldChange{Condition: &marked}))
	p.target.AccessToken = crmsim.DefaultPrivateAppToken
	p.target.Introspection = json.RawMessage(`{"active":true,"scopes":["crm.objects.contacts.read","crm.objects.contacts.sensitive.read.v2"]}`)
	for _, asked := range []sdk.CheckObject{{Name: "contacts"}, {Name: "contacts", Fields: []string{"jobtitle"}}} {
		_, err := hubspot.NewWithoutPause().CheckPermissions(t.Context(), p.target, sdk.CheckRequest{Objects: []sdk.CheckObject{asked}}, func(c sdk.ObjectCheck) error {
			require.True(t, readable(c, "jobtitle"), "%v", c.Failure)
			require.Empty(t, c.Denied)
			return nil
		})
		require.NoError(t, err)
	}
}

// TestSimulatorFaults: 500 errors of every class during checks; none is taken for a
// loss of an object or a field. The two answers that do speak of permission are not
// among them.
func TestSimulatorFaults(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	marked := "archived"
	// A wanted field is missing, so that the other lists are asked for as well.
	require.NoError(t, p.SetField("contacts", "jobtitle", control.FieldChange{Condition: &marked}))
	all := packageFields()
	objects := []sdk.CheckObject{all[1], all[2], all[4]} // contacts, leads, owners
	before := p.check(t, objects...)
	kinds := []string{
		"server_error", "bad_gateway", "unavailable", "gateway_timeout", "cloudflare_timeout", "ten_secondly_limit", "secondly_limit",
		"daily_limit", "locked", "migration", "uri_too_long", "login_page", "html_ok", "cut", "truncated", "truncated_gzip",
	}
	p.Journal().Clear()
	connector := hubspot.NewWithoutPause()
	failed, round := 0, 0
	for ; p.Counters().Faults < 500; round++ {
		_, err := p.AddFault(control.Fault{Kind: kinds[round%len(kinds)], Times: []int{0, 1, 0, 2, 7}[round%5], Path: []string{"", "/properties", "/properties/contacts", "/owners"}[round/len(kinds)%4]})
		require.NoError(t, err)
		_, err = connector.CheckPermissions(t.Context(), p.target, sdk.CheckRequest{Objects: objects}, func(check sdk.ObjectCheck) error {
			switch check.Verdict {
			case sdk.VerdictFailed:
				failed++
				require.NotEqual(t, sdk.CodeInternal, sdk.CodeOf(check.Failure), "%v", check.Failure)
			case sdk.VerdictAccessible:
				require.Equal(t, before[check.Object].Fields, check.Fields, kinds[round%len(kinds)])
				require.Equal(t, before[check.Object].Denied, check.Denied)
			default:
				require.Fail(t, "a fault denied an object", "%s: %s %s", kinds[round%len(kinds)], check.Object, check.Evidence)
			}
			return nil
		})
		require.NoError(t, err)
		p.ClearFaults()
		require.Less(t, round, 2000)
	}
	require.Positive(t, failed)
	t.Logf("%d faults in %d checks: 0 objects denied, 0 fields lost, %d answers failed", p.Counters().Faults, round, failed)
}

// TestSimulatorTokens: an expired or dead token is Unauthenticated for all verbs.
func TestSimulatorTokens(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	c := hubspot.NewWithoutPause()
	p.ExpireAccessTokens()
	_, err := c.CheckPermissions(t.Context(), p.target, sdk.CheckRequest{Objects: packageFields()}, func(sdk.ObjectCheck) error {
		t.Error("nothing can be answered")
		return nil
	})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	_, err = c.Identify(t.Context(), p.target)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	_, err = c.Checklist(t.Context(), p.target, sdk.ChecklistRequest{Objects: []string{"contacts"}})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	p.introspect(t) // active: false
	_, err = c.Identify(t.Context(), p.target)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	p.refresh(t)
	_, err = c.Identify(t.Context(), p.target)
	require.NoError(t, err)
}

func TestSimulatorIdentityAndChecklist(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	c := hubspot.NewWithoutPause()
	for kind, want := range map[crmsim.AccountType]sdk.Environment{
		crmsim.AccountStandard: sdk.Production, crmsim.AccountSandbox: sdk.Sandbox, crmsim.AccountDeveloperTest: sdk.Sandbox,
	} {
		p.SetAccountType(kind)
		identity, err := c.Identify(t.Context(), p.target)
		require.NoError(t, err)
		require.Equal(t, want, identity.Environment, kind)
		require.Equal(t, "12345678", identity.InstanceID)
		require.True(t, strings.HasPrefix(identity.InstanceURL, "https://app"), identity.InstanceURL)
		require.NotEmpty(t, identity.UserID)

		items, err := c.Checklist(t.Context(), p.target, sdk.ChecklistRequest{Objects: []string{"companies", "contacts", "deals", "leads", "owners"}})
		require.NoError(t, err)
		statuses := map[string]sdk.Status{}
		for _, item := range items {
			statuses[item.Key] = item.Status
		}
		environment := sdk.StatusFail
		if want == sdk.Production {
			environment = sdk.StatusPass
		}
		require.Equal(t, map[string]sdk.Status{
			"reachable": sdk.StatusPass, "token-valid": sdk.StatusPass, "right-environment": environment, "api-version": sdk.StatusPass,
			"scopes": sdk.StatusPass, "integration-user": sdk.StatusPass, "api-budget": sdk.StatusPass,
			"object-companies": sdk.StatusPass, "object-contacts": sdk.StatusPass, "object-deals": sdk.StatusPass,
			"object-leads": sdk.StatusPass, "object-owners": sdk.StatusPass,
		}, statuses, "%+v", items)
	}
}

func TestSimulatorLists(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2026-09", "v3"} {
		p := startPortal(t, crmsim.Config{}, `{"apiVersion":"`+version+`"}`)
		c := hubspot.NewWithoutPause()
		for _, introspected := range []bool{true, false} {
			if !introspected {
				p.target.Introspection = nil
			}
			objects, err := c.ListObjects(t.Context(), p.target)
			require.NoError(t, err)
			for _, o := range packageFields() {
				require.True(t, slices.ContainsFunc(objects, func(object sdk.Object) bool { return object.Name == o.Name && object.Rights.Read }), o.Name)
			}
		}
		fields, err := c.ListFields(t.Context(), p.target, "deals")
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(fields, func(f sdk.Field) bool { return f.Name == "associations.contacts" && f.Type == "associations" }))
		_, err = c.ListFields(t.Context(), p.target, "2-999999")
		require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err), "%v", err)

		stages, err := c.ListPicklist(t.Context(), p.target, sdk.OpportunityStages)
		require.NoError(t, err)
		won := slices.IndexFunc(stages, func(c sdk.Choice) bool { return c.Value == "closedwon" })
		require.GreaterOrEqual(t, won, 0)
		require.True(t, stages[won].Closed && stages[won].Won && *stages[won].Probability == 100, "%+v", stages[won])
		require.False(t, stages[0].Closed || stages[0].Won)
		sources, err := c.ListPicklist(t.Context(), p.target, sdk.LeadSources)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(sources, func(c sdk.Choice) bool { return c.Value == "REFERRALS" }))
		roles, err := c.ListPicklist(t.Context(), p.target, sdk.OpportunityRoles)
		require.NoError(t, err)
		for _, role := range roles {
			require.Contains(t, role.Value, ":")
			require.NotEmpty(t, role.Label)
		}
		t.Logf("%s: %d roles", version, len(roles))
	}
}

// mirror is what a host holds after reading: the newest version of each record.
type mirror struct {
	records map[string]sdk.Record
	// sent counts each version of each record.
	sent  map[string]int
	token []byte
}

func newMirror() *mirror { return &mirror{records: map[string]sdk.Record{}, sent: map[string]int{}} }

// apply takes a batch as a host does in one transaction.
func (m *mirror) apply(batch sdk.Batch) {
	for _, record := range batch.Records {
		m.sent[fmt.Sprintf("%s %s %v %s", record.ID, record.ModifiedAt, record.Deleted, record.Data)]++
		if record.Deleted {
			delete(m.records, record.ID)
		} else {
			m.records[record.ID] = record
		}
	}
	m.token = batch.ResumeToken
}

// read runs to the end. Every dieth batch a run is killed before its batch is
// saved, and begun again from what was saved; 0 kills none.
func (m *mirror) read(t *testing.T, p *portal, object string, fields []string, size, dieth int) {
	t.Helper()
	killed := errors.New("killed")
	for batches, done := 0, false; !done; {
		err := hubspot.NewWithoutPause().Read(context.Background(), p.target, sdk.ReadRequest{Object: object, Fields: fields, ResumeToken: m.token, BatchSize: size}, func(batch sdk.Batch) error {
			if batches++; dieth > 0 && batches%dieth == 0 {
				return killed
			}
			require.False(t, batch.Restarted)
			m.apply(batch)
			done = batch.Done
			return nil
		})
		if !errors.Is(err, killed) {
			require.NoError(t, err)
		}
	}
}

// TestSimulatorRead reads a portal with every API version, with associations,
// archived records and owners.
func TestSimulatorRead(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2026-09", "v3"} {
		p := startPortal(t, crmsim.Config{Records: world.Size{Companies: 60, People: 150, Leads: 20, Deals: 80, Users: 9}}, `{"apiVersion":"`+version+`","overlapMinutes":1}`)
		m := newMirror()
		fields := []string{"id", "dealname", "dealstage", "createdAt", "updatedAt", "associations.companies", "associations.contacts", "hs_object_id", "nosuch"}
		m.read(t, p, "deals", fields, 0, 0)
		ids, err := p.RecordIDs("deals")
		require.NoError(t, err)
		require.Len(t, m.records, len(ids))
		linked := 0
		for id, record := range m.records {
			var data struct {
				ID, Dealname, Dealstage string
				Companies               []struct {
					ID    string
					Types []struct {
						Category string
						TypeID   int
					}
				} `json:"associations.companies"`
				Contacts []struct{ ID string } `json:"associations.contacts"`
			}
			require.NoError(t, json.Unmarshal(record.Data, &data))
			require.Equal(t, id, data.ID)
			require.NotEmpty(t, data.Dealname)
			require.NotContains(t, string(record.Data), "nosuch")
			require.False(t, record.ModifiedAt.IsZero())
			if len(data.Companies) > 0 && len(data.Contacts) > 0 {
				linked++
				require.NotEmpty(t, data.Companies[0].Types)
			}
		}
		require.Positive(t, linked)

		p.Journal().Clear()
		m.read(t, p, "deals", fields, 0, 0)
		require.LessOrEqual(t, p.Counters().Requests, 4, "nothing changed: a search and the archived records")

		_, err = p.ArchiveRecords(crmsim.RecordChange{Object: "deals", IDs: ids[:3]})
		require.NoError(t, err)
		_, err = p.TouchRecords(crmsim.RecordChange{Object: "deals", IDs: ids[5:7], Values: map[string]string{"dealname": "Renamed"}})
		require.NoError(t, err)
		m.read(t, p, "deals", fields, 0, 0)
		require.Len(t, m.records, len(ids)-3)
		require.Contains(t, string(m.records[ids[5]].Data), "Renamed")

		owners := newMirror()
		owners.read(t, p, "owners", []string{"id", "email", "archived", "lastName"}, 0, 0)
		require.Len(t, owners.records, 9)
		for _, owner := range owners.records {
			require.Contains(t, string(owner.Data), `"email"`)
		}
	}
}

// TestSimulatorManyProperties: names that do not fit a URL travel in batch reads,
// also when the limit is lower than known, and searches keep their body small.
func TestSimulatorManyProperties(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{Records: world.Size{Companies: 120, Users: 2}, MaxURL: 2000, SearchBodyLimit: 3000}, "")
	fields, err := hubspot.NewWithoutPause().ListFields(t.Context(), p.target, "companies")
	require.NoError(t, err)
	var names []string
	for _, field := range fields {
		if field.Type != "associations" {
			names = append(names, field.Name)
		}
	}
	for _, some := range [][]string{names, append([]string{"name"}, names[:90]...)} {
		m := newMirror()
		p.Journal().Clear()
		m.read(t, p, "companies", some, 0, 0)
		require.Len(t, m.records, 120)
		require.Positive(t, p.Counters().ByEndpoint["batch/read"], "%v", p.Counters().ByEndpoint)
		for _, record := range m.records {
			require.Contains(t, string(record.Data), `"name":"`)
		}
		_, err := p.TouchRecords(crmsim.RecordChange{Object: "companies", Count: 110, Values: map[string]string{"name": "Touched"}})
		require.NoError(t, err)
		m.read(t, p, "companies", some, 0, 0)
		touched := 0
		for _, record := range m.records {
			if strings.Contains(string(record.Data), "Touched") {
				touched++
			}
		}
		require.Equal(t, 110, touched)
	}
}

// TestSimulatorDeniedReads: a sensitive field is named, an object without scope is
// the object.
func TestSimulatorDeniedReads(t *testing.T) {
	t.Parallel()
	p := startPortal(t, crmsim.Config{}, "")
	marked := "sensitive"
	require.NoError(t, p.SetField("contacts", "jobtitle", control.FieldChange{Condition: &marked}))
	read := func(fields ...string) error {
		return hubspot.NewWithoutPause().Read(t.Context(), p.target, sdk.ReadRequest{Object: "contacts", Fields: fields}, func(sdk.Batch) error { return nil })
	}
	err := read("email", "jobtitle")
	var e *sdk.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sdk.CodeFieldDenied, e.Code, "%v", err)
	require.Equal(t, "jobtitle", e.Field)
	require.NoError(t, read("email"))
	p.SetScope("crm.objects.companies.read", false)
	p.SetScope("crm.objects.contacts.read", false)
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(read("email")))
}
