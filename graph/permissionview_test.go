package graph

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// Histories of many fields are loaded together, each with its own page and total.
func TestHistoriesPageEachFieldByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		var integrationID string
		require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			made, err := tx.Ent().Integration.Create().
				SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
				SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
			if err != nil {
				return err
			}
			integrationID = made.ID
			var creates []*ent.PermissionChangeCreate
			// In the order of their ids: Email 0, Phone 0, Email 1, Phone 1, Email 2.
			for i := range 5 {
				creates = append(creates, tx.Ent().PermissionChange.Create().
					SetID(fmt.Sprintf("chg_%026d", i)).SetWorkspaceID(workspace.ID).SetIntegrationID(made.ID).SetCreatedAt(tx.Now()).
					SetObjectName("Contact").SetFieldName([]string{"Email", "Phone"}[i%2]).SetChange(crm.ChangeLost).
					SetEvidence(fmt.Sprint(i/2)))
			}
			return tx.Ent().PermissionChange.CreateBulk(creates...).Exec(ctx)
		}))
		page := func(field string, p changePage) changeSubject {
			return changeSubject{integrationID: integrationID, object: "Contact", field: field, changePage: p}
		}
		two, last := changePage{first: 2}, changePage{last: 1}
		after := changePage{first: 1, after: fmt.Sprintf("chg_%026d", 4)}
		subjects := []changeSubject{page("Email", two), page("Phone", two), page("Fax", two), page("Email", last), page("Email", after)}
		found, failures := historiesOf(s)(ctx, subjects)
		require.Empty(t, failures)
		said := func(c *ent.PermissionChangeConnection) []string {
			texts := []string{}
			for _, edge := range c.Edges {
				texts = append(texts, edge.Node.FieldName+" "+edge.Node.Evidence)
			}
			return texts
		}
		require.Equal(t, []string{"Email 2", "Email 1"}, said(found[0]))
		require.Equal(t, 3, found[0].TotalCount)
		require.True(t, found[0].PageInfo.HasNextPage)
		require.Equal(t, []string{"Phone 1", "Phone 0"}, said(found[1]))
		require.False(t, found[1].PageInfo.HasNextPage)
		require.Empty(t, said(found[2]))
		require.Equal(t, []string{"Email 0"}, said(found[3]))
		require.True(t, found[3].PageInfo.HasPreviousPage)
		require.Equal(t, []string{"Email 1"}, said(found[4]))
		require.True(t, found[4].PageInfo.HasPreviousPage)
	})
}

// A filter of the history leaves out what a subscription with it would.
func TestChangesAreFiltered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			made, err := tx.Ent().Integration.Create().
				SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
				SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
			if err != nil {
				return err
			}
			add := func(object, field string, change crm.ChangeType, standardized bool) error {
				return tx.Ent().PermissionChange.Create().SetWorkspaceID(workspace.ID).SetIntegrationID(made.ID).
					SetCreatedAt(tx.Now()).SetObjectName(object).SetFieldName(field).SetChange(change).
					SetStandardized(standardized).Exec(ctx)
			}
			return errors.Join(
				add("Lead", "", crm.ChangeLost, false), add("Contact", "Email", crm.ChangeLost, true),
				add("Contact", "Fax", crm.ChangeVanished, false), add("Contact", "Email", crm.ChangeRestored, true),
			)
		}))
		for _, one := range []struct {
			filter *model.PermissionChangeFilterInput
			want   int
		}{
			{nil, 4},
			{&model.PermissionChangeFilterInput{}, 4},
			{&model.PermissionChangeFilterInput{StandardizedOnly: true}, 3},
			{&model.PermissionChangeFilterInput{Objects: []string{"Contact"}}, 3},
			{&model.PermissionChangeFilterInput{Objects: []string{}}, 0},
			{&model.PermissionChangeFilterInput{Changes: []crm.ChangeType{crm.ChangeLost}}, 2},
			{&model.PermissionChangeFilterInput{Objects: []string{"Contact"}, Changes: []crm.ChangeType{crm.ChangeVanished}, StandardizedOnly: true}, 0},
		} {
			found, err := s.Read().PermissionChange.Query().Where(changePredicates(one.filter)...).Count(ctx)
			require.NoError(t, err)
			require.Equal(t, one.want, found, "%+v", one.filter)
		}
	})
}
