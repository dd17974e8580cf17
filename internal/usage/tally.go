package usage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apiusage"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Tally gathers the calls for one integration that are not saved yet. It is safe for
// concurrent use.
type Tally struct {
	integrationID string

	mu    sync.Mutex
	spent crm.CallStats
}

type tallyKey struct{}

// Hold returns a context whose calls for an integration are gathered, to be saved by
// Save. Calls for others are saved as usual.
func Hold(ctx context.Context, integrationID string) (context.Context, *Tally) {
	tally := &Tally{integrationID: integrationID}
	return context.WithValue(ctx, tallyKey{}, tally), tally
}

// Spent is what was gathered and not saved.
func (t *Tally) Spent() crm.CallStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spent
}

func (t *Tally) add(stats crm.CallStats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spent = t.spent.Plus(stats)
}

// saved forgets what is in the database now.
func (t *Tally) saved() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spent = crm.CallStats{}
}

// atTheCRM reports whether a call that failed had reached the CRM.
func atTheCRM(failure error) bool {
	e, ok := fault.From(failure)
	return ok && e.Info().Side == fault.CRM
}

// count adds the cost of a call to the context's tally, or saves it. A count that
// cannot be saved is no reason to drop what the call brought.
func (m *Meter) count(ctx context.Context, target crm.Target, stats crm.CallStats) {
	if stats.CRMCalls == 0 && stats.QuotaMax == 0 {
		return
	}
	if tally, ok := ctx.Value(tallyKey{}).(*Tally); ok && tally.integrationID == target.IntegrationID {
		tally.add(stats)
		return
	}
	// The calls were made, whatever became of the one who wanted them.
	ctx = context.WithoutCancel(ctx)
	err := m.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return save(ctx, tx, m.host, target.IntegrationID, stats)
	})
	if err != nil {
		m.log.WarnContext(ctx, "the cost of a connector call was not counted",
			slog.String("integration", target.IntegrationID), slog.Int("crmCalls", stats.CRMCalls), slog.String("error", err.Error()))
	}
}

// Save saves what a tally has gathered, inside tx.
func (m *Meter) Save(ctx context.Context, tx *store.Tx, tally *Tally) error {
	spent := tally.Spent()
	if spent.CRMCalls == 0 && spent.QuotaMax == 0 {
		return nil
	}
	tx.AfterCommit(tally.saved)
	return save(ctx, tx, m.host, tally.integrationID, spent)
}

// save adds calls to the counts of the integration's present local day, and notes
// what the CRM told of its own quota.
func save(ctx context.Context, tx *store.Tx, connectors Catalogue, integrationID string, spent crm.CallStats) error {
	row, err := snapshot.Find(ctx, tx.Ent(), integrationID)
	if err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	calls := spent.Calls(apis(connectors, row)[0].Key)
	creates := make([]*ent.ApiUsageCreate, 0, len(calls))
	for key, n := range calls {
		creates = append(creates, tx.Ent().ApiUsage.Create().
			SetWorkspaceID(row.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(row.ID).
			SetAPIType(key).SetLocalDate(Day(row, tx.Now())).SetCalls(n))
	}
	if len(creates) > 0 {
		err := tx.Ent().ApiUsage.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(apiusage.FieldWorkspaceID, apiusage.FieldIntegrationID, apiusage.FieldLocalDate, apiusage.FieldAPIType),
			sql.ResolveWith(func(u *sql.UpdateSet) {
				// The row to be inserted is the one that is added.
				u.Set(apiusage.FieldCalls, sql.Expr(
					u.Table().C(apiusage.FieldCalls)+" + "+"excluded."+apiusage.FieldCalls))
			})).Exec(ctx)
		if err != nil {
			return fmt.Errorf("usage: counting calls: %w", err)
		}
	}
	if spent.QuotaMax == 0 {
		return nil
	}
	err = tx.Ent().Integration.Update().Where(integration.ID(row.ID)).
		SetQuotaUsed(spent.QuotaUsed).SetQuotaMax(spent.QuotaMax).SetQuotaAt(tx.Now()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("usage: noting the CRM's quota: %w", err)
	}
	return nil
}
