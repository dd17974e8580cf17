package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/ent"
	_ "github.com/fieldwarden/fieldwarden/ent/runtime" // defaults, validators and privacy policies of the entities
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Dialect is the kind of database behind a Store.
type Dialect string

// The two databases that Fieldwarden runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Defaults of Config.
const (
	DefaultFeedRetention = 30 * 24 * time.Hour
	DefaultTxTimeout     = 2 * time.Second
)

// Config says which database to open and how.
type Config struct {
	// URL is "sqlite:PATH", where PATH is a folder (the file is then
	// fieldwarden.db in it) or a file whose name ends in .db; or
	// "postgres://user@host/database".
	URL   string
	Clock clockwork.Clock
	// Logger may be nil: then nothing is logged.
	Logger *slog.Logger
	// FeedRetention is how long feed entries are kept; zero is 30 days.
	FeedRetention time.Duration
	// TxTimeout is the deadline of a transaction; zero is 2 seconds. Waiting for
	// a free connection does not count.
	TxTimeout time.Duration
	// Observer may be nil.
	Observer Observer
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect  Dialect
	dsn      string
	writer   *sql.DB
	reader   *sql.DB
	readEnt  *ent.Client
	clock    clockwork.Clock
	log      *slog.Logger
	config   Config
	wakeups  *wakeups
	listener *listener // PostgreSQL only
	lock     *fileLock // SQLite only

	closing sync.Once
	closed  error
}

// Open opens the database of c.URL, checks it, and migrates it.
//
// Before it changes anything it refuses, as a *fault.Error, a database that
// another process holds (DATABASE_LOCKED, SQLite), that is damaged
// (DATABASE_CORRUPT, SQLite), that a newer version wrote (DATABASE_FUTURE) or
// that cannot be reached (DATABASE_UNAVAILABLE).
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.FeedRetention == 0 {
		c.FeedRetention = DefaultFeedRetention
	}
	if c.TxTimeout == 0 {
		c.TxTimeout = DefaultTxTimeout
	}
	s := &Store{config: c, clock: c.Clock, log: c.Logger, wakeups: newWakeups()}
	var err error
	switch {
	case strings.HasPrefix(c.URL, "sqlite:"):
		s.dialect = SQLite
		err = s.openSQLite(ctx, strings.TrimPrefix(c.URL, "sqlite:"))
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		s.dialect = Postgres
		err = s.openPostgres(ctx, c.URL)
	default:
		// The URL itself is not repeated: it may hold a password.
		err = fault.New(fault.ConfigInvalid, "The database URL begins neither with sqlite: nor with postgres://.",
			fault.Hint("Set the database URL to sqlite:/path/to/folder or postgres://user@host/database."))
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.readEnt = ent.NewClient(ent.Driver(entsql.OpenDB(s.entDialect(), s.reader)))
	return s, nil
}

// Close ends the listener, closes all connections and gives the lock back. A
// second call does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		if s.listener != nil {
			s.listener.stop()
		}
		var errs []error
		for _, pool := range []*sql.DB{s.reader, s.writer} {
			if pool != nil {
				errs = append(errs, pool.Close())
			}
		}
		if s.lock != nil {
			errs = append(errs, s.lock.release())
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}

// Dialect returns the kind of database.
func (s *Store) Dialect() Dialect { return s.dialect }

// Read returns the client for reads outside a transaction. The database refuses
// writes through it.
func (s *Store) Read() *ent.Client { return s.readEnt }

// SQL returns the writer pool. It is for the job engine only; everyone else
// writes through WithTx. On SQLite it has a single connection: whoever uses it
// while the same goroutine holds a transaction waits for itself.
func (s *Store) SQL() *sql.DB { return s.writer }

// PostgresDSN returns the connection string for further pools on the same
// database, empty on SQLite. It may hold a password: never log it.
func (s *Store) PostgresDSN() string { return s.dsn }

// Clock returns the clock that the store and all above it go by.
func (s *Store) Clock() clockwork.Clock { return s.clock }

// Ping reports whether the database answers a read.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.reader.PingContext(ctx); err != nil {
		return unavailable("The database does not answer.", err)
	}
	return nil
}

// now is the present time as it is stored.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

func (s *Store) entDialect() string {
	if s.dialect == Postgres {
		return dialect.Postgres
	}
	return dialect.SQLite
}

// unavailable makes a DATABASE_UNAVAILABLE fault. The message is ours: a driver's
// own text may hold the user and host of the database.
func unavailable(message string, cause error) error {
	return fault.New(fault.DatabaseUnavailable, message, fault.Cause(cause))
}

// DatabaseTime asks the database for the time: the one clock that all nodes on a
// PostgreSQL share.
func (s *Store) DatabaseTime(ctx context.Context) (time.Time, error) {
	if s.dialect == SQLite {
		return s.now(), nil
	}
	var now time.Time
	if err := s.reader.QueryRowContext(ctx, "SELECT now()").Scan(&now); err != nil {
		return time.Time{}, unavailable("The database did not tell the time.", err)
	}
	return now.UTC(), nil
}
