package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// connectionWait bounds the wait for a free writer connection. It stands apart
// from the transaction's own deadline: under load the single writer of SQLite
// has a queue, and waiting in it holds nothing.
const connectionWait = 10 * time.Second

// Tx is a running transaction. It is used by one goroutine.
type Tx struct {
	store *Store
	sql   *sql.Tx
	ent   *ent.Client
	now   time.Time
	feed  []FeedItem
	after []func()
}

type txKey struct{}

// InTx reports whether ctx is that of a running transaction.
func InTx(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

// WithTx runs do in a transaction and commits it when do returns nil. An error
// or a panic of do rolls everything back; the error comes back as it is.
//
// The transaction has a deadline (Config.TxTimeout, 2 seconds) which the context
// given to do carries, and it is never retried. A call inside do's context is
// refused: the outermost use case owns the transaction, the others take its Tx.
func (s *Store) WithTx(ctx context.Context, do func(ctx context.Context, tx *Tx) error) error {
	if InTx(ctx) {
		return fault.New(fault.Internal, "A transaction was opened inside another one.")
	}
	tx, err := s.transact(ctx, do)
	if err != nil {
		return err
	}
	// The connection is free again: what runs now may write.
	for _, then := range tx.after {
		then()
	}
	return nil
}

// transact runs do in a transaction and returns it committed.
func (s *Store) transact(ctx context.Context, do func(ctx context.Context, tx *Tx) error) (tx *Tx, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	txCtx, cancel := context.WithTimeout(context.WithValue(ctx, txKey{}, true), s.config.TxTimeout)
	defer cancel()
	sqlTx, err := conn.BeginTx(txCtx, nil)
	if err != nil {
		return nil, unavailable("The database did not begin a transaction.", err)
	}
	// A no-op after the commit; it also runs when do panics.
	defer sqlTx.Rollback() //nolint:errcheck // the error that matters is do's

	tx = &Tx{store: s, sql: sqlTx, now: s.now()}
	tx.ent = ent.NewClient(ent.Driver(&sharedTx{Conn: entsql.Conn{ExecQuerier: sqlTx}, dialect: s.entDialect()}))
	tx.observe()
	if err := tx.run(txCtx, do); err != nil {
		return nil, deadlineFault(ctx, txCtx, err)
	}
	return tx, nil
}

// acquire waits for a free writer connection.
func (s *Store) acquire(ctx context.Context) (*sql.Conn, error) {
	waitCtx, cancel := context.WithTimeout(ctx, connectionWait)
	defer cancel()
	conn, err := s.writer.Conn(waitCtx)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, unavailable("The database gave no connection to write with.", err)
	}
}

func (tx *Tx) run(ctx context.Context, do func(context.Context, *Tx) error) error {
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.flushFeed(ctx); err != nil {
		return err
	}
	if err := tx.sql.Commit(); err != nil {
		return unavailable("The database did not commit the transaction.", err)
	}
	return nil
}

// deadlineFault explains an error that comes from the transaction's deadline,
// and leaves every other one alone.
func deadlineFault(ctx, txCtx context.Context, err error) error {
	if _, explained := fault.From(err); !explained && ctx.Err() == nil && errors.Is(txCtx.Err(), context.DeadlineExceeded) {
		return unavailable("The transaction took longer than it may and was rolled back.", err)
	}
	return err
}

// Ent returns the client that works inside this transaction.
func (tx *Tx) Ent() *ent.Client { return tx.ent }

// SQL returns the transaction itself, for the job engine and bulk statements.
func (tx *Tx) SQL() *sql.Tx { return tx.sql }

// Now returns the transaction's one instant: UTC, whole microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// AfterCommit runs then once the transaction is committed, in the order of the
// calls, and never when it is rolled back. WithTx returns when all have run.
func (tx *Tx) AfterCommit(then func()) { tx.after = append(tx.after, then) }

// AuditItem is one audited action (requirement: every mutation leaves one).
type AuditItem struct {
	// Action is what was done, as a verb of the API ("settings.update").
	Action string
	// Target is the id of what it was done to; may be empty.
	Target  string
	Outcome crm.AuditOutcome
	// Fault is why it was denied or failed; empty otherwise.
	Fault fault.Code
	// Before and After are marshalled to JSON; nil leaves them out. They must
	// hold no secrets.
	Before any
	After  any
}

// Audit adds an audit entry in the name of the context's principal, with where its
// request came from (requirement O2).
func (tx *Tx) Audit(ctx context.Context, item AuditItem) error {
	p, err := scoped(ctx)
	if err != nil {
		return err
	}
	origin := principal.OriginFrom(ctx)
	create := tx.ent.AuditEntry.Create().
		SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.now).
		SetActor(p.ID).SetActorName(p.Name).SetVia(p.Via).
		SetInterface(origin.Interface).SetAddress(origin.Address).SetUserAgent(crm.Shorten(origin.UserAgent, 300)).SetRequestID(origin.RequestID).
		SetAction(item.Action).SetTarget(item.Target).SetOutcome(item.Outcome).SetFaultCode(string(item.Fault))
	before, err := optionalJSON(item.Before)
	if err != nil {
		return fmt.Errorf("store: audit before: %w", err)
	}
	after, err := optionalJSON(item.After)
	if err != nil {
		return fmt.Errorf("store: audit after: %w", err)
	}
	if before != nil {
		create.SetBefore(before)
	}
	if after != nil {
		create.SetAfter(after)
	}
	return create.Exec(ctx)
}

// scoped returns the context's principal, which must be of one workspace.
func scoped(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok || p.WorkspaceID == "" {
		return p, fault.New(fault.Forbidden, "This needs a principal of one workspace.")
	}
	return p, nil
}

// inWorkspace refuses raw SQL on a workspace that is not the principal's own; it
// is what the privacy policy is to Ent.
func inWorkspace(ctx context.Context, workspaceID string) error {
	p, ok := principal.From(ctx)
	if !ok || workspaceID == "" || (!p.All && p.WorkspaceID != workspaceID) {
		return fault.New(fault.Forbidden, "The principal does not belong to this workspace.")
	}
	return nil
}

func optionalJSON(value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	return json.Marshal(value)
}

// sharedTx lets Ent work inside a *sql.Tx that it did not open and cannot end,
// so that the job engine's inserts and Ent's share one transaction.
type sharedTx struct {
	entsql.Conn
	dialect string
}

// Tx returns the same transaction; its Commit and Rollback do nothing.
func (d *sharedTx) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

// Close does nothing: WithTx owns the transaction.
func (d *sharedTx) Close() error { return nil }

// Dialect names the database for Ent.
func (d *sharedTx) Dialect() string { return d.dialect }
