package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// TestEveryMutationIsAudited does every mutation of the schema once, in the order in
// which a workspace comes to them, with success. Each leaves one entry that says so.
func TestEveryMutationIsAudited(t *testing.T) {
	t.Parallel()
	hook := sink.Webhook(t)
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{config: func(c *server.Config) {
		manyRequests(c)
		c.Webhooks.AllowedHosts = []string{hook.Host}
	}})
	gate := &gate{}
	s.crm.watch = gate.watch
	a := &audited{site: s, done: map[string]bool{}}
	production := a.onboards(t)
	a.configures(t, production)
	a.standardizes(t, production)
	a.runs(t, production, gate)
	a.people(t)
	a.alerts(t, production)
	a.channels(t, hook)
	a.lifecycle(t, production)
	a.secondIntegration(t, production)
	csm := a.somebody(t, a.WorkspaceID(), principal.RoleCSM, nil)
	a.change(t, csm.user, "setEntitlements", "", vars{"workspaceId": a.WorkspaceID(), "edition": "ADVANCED"}, nil)
	require.Equal(t, introspect(t, s.admin).fieldNames("Mutation"), slices.Sorted(maps.Keys(a.done)), "a mutation is not tried")
}

// audited is a site whose mutations are looked for in the audit log.
type audited struct {
	*site
	// done are the mutations that were found there.
	done map[string]bool
}

// change does a mutation as somebody and requires that its entry is there afterwards,
// by the action that docs/operations/audit.md names, and no other entry of the kind.
func (a *audited) change(t *testing.T, who user, name, selection string, input vars, out any) {
	t.Helper()
	action, ok := map[string]string{
		"startIntegration": "integration.signInStarted", "reconnectIntegration": "integration.signInStarted",
		"finishOnboarding": "integration.activated", "pauseIntegration": "integration.paused", "resumeIntegration": "integration.resumed",
		"disconnectIntegration": "integration.disconnected", "createServiceToken": "token.issue", "revokeServiceToken": "token.revoke",
		"startIdentitySimulation": "integration.simulationStarted", "applyMappingProposals": "mapField", "resetMapping": "mapField",
	}[name]
	if !ok {
		action = name
	}
	entries := func() int {
		found, err := a.Store().Read().AuditEntry.Query().
			Where(auditentry.Actor(who.tokenID), auditentry.Action(action), auditentry.OutcomeEQ(crm.AuditSucceeded)).
			Count(principal.System(t.Context(), a.WorkspaceID(), "test"))
		require.NoError(t, err)
		return found
	}
	before := entries()
	who.change(t, name, selection, input, out)
	require.Equal(t, before+1, entries(), "%s has no entry %s", name, action)
	a.done[name] = true
}

// on is change by the admin, about an integration.
func (a *audited) on(t *testing.T, i *integration, name, selection string, input vars, out any) {
	t.Helper()
	a.change(t, a.admin, name, selection, i.input(input), out)
}

// connects starts an integration and signs in to the CRM.
func (a *audited) connects(t *testing.T, environment string) *integration {
	t.Helper()
	var started struct {
		Integration struct{ ID string }
		SignInURL   string
	}
	a.change(t, a.admin, "startIntegration", "integration { id } signInUrl", vars{"connector": connectorName, "environment": environment}, &started)
	require.Equal(t, http.StatusOK, signIn(t, started.SignInURL, "approve").Status)
	i := &integration{site: a.site, user: a.admin, id: started.Integration.ID}
	eventually(t, "the onboarding check", func() bool { return i.stepDone(t, "CHECK") })
	return i
}

func (a *audited) onboards(t *testing.T) *integration {
	t.Helper()
	a.change(t, a.admin, "setOAuthClient", "ok", vars{
		"connector": connectorName, "environment": "PRODUCTION", "clientId": salesforce.DefaultClientID, "clientSecret": salesforce.DefaultClientSecret,
	}, nil)
	i := a.connects(t, "PRODUCTION")
	a.on(t, i, "updateSettings", "", vars{"expectedVersion": i.settings(t).Version, "changes": i.decisions(t)}, nil)
	a.on(t, i, "completeOnboardingStep", "", vars{"step": "SETTINGS"}, nil)
	a.on(t, i, "completeOnboardingStep", "", vars{"step": "STANDARDIZATION"}, nil)
	a.on(t, i, "finishOnboarding", "", nil, nil)
	i.runEnds(t, 1)
	return i
}

func (a *audited) configures(t *testing.T, i *integration) {
	t.Helper()
	a.on(t, i, "checkIntegration", "", nil, nil)
	a.on(t, i, "recheckFields", "", vars{"object": "Contact"}, nil)
	a.on(t, i, "recheckObjects", "", vars{"objects": []string{"Contact"}}, nil)
	a.on(t, i, "setWatchMode", "", vars{"interval": "EVERY_15_MINUTES"}, nil)
	a.on(t, i, "setWatchMode", "", vars{"interval": "OFF"}, nil)
	a.on(t, i, "unmapField", "", vars{"standardField": "contact.title", "reason": "An admin's own choice."}, nil)
	a.on(t, i, "mapField", "", vars{"standardField": "contact.title", "crmField": "Title"}, nil)
	a.on(t, i, "setSchedule", "", vars{"time": "03:30", "zone": "Europe/Berlin"}, nil)
	a.on(t, i, "setApiBudget", "", vars{"apiType": "rest", "dailyLimit": 5000}, nil)
	a.on(t, i, "setQuotaShare", "", vars{"percent": 60}, nil)
	changed := strings.Replace(i.document(t), `time: "03:30"`, `time: "04:15"`, 1)
	a.on(t, i, "importConfiguration", "", vars{"document": changed}, nil)

	var added struct{ Recipients []struct{ ID string } }
	a.change(t, a.admin, "addRecipients", "recipients { id }", vars{"addresses": "ops@example.com, crm@example.com", "class": "EXTERNAL"}, &added)
	a.change(t, a.admin, "removeRecipient", "", vars{"recipientId": added.Recipients[0].ID}, nil)
}

func (a *audited) runs(t *testing.T, i *integration, gate *gate) {
	t.Helper()
	open := gate.shut()
	defer open()
	var started struct{ Run struct{ ID string } }
	a.on(t, i, "runNow", "run { id }", nil, &started)
	a.change(t, a.admin, "cancelRun", "", vars{"runId": started.Run.ID}, nil)
	a.on(t, i, "resetCursor", "", vars{"objects": []string{"Contact"}, "confirm": true}, nil)
	open()
	a.failedRecord(t, i.id, started.Run.ID)
	a.on(t, i, "retryFailedRecords", "", nil, nil)
	i.runEnds(t, 3)
}

// gate stands before the CRM. While it is shut nothing comes through, so a run that
// begins cannot end.
type gate struct {
	mu   sync.Mutex
	open chan struct{}
}

// shut shuts the gate until open is called.
func (g *gate) shut() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	opened := make(chan struct{})
	g.open = opened
	return sync.OnceFunc(func() { close(opened) })
}

func (g *gate) watch(w http.ResponseWriter, r *http.Request, next http.Handler) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	if open != nil {
		select {
		case <-open:
		case <-r.Context().Done():
			return
		}
	}
	next.ServeHTTP(w, r)
}

func (a *audited) people(t *testing.T) {
	t.Helper()
	var invited struct{ Invitation struct{ ID string } }
	a.change(t, a.admin, "inviteMember", "invitation { id }", vars{"email": "newcomer@example.com", "role": "VIEWER"}, &invited)
	a.change(t, a.admin, "revokeInvitation", "", vars{"invitationId": invited.Invitation.ID}, nil)
	id := a.member(t, a.WorkspaceID(), "member@example.com")
	a.change(t, a.admin, "setMemberRole", "", vars{"memberId": id, "role": "ADMIN"}, nil)
	a.change(t, a.admin, "updateMember", "", vars{"memberId": id, "name": "Somebody"}, nil)
	a.change(t, a.admin, "removeMember", "", vars{"memberId": id}, nil)
	var token struct{ ServiceToken struct{ ID string } }
	a.change(t, a.admin, "createServiceToken", "serviceToken { id }", vars{"name": "reports", "role": "VIEWER"}, &token)
	a.change(t, a.admin, "revokeServiceToken", "", vars{"serviceTokenId": token.ServiceToken.ID}, nil)
}

func (a *audited) lifecycle(t *testing.T, i *integration) {
	t.Helper()
	a.on(t, i, "pauseIntegration", "", vars{"reason": "A migration at the CRM."}, nil)
	a.on(t, i, "resumeIntegration", "", nil, nil)
	a.on(t, i, "replaceIntegrationUser", "", nil, nil)
}

// secondIntegration puts a sandbox behind the CRM's address. What the first
// integration has is copied to it; then its life ends and begins again.
func (a *audited) secondIntegration(t *testing.T, first *integration) {
	t.Helper()
	a.crm.put(t, salesforce.Config{Sandbox: true, OrgID: "00D8Z0000000009"})
	second := a.connects(t, "SANDBOX")
	second.do(t, "unmapField", "", vars{"standardField": "contact.title", "reason": "So that there is something to copy."}, nil)
	copying := vars{"fromIntegrationId": first.id, "toIntegrationId": second.id}
	a.change(t, a.admin, "copySettings", "", copying, nil)
	a.change(t, a.admin, "copyMapping", "", copying, nil)
	a.on(t, second, "disconnectIntegration", "", vars{"confirm": true}, nil)
	a.on(t, second, "reconnectIntegration", "", nil, nil)
}
