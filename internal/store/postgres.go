package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

const (
	// postgresWriters and postgresReaders are per node; the job engine and the
	// listener have connections of their own.
	postgresWriters = 8
	postgresReaders = 8
	// applicationName is what pg_stat_activity shows.
	applicationName = "fieldwarden"
	// migrationLock is the key of the advisory lock that lets one node migrate
	// while the others wait.
	migrationLock = 0x6677_6d69_6772
)

// openPostgres opens a pool that writes and one that can only read. Every session
// has timeouts, so that a lost client cannot hold locks.
func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's error repeats parts of the URL; only its cause is kept.
		return fault.New(fault.ConfigInvalid, "The PostgreSQL URL cannot be read.", fault.Cause(err),
			fault.Hint("Write it as postgres://user@host:5432/database."))
	}
	s.dsn = dsn
	if err := s.migratePostgres(ctx, config.Copy()); err != nil {
		if _, ok := fault.From(err); ok {
			return err
		}
		return unavailable("The PostgreSQL database cannot be opened or migrated.", err)
	}
	s.writer = openPool(config, postgresWriters, map[string]string{
		"application_name": applicationName, "statement_timeout": "10s", "idle_in_transaction_session_timeout": "10s",
	})
	s.reader = openPool(config, postgresReaders, map[string]string{
		"application_name": applicationName + " reader", "statement_timeout": "10s", "idle_in_transaction_session_timeout": "10s",
		"default_transaction_read_only": "on",
	})
	s.listener = startListener(config, s.wakeups, s.log)
	return nil
}

// migratePostgres migrates through a connection of its own, without timeouts: a
// migration may take long. Nodes that start together do it one after the other.
func (s *Store) migratePostgres(ctx context.Context, config *pgx.ConnConfig) (err error) {
	db := openPool(config, 4, map[string]string{"application_name": applicationName + " migration"})
	defer func() { err = errors.Join(err, db.Close()) }()
	lock, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	// Closing the session gives the advisory lock back, whatever happened.
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("store: migration lock: %w", err)
	}
	return s.migrate(ctx, db)
}

func openPool(config *pgx.ConnConfig, connections int, parameters map[string]string) *sql.DB {
	config = config.Copy()
	maps.Copy(config.RuntimeParams, parameters)
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(readTimesInUTC))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// readTimesInUTC makes times come back in UTC; pgx's default is the machine's zone.
func readTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
