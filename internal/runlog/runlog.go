// Package runlog keeps what a run leaves behind for a person: the lines of its log,
// its errors grouped by what failed, and the records that could not be stored
// (requirements G12, E9; pain 17).
//
// Everything is written in the transaction of the step it is about, so the log never
// tells of what was rolled back. Lines hold no secret (all text passes the redactor)
// and no record's data: callers name records by the CRM's ids, never by their values.
// A run has at most MaxLines lines; lines are kept for Retention, the errors and the
// failed records as long as they are true.
package runlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// FeedKind is the kind of the feed entries of logs.
	FeedKind = "log"
	// MaxLines is how many lines a run has at most; the last of them then says that
	// the log is full.
	MaxLines = 10_000
	// Retention is how long lines are kept.
	Retention = 30 * 24 * time.Hour
	// MaxErrorRecords is how many record ids a group of errors names.
	MaxErrorRecords = 20
	// MaxFailedRecords is how many failed records of one object are kept; those beyond
	// are counted only.
	MaxFailedRecords = 10_000
)

// Lengths of the columns.
const (
	maxMessage      = 1000
	maxErrorMessage = 500
	maxName         = 120
	maxAttribute    = 500
	maxRecordID     = 200
)

// Line is one line to be.
type Line struct {
	Level crm.LogLevel
	// Message says what happened, for a person.
	Message string
	// Object is the CRM name of the object that it is about; may be empty.
	Object string
	// Fault is what failed; empty when nothing did.
	Fault fault.Code
	// Attributes are the facts by name; never a record's data.
	Attributes map[string]string
}

// Lines is the payload of a log's feed entry: the lines of one transaction.
type Lines struct {
	RunID string `json:"runId"`
	From  int    `json:"from"`
	To    int    `json:"to"`
}

// Config is what a Log is made of; all of it is required.
type Config struct {
	Store *store.Store
	// Redactor masks secrets; the one of the server's logger knows the operator's.
	Redactor *obs.Redactor
}

// Log writes the logs of runs. It is safe for concurrent use.
type Log struct {
	store    *store.Store
	redactor *obs.Redactor
}

// New makes a Log.
func New(c Config) (*Log, error) {
	if c.Store == nil || c.Redactor == nil {
		return nil, errors.New("runlog: incomplete config")
	}
	return &Log{store: c.Store, redactor: c.Redactor}, nil
}

// Append adds lines to a run's log, inside tx, and announces them in the feed: all
// lines that a transaction adds to a run make one entry. It does not touch the run's
// version: a line is no step.
func (l *Log) Append(ctx context.Context, tx *store.Tx, run *ent.SyncRun, lines ...Line) error {
	if len(lines) == 0 || run.LogSeq >= MaxLines {
		return nil
	}
	// The update holds the run's row until the commit, so numbers follow commits.
	counted, err := tx.Ent().SyncRun.UpdateOneID(run.ID).AddLogSeq(len(lines)).Save(ctx)
	if err != nil {
		return fmt.Errorf("runlog: numbering lines: %w", err)
	}
	first := counted.LogSeq - len(lines) + 1
	if counted.LogSeq >= MaxLines {
		if lines, err = fill(ctx, tx, run, lines, first); err != nil || len(lines) == 0 {
			return err
		}
	}
	creates := make([]*ent.RunLogEntryCreate, len(lines))
	for i, line := range lines {
		creates[i] = l.entry(tx, run, line).SetSeq(first + i)
	}
	for part := range slices.Chunk(creates, page) { // a statement may have only so many parameters
		if err := tx.Ent().RunLogEntry.CreateBulk(part...).Exec(ctx); err != nil {
			return fmt.Errorf("runlog: adding lines: %w", err)
		}
	}
	announce(tx, run, first, first+len(lines)-1)
	return nil
}

// fill cuts lines where they reach the end of the log and puts the line there that
// says so.
func fill(ctx context.Context, tx *store.Tx, run *ent.SyncRun, lines []Line, first int) ([]Line, error) {
	if err := tx.Ent().SyncRun.UpdateOneID(run.ID).SetLogSeq(MaxLines).Exec(ctx); err != nil {
		return nil, fmt.Errorf("runlog: ending the log: %w", err)
	}
	if first > MaxLines {
		return nil, nil
	}
	full := Line{Level: crm.LogWarn, Message: fmt.Sprintf("The log is full: a run has at most %d lines. Its errors and counters go on.", MaxLines)}
	return append(append([]Line{}, lines[:MaxLines-first]...), full), nil
}

func (l *Log) entry(tx *store.Tx, run *ent.SyncRun, line Line) *ent.RunLogEntryCreate {
	create := tx.Ent().RunLogEntry.Create().
		SetWorkspaceID(run.WorkspaceID).SetCreatedAt(tx.Now()).SetRunID(run.ID).SetIntegrationID(run.IntegrationID).
		SetLevel(line.Level).SetMessage(l.text(line.Message, maxMessage)).
		SetObjectName(crm.Shorten(line.Object, maxName)).SetFaultCode(string(line.Fault))
	if len(line.Attributes) > 0 {
		attributes := make(map[string]string, len(line.Attributes))
		for name, value := range line.Attributes {
			attributes[name] = l.text(value, maxAttribute)
		}
		create.SetAttributes(attributes)
	}
	return create
}

// text masks what is secret before it cuts: half a secret would not be recognized.
func (l *Log) text(text string, length int) string {
	return crm.Shorten(l.redactor.Text(text), length)
}

// announce queues the feed entry, or widens the one that the transaction has queued
// for this run already.
func announce(tx *store.Tx, run *ent.SyncRun, from, to int) {
	if queued := tx.Queued(FeedKind, run.ID); queued != nil {
		if lines, ok := queued.Payload.(Lines); ok {
			lines.To = to
			queued.Payload = lines
			return
		}
	}
	tx.Feed(store.FeedItem{
		WorkspaceID: run.WorkspaceID, Kind: FeedKind, IntegrationID: run.IntegrationID, SubjectID: run.ID,
		Payload: Lines{RunID: run.ID, From: from, To: to},
	})
}
