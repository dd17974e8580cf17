package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// syncs times the first sync, a daily one without news, and one that reads
// everything again.
func (s *stand) syncs(ctx context.Context) (err error) {
	if s.integration, err = drive.Onboard(ctx, s.server.Client(s.token), rig.Connector, nil); err != nil {
		return err
	}
	first, err := s.run(ctx, 1)
	if err != nil {
		return err
	}
	objects, err := s.integration.Objects(ctx)
	if err != nil {
		return err
	}
	all := s.crm.Records(objects...)
	if first.Counters.Created != all {
		return fmt.Errorf("the first sync created %d of %d records", first.Counters.Created, all)
	}
	s.firstSync = rate(first)
	s.row("first sync", "%d records, %.0f records/s, %d CRM calls", first.Counters.Created, s.firstSync, first.CRMCalls)

	if _, err := s.integration.RunNow(ctx, "incremental"); err != nil {
		return err
	}
	second, err := s.run(ctx, 2)
	if err != nil {
		return err
	}
	s.row("second sync, nothing new", "%d records read, %s in all, %d CRM calls", second.Counters.Read,
		second.FinishedAt.Sub(*second.StartedAt).Round(1e6), second.CRMCalls)

	if err := s.forgetPositions(ctx); err != nil {
		return err
	}
	if _, err := s.integration.RunNow(ctx, "again"); err != nil {
		return err
	}
	third, err := s.run(ctx, 3)
	if err != nil {
		return err
	}
	if third.Counters.Skipped != all {
		return fmt.Errorf("the unchanged sync skipped %d of %d records: %+v", third.Counters.Skipped, all, third.Counters)
	}
	s.row("sync of unchanged records, all read again", "%d records, %.0f records/s, %.2f of the first sync's time, 0 written",
		third.Counters.Read, rate(third), s.firstSync/rate(third))
	return nil
}

// run waits for the integration's n-th run and holds it to success.
func (s *stand) run(ctx context.Context, n int) (drive.Run, error) {
	run, err := s.integration.RunEnds(ctx, n)
	if err == nil && (run.Status != "SUCCEEDED" || run.StartedAt == nil || run.FinishedAt == nil) {
		err = fmt.Errorf("run %d is %s: %s", n, run.Status, run.Reason)
	}
	return run, err
}

// rate is records/s by the server's own times: from the end of the connection
// test to the end of the run, the check of rights included.
func rate(run drive.Run) float64 {
	return float64(run.Counters.Read) / run.FinishedAt.Sub(*run.StartedAt).Seconds()
}

// forgetPositions makes the next run read all objects from the beginning. The
// server is down meanwhile.
func (s *stand) forgetPositions(ctx context.Context) error {
	if err := s.server.Stop(); err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{URL: s.site.Config.Database})
	if err != nil {
		return err
	}
	err = db.WithTx(principal.AllWorkspaces(ctx, "bench"), func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().CrmObject.Update().ClearResumeToken().ClearReadFields().Exec(ctx)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return s.start(ctx)
}
