package member_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// connect makes an active integration, all of whose objects are accessible.
func (f *fixture) connect(connector string, environment crm.Environment) *ent.Integration {
	f.t.Helper()
	var made *ent.Integration
	require.NoError(f.t, f.store.WithTx(f.reader(), func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.Ent().Integration.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector(connector).SetEnvironment(environment).SetState(crm.IntegrationActive).Save(ctx)
		if err != nil {
			return err
		}
		for _, name := range []string{"Account", "Contact", "Lead", "Opportunity", "User"} {
			err = tx.Ent().CrmObject.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(made.ID).SetName(name).
				SetStatus(crm.ObjectOK).SetRights(crm.Rights{Read: true, Create: true, Update: true}).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return made
}

func (f *fixture) decide(integration *ent.Integration, version int, changes ...crm.SettingChange) {
	f.t.Helper()
	_, err := f.settings.Update(f.ctx, settings.UpdateInput{
		IntegrationID: integration.ID, ExpectedVersion: version, Changes: changes, IdempotencyKey: f.key(),
	})
	require.NoError(f.t, err)
}

func (f *fixture) entitle(edition crm.Edition, packageKey string) ([]member.Disabled, error) {
	return f.members.SetEntitlements(f.ctx, member.EntitlementsInput{
		WorkspaceID: f.workspace.ID, Entitlements: member.Entitlements{Edition: edition, PackageKey: packageKey}, IdempotencyKey: f.key(),
	})
}

func (f *fixture) setting(integration *ent.Integration, key string) crm.SettingState {
	f.t.Helper()
	states, _, err := f.settings.Tree(f.reader(), integration.ID)
	require.NoError(f.t, err)
	for _, state := range states {
		if state.Definition.Key == key {
			return state
		}
	}
	f.t.Fatalf("no setting %s", key)
	return crm.SettingState{}
}

func TestOnlyCSMAndTheSystemEntitle(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		for _, actor := range roles() {
			f.as(actor)
			want := fault.Forbidden
			if actor == principal.RoleCSM || actor == principal.RoleSystem {
				want = ""
			}
			_, err := f.entitle(crm.EditionCore, "")
			require.Equal(t, want, fault.CodeOf(err), actor)
		}
		f.as(principal.RoleCSM, principal.ScopeRead)
		_, err := f.entitle(crm.EditionCore, "")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err), "a narrow token")
		f.as(principal.RoleCSM)
		for name, in := range map[string]struct {
			wanted member.EntitlementsInput
			code   fault.Code
		}{
			"another workspace":  {member.EntitlementsInput{WorkspaceID: newFixture(t, s).workspace.ID}, fault.NotFound},
			"an unknown edition": {member.EntitlementsInput{WorkspaceID: f.workspace.ID, Entitlements: member.Entitlements{Edition: "GOLD"}}, fault.BadInput},
			"an unknown package": {member.EntitlementsInput{WorkspaceID: f.workspace.ID, Entitlements: member.Entitlements{PackageKey: "sales"}}, fault.BadInput},
		} {
			in.wanted.IdempotencyKey = f.key()
			_, err := f.members.SetEntitlements(f.ctx, in.wanted)
			require.Equal(t, in.code, fault.CodeOf(err), name)
		}
	})
}

func TestADowngradeKeepsValuesWithoutEffect(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		integration := f.connect("salesforce", crm.Production)
		f.decide(integration, 1, crm.SettingChange{Key: crm.SettingDataSync, Value: true}, crm.SettingChange{Key: crm.SettingContactsCreate, Value: true},
			crm.SettingChange{Key: crm.SettingContactsCreateBulk, Value: true}, crm.SettingChange{Key: crm.SettingAutoSave, Value: false})
		require.True(t, f.setting(integration, crm.SettingDataSync).On())

		f.as(principal.RoleCSM)
		lost, err := f.entitle(crm.EditionCore, "")
		require.NoError(t, err)
		var keys []string
		for _, one := range lost {
			require.Equal(t, integration.ID, one.IntegrationID)
			require.Equal(t, crm.UnavailableEdition, one.Reason)
			keys = append(keys, one.Key)
		}
		require.Equal(t, []string{crm.SettingContactsCreate, crm.SettingContactsCreateBulk}, keys)
		state := f.setting(integration, crm.SettingContactsCreate)
		require.Equal(t, crm.UnavailableEdition, state.UnavailableReason)
		require.Equal(t, true, state.Value, "the value is kept")
		require.Equal(t, false, state.EffectiveValue)
		require.True(t, state.Decided)

		entries := f.audited("setEntitlements")
		require.Len(t, entries, 1)
		require.Equal(t, "csm", entries[0].Via)
		require.JSONEq(t, `{"edition":"ADVANCED_PLUS","packageKey":"sales-engagement"}`, string(entries[0].Before))
		require.Contains(t, string(entries[0].After), `"CORE"`)
		require.Equal(t, []string{f.workspace.ID + ` {"edition":"CORE","packageKey":"sales-engagement"}`}, compacted(t, f.told("workspace")))
		told := f.told("settings")
		require.Len(t, told, 2, "the admin's decision, and the downgrade")
		var payload settings.Payload
		require.NoError(t, json.Unmarshal([]byte(told[1][len(integration.ID)+1:]), &payload))
		require.Equal(t, 2, payload.Version, "nobody decided anything")
		require.Contains(t, payload.Keys, crm.SettingContactsCreate)

		again, err := f.entitle(crm.EditionCore, packageKey)
		require.NoError(t, err)
		require.Empty(t, again)
		require.Len(t, f.audited("setEntitlements"), 1, "the same again changes nothing")

		lost, err = f.entitle(crm.EditionAdvancedPlus, "")
		require.NoError(t, err)
		require.Empty(t, lost)
		require.True(t, f.setting(integration, crm.SettingContactsCreateBulk).On(), "it has effect again")
	})
}

func TestAPackageMustCoverTheIntegrations(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.connect("dynamics365", crm.Production)
		f.as(principal.RoleCSM)
		_, err := f.entitle("", "other")
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		require.ErrorContains(t, err, "dynamics365")
		require.Equal(t, packageKey, s.Read().Workspace.GetX(f.reader(), f.workspace.ID).PackageKey)
	})
}

func TestConfiguredEntitlements(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		require.NoError(t, f.members.ApplyConfigured(t.Context(), f.workspace.ID, member.Entitlements{}))
		require.NoError(t, f.members.ApplyConfigured(t.Context(), f.workspace.ID, member.Entitlements{Edition: crm.EditionAdvancedPlus}))
		require.Empty(t, f.audited("setEntitlements"), "it has that already")
		require.NoError(t, f.members.ApplyConfigured(t.Context(), f.workspace.ID, member.Entitlements{Edition: crm.EditionCore}))
		require.NoError(t, f.members.ApplyConfigured(t.Context(), f.workspace.ID, member.Entitlements{Edition: crm.EditionCore}))
		entries := f.audited("setEntitlements")
		require.Len(t, entries, 1)
		require.Equal(t, "system:configuration", entries[0].Actor)
		require.Equal(t, fault.BadInput, fault.CodeOf(f.members.ApplyConfigured(t.Context(), f.workspace.ID, member.Entitlements{PackageKey: "gold"})))
	})
}

func TestMatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		for connector, c := range map[string]struct{ object, email, flag, active, inactive string }{
			"salesforce":  {"User", "Email", "IsActive", "true", "false"},
			"hubspot":     {"owners", "email", "archived", "false", "true"},
			"dynamics365": {"systemuser", "internalemailaddress", "isdisabled", "false", "true"},
		} {
			f := newFixture(t, s)
			integration := f.connect(connector, crm.Sandbox)
			record := func(id, email, flag string) crm.Record {
				return crm.Record{ID: id, ModifiedAt: storetest.Start(), Data: json.RawMessage(`{"` + c.email + `":"` + email + `","` + c.flag + `":` + flag + `}`)}
			}
			f.sync(integration, c.object, record("u1", "Ann@Example.com", c.active), record("u2", "bob@example.com", c.inactive))
			ann, bob := f.add("ann@example.com", principal.RoleOwner), f.add("bob@example.com", principal.RoleViewer)
			gone := f.add("gone@example.com", principal.RoleViewer)
			require.NoError(t, f.remove(gone))
			require.Equal(t, [][2]string{{ann, "u1"}, {bob, ""}}, f.matches(integration), "%s: inactive users match nobody", connector)

			require.NoError(t, f.update(bob, nil, new("zoe@example.com")))
			f.sync(integration, c.object, record("u3", "ZOE@example.com", c.active))
			require.Equal(t, [][2]string{{ann, "u1"}, {bob, "u3"}}, f.matches(integration), connector)
			require.NoError(t, f.update(bob, nil, new("new@example.com")))
			require.Equal(t, [][2]string{{ann, "u1"}, {bob, ""}}, f.matches(integration), "%s: at once", connector)
		}
	})
}

// TestMatchesByTheMappedField: an admin may map another CRM field.
func TestMatchesByTheMappedField(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		integration := f.connect("salesforce", crm.Production)
		f.sync(integration, "User", crm.Record{ID: "u1", Data: json.RawMessage(`{"Email":"no@example.com","Login__c":"ann@example.com"}`)})
		ann := f.add("ann@example.com", principal.RoleOwner)
		require.Equal(t, [][2]string{{ann, ""}}, f.matches(integration))
		require.NoError(t, s.WithTx(f.reader(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Mapping.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
				SetObjectName("User").SetStandardField("user.email").SetCrmField("Login__c").SetOrigin(crm.MappingAdmin).SetCreatedBy("t").Exec(ctx)
		}))
		require.Equal(t, [][2]string{{ann, "u1"}}, f.matches(integration))
	})
}

func (f *fixture) sync(integration *ent.Integration, object string, records ...crm.Record) {
	f.t.Helper()
	prepared, err := store.PrepareRecords(records)
	require.NoError(f.t, err)
	require.NoError(f.t, f.store.WithTx(f.reader(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.UpsertRecords(ctx, f.workspace.ID, integration.ID, object, prepared)
		return err
	}))
}

// matches lists member and CRM user, by address.
func (f *fixture) matches(integration *ent.Integration) [][2]string {
	f.t.Helper()
	found, err := f.members.Matches(f.ctx, integration)
	require.NoError(f.t, err)
	var list [][2]string
	for _, match := range found[integration.ID] {
		list = append(list, [2]string{match.Member.ID, match.CRMUserID})
	}
	return list
}

// Versions of two packages have nothing to do with each other.
func TestAnotherPackageComesInItsNewestVersion(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		connected := f.connect("salesforce", crm.Production)
		f.as(principal.RoleCSM)
		_, err := f.entitle("", packageKey)
		require.NoError(t, err)
		_, err = f.entitle(crm.EditionCore, "")
		require.NoError(t, err)
		require.Empty(t, f.switched, "it has that package already")
		_, err = f.entitle("", "revenue-intelligence")
		require.NoError(t, err)
		require.Equal(t, 1, s.Read().Integration.GetX(f.reader(), connected.ID).PackageVersion)
		_, err = f.entitle("", packageKey)
		require.NoError(t, err)
		require.Equal(t, 2, s.Read().Integration.GetX(f.reader(), connected.ID).PackageVersion)
		require.Equal(t, []string{connected.ID + " to revenue-intelligence version 1", connected.ID + " to sales-engagement version 2"}, f.switched)
	})
}
