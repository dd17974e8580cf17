package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	connector "github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/server"
)

// inProcess takes the figures that need a look inside: the same server on the
// same data, in this process.
func (s *stand) inProcess(ctx context.Context) (err error) {
	if err := s.server.Stop(); err != nil {
		return err
	}
	inside, err := server.New(ctx, s.site.Config, server.Options{
		Logger: slog.New(slog.DiscardHandler), ShimPath: s.site.Program(),
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- inside.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	acting := principal.System(ctx, inside.WorkspaceID(), "bench")
	if err := s.fieldList(acting, inside); err != nil {
		return err
	}
	return s.baselines(acting, inside.Store())
}

// baselines do the two halves of a first sync alone: the connector's code reads
// everything and keeps it in memory, then SQLite takes it.
func (s *stand) baselines(ctx context.Context, from *store.Store) error {
	objects, err := from.Read().CrmObject.Query().Where(crmobject.IntegrationID(s.integration.ID)).All(ctx)
	if err != nil {
		return err
	}
	read := map[string][]crm.Record{}
	reader, total := connector.New(), 0
	target := sdk.Target{
		IntegrationID: s.integration.ID, Environment: sdk.Production,
		Endpoint: "http://" + s.crm.Address, AccessToken: sdk.Secret(s.crm.Token()),
	}
	var reading time.Duration
	for _, object := range objects {
		if object.Name == wideObject {
			continue
		}
		fields, err := from.Read().CrmField.Query().Where(crmfield.ObjectID(object.ID), crmfield.Standardized(true), crmfield.Readable(true)).Select(crmfield.FieldName).Strings(ctx)
		if err != nil {
			return err
		}
		started := time.Now()
		err = reader.Read(ctx, target, sdk.ReadRequest{Object: object.Name, Fields: fields, BatchSize: 2000}, func(batch sdk.Batch) error {
			for _, record := range batch.Records {
				read[object.Name] = append(read[object.Name], crm.Record(record))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading %s alone: %w", object.Name, err)
		}
		reading += time.Since(started)
		total += len(read[object.Name])
	}
	storing, err := s.storeAlone(ctx, read)
	if err != nil {
		return err
	}
	alone := func(took time.Duration) float64 { return float64(total) / took.Seconds() }
	s.row("alone: CRM and connector code, nothing stored", "%.0f records/s; the first sync reaches %.2f of it", alone(reading), s.firstSync/alone(reading))
	s.row("alone: records into SQLite", "%.0f records/s; the first sync reaches %.2f of it", alone(storing), s.firstSync/alone(storing))
	s.row("both, one after the other", "%.0f records/s; the first sync reaches %.2f of it", alone(reading+storing), s.firstSync/alone(reading+storing))
	return nil
}

func (s *stand) storeAlone(ctx context.Context, read map[string][]crm.Record) (took time.Duration, err error) {
	empty, err := store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(s.site.Config.DataDir, "alone")})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, empty.Close()) }()
	p, _ := principal.From(ctx)
	started := time.Now()
	for object, records := range read {
		for some := range slices.Chunk(records, 2000) {
			prepared, err := store.PrepareRecords(some)
			if err != nil {
				return 0, err
			}
			err = empty.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.UpsertRecords(ctx, p.WorkspaceID, s.integration.ID, object, prepared)
				return err
			})
			if err != nil {
				return 0, err
			}
		}
	}
	return time.Since(started), nil
}
