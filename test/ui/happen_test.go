package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// happen makes a workspace that has something to show on every screen: Salesforce in
// use, with an object of 5,000 fields, fields lost and alerts open; HubSpot half
// connected; people, tokens, recipients, a channel, a digest.
func (s *site) happen(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	i, err := drive.Onboard(ctx, s.client, "salesforce", nil)
	require.NoError(t, err)
	_, err = i.RunEnds(ctx, 1)
	require.NoError(t, err)
	s.world.Integrations["salesforce"] = i.ID
	hubspot, err := drive.Connect(ctx, s.client, "hubspot", nil)
	require.NoError(t, err)
	require.NoError(t, drive.Until(ctx, hubspot.Checked))
	s.world.Integrations["hubspot"] = hubspot.ID

	s.do(t, `mutation { addRecipients(input: {idempotencyKey: "ui-1", addresses: "ops@example.com, crm-admin@example.com", class: EXTERNAL}) { userErrors { message } } }`, nil)
	s.do(t, `mutation { addRecipients(input: {idempotencyKey: "ui-2", addresses: "csm@vendor.example.com", class: INTERNAL, kind: LIST}) { userErrors { message } } }`, nil)
	s.do(t, `mutation($url: URL!) { createChannel(input: {idempotencyKey: "ui-3", kind: WEBHOOK, name: "Operations", url: $url}) { userErrors { message } } }`, map[string]any{"url": s.hook.URL})
	s.do(t, `mutation { inviteMember(input: {idempotencyKey: "ui-4", email: "vera@example.com", role: VIEWER}) { userErrors { message } } }`, nil)

	s.setRead(t, "Contact", "Email", false)
	s.setRead(t, "Lead", "Phone", false)
	for n, object := range []string{"Contact", "Lead"} {
		require.NoError(t, i.RecheckFields(ctx, object, fmt.Sprintf("ui-check-%d", n)))
	}
	s.until(t, "two alerts", func() bool {
		var found struct{ Alerts struct{ TotalCount int } }
		s.ask(t, `{ alerts(filter: {states: [OPEN]}) { totalCount } }`, &found)
		return found.Alerts.TotalCount >= 2
	})
	run, err := i.RunNow(ctx, "ui-run")
	require.NoError(t, err)
	_, err = i.RunEnds(ctx, 2)
	require.NoError(t, err)
	s.world.Integrations["run"] = run
	s.past(t, i.ID)
	s.widen(t, i.ID)
	s.do(t, `mutation { sendDigestNow(input: {idempotencyKey: "ui-5"}) { userErrors { message } } }`, nil)
	var found struct {
		Alerts, Digests struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	s.ask(t, `{ alerts(first: 1) { edges { node { id } } } digests(first: 1) { edges { node { id } } } }`, &found)
	s.world.Integrations["alert"] = found.Alerts.Edges[0].Node.ID
	s.world.Integrations["digest"] = found.Digests.Edges[0].Node.ID
}

// wideObject has more fields than any real one that we know.
const (
	wideObject = "Wide__c"
	wideFields = 5000
)

// widen adds the object, as if checked in an hour: the CRM does not know it, and opening
// it must not ask.
func (s *site) widen(t *testing.T, integrationID string) {
	t.Helper()
	ctx := principal.System(t.Context(), s.WorkspaceID(), "test")
	var object *ent.CrmObject
	require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		object, err = tx.Ent().CrmObject.Create().SetWorkspaceID(s.WorkspaceID()).SetCreatedAt(tx.Now()).SetIntegrationID(integrationID).
			SetName(wideObject).SetLabel("Wide").SetStatus(crm.ObjectOK).SetCheckedAt(tx.Now().Add(time.Hour)).SetPosition(99).Save(ctx)
		return err
	}))
	const part = 500
	for from := 0; from < wideFields; from += part {
		require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			creates := make([]*ent.CrmFieldCreate, part)
			for i := range creates {
				n := from + i
				creates[i] = tx.Ent().CrmField.Create().SetWorkspaceID(s.WorkspaceID()).SetCreatedAt(tx.Now()).SetIntegrationID(integrationID).
					SetObjectID(object.ID).SetName(fmt.Sprintf("Field_%04d__c", n)).SetLabel(fmt.Sprintf("Field %04d", n)).
					SetDataType("string").SetReadable(n%7 != 0).SetUpdatable(n%3 == 0)
			}
			return tx.Ent().CrmField.CreateBulk(creates...).Exec(ctx)
		}))
	}
}

func (s *site) ask(t *testing.T, query string, out any) {
	t.Helper()
	require.NoError(t, s.client.Do(t.Context(), query, nil, out))
}

func (s *site) do(t *testing.T, mutation string, variables map[string]any) {
	t.Helper()
	require.NoError(t, s.client.Do(t.Context(), mutation, variables, nil))
}

func (s *site) until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	err := drive.Until(ctx, func(context.Context) (bool, error) { return happened(), nil })
	require.NoError(t, err, what)
}

// setRead switches a right in the simulated Salesforce.
func (s *site) setRead(t *testing.T, object, field string, read bool) {
	t.Helper()
	body, err := json.Marshal(map[string]bool{"read": read})
	require.NoError(t, err)
	url := fmt.Sprintf("%s/sim/api/salesforce/objects/%s/fields/%s", s.world.Simulator, object, field)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}
