package member

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// nameLength bounds a member's name, in characters.
const nameLength = 200

// SetRoleInput gives a member another role.
type SetRoleInput struct {
	MemberID       string
	Role           principal.Role
	IdempotencyKey string
}

// SetRole gives a member another role, from its next request on. The role that it
// has already changes nothing.
//
// Errors: NOT_FOUND, BAD_INPUT for a role that is none of a member, FORBIDDEN when
// the member's role or the new one is above the actor's, LAST_OWNER.
func (s *Service) SetRole(ctx context.Context, in SetRoleInput) error {
	actor, err := manager(ctx)
	if err != nil {
		return err
	}
	if err := mayGive(actor, in.Role); err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.setRole", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, setRole(ctx, tx, actor, in)
		})
	return err
}

func setRole(ctx context.Context, tx *store.Tx, actor principal.Principal, in SetRoleInput) error {
	row, err := lockMember(ctx, tx, actor, in.MemberID)
	if err != nil {
		return err
	}
	if err := mayChange(actor, row.Role, "memberId"); err != nil || row.Role == in.Role {
		return err
	}
	if err := keepsAnOwner(ctx, tx, row); err != nil {
		return err
	}
	changed, err := tx.Ent().Member.UpdateOne(row).SetRole(in.Role).Save(ctx)
	if err != nil {
		return fmt.Errorf("member: saving the role: %w", err)
	}
	return record(ctx, tx, "setMemberRole", EventRoleChanged, row, changed)
}

// UpdateInput changes a member's name or address; nil leaves one as it is.
type UpdateInput struct {
	MemberID       string
	Name           *string
	Email          *string
	IdempotencyKey string
}

// Update changes a member's name or e-mail address. CRM users are matched by the
// address that a member has when it is asked (requirement A5), so a new one matches
// at once.
//
// Errors: NOT_FOUND, BAD_INPUT, FORBIDDEN for a member above the actor (with the
// address somebody could sign in as it), CONFLICT for an address that is another
// member's or has an open invitation.
func (s *Service) Update(ctx context.Context, in UpdateInput) error {
	actor, err := manager(ctx)
	if err != nil {
		return err
	}
	if in, err = in.normalized(); err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.update", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, update(ctx, tx, actor, in)
		})
	return err
}

func (in UpdateInput) normalized() (UpdateInput, error) {
	if in.Name == nil && in.Email == nil {
		return in, fault.New(fault.BadInput, "There is nothing to change.", fault.Field("name"))
	}
	if in.Name != nil {
		name := strings.TrimSpace(*in.Name)
		if !utf8.ValidString(name) || utf8.RuneCountInString(name) > nameLength || strings.ContainsFunc(name, isControl) {
			return in, fault.New(fault.BadInput, fmt.Sprintf("A name has at most %d characters, all printable.", nameLength), fault.Field("name"))
		}
		in.Name = &name
	}
	if in.Email != nil {
		email, err := normalizedEmail(*in.Email)
		if err != nil {
			return in, err
		}
		in.Email = &email
	}
	return in, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func update(ctx context.Context, tx *store.Tx, actor principal.Principal, in UpdateInput) error {
	row, err := lockMember(ctx, tx, actor, in.MemberID)
	if err != nil {
		return err
	}
	if err := mayChange(actor, row.Role, "memberId"); err != nil {
		return err
	}
	change := tx.Ent().Member.UpdateOne(row)
	if in.Name != nil {
		change.SetName(*in.Name)
	}
	if in.Email != nil && *in.Email != row.Email {
		if err := freeAddress(ctx, tx, *in.Email); err != nil {
			return err
		}
		if err := noOpenInvitation(ctx, tx, *in.Email); err != nil {
			return err
		}
		change.SetEmail(*in.Email).SetEmailKey(*in.Email)
	}
	changed, err := change.Save(ctx)
	if err != nil {
		return fmt.Errorf("member: saving: %w", err)
	}
	if auditOf(changed) == auditOf(row) {
		return nil
	}
	return record(ctx, tx, "updateMember", EventUpdated, row, changed)
}

// RemoveInput removes a member.
type RemoveInput struct {
	MemberID       string
	IdempotencyKey string
}

// Remove ends a membership: the member's sessions end, live ones within a minute;
// the row stays, and its address may be invited again. Service tokens that the
// member made are the workspace's and stay.
//
// Errors: NOT_FOUND, FORBIDDEN for a member above the actor, LAST_OWNER.
func (s *Service) Remove(ctx context.Context, in RemoveInput) error {
	actor, err := manager(ctx)
	if err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.remove", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.remove(ctx, tx, actor, in.MemberID)
		})
	return err
}

func (s *Service) remove(ctx context.Context, tx *store.Tx, actor principal.Principal, memberID string) error {
	row, err := lockMember(ctx, tx, actor, memberID)
	if err != nil {
		return err
	}
	if err := mayChange(actor, row.Role, "memberId"); err != nil {
		return err
	}
	if err := keepsAnOwner(ctx, tx, row); err != nil {
		return err
	}
	if err := tx.Ent().Member.UpdateOne(row).SetRemovedAt(tx.Now()).ClearEmailKey().Exec(ctx); err != nil {
		return fmt.Errorf("member: removing: %w", err)
	}
	if err := s.Auth.RevokeMemberSessions(ctx, tx, row.ID); err != nil {
		return fmt.Errorf("member: ending the sessions: %w", err)
	}
	return record(ctx, tx, "removeMember", EventRemoved, row, nil)
}

// record writes audit and feed of a change; after is nil when the member is removed.
func record(ctx context.Context, tx *store.Tx, action string, event Event, before, after *ent.Member) error {
	tell(tx, before.WorkspaceID, before.ID, before.ID, event)
	item := store.AuditItem{Action: action, Target: before.ID, Outcome: crm.AuditSucceeded, Before: auditOf(before)}
	if after != nil {
		item.After = auditOf(after)
	}
	return tx.Audit(ctx, item)
}
