package member

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Match is a member and the CRM user that the member is.
type Match struct {
	Member *ent.Member
	// CRMUserID is the CRM's id of the user; empty when there is none.
	CRMUserID string
}

// userObject is the package's word for the CRM's users.
const userObject = "user"

// Matches matches the members of the workspace with the users of the CRMs of its
// integrations by e-mail address (requirement A5): for each integration's id all
// members, by address and id. It looks at the records
// that the last run stored, each time it is asked: a changed address matches at once,
// a changed CRM user after the next run. Deleted users, and inactive ones where the
// package knows how to tell, match nobody. Of several users with one address it is
// the first by id.
func (s *Service) Matches(ctx context.Context, integrations ...*ent.Integration) (map[string][]Match, error) {
	if len(integrations) == 0 {
		return map[string][]Match{}, nil
	}
	client := s.Store.Read()
	members, err := client.Member.Query().Where(member.RemovedAtIsNil()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("member: members: %w", err)
	}
	// Here, not in the database: its order of text is not the same everywhere.
	slices.SortFunc(members, func(a, b *ent.Member) int { return cmp.Or(cmp.Compare(a.Email, b.Email), cmp.Compare(a.ID, b.ID)) })
	tenant, err := client.Workspace.Query().Where(workspace.ID(integrations[0].WorkspaceID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("member: workspace: %w", err)
	}
	ids := make([]string, len(integrations))
	for i, row := range integrations {
		ids[i] = row.ID
	}
	mapped, err := snapshot.Mappings(ctx, client, ids...)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]Match, len(integrations))
	for _, row := range integrations {
		pkg, err := s.Packages.For(tenant, row)
		if err != nil {
			return nil, err
		}
		if found[row.ID], err = s.match(ctx, row, members, pkg, mapped[row.ID]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// match matches members with the users of one integration's CRM.
func (s *Service) match(ctx context.Context, integration *ent.Integration, members []*ent.Member, pkg crm.Package, mapped map[string]string) ([]Match, error) {
	matches := make([]Match, len(members))
	addresses := make([]string, len(members))
	for i, row := range members {
		matches[i].Member, addresses[i] = row, row.Email
	}
	lookup, ok := userLookup(pkg, mapped)
	if !ok {
		return matches, nil
	}
	lookup.Values = addresses
	users, err := s.Store.RecordIDsByValue(ctx, integration.WorkspaceID, integration.ID, lookup)
	if err != nil {
		return nil, err
	}
	for i := range matches {
		matches[i].CRMUserID = users[matches[i].Member.Email]
	}
	return matches, nil
}

// userLookup says where a package has the e-mail address of CRM users, and how it
// tells that one is inactive; false when it knows no users.
func userLookup(pkg crm.Package, mapped map[string]string) (store.RecordLookup, bool) {
	object, found := pkg.ObjectByKey(userObject)
	_, email, hasEmail := pkg.StandardField(userObject + ".email")
	if !found || !hasEmail {
		return store.RecordLookup{}, false
	}
	lookup := store.RecordLookup{Object: object.Name, Field: email.CRMField(mapped)}
	for _, flag := range []struct {
		key      string
		inactive bool
	}{{"is_active", false}, {"is_disabled", true}, {"is_archived", true}} {
		if _, field, found := pkg.StandardField(userObject + "." + flag.key); found {
			lookup.Flag, lookup.FlagExcludes = field.CRMField(mapped), flag.inactive
			break
		}
	}
	return lookup, true
}
