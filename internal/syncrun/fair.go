package syncrun

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Steps of all workspaces wait in one queue. So that a workspace with thousands of
// runs does not delay the few of another, a step's priority falls with the number of
// runs that its workspace has in front of it: each workspace has a few runs of the
// first priority, some more of the second, and so on. The queue takes the first
// priority first, and within one it is first come, first served. Nothing starves: as
// the runs in front end, a run moves up with its next step, and a workspace that is
// alone in the queue is not slowed down.

// stepPayload names the step: the run, and the version it starts from.
type stepPayload struct {
	RunID   string `json:"runId"`
	Version int    `json:"version"`
	// Rank is how many runs of the workspace were in front.
	Rank int `json:"rank,omitempty"`
	// Waits counts the waits for a limit that led to this step, without one between
	// that got forward.
	Waits int `json:"waits,omitempty"`
}

// nextStep says what is special about a step to come.
type nextStep struct {
	// at is when it may start; zero is at once.
	at    time.Time
	waits int
}

// priority of a run with that many of its workspace in front, 1 the first.
func priority(rank int) int {
	switch {
	case rank < 4:
		return 1
	case rank < 16:
		return 2
	case rank < 64:
		return 3
	default:
		return 4
	}
}

// enqueueStep enqueues the first step of a run.
func (s *Service) enqueueStep(ctx context.Context, tx *store.Tx, run *ent.SyncRun) error {
	return s.enqueueNext(ctx, tx, run, stepPayload{Rank: -1}, nextStep{})
}

// enqueueNext enqueues the step after the one of the payload before.
func (s *Service) enqueueNext(ctx context.Context, tx *store.Tx, run *ent.SyncRun, before stepPayload, next nextStep) error {
	active, err := tx.Ent().SyncRun.Query().Where(syncrun.WorkspaceID(run.WorkspaceID), syncrun.ActiveKeyNotNil()).Count(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: counting active runs: %w", err)
	}
	// This run is one of them. Later runs may count as well, but never more than at
	// its own beginning.
	rank := active - 1
	if before.Rank >= 0 {
		rank = min(rank, before.Rank)
	}
	options := []job.Option{
		job.UniqueKey(fmt.Sprintf("%s/%d", run.ID, run.Version)), job.Priority(priority(rank)),
	}
	if !next.at.IsZero() {
		options = append(options, job.At(next.at))
	}
	_, err = s.jobs.Enqueue(ctx, tx, StepKind, run.WorkspaceID,
		stepPayload{RunID: run.ID, Version: run.Version, Rank: rank, Waits: next.waits}, options...)
	if err != nil {
		return fmt.Errorf("syncrun: enqueuing step: %w", err)
	}
	return nil
}
