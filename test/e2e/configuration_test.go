package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// planned is the answer of importConfiguration and the copies.
type planned struct {
	Applied bool
	Plan    []struct {
		Subject, Kind, Description string
		Before, After              any
		Destructive                bool
	}
	Integration struct{ ScheduleTime, ScheduleZone string }
}

const planSelection = "applied plan { subject kind description before after destructive } integration { scheduleTime scheduleZone }"

func (i *integration) document(t *testing.T) string {
	t.Helper()
	var found struct{ ConfigurationDocument string }
	i.ask(t, "query($id: ID!) { configurationDocument(integrationId: $id) }", vars{"id": i.id}, &found)
	return found.ConfigurationDocument
}

// TestConfigurationDocumentsAndCopies: what one integration has is written, read back
// as nothing new, changed as a whole, refused as a whole, and copied to another slot.
func TestConfigurationDocumentsAndCopies(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		document := i.document(t)
		var result planned
		i.do(t, "importConfiguration", planSelection, vars{"document": document}, &result)
		require.Empty(t, result.Plan, document)

		changed := strings.Replace(document, `time: "02:00"`, `time: "04:15"`, 1)
		changed = strings.Replace(changed, "recipients: []", "recipients:\n  - {address: ops@example.com, class: EXTERNAL}", 1)
		changed = strings.Replace(changed, "apiBudgets: {}", "apiBudgets: {rest: 5000}", 1)
		i.do(t, "importConfiguration", planSelection, vars{"document": changed, "dryRun": true}, &result)
		require.Len(t, result.Plan, 3, "%+v", result.Plan)
		require.False(t, result.Applied)
		require.Equal(t, document, i.document(t))
		i.do(t, "importConfiguration", planSelection, vars{"document": changed}, &result)
		require.True(t, result.Applied)
		require.Equal(t, "04:15", result.Integration.ScheduleTime)
		require.NotEqual(t, document, i.document(t))

		without := strings.Replace(i.document(t), "  contact.email: Email\n", "  contact.email: null\n", 1)
		requireRefused(t, i.try(t, "importConfiguration", planSelection, vars{"document": without}), "CONFIRM_REQUIRED")
		refused := requireRefused(t, i.try(t, "importConfiguration", planSelection, vars{"document": without + "nonsense: 1\n", "confirm": true}), "DOCUMENT_INVALID")
		require.Contains(t, refused.Message, `unknown key "nonsense"`)
		require.Equal(t, []string{"document"}, refused.Field)
		require.Contains(t, i.document(t), "  contact.email: Email\n")

		sandbox := &integration{site: s, user: s.admin, id: s.bareIntegration(t, s.WorkspaceID())}
		copying := vars{"fromIntegrationId": i.id, "toIntegrationId": sandbox.id}
		requireRefused(t, s.admin.attempt(t, "copySettings", planSelection, copying), "INTEGRATION_STATE")
		back := vars{"fromIntegrationId": sandbox.id, "toIntegrationId": i.id, "dryRun": true}
		s.admin.change(t, "copyMapping", planSelection, back, &result)
		require.Empty(t, result.Plan)
	})
}

// TestTheConfigurationEntitles: what the operator's configuration names holds at each
// start; what it leaves open stays as the vendor's staff set it.
func TestTheConfigurationEntitles(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{config: func(c *server.Config) { c.Workspace.Edition = crm.EditionAdvanced }})
		edition := func() (is string) {
			var found struct{ Workspace struct{ Edition string } }
			s.admin.ask(t, "{ workspace { edition } }", nil, &found)
			return found.Workspace.Edition
		}
		require.Equal(t, "ADVANCED", edition())
		input := vars{"workspaceId": s.WorkspaceID(), "edition": "CORE"}
		require.Equal(t, "FORBIDDEN", refusals(t, s.admin.attempt(t, "setEntitlements", "workspace { edition }", input))[0].Code)
		csm := s.somebody(t, s.WorkspaceID(), principal.RoleCSM, nil).user
		csm.change(t, "setEntitlements", "workspace { edition } disabledSettings { key reason integration { id } }", input, nil)
		require.Equal(t, "CORE", edition())
	})
}
