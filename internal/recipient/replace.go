package recipient

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/recipient"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Changed is what became of an address. An empty class is no recipient.
type Changed struct {
	Address       string
	Before, After crm.RecipientClass
}

// All returns the recipients of the principal's workspace by address, as client sees
// them.
func (s *Service) All(ctx context.Context, client *ent.Client) ([]Address, error) {
	rows, err := client.Recipient.Query().Order(recipient.ByAddress()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("recipient: present ones: %w", err)
	}
	all := make([]Address, len(rows))
	for i, row := range rows {
		all[i] = Address{Address: row.Address, Class: row.Class}
	}
	return all, nil
}

// Replace makes exactly these the recipients, in the transaction of a higher use
// case, which has seen to who may. The addresses are normalized, each is there once.
// Who is one already keeps its kind and least severity, also when its class changes. It
// returns what changed, by address, and refuses as Add and Remove do.
func (s *Service) Replace(ctx context.Context, tx *store.Tx, wanted []Address) ([]Changed, error) {
	p, _ := principal.From(ctx)
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return nil, err
	}
	present, err := s.All(ctx, tx.Ent())
	if err != nil {
		return nil, err
	}
	changed := difference(present, wanted)
	var gone []string
	var lost []Address
	takesExternal := false
	for _, one := range changed {
		if one.Before != "" {
			gone = append(gone, one.Address)
			lost = append(lost, Address{Address: one.Address, Class: one.Before})
			takesExternal = takesExternal || one.Before == crm.RecipientExternal
		}
	}
	kept := map[string]preferences{}
	if len(gone) > 0 {
		if kept, err = preferred(ctx, tx, gone); err != nil {
			return nil, err
		}
		if _, err := tx.Ent().Recipient.Delete().Where(recipient.AddressIn(gone...)).Exec(ctx); err != nil {
			return nil, fmt.Errorf("recipient: removing: %w", err)
		}
		if err := tx.Audit(ctx, store.AuditItem{Action: "removeRecipient", Target: p.WorkspaceID, Outcome: crm.AuditSucceeded, Before: lost}); err != nil {
			return nil, err
		}
	}
	_, err = add(ctx, tx, wanted, func(address string) preferences {
		if had, there := kept[address]; there {
			return had
		}
		return preferences{Kind: crm.RecipientPerson, MinSeverity: crm.SeverityInfo}
	})
	if err != nil {
		return nil, err
	}
	return changed, keepsExternal(ctx, tx, takesExternal)
}

// preferred reads what some recipients prefer, by address.
func preferred(ctx context.Context, tx *store.Tx, addresses []string) (map[string]preferences, error) {
	rows, err := tx.Ent().Recipient.Query().Where(recipient.AddressIn(addresses...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("recipient: what they prefer: %w", err)
	}
	by := make(map[string]preferences, len(rows))
	for _, row := range rows {
		by[row.Address] = preferences{Kind: row.Kind, MinSeverity: row.MinSeverity}
	}
	return by, nil
}

// difference lists the addresses whose class differs, by address.
func difference(present, wanted []Address) []Changed {
	all := map[string]*Changed{}
	at := func(address string) *Changed {
		if all[address] == nil {
			all[address] = &Changed{Address: address}
		}
		return all[address]
	}
	for _, one := range present {
		at(one.Address).Before = one.Class
	}
	for _, one := range wanted {
		at(one.Address).After = one.Class
	}
	var changed []Changed
	for _, one := range all {
		if one.Before != one.After {
			changed = append(changed, *one)
		}
	}
	slices.SortFunc(changed, func(a, b Changed) int { return cmp.Compare(a.Address, b.Address) })
	return changed
}
