package settings_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// alerting gives the fixture alerts, and counts how often it is told of decisions.
func (f *fixture) alerting() *int {
	f.t.Helper()
	alerts, err := alert.New(alert.Config{Connectors: manifests{}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(f.t, err)
	decided := 0
	f.settings = settings.New(settings.Config{
		Store: f.store, Connectors: manifests{}, Alerts: alerts,
		Packages: snapshot.Packages(func(_, crmName string, version int) (crm.Package, error) {
			return packages.Load("sales-engagement", crmName, version)
		}),
		OnDecided: func(_ context.Context, _ *store.Tx, found *ent.Integration) error {
			require.Equal(f.t, f.integration.ID, found.ID)
			decided++
			return nil
		},
	})
	return &decided
}

// stages makes these the choices of the CRM, as a refresh of picklists does.
func (f *fixture) stages(names ...string) {
	f.t.Helper()
	var choices []crm.PicklistValue
	for _, name := range names {
		choices = append(choices, crm.PicklistValue{Value: name, Label: name, Active: true})
	}
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().CrmField.Update().Where(crmfield.Name("StageName")).SetPicklist(choices).Exec(ctx)
	})
	require.NoError(f.t, f.settings.WatchChoices(f.ctx, f.integration.ID))
}

// TestAChoiceThatIsGoneIsAlerted while a setting points to it (requirement K8): it ends
// when the choice is back, and when the setting is decided anew.
func TestAChoiceThatIsGoneIsAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		decided := f.alerting()
		open := func() []*ent.Alert {
			return s.Read().Alert.Query().Where(entalert.RuleEQ(crm.RulePicklistValueGone), entalert.OpenKeyNotNil()).AllX(f.ctx)
		}
		version, err := f.update(1,
			crm.SettingChange{Key: crm.SettingDataSync, Value: true}, crm.SettingChange{Key: crm.SettingAutoSave, Value: true},
			crm.SettingChange{Key: crm.SettingPipelineEntryStage, Value: "Prospecting"})
		require.NoError(t, err)
		require.Equal(t, 1, *decided, "rights may be needed that were not before")
		f.stages("Prospecting", "Won")
		require.Empty(t, open())

		f.stages("Discovery", "Won")
		require.Len(t, open(), 1)
		require.Equal(t, crm.SeverityWarning, open()[0].Severity)
		require.Contains(t, open()[0].Message, "Prospecting")
		require.Equal(t, crm.SettingPipelineEntryStage, open()[0].Affected[0].Key)
		f.stages("Prospecting", "Won")
		require.Empty(t, open(), "it is back")

		f.stages("Discovery", "Won")
		require.Len(t, open(), 1)
		version, err = f.update(version, crm.SettingChange{Key: crm.SettingPipelineEntryStage, Value: "Discovery"})
		require.NoError(t, err)
		require.Empty(t, open(), "decided anew")

		f.stages("Won")
		require.Len(t, open(), 1)
		_, err = f.update(version, crm.SettingChange{Key: crm.SettingAutoSave, Value: false})
		require.NoError(t, err)
		require.Empty(t, open(), "what has no effect misses nothing")
		require.Equal(t, 3, *decided)
		require.Len(t, s.Read().Alert.Query().AllX(f.ctx), 1, "one alert, opened again")
	})
}
