package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/inboxitem"
	"github.com/fieldwarden/fieldwarden/ent/inboxread"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// maxMarked bounds the items of one call.
	maxMarked = 100
	// lateness is how long after its time an item may become visible: a transaction's
	// items bear the time of its begin. What is read in one go ends that much before the
	// item that was named; the items between are marked one by one, so none that comes
	// late counts as read.
	lateness = time.Minute
)

// Member is the member that acts in ctx; nil when it is a program, vendor-side staff or
// nobody, who have read nothing and have nothing to read.
func (s *Service) Member(ctx context.Context) (*ent.Member, error) {
	p, ok := principal.From(ctx)
	if !ok || p.Kind != principal.KindMember {
		return nil, nil //nolint:nilnil // none is the answer
	}
	found, err := s.store.Read().Member.Query().Where(member.ID(p.ID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is the answer
	}
	if err != nil {
		return nil, fmt.Errorf("inbox: member: %w", err)
	}
	return found, nil
}

// Unread matches the items that whoever acts has not read; none for a principal that
// is no member.
func (s *Service) Unread(ctx context.Context) (predicate.InboxItem, error) {
	reader, err := s.Member(ctx)
	if err != nil {
		return nil, err
	}
	if reader == nil {
		return inboxitem.IDIn(), nil
	}
	return unreadBy(reader), nil
}

// UnreadCount counts the items that whoever acts has not read, up to MaxUnread.
func (s *Service) UnreadCount(ctx context.Context) (int, error) {
	reader, err := s.Member(ctx)
	if err != nil || reader == nil {
		return 0, err
	}
	ids, err := s.store.Read().InboxItem.Query().Where(unreadBy(reader)).Limit(MaxUnread).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("inbox: counting: %w", err)
	}
	return len(ids), nil
}

// UnreadOf tells which of some items whoever acts has not read.
func (s *Service) UnreadOf(ctx context.Context, ids []string) (map[string]bool, error) {
	unread := map[string]bool{}
	which, err := s.Unread(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.store.Read().InboxItem.Query().Where(inboxitem.IDIn(ids...), which).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("inbox: unread items: %w", err)
	}
	for _, id := range found {
		unread[id] = true
	}
	return unread, nil
}

// MarkInput says what is read: exactly one of the two.
type MarkInput struct {
	// ItemIDs are 1 to 100 items.
	ItemIDs []string
	// ThroughItemID is the newest item that is read, with all before it.
	ThroughItemID  *string
	IdempotencyKey string
}

// Mark marks items as read, for the member who acts.
//
// Errors: FORBIDDEN for a principal that is no member, NOT_FOUND for an item of another
// inbox, BAD_INPUT for both or neither of the two, or more than 100 items.
func (s *Service) Mark(ctx context.Context, in MarkInput) error {
	p, ok := principal.From(ctx)
	if !ok || p.Kind != principal.KindMember {
		return fault.New(fault.Forbidden, "Only a member of the workspace has an inbox to read.",
			fault.Hint("Sign in as a member. A service token reads the inbox and marks nothing."))
	}
	if (in.ItemIDs == nil) == (in.ThroughItemID == nil) {
		return fault.New(fault.BadInput, "Give either itemIds or throughItemId.", fault.Field("itemIds"))
	}
	if in.ThroughItemID == nil && (len(in.ItemIDs) == 0 || len(in.ItemIDs) > maxMarked) {
		return fault.New(fault.BadInput, fmt.Sprintf("Give 1 to %d items; these are %d.", maxMarked, len(in.ItemIDs)), fault.Field("itemIds"))
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "inbox.mark", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, mark(ctx, tx, p, in) })
	return err
}

// marked is what the audit shows.
type marked struct {
	Items   []string `json:"items,omitempty"`
	Through string   `json:"through,omitempty"`
}

func mark(ctx context.Context, tx *store.Tx, p principal.Principal, in MarkInput) error {
	said := marked{Items: in.ItemIDs}
	if in.ThroughItemID != nil {
		said.Through = *in.ThroughItemID
		if err := markThrough(ctx, tx, p, *in.ThroughItemID); err != nil {
			return err
		}
	} else if err := markEach(ctx, tx, p, in.ItemIDs); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{Action: "markInboxRead", Target: p.ID, Outcome: crm.AuditSucceeded, After: said})
}

func markEach(ctx context.Context, tx *store.Tx, p principal.Principal, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	known, err := tx.Ent().InboxItem.Query().Where(inboxitem.IDIn(ids...)).Count(ctx)
	if err != nil {
		return fmt.Errorf("inbox: items: %w", err)
	}
	if known != len(ids) {
		return fault.New(fault.NotFound, "One of these ids names no item of the inbox.", fault.Field("itemIds"))
	}
	return saveRead(ctx, tx, p, ids)
}

// markThrough moves the time before which everything is read, and marks what lies
// between it and the item.
func markThrough(ctx context.Context, tx *store.Tx, p principal.Principal, id string) error {
	item, err := tx.Ent().InboxItem.Query().Where(inboxitem.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The inbox has no item with this id.", fault.Field("throughItemId"))
	}
	if err != nil {
		return fmt.Errorf("inbox: item: %w", err)
	}
	through := item.CreatedAt.Add(-lateness)
	err = tx.Ent().Member.Update().
		Where(member.ID(p.ID), member.Or(member.InboxReadThroughIsNil(), member.InboxReadThroughLT(through))).
		SetInboxReadThrough(through).Exec(ctx)
	if err != nil {
		return fmt.Errorf("inbox: read through: %w", err)
	}
	between, err := tx.Ent().InboxItem.Query().Where(
		inboxitem.CreatedAtGTE(through),
		inboxitem.Or(inboxitem.CreatedAtLT(item.CreatedAt), inboxitem.And(inboxitem.CreatedAt(item.CreatedAt), inboxitem.IDLTE(id))),
	).Order(inboxitem.ByID()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("inbox: items between: %w", err)
	}
	return saveRead(ctx, tx, p, between)
}

func saveRead(ctx context.Context, tx *store.Tx, p principal.Principal, ids []string) error {
	for part := range slices.Chunk(ids, rowsPerStatement) {
		creates := make([]*ent.InboxReadCreate, len(part))
		for i, id := range part {
			creates[i] = tx.Ent().InboxRead.Create().SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).SetMemberID(p.ID).SetItemID(id)
		}
		err := tx.Ent().InboxRead.CreateBulk(creates...).
			OnConflictColumns(inboxread.FieldWorkspaceID, inboxread.FieldMemberID, inboxread.FieldItemID).Ignore().Exec(ctx)
		if err != nil {
			return fmt.Errorf("inbox: marking: %w", err)
		}
	}
	return nil
}
