package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// smallShare is how many integrations the small workspace has.
const smallShare = 10

// due times many integrations whose daily run is due at the same moment: nearly
// all belong to one workspace, a few to another, which should not have to wait for
// the crowd. What they read is nothing new, as on most days.
func (s *stand) due(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("/tmp", "fwd-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	org, err := rig.StartCRM(ctx, salesforce.Config{Records: salesforce.Spread(200), DailyRequests: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, org.Close()) }()
	site, err := rig.NewSite(folder, "n", "", s.programs, []*simulated.CRM{org.CRM}, "--confirm-delay", "1ms")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	crowd := crowd{site: site}
	if err := crowd.model(ctx); err != nil {
		return fmt.Errorf("%w\nthe server's last log lines:\n%s", err, site.Log(3000))
	}
	alone, err := crowd.day(ctx, smallShare)
	if err != nil {
		return fmt.Errorf("%w\nthe server's last log lines:\n%s", err, site.Log(3000))
	}
	s.row("10 integrations due at once, alone", "all done in %s", alone.small.Round(10*time.Millisecond))
	all, err := crowd.day(ctx, smallShare, s.integrations-smallShare)
	if err != nil {
		return fmt.Errorf("%w\nthe server's last log lines:\n%s", err, site.Log(3000))
	}
	s.row(fmt.Sprintf("%d integrations due at once", s.integrations), "all done in %s, %.1f runs/s, %.1f CRM calls a run; server %d MiB PSS at most, %d connector process with %d MiB",
		all.total.Round(time.Second), float64(s.integrations)/all.total.Seconds(), float64(all.calls)/float64(s.integrations),
		all.serverKiB>>10, all.connectors, all.connectorKiB>>10)
	s.row("10 of them of a small workspace", "all done in %s: %.1f times the time alone; the crowd took %.1f times as long as they",
		all.small.Round(10*time.Millisecond), all.small.Seconds()/alone.small.Seconds(), all.total.Seconds()/all.small.Seconds())
	return nil
}

// crowd is a server whose integrations are copies of one.
type crowd struct {
	site   *rig.Site
	copied int
	// origin is the integration that was really connected.
	origin *ent.Integration
}

// figures are what a day took.
type figures struct {
	small, total            time.Duration
	calls                   int
	serverKiB, connectorKiB int
	connectors              int
}

// model connects the integration that the others are copies of.
func (c *crowd) model(ctx context.Context) error {
	running, err := c.site.Start(ctx)
	if err != nil {
		return err
	}
	defer running.Kill()
	token, err := c.site.Token(ctx)
	if err != nil {
		return err
	}
	first, err := drive.Onboard(ctx, running.Client(token), rig.Connector, nil)
	if err != nil {
		return err
	}
	if run, err := first.RunEnds(ctx, 1); err != nil || run.Status != "SUCCEEDED" {
		return fmt.Errorf("the first run is %s (%s): %w", run.Status, run.Reason, err)
	}
	if err := running.Stop(); err != nil {
		return err
	}
	return c.stopped(ctx, func(ctx context.Context, db *store.Store) (err error) {
		c.origin, err = db.Read().Integration.Get(ctx, first.ID)
		return err
	})
}

// stopped works on the database of the server while it is down, so its transactions
// may take long.
func (c *crowd) stopped(ctx context.Context, do func(ctx context.Context, db *store.Store) error) error {
	db, err := store.Open(ctx, store.Config{URL: c.site.Config.Database, TxTimeout: time.Minute})
	if err != nil {
		return err
	}
	return errors.Join(do(principal.AllWorkspaces(ctx, "bench"), db), db.Close())
}

// day makes new workspaces with as many integrations as sizes say, all due now, and
// lets the server run them. The first size is the small workspace's.
func (c *crowd) day(ctx context.Context, sizes ...int) (figures, error) {
	var workspaces []string
	var tokens []crm.Secret
	err := c.stopped(ctx, func(ctx context.Context, db *store.Store) error {
		issuing, err := auth.New(auth.Config{Store: db})
		if err != nil {
			return err
		}
		for i, size := range sizes {
			// The larger workspace became due a moment earlier: the worst case for the
			// small one.
			due := time.Now().Add(-time.Duration(i+1) * time.Minute)
			id, err := c.copies(ctx, db, size, due)
			if err != nil {
				return fmt.Errorf("copying the integration: %w", err)
			}
			issued, err := issuing.Issue(principal.System(ctx, id, "bench"), auth.IssueInput{WorkspaceID: id, Name: "bench", Role: principal.RoleViewer})
			if err != nil {
				return err
			}
			workspaces, tokens = append(workspaces, id), append(tokens, issued.Token)
		}
		return nil
	})
	if err != nil {
		return figures{}, err
	}
	running, err := c.site.Start(ctx)
	if err != nil {
		return figures{}, err
	}
	defer running.Kill()
	var f figures
	for i := range sizes {
		if err := c.done(ctx, running, running.Client(tokens[i].Reveal()), &f); err != nil {
			return f, err
		}
	}
	if err := running.Stop(); err != nil {
		return f, err
	}
	return f, c.stopped(ctx, func(ctx context.Context, db *store.Store) error { return c.judge(ctx, db, workspaces, sizes, &f) })
}

// done waits until every integration of a workspace has synced, and notes what the
// processes hold meanwhile.
func (c *crowd) done(ctx context.Context, running *drive.Process, client drive.Client, f *figures) error {
	const page = `query($after: Cursor) { integrations(first: 100, after: $after) {
		pageInfo { hasNextPage endCursor } edges { node { runs(first: 1) { edges { node { finishedAt } } } } }
	} }`
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var after any
	for {
		var found struct {
			Integrations struct {
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
				Edges []struct {
					Node struct {
						Runs struct {
							Edges []struct {
								Node struct{ FinishedAt *time.Time }
							}
						}
					}
				}
			}
		}
		if err := client.Do(ctx, page, map[string]any{"after": after}, &found); err != nil {
			return err
		}
		finished := true
		for _, edge := range found.Integrations.Edges {
			runs := edge.Node.Runs.Edges
			finished = finished && len(runs) > 0 && runs[0].Node.FinishedAt != nil
		}
		c.weigh(running, f)
		switch {
		case finished && !found.Integrations.PageInfo.HasNextPage:
			return nil
		case finished:
			after = found.Integrations.PageInfo.EndCursor
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// weigh notes the largest figures seen of the processes.
func (c *crowd) weigh(running *drive.Process, f *figures) {
	f.serverKiB = max(f.serverKiB, rig.MemoryOf(running.PID()).PSS)
	connectors, connectorKiB := 0, 0
	for _, pid := range rig.ProcessesBelow(c.site.Config.DataDir) {
		if strings.HasPrefix(rig.ProgramOf(pid), c.site.Config.DataDir) {
			connectors++
			connectorKiB += rig.MemoryOf(pid).PSS
		}
	}
	f.connectors, f.connectorKiB = max(f.connectors, connectors), max(f.connectorKiB, connectorKiB)
}

// judge holds each integration to exactly one run that succeeded, and takes the
// times from the rows: from the first run's making to the last one's end.
func (c *crowd) judge(ctx context.Context, db *store.Store, workspaces []string, sizes []int, f *figures) error {
	var all []*ent.SyncRun
	for i, workspace := range workspaces {
		runs, err := db.Read().SyncRun.Query().All(principal.System(ctx, workspace, "bench"))
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, run := range runs {
			if run.Status != crm.RunSucceeded || seen[run.IntegrationID] {
				return fmt.Errorf("run %s is %s (%s), or not the only one", run.ID, run.Status, run.Reason)
			}
			seen[run.IntegrationID] = true
			f.calls += run.CrmCalls
		}
		if len(seen) != sizes[i] {
			return fmt.Errorf("%d of %d integrations ran", len(seen), sizes[i])
		}
		all = append(all, runs...)
	}
	f.total = span(all)
	for _, run := range all {
		if run.WorkspaceID == workspaces[0] {
			f.small = max(f.small, run.FinishedAt.Sub(first(all)))
		}
	}
	return nil
}

// first is when the first of runs was made.
func first(runs []*ent.SyncRun) time.Time {
	return slices.MinFunc(runs, func(a, b *ent.SyncRun) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt
}

// span is the time from the first run's making to the last one's end.
func span(runs []*ent.SyncRun) time.Duration {
	last := slices.MaxFunc(runs, func(a, b *ent.SyncRun) int { return a.FinishedAt.Compare(*b.FinishedAt) })
	return last.FinishedAt.Sub(first(runs))
}

// copies makes a workspace with copies of the integration as it is after its first
// run. A copy has the verdicts and positions of the original, its standardized
// fields only, and a credential of its own with the same tokens.
func (c *crowd) copies(ctx context.Context, db *store.Store, size int, due time.Time) (workspace string, err error) {
	keys, err := secret.Load(c.site.Config.Key)
	if err != nil {
		return "", err
	}
	box, err := secret.NewBox(keys)
	if err != nil {
		return "", err
	}
	credentials, err := db.Read().Credential.Query().All(principal.System(ctx, c.origin.WorkspaceID, "bench"))
	if err != nil || len(credentials) == 0 {
		return "", fmt.Errorf("no credential: %w", err)
	}
	plain, err := box.Open(c.origin.WorkspaceID, c.origin.ID, credentials[0].Sealed)
	if err != nil {
		return "", err
	}
	err = db.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		made, err := tx.Ent().Workspace.Create().SetCreatedAt(tx.Now()).SetName(fmt.Sprintf("Copies %d", c.copied)).
			SetPackageKey("sales-engagement").Save(ctx)
		if err == nil {
			workspace = made.ID
		}
		return err
	})
	if err != nil {
		return "", err
	}
	const part = 50
	for from := 0; from < size; from += part {
		err := db.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			for range min(part, size-from) {
				c.copied++
				if err := c.copyOne(ctx, tx, box, plain, workspace, due); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return workspace, nil
}

func (c *crowd) copyOne(ctx context.Context, tx *store.Tx, box *secret.Box, plain []byte, workspace string, due time.Time) error {
	id := c.renamed(c.origin.ID)
	for _, table := range []string{"integrations", "crm_objects", "crm_fields", "mappings", "setting_values", "connector_memos", "picklists"} {
		if err := c.copyRows(ctx, tx, table, workspace, id); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	err := tx.Ent().Integration.UpdateOneID(id).SetNextRunAt(due).Exec(ctx)
	if err != nil {
		return err
	}
	sealed, err := box.Seal(workspace, id, plain)
	if err != nil {
		return err
	}
	return tx.Ent().Credential.Create().SetWorkspaceID(workspace).SetCreatedAt(tx.Now()).SetIntegrationID(id).
		SetSealed(sealed).SetRefreshedAt(tx.Now()).Exec(ctx)
}

// kept is how much of an id a copy keeps; its number takes the rest.
const kept = 25

func (c *crowd) renamed(id string) string { return fmt.Sprintf("%s%05d", id[:kept], c.copied) }

// copyRows copies the rows of one table that belong to the original.
func (c *crowd) copyRows(ctx context.Context, tx *store.Tx, table, workspace, integration string) error {
	rows, err := tx.SQL().QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return err
	}
	var columns, values []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return errors.Join(err, rows.Close())
		}
		number := fmt.Sprintf("'%05d'", c.copied)
		value := column
		switch column {
		case "id", "object_id":
			value = fmt.Sprintf("substr(%s, 1, %d) || %s", column, kept, number)
		case "workspace_id":
			value = "'" + workspace + "'"
		case "integration_id", "integration_objects", "integration_mappings":
			value = "'" + integration + "'"
		case "slot":
			value = "slot || '#' || " + number
		}
		columns, values = append(columns, column), append(values, value)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	// The workspace leads the indexes: without it every copy would look through all
	// copies there are.
	condition := "workspace_id = ? AND integration_id = ?"
	switch table {
	case "integrations":
		condition = "workspace_id = ? AND id = ?"
	case "crm_fields":
		condition += " AND standardized"
	}
	_, err = tx.SQL().ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s",
		table, strings.Join(columns, ", "), strings.Join(values, ", "), table, condition), c.origin.WorkspaceID, c.origin.ID)
	return err
}
