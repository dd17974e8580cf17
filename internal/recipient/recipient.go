// Package recipient keeps whom a workspace's system notifications go to, beside its
// owners, who are told in any case (requirement K12): people and distribution lists
// of the customer (EXTERNAL) and of the vendor (INTERNAL).
//
// Invariants: an address is one recipient; a workspace that has an EXTERNAL
// recipient keeps one. They hold under the workspace's lock.
package recipient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/recipient"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// maxAdded bounds the addresses of one call, maxAll those of a workspace.
	maxAdded = 500
	maxAll   = 1000
	// maxRefusals bounds how many bad addresses one answer names.
	maxRefusals = 20
)

// Service adds, changes and removes recipients. It is safe for concurrent use.
type Service struct{ store *store.Store }

// New makes a Service.
func New(s *store.Store) *Service { return &Service{store: s} }

// Address is whom mail goes to, and whose people they are.
type Address struct {
	// Address is normalized (crm.NormalizeEmail).
	Address string             `json:"address"`
	Class   crm.RecipientClass `json:"class"`
}

// AddInput adds recipients.
type AddInput struct {
	// Addresses are e-mail addresses with commas, spaces or line ends between them.
	Addresses string
	Class     crm.RecipientClass
	// Kind and MinSeverity are PERSON and INFO when they are empty.
	Kind           crm.RecipientKind
	MinSeverity    crm.Severity
	IdempotencyKey string
}

// Add adds all addresses or none and returns the ids of their recipients, in the
// order given, each once. Addresses that are recipients already stay as they are,
// also in their class.
//
// Errors: FORBIDDEN, and BAD_INPUT, one for each bad address (joined), for no
// address, more than 500, or more than 1,000 in all.
func (s *Service) Add(ctx context.Context, in AddInput) ([]string, error) {
	if err := mayConfigure(ctx); err != nil {
		return nil, err
	}
	if !slices.Contains(in.Class.Values(), string(in.Class)) {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("There is no class %q of recipients.", in.Class), fault.Field("class"))
	}
	in.Kind, in.MinSeverity = cmp.Or(in.Kind, crm.RecipientPerson), cmp.Or(in.MinSeverity, crm.SeverityInfo)
	if err := known(in.Kind, in.MinSeverity); err != nil {
		return nil, err
	}
	addresses, err := split(in.Addresses)
	if err != nil {
		return nil, err
	}
	wanted := make([]Address, len(addresses))
	for i, address := range addresses {
		wanted[i] = Address{Address: address, Class: in.Class}
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "recipient.add", in,
		func(ctx context.Context, tx *store.Tx) ([]string, error) {
			return add(ctx, tx, wanted, func(string) preferences { return preferences{Kind: in.Kind, MinSeverity: in.MinSeverity} })
		})
}

// split reads a list of addresses: each normalized, each once.
func split(text string) ([]string, error) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(parts) == 0 || len(parts) > maxAdded {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("Give 1 to %d addresses; these are %d.", maxAdded, len(parts)), fault.Field("addresses"))
	}
	var addresses []string
	var problems []error
	for i, part := range parts {
		address, ok := crm.NormalizeEmail(part)
		switch {
		case !ok && len(problems) < maxRefusals:
			problems = append(problems, fault.New(fault.BadInput,
				fmt.Sprintf("%q, number %d of the addresses, is not an e-mail address.", crm.Shorten(part, 100), i+1), fault.Field("addresses")))
		case ok && !slices.Contains(addresses, address):
			addresses = append(addresses, address)
		}
	}
	return addresses, errors.Join(problems...)
}

// add makes the recipients that are not there yet, with what they prefer, under the
// workspace's lock.
func add(ctx context.Context, tx *store.Tx, wanted []Address, prefer func(address string) preferences) ([]string, error) {
	p, _ := principal.From(ctx)
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return nil, err
	}
	rows, err := tx.Ent().Recipient.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("recipient: present ones: %w", err)
	}
	ids := make(map[string]string, len(rows)+len(wanted))
	for _, row := range rows {
		ids[row.Address] = row.ID
	}
	var creates []*ent.RecipientCreate
	var added []Address
	for _, one := range wanted {
		if ids[one.Address] == "" {
			added = append(added, one)
			preferred := prefer(one.Address)
			creates = append(creates, tx.Ent().Recipient.Create().SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).
				SetAddress(one.Address).SetClass(one.Class).SetKind(preferred.Kind).SetMinSeverity(preferred.MinSeverity).SetAddedBy(p.ID))
		}
	}
	if len(rows)+len(added) > maxAll {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("A workspace has at most %d recipients; it has %d.", maxAll, len(rows)),
			fault.Field("addresses"), fault.Hint("Give a distribution list instead of its members."))
	}
	if len(added) > 0 {
		made, err := tx.Ent().Recipient.CreateBulk(creates...).Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("recipient: saving: %w", err)
		}
		for _, row := range made {
			ids[row.Address] = row.ID
		}
		if err := tx.Audit(ctx, store.AuditItem{Action: "addRecipients", Target: p.WorkspaceID, Outcome: crm.AuditSucceeded, After: added}); err != nil {
			return nil, err
		}
	}
	answer := make([]string, len(wanted))
	for i, one := range wanted {
		answer[i] = ids[one.Address]
	}
	return answer, nil
}

// RemoveInput removes a recipient.
type RemoveInput struct {
	RecipientID    string
	IdempotencyKey string
}

// Remove takes a recipient away. Errors: FORBIDDEN, NOT_FOUND, RECIPIENT_REQUIRED for
// the last EXTERNAL one.
func (s *Service) Remove(ctx context.Context, in RemoveInput) error {
	if err := mayConfigure(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "recipient.remove", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, remove(ctx, tx, in.RecipientID)
		})
	return err
}

func remove(ctx context.Context, tx *store.Tx, recipientID string) error {
	p, _ := principal.From(ctx)
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return err
	}
	row, err := tx.Ent().Recipient.Query().Where(recipient.ID(recipientID)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The workspace has no recipient with this id.", fault.Field("recipientId"))
	}
	if err != nil {
		return fmt.Errorf("recipient: loading: %w", err)
	}
	if err := tx.Ent().Recipient.DeleteOne(row).Exec(ctx); err != nil {
		return fmt.Errorf("recipient: removing: %w", err)
	}
	if err := keepsExternal(ctx, tx, row.Class == crm.RecipientExternal); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "removeRecipient", Target: row.ID, Outcome: crm.AuditSucceeded, Before: Address{Address: row.Address, Class: row.Class},
	})
}

// keepsExternal refuses a change that took EXTERNAL recipients away and left none.
func keepsExternal(ctx context.Context, tx *store.Tx, taken bool) error {
	if !taken {
		return nil
	}
	left, err := tx.Ent().Recipient.Query().Where(recipient.ClassEQ(crm.RecipientExternal)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("recipient: external ones: %w", err)
	}
	if !left {
		return fault.New(fault.RecipientRequired, "The last EXTERNAL recipient stays: somebody of the customer must be told.", fault.Field("recipientId"))
	}
	return nil
}

func mayConfigure(ctx context.Context) error {
	if p, ok := principal.From(ctx); !ok || !p.May(principal.ScopeConfigure) {
		return fault.New(fault.Forbidden, "Only an admin changes recipients.", fault.Detail("scope", string(principal.ScopeConfigure)))
	}
	return nil
}
