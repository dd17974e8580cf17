package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// BenchmarkUpsertRecords gives the rows per second of first, changed and
// unchanged upserts on SQLite: 5,000 records of about 1 KB in a transaction.
func BenchmarkUpsertRecords(b *testing.B) {
	const batch = 5000
	filler := strings.Repeat("x", 900)
	for _, kind := range []string{"first", "changed", "unchanged"} {
		b.Run(kind, func(b *testing.B) {
			s, err := store.Open(b.Context(), store.Config{URL: "sqlite:" + b.TempDir()})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			ctx := principal.System(b.Context(), "wks_bench", "bench")
			round := 0
			upsert := func() {
				round++
				records := make([]crm.Record, batch)
				for i := range records {
					id, version := i, 0
					switch kind {
					case "first":
						id += round * batch
					case "changed":
						version = round
					}
					records[i] = crmRecord(fmt.Sprintf("003%015d", id), fmt.Sprintf(`{"Id":"%d","V":%d,"Name":"Person","Note":"%s"}`, id, version, filler))
				}
				prepared, err := store.PrepareRecords(records)
				require.NoError(b, err)
				require.NoError(b, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.UpsertRecords(ctx, "wks_bench", "int_bench", "Contact", prepared)
					return err
				}))
			}
			upsert()
			for b.Loop() {
				upsert()
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
