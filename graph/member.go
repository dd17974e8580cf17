package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/recipient"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/member"
)

func membersByEmail() *ent.MemberOrder {
	return &ent.MemberOrder{Direction: entgql.OrderDirectionAsc, Field: ent.MemberOrderFieldEmail}
}

func recipientsByAddress() *ent.RecipientOrder {
	return &ent.RecipientOrder{Direction: entgql.OrderDirectionAsc, Field: ent.RecipientOrderFieldAddress}
}

func newestInvitations() *ent.InvitationOrder {
	return &ent.InvitationOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultInvitationOrder.Field}
}

func newestTokens() *ent.ServiceTokenOrder {
	return &ent.ServiceTokenOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultServiceTokenOrder.Field}
}

// shownOnce shows a secret that was made just now; a repeat has none to show.
func shownOnce(secret crm.Secret) *string {
	if secret == "" {
		return nil
	}
	text := secret.Reveal()
	return &text
}

// recipientsOf loads recipients in the order of their ids. One that was removed
// since is left out.
func (r *Resolver) recipientsOf(ctx context.Context, ids []string) ([]*ent.Recipient, error) {
	rows, err := r.Store.Read().Recipient.Query().Where(recipient.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading recipients: %w", err)
	}
	slices.SortFunc(rows, func(a, b *ent.Recipient) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	return rows, nil
}

// disabledSettings shows settings that lost their effect, each with its integration.
func (r *Resolver) disabledSettings(ctx context.Context, lost []member.Disabled) ([]*model.DisabledSetting, error) {
	ids := make([]string, len(lost))
	for i, one := range lost {
		ids[i] = one.IntegrationID
	}
	rows, err := r.Store.Read().Integration.Query().Where(integration.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading integrations: %w", err)
	}
	byID := make(map[string]*ent.Integration, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	shown := make([]*model.DisabledSetting, 0, len(lost))
	for _, one := range lost {
		shown = append(shown, &model.DisabledSetting{Integration: byID[one.IntegrationID], Key: one.Key, Reason: one.Reason})
	}
	return shown, nil
}

// userMatches is a page of the members with the CRM users that they are, by e-mail
// address and id.
func (r *Resolver) userMatches(ctx context.Context, found *ent.Integration, status *model.UserMatchStatus, p page) (*model.UserMatchConnection, error) {
	matches, err := r.loaders(ctx).userMatches(r).Load(ctx, found)
	if err != nil {
		return nil, err
	}
	edges := make([]*model.UserMatchEdge, 0, len(matches))
	for _, match := range matches {
		shown := &model.UserMatch{Member: match.Member, Status: model.UserMatchStatusNotMatched}
		if match.CRMUserID != "" {
			shown.Status, shown.CrmUserID = model.UserMatchStatusMatched, &match.CRMUserID
		}
		if status == nil || *status == shown.Status {
			edges = append(edges, &model.UserMatchEdge{Node: shown, Cursor: cursor{ID: match.Member.ID, Value: match.Member.Email}})
		}
	}
	return pageOfMatches(edges, p)
}

// matchesOf loads the matches of integrations in one batch.
func matchesOf(r *Resolver) func(context.Context, []*ent.Integration) ([][]member.Match, []error) {
	return func(ctx context.Context, rows []*ent.Integration) ([][]member.Match, []error) {
		found, err := r.Members.Matches(ctx, rows...)
		if err != nil {
			return nil, []error{err}
		}
		matches := make([][]member.Match, len(rows))
		for i, row := range rows {
			matches[i] = found[row.ID]
		}
		return matches, nil
	}
}

// pageOfMatches cuts a page out of all edges, which are in the order of their
// cursors. A cursor whose member is gone still has its place.
func pageOfMatches(edges []*model.UserMatchEdge, p page) (*model.UserMatchConnection, error) {
	from, to := 0, len(edges)
	for _, end := range []struct {
		at    *cursor
		place func(i int, exact bool)
	}{
		{p.after, func(i int, exact bool) {
			if from = i; exact {
				from++
			}
		}},
		{p.before, func(i int, _ bool) { to = i }},
	} {
		if end.at == nil {
			continue
		}
		email, ok := end.at.Value.(string)
		if !ok {
			return nil, fault.New(fault.CursorInvalid, "This is not a position that this list gave.")
		}
		end.place(slices.BinarySearchFunc(edges, *end.at, func(edge *model.UserMatchEdge, at cursor) int {
			return cmp.Or(cmp.Compare(edge.Node.Member.Email, email), cmp.Compare(edge.Cursor.ID, at.ID))
		}))
	}
	to = max(from, to)
	shown := edges[from:to]
	switch {
	case p.first != nil && *p.first < len(shown):
		shown = shown[:*p.first]
	case p.last != nil && *p.last < len(shown):
		shown = shown[len(shown)-*p.last:]
		from = to - *p.last
	}
	connection := &model.UserMatchConnection{
		Edges: shown, TotalCount: len(edges),
		PageInfo: &entgql.PageInfo[string]{HasPreviousPage: from > 0, HasNextPage: from+len(shown) < len(edges)},
	}
	if len(shown) > 0 {
		connection.PageInfo.StartCursor, connection.PageInfo.EndCursor = &shown[0].Cursor, &shown[len(shown)-1].Cursor
	}
	return connection, nil
}
