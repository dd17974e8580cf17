package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type manifests struct{}

func (manifests) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "Salesforce", Capabilities: []crm.Capability{crm.CanRead}}, nil
}

// fixture is an integration with the built-in package, all of whose objects are
// accessible.
type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	settings    *settings.Service
	workspace   *ent.Workspace
	integration *ent.Integration
	keys        int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	load := snapshot.Packages(func(_, crmName string, version int) (crm.Package, error) {
		return packages.Load("sales-engagement", crmName, version)
	})
	f := &fixture{t: t, ctx: ctx, store: s, workspace: workspace}
	f.settings = settings.New(settings.Config{Store: s, Connectors: manifests{}, Packages: load})
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		f.integration = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationOnboarding).SaveX(ctx)
		for _, name := range []string{"Account", "Contact", "Lead", "Opportunity", "User"} {
			object := tx.Ent().CrmObject.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
				SetName(name).SetStatus(crm.ObjectOK).SetRights(crm.Rights{Read: true, Create: name == "Contact"}).SaveX(ctx)
			for _, field := range []string{"Email", "OwnerId", "StageName", "Unrelated"} {
				create := tx.Ent().CrmField.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
					SetObjectID(object.ID).SetName(field).SetReadable(true).SetCreatable(true)
				if field == "StageName" {
					create.SetPicklist([]crm.PicklistValue{
						{Value: "Prospecting", Label: "Prospecting", Active: true}, {Value: "Old", Label: "Old"}, {Value: "Won", Label: "Closed won", Active: true},
					})
				}
				create.SaveX(ctx)
			}
		}
		return nil
	})
	return f
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) tree() (map[string]crm.SettingState, int) {
	f.t.Helper()
	states, version, err := f.settings.Tree(f.ctx, f.integration.ID)
	require.NoError(f.t, err)
	byKey := map[string]crm.SettingState{}
	for _, state := range states {
		byKey[state.Definition.Key] = state
	}
	return byKey, version
}

func (f *fixture) update(version int, changes ...crm.SettingChange) (int, error) {
	f.keys++
	return f.settings.Update(f.ctx, settings.UpdateInput{
		IntegrationID: f.integration.ID, ExpectedVersion: version, Changes: changes, IdempotencyKey: fmt.Sprintf("key-%d", f.keys),
	})
}

// refused lists what joined errors say, as "CODE key reason field".
func refused(err error) []string {
	var list []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			list = append(list, refused(err)...)
		}
		return list
	}
	if e, ok := fault.From(err); ok {
		list = append(list, fmt.Sprintf("%s %s %s %v", e.Code, e.Details["key"], e.Details["reason"], e.Field))
	}
	return list
}

func TestTreeShowsOptionsRightsAndReasons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		tree, version := f.tree()
		require.Equal(t, 1, version)
		stage := tree[crm.SettingPipelineEntryStage]
		require.Equal(t, []crm.SettingOption{{Value: "Prospecting", Label: "Prospecting"}, {Value: "Won", Label: "Closed won"}}, stage.Options)
		require.Equal(t, crm.RightGranted, stage.Requires[0].Status)
		require.Equal(t, "StageName", stage.Requires[0].FieldName)
		require.True(t, tree[crm.SettingContactsCreate].Available)
		require.Equal(t, crm.UnavailableParentIsOff, tree[crm.SettingContactsCreateBulk].UnavailableReason)

		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Ent().CrmObject.Update().SetStatus(crm.ObjectPermissionMissing).Exec(ctx); err != nil {
				return err
			}
			return tx.Ent().Workspace.UpdateOneID(f.workspace.ID).SetEdition(crm.EditionCore).Exec(ctx)
		})
		tree, _ = f.tree()
		require.Equal(t, crm.UnavailablePermission, tree[crm.SettingRestrictedDataMode].UnavailableReason)
		require.Equal(t, crm.UnavailableEdition, tree[crm.SettingContactsCreate].UnavailableReason)
	})
}

func TestOptionsFollowTheMappedField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Mapping.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
				SetObjectName("Opportunity").SetStandardField("opportunity.stage").SetCrmField("Unrelated").
				SetOrigin(crm.MappingAdmin).SetCreatedBy("test").Exec(ctx)
		})
		tree, _ := f.tree()
		stage := tree[crm.SettingPipelineEntryStage]
		require.Equal(t, "Unrelated", stage.Requires[0].FieldName)
		require.False(t, stage.OptionsKnown)
	})
}

// Scenario 3: decided is not switched on.
func TestUpdateDecidesAndLeavesFeedAndAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		version, err := f.update(1,
			crm.SettingChange{Key: crm.SettingPipelineEntryStage, Value: "Won"}, // before its parent: order does not matter
			crm.SettingChange{Key: crm.SettingAutoSave, Value: true},
			crm.SettingChange{Key: crm.SettingContactsCreate, Value: false})
		require.NoError(t, err)
		require.Equal(t, 2, version)
		undecided, err := f.settings.Undecided(f.ctx, f.integration.ID)
		require.NoError(t, err)
		require.Equal(t, []string{crm.SettingDataSync, crm.SettingRestrictedDataMode}, undecided)
		tree, _ := f.tree()
		require.Equal(t, "Won", tree[crm.SettingPipelineEntryStage].EffectiveValue)

		entries, err := s.FeedAfter(f.ctx, f.workspace.ID, 0, 10)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, "settings", entries[0].Kind)
		require.Equal(t, f.integration.ID, entries[0].SubjectID)
		var payload settings.Payload
		require.NoError(t, json.Unmarshal(entries[0].Payload, &payload))
		require.Equal(t, settings.Payload{Version: 2, Keys: []string{crm.SettingAutoSave, crm.SettingPipelineEntryStage, crm.SettingContactsCreate}}, payload)

		version, err = f.update(2, crm.SettingChange{Key: crm.SettingAutoSave, Value: true})
		require.NoError(t, err)
		require.Equal(t, 2, version, "decided so already: no new version, no entry")

		version, err = f.update(2, crm.SettingChange{Key: crm.SettingAutoSave, Value: false})
		require.NoError(t, err)
		require.Equal(t, 3, version)
		tree, _ = f.tree()
		require.Nil(t, tree[crm.SettingPipelineEntryStage].EffectiveValue)
		require.Equal(t, "Won", tree[crm.SettingPipelineEntryStage].Value, "the child keeps its value (D20)")
		audit := s.Read().AuditEntry.Query().Where(auditentry.Action("updateSettings")).Order(auditentry.ByID()).AllX(f.ctx)
		require.Len(t, audit, 2)
		require.JSONEq(t, `{"autoSave.enabled":true}`, string(audit[1].Before))
		require.JSONEq(t, `{"autoSave.enabled":false}`, string(audit[1].After))
	})
}

func TestAllRefusalsComeTogetherAndNothingIsSaved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.update(1,
			crm.SettingChange{Key: crm.SettingDataSync, Value: true},
			crm.SettingChange{Key: "coffee.strength", Value: true},
			crm.SettingChange{Key: crm.SettingRestrictedDataMode, Value: "yes"},
			crm.SettingChange{Key: crm.SettingPipelineEntryStage, Value: "Old"},
			crm.SettingChange{Key: crm.SettingContactsCreateBulk, Value: true})
		require.ElementsMatch(t, []string{
			"SETTING_INVALID coffee.strength UNKNOWN_SETTING [changes 1 key]",
			"SETTING_INVALID restrictedDataMode WRONG_TYPE [changes 2 value]",
			"SETTING_INVALID autoSave.pipelineEntryStage NOT_AN_OPTION [changes 3 value]",
			"SETTING_UNAVAILABLE contacts.create.bulk UNAVAILABLE [changes 4 value]",
		}, refused(err))
		tree, version := f.tree()
		require.Equal(t, 1, version)
		require.False(t, tree[crm.SettingDataSync].Decided)

		_, err = f.update(1)
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		_, err = f.update(1, crm.SettingChange{Key: crm.SettingDataSync, Value: true}, crm.SettingChange{Key: crm.SettingDataSync, Value: false})
		require.Equal(t, []string{"BAD_INPUT dataSync  [changes 1 key]"}, refused(err))
	})
}

// Requirement D23: a preflight tells what an update would do, and does not do it.
func TestPreflightTellsWhatAnUpdateDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.update(1, crm.SettingChange{Key: crm.SettingContactsCreate, Value: true}, crm.SettingChange{Key: crm.SettingContactsCreateBulk, Value: true})
		require.NoError(t, err)
		off := []crm.SettingChange{{Key: crm.SettingContactsCreate, Value: false}}
		told, err := f.settings.Preflight(f.ctx, f.integration.ID, off)
		require.NoError(t, err)
		require.NoError(t, told.Problems)
		require.Equal(t, 2, told.Version)
		tree, version := f.tree()
		require.Equal(t, 2, version, "nothing has changed")
		require.True(t, tree[crm.SettingContactsCreateBulk].On())

		_, err = f.update(told.Version, off...)
		require.NoError(t, err)
		tree, _ = f.tree()
		require.Len(t, told.Effects, 3)
		for _, effect := range told.Effects {
			require.Equal(t, effect.After, tree[effect.After.Definition.Key], "it was told as it came")
		}

		wrong := []crm.SettingChange{{Key: "coffee.strength", Value: true}, {Key: crm.SettingContactsCreateBulk, Value: true}, {Key: crm.SettingRestrictedDataMode, Value: "yes"}}
		told, err = f.settings.Preflight(f.ctx, f.integration.ID, wrong)
		require.NoError(t, err)
		_, refusal := f.update(3, wrong...)
		require.Equal(t, refused(refusal), refused(told.Problems), "what an update refuses; what is decided so already is not judged")
		for problem, changes := range map[string][]crm.SettingChange{"BAD_INPUT": nil, "": off} {
			told, err = f.settings.Preflight(f.ctx, f.integration.ID, changes)
			require.NoError(t, err)
			require.Equal(t, problem, string(fault.CodeOf(told.Problems)))
			require.Empty(t, told.Effects)
		}

		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(crm.IntegrationAuthorizing).Exec(ctx)
		})
		told, err = f.settings.Preflight(f.ctx, f.integration.ID, []crm.SettingChange{{Key: crm.SettingDataSync, Value: true}})
		require.NoError(t, err)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(told.Problems))
		_, err = f.settings.Preflight(newFixture(t, s).ctx, f.integration.ID, off)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

// Requirement API6.
func TestAnOldVersionIsAConflict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.update(1, crm.SettingChange{Key: crm.SettingDataSync, Value: true})
		require.NoError(t, err)
		_, err = f.update(1, crm.SettingChange{Key: crm.SettingDataSync, Value: false})
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		e, _ := fault.From(err)
		require.Equal(t, "2", e.Details["version"])
	})
}

func TestOfTwoUpdatesAtTheSameMomentOneWins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		var group sync.WaitGroup
		codes := make(chan fault.Code, 8)
		for i := range 8 {
			group.Go(func() {
				_, err := f.settings.Update(f.ctx, settings.UpdateInput{
					IntegrationID: f.integration.ID, ExpectedVersion: 1, IdempotencyKey: fmt.Sprintf("both-%d", i),
					Changes: []crm.SettingChange{{Key: crm.SettingDataSync, Value: i%2 == 0}},
				})
				codes <- fault.CodeOf(err)
			})
		}
		group.Wait()
		close(codes)
		counts := map[fault.Code]int{}
		for code := range codes {
			counts[code]++
		}
		require.Equal(t, map[fault.Code]int{"": 1, fault.Conflict: 7}, counts)
		_, version := f.tree()
		require.Equal(t, 2, version)
	})
}

func TestARepeatedRequestIsAnsweredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		in := settings.UpdateInput{
			IntegrationID: f.integration.ID, ExpectedVersion: 1, IdempotencyKey: "once",
			Changes: []crm.SettingChange{{Key: crm.SettingDataSync, Value: true}},
		}
		for range 2 {
			version, err := f.settings.Update(f.ctx, in)
			require.NoError(t, err)
			require.Equal(t, 2, version)
		}
		in.Changes[0].Value = false
		_, err := f.settings.Update(f.ctx, in)
		require.Equal(t, fault.IdempotencyMismatch, fault.CodeOf(err))
	})
}

func TestOnlyAnAdminOfTheWorkspaceChangesSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f, other := newFixture(t, s), newFixture(t, s)
		change := crm.SettingChange{Key: crm.SettingDataSync, Value: true}
		f.ctx = other.ctx
		_, err := f.update(1, change)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, _, err = f.settings.Tree(f.ctx, f.integration.ID)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		f.ctx = principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.workspace.ID, Role: principal.RoleViewer})
		_, err = f.update(1, change)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		_, _, err = f.settings.Tree(f.ctx, f.integration.ID)
		require.NoError(t, err, "a viewer may look")
	})
}

func TestSettingsWaitForTheSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(crm.IntegrationAuthorizing).Exec(ctx)
		})
		_, err := f.update(1, crm.SettingChange{Key: crm.SettingDataSync, Value: true})
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
	})
}

func TestAPackageThatIsNotThereIsAConfigurationFault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		missing := snapshot.Packages(func(string, string, int) (crm.Package, error) { return crm.Package{}, errors.New("no such package") })
		f.settings = settings.New(settings.Config{Store: s, Connectors: manifests{}, Packages: missing})
		_, _, err := f.settings.Tree(f.ctx, f.integration.ID)
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err))
	})
}

// The choices of the CRM's own list come before those of the field; a choice that
// left it is shown and kept, without effect (requirement K8).
func TestOptionsComeFromTheKeptChoices(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		keep := func(choices ...crm.Choice) {
			f.inTx(func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.Ent().Picklist.Delete().Exec(ctx); err != nil {
					return err
				}
				return tx.Ent().Picklist.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
					SetSource(crm.OpportunityStages).SetChoices(choices).SetFetchedAt(tx.Now()).Exec(ctx)
			})
		}
		keep(crm.Choice{Value: "1", Label: "Lead in", Active: true, Group: "a", GroupLabel: "Sales"},
			crm.Choice{Value: "2", Label: "Talks", Active: true, Group: "b", GroupLabel: "Renewals"}, crm.Choice{Value: "3", Group: "b"})
		states, version := f.tree()
		require.Equal(t, []crm.SettingOption{{Value: "1", Label: "Lead in (Sales)"}, {Value: "2", Label: "Talks (Renewals)"}},
			states[crm.SettingPipelineEntryStage].Options)
		_, err := f.update(version, crm.SettingChange{Key: crm.SettingAutoSave, Value: true},
			crm.SettingChange{Key: crm.SettingPipelineEntryStage, Value: "2"})
		require.NoError(t, err)
		states, _ = f.tree()
		require.Equal(t, "2", states[crm.SettingPipelineEntryStage].EffectiveValue)

		keep(crm.Choice{Value: "1", Label: "Lead in", Active: true})
		states, _ = f.tree()
		stage := states[crm.SettingPipelineEntryStage]
		require.True(t, stage.ValueGone)
		require.Equal(t, "2", stage.Value, "it is not dropped")
		require.Nil(t, stage.EffectiveValue)
		require.Equal(t, []crm.SettingOption{{Value: "1", Label: "Lead in"}}, stage.Options)
	})
}
