package job

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	defaultTimeout = 30 * time.Second
	// rescueAfter is when River itself takes a running job for lost, wherever it
	// runs: the net under our own takeover. It must exceed every timeout.
	rescueAfter        = 60 * time.Second
	maxTimeout         = rescueAfter - 10*time.Second
	defaultMaxAttempts = 25
	// keepCompleted is how long completed rows stay; every step leaves one.
	keepCompleted = time.Hour
	// maxCrashes is how often a job may take its process with it before it is
	// given up. Handlers that must tell somebody give up earlier by themselves.
	maxCrashes = 10
	// senders is how many receivers of one medium are sent to at a time.
	senders = 16
)

// Config of an Engine. Zero values take the defaults.
type Config struct {
	Store  *store.Store
	Logger *slog.Logger
	// NodeID names this process among those that share the database. No two
	// live processes may share one: a process that starts takes the jobs of its
	// dead predecessor of the same name at once. Empty is a random name; then
	// they are taken over after DeadAfter.
	NodeID string
	// Workers is how many jobs of QueueSync run at a time (default 4); QueueDefault
	// and QueueInteractive have half as many, at least 2.
	Workers int
	// PollInterval is how often queues are looked at where nothing tells of new
	// jobs: 75 ms on SQLite; 1 s on PostgreSQL, where a notification comes first.
	PollInterval time.Duration
	// FetchCooldown is the pause between two fetches of a queue (20 ms).
	FetchCooldown time.Duration
	// DeadAfter is for how long a process may be silent before its jobs are
	// taken over (15 s, PostgreSQL only). A pause longer than that is taken for
	// death; the fence keeps that harmless.
	DeadAfter time.Duration
	// Observer is told of jobs; nil is nobody.
	Observer Observer
	// GraceOnStop is how long Stop lets jobs finish before it interrupts them (2 s).
	GraceOnStop time.Duration
}

// Engine enqueues and runs jobs. Register all handlers, then Start it.
type Engine struct {
	config   Config
	store    *store.Store
	log      *slog.Logger
	id       string // of this process, unique for ever
	inserter *river.Client[*sql.Tx]
	kinds    map[string]registration

	worker   riverWorker   // between Start and Stop
	pool     *pgxpool.Pool // PostgreSQL, between Start and Stop
	beating  sync.WaitGroup
	stopBeat context.CancelFunc

	mu       sync.Mutex
	running  map[execution]*executionState
	stopping bool
}

type registration struct {
	handler Handler
	options HandlerOptions
}

// riverWorker is what we need of a River client that works jobs, whatever its
// transaction type.
type riverWorker interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	JobCancel(ctx context.Context, id int64) (*rivertype.JobRow, error)
}

// New makes an Engine. It can enqueue at once; it runs nothing before Start.
func New(c Config) (*Engine, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Workers == 0 {
		c.Workers = 4
	}
	if c.PollInterval == 0 {
		c.PollInterval = time.Second
		if c.Store.Dialect() == store.SQLite {
			c.PollInterval = 75 * time.Millisecond
		}
	}
	if c.FetchCooldown == 0 {
		c.FetchCooldown = min(20*time.Millisecond, c.PollInterval)
	}
	if c.DeadAfter == 0 {
		c.DeadAfter = 15 * time.Second
	}
	if c.GraceOnStop == 0 {
		c.GraceOnStop = 2 * time.Second
	}
	suffix := make([]byte, 6)
	if _, err := rand.Read(suffix); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	e := &Engine{
		config: c, store: c.Store, log: c.Logger, id: c.NodeID + "." + hex.EncodeToString(suffix),
		kinds: map[string]registration{}, running: map[execution]*executionState{},
	}
	inserterConfig := &river.Config{Schema: e.schema(), FetchCooldown: c.FetchCooldown, Logger: store.WarningsOnly(c.Logger)}
	var err error
	if c.Store.Dialect() == store.SQLite {
		e.inserter, err = river.NewClient(riversqlite.New(c.Store.SQL()), inserterConfig)
	} else {
		e.inserter, err = river.NewClient(riverdatabasesql.New(c.Store.SQL()), inserterConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return e, nil
}

func (e *Engine) schema() string {
	if e.store.Dialect() == store.SQLite {
		return ""
	}
	return store.JobSchema
}

// Register sets the handler of a kind; before Start, once for each kind. Options
// out of range make Start fail.
func (e *Engine) Register(kind string, h Handler, o HandlerOptions) {
	if o.Queue == "" {
		o.Queue = QueueDefault
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Backoff == nil {
		o.Backoff = defaultBackoff
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = defaultMaxAttempts
	}
	e.kinds[kind] = registration{handler: h, options: o}
}

// arguments is what River stores of a job.
type arguments struct {
	kind        string
	WorkspaceID string          `json:"workspace,omitempty"`
	Payload     json.RawMessage `json:"payload,omitempty"`
	Unique      string          `json:"unique,omitempty" river:"unique"`
	// Trace is what Observer.Enqueued returned. It is no part of what makes a job unique.
	Trace string `json:"trace,omitempty"`

	// notBefore passes the pause from Work to NextRetry; River does not store it.
	notBefore time.Time
}

// Kind names the job's kind for River.
func (a arguments) Kind() string { return a.kind }

// Enqueue adds a job inside tx: it exists when tx commits, and never when it does
// not. The payload is marshalled to JSON and must hold ids only. It returns the
// job's id, or that of the job which UniqueKey found.
func (e *Engine) Enqueue(ctx context.Context, tx *store.Tx, kind, workspaceID string, payload any, options ...Option) (int64, error) {
	params, err := e.insertion(ctx, kind, workspaceID, payload, options)
	if err != nil {
		return 0, err
	}
	inserted, err := e.inserter.InsertTx(ctx, tx.SQL(), params.Args, params.InsertOpts)
	if err != nil {
		return 0, fmt.Errorf("job: enqueue %s: %w", kind, err)
	}
	return inserted.Job.ID, nil
}

// Item is one of several jobs of a kind.
type Item struct {
	Payload any
	Options []Option
}

// EnqueueMany is Enqueue for several jobs of a kind at once; on PostgreSQL it is one
// statement. No two items may have the same UniqueKey.
func (e *Engine) EnqueueMany(ctx context.Context, tx *store.Tx, kind, workspaceID string, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(items))
	for i, item := range items {
		one, err := e.insertion(ctx, kind, workspaceID, item.Payload, item.Options)
		if err != nil {
			return err
		}
		params[i] = one
	}
	if _, err := e.inserter.InsertManyTx(ctx, tx.SQL(), params); err != nil {
		return fmt.Errorf("job: enqueue %s: %w", kind, err)
	}
	return nil
}

// insertion is a job in the form that River takes.
func (e *Engine) insertion(ctx context.Context, kind, workspaceID string, payload any, options []Option) (river.InsertManyParams, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return river.InsertManyParams{}, fmt.Errorf("job: payload of %s: %w", kind, err)
	}
	kindOptions := e.kinds[kind].options
	o := enqueueOptions{queue: kindOptions.Queue}
	for _, option := range options {
		option(&o)
	}
	insert := &river.InsertOpts{Queue: o.queue, Priority: o.priority, MaxAttempts: kindOptions.MaxAttempts}
	if wait := o.at.Sub(e.store.Clock().Now()); !o.at.IsZero() && wait > 0 {
		insert.ScheduledAt = time.Now().Add(wait)
	}
	if o.unique != "" {
		insert.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}}
	}
	given := arguments{kind: kind, WorkspaceID: workspaceID, Payload: text, Unique: o.unique}
	if e.config.Observer != nil {
		given.Trace = e.config.Observer.Enqueued(ctx)
	}
	return river.InsertManyParams{Args: given, InsertOpts: insert}, nil
}

// Start takes over what a dead predecessor left and begins to run jobs. It goes
// on until Stop, whatever becomes of ctx.
func (e *Engine) Start(ctx context.Context) error {
	workers := river.NewWorkers()
	for kind, r := range e.kinds {
		if r.options.Timeout < 0 || r.options.Timeout > maxTimeout {
			return fmt.Errorf("job: timeout of %s is not within 0 and %s", kind, maxTimeout)
		}
		if _, known := e.queues()[r.options.Queue]; !known {
			return fmt.Errorf("job: queue %q of %s is unknown", r.options.Queue, kind)
		}
		river.AddWorkerArgs(workers, arguments{kind: kind}, river.Worker[arguments](&worker{engine: e, kind: kind, registration: r}))
	}
	if err := e.takeOverAtStart(ctx); err != nil {
		return err
	}
	if err := e.connectWorker(ctx, &river.Config{
		ID: e.id, Schema: e.schema(), Queues: e.queues(), Workers: workers, Logger: store.WarningsOnly(e.log),
		FetchCooldown: e.config.FetchCooldown, FetchPollInterval: e.config.PollInterval,
		JobTimeout: defaultTimeout, RescueStuckJobsAfter: rescueAfter, CompletedJobRetentionPeriod: keepCompleted,
		MaxAttempts: defaultMaxAttempts, SkipUnknownJobCheck: true,
	}); err != nil {
		return err
	}
	if err := e.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("job: start: %w", err), e.Stop(ctx))
	}
	return nil
}

func (e *Engine) queues() map[string]river.QueueConfig {
	others := river.QueueConfig{MaxWorkers: max(2, e.config.Workers/2)}
	return map[string]river.QueueConfig{
		QueueSync: {MaxWorkers: e.config.Workers}, QueueDefault: others, QueueInteractive: others,
		// These wait for others' servers, not for our processor.
		QueueWebhook: {MaxWorkers: senders}, QueueMail: {MaxWorkers: senders},
	}
}

func (e *Engine) connectWorker(ctx context.Context, c *river.Config) (err error) {
	if e.store.Dialect() == store.SQLite {
		e.worker, err = river.NewClient(riversqlite.New(e.store.SQL()), c)
		return err
	}
	poolConfig, err := pgxpool.ParseConfig(e.store.PostgresDSN())
	if err != nil {
		return fault.New(fault.ConfigInvalid, "The PostgreSQL URL cannot be read.", fault.Cause(err))
	}
	poolConfig.MaxConns = 6
	poolConfig.ConnConfig.RuntimeParams["application_name"] = "fieldwarden jobs"
	if e.pool, err = pgxpool.NewWithConfig(ctx, poolConfig); err != nil {
		return fault.New(fault.DatabaseUnavailable, "The job engine cannot reach the database.", fault.Cause(err))
	}
	var client *river.Client[pgx.Tx]
	if client, err = river.NewClient(riverpgxv5.New(e.pool), c); err != nil {
		e.pool.Close()
		return fmt.Errorf("job: %w", err)
	}
	e.worker = client
	e.startBeat(ctx)
	return nil
}

// Stop ends the engine: it takes no more jobs, gives the running ones a moment,
// then interrupts them. Interrupted jobs are available again, for the next start
// or another node, with no attempt lost. Stop takes no longer than ctx allows.
func (e *Engine) Stop(ctx context.Context) error {
	if e.worker == nil {
		return nil
	}
	err := e.stopWorker(ctx)
	if e.pool != nil {
		e.stopBeat()
		e.beating.Wait()
		err = errors.Join(err, e.sayGoodbye(ctx))
		e.pool.Close()
	}
	e.worker, e.pool = nil, nil
	return err
}

func (e *Engine) stopWorker(ctx context.Context) error {
	graceCtx, cancel := context.WithTimeout(ctx, e.config.GraceOnStop)
	defer cancel()
	if err := e.worker.Stop(graceCtx); err == nil {
		return nil
	}
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	if err := e.worker.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("job: some jobs did not stop in time; they are taken over at the next start: %w", err)
	}
	return nil
}

// Cancel ends a job: a waiting one never runs, a running one has its context
// cancelled. It fails with NOT_FOUND for an id that does not exist, and must not
// be called inside a transaction.
func (e *Engine) Cancel(ctx context.Context, id int64) error {
	if store.InTx(ctx) {
		return fault.New(fault.Internal, "A job was cancelled inside a transaction.")
	}
	_, err := e.inserter.JobCancel(ctx, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		return fault.New(fault.NotFound, "There is no such job.")
	}
	if err != nil {
		return fmt.Errorf("job: cancel: %w", err)
	}
	// River tells running jobs by notification, which SQLite does not have.
	e.mu.Lock()
	defer e.mu.Unlock()
	for execution, state := range e.running {
		if execution.id == id {
			state.cancel(errCancelled)
		}
	}
	return nil
}
