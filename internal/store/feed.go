package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

const (
	// feedPage bounds one read of the feed.
	feedPage = 500
	// feedPrune bounds how many entries one transaction removes.
	feedPrune = 5000
	// feedChannel is the PostgreSQL notification channel of the feed; its payload
	// is a workspace id and nothing else.
	feedChannel = "fieldwarden_feed"
)

// FeedItem is a feed entry to be.
type FeedItem struct {
	WorkspaceID string
	// Kind is "alert", "permission", "settings", "run", "integration" or "channel" among
	// others; the schema's workspaceEvents lists them.
	Kind          string
	IntegrationID string
	// SubjectID is the id of what the entry is about.
	SubjectID string
	// Payload is marshalled to JSON; nil leaves it out.
	Payload any
}

// Feed queues an entry. It gets its sequence at the end of the transaction. All
// entries of a transaction must be of one workspace, else it fails.
func (tx *Tx) Feed(item FeedItem) { tx.feed = append(tx.feed, item) }

// Queued returns the entry of a kind about a subject that this transaction has queued
// already, nil for none, so that what happens several times in a transaction can be
// told once: change its Payload.
func (tx *Tx) Queued(kind, subjectID string) *FeedItem {
	for i := range tx.feed {
		if tx.feed[i].Kind == kind && tx.feed[i].SubjectID == subjectID {
			return &tx.feed[i]
		}
	}
	return nil
}

// flushFeed writes the queued entries as the last statements of the transaction.
// The counter's row stays locked until the commit, which is why sequences follow
// the order of commits.
func (tx *Tx) flushFeed(ctx context.Context) error {
	if len(tx.feed) == 0 {
		return nil
	}
	workspaceID := tx.feed[0].WorkspaceID
	if err := inWorkspace(ctx, workspaceID); err != nil {
		return err
	}
	entries := make([]*ent.FeedEntryCreate, len(tx.feed))
	for i, item := range tx.feed {
		if item.WorkspaceID != workspaceID {
			return fault.New(fault.Internal, "One transaction wrote to the feeds of two workspaces.")
		}
		payload, err := optionalJSON(item.Payload)
		if err != nil {
			return fmt.Errorf("store: feed payload of %s: %w", item.Kind, err)
		}
		entries[i] = tx.ent.FeedEntry.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.now).
			SetKind(item.Kind).SetIntegrationID(item.IntegrationID).SetSubjectID(item.SubjectID).SetPayload(payload)
	}
	last, err := tx.advanceFeed(ctx, workspaceID, len(entries))
	if err != nil {
		return err
	}
	for i, entry := range entries {
		entry.SetSeq(last - int64(len(entries)-1-i))
	}
	// In parts: a statement may have only so many parameters.
	for len(entries) > 0 {
		n := min(len(entries), feedPage)
		if err := tx.ent.FeedEntry.CreateBulk(entries[:n]...).Exec(ctx); err != nil {
			return fmt.Errorf("store: feed: %w", err)
		}
		entries = entries[n:]
	}
	tx.AfterCommit(func() { tx.store.wakeups.wake(workspaceID) })
	return nil
}

// advanceFeed reserves n sequences and returns the last of them. On PostgreSQL
// it also notifies the other nodes, which happens at the commit.
func (tx *Tx) advanceFeed(ctx context.Context, workspaceID string, n int) (last int64, err error) {
	if tx.store.dialect == Postgres {
		if _, err := tx.sql.ExecContext(ctx, "SELECT pg_notify($1, $2)", feedChannel, workspaceID); err != nil {
			return 0, fmt.Errorf("store: feed: %w", err)
		}
	}
	err = tx.sql.QueryRowContext(ctx, `
		INSERT INTO feed_head (workspace_id, seq, floor) VALUES ($1, $2, 0)
		ON CONFLICT (workspace_id) DO UPDATE SET seq = feed_head.seq + excluded.seq
		RETURNING seq`, workspaceID, n).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("store: feed: %w", err)
	}
	return last, nil
}

// FeedHead returns the sequence of the workspace's newest entry, 0 for none.
func (s *Store) FeedHead(ctx context.Context, workspaceID string) (int64, error) {
	head, _, err := s.feedBounds(ctx, workspaceID)
	return head, err
}

// feedBounds returns the newest sequence and the newest one that was pruned.
func (s *Store) feedBounds(ctx context.Context, workspaceID string) (head, floor int64, err error) {
	if err := inWorkspace(ctx, workspaceID); err != nil {
		return 0, 0, err
	}
	err = s.reader.QueryRowContext(ctx, "SELECT seq, floor FROM feed_head WHERE workspace_id = $1", workspaceID).Scan(&head, &floor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("store: feed: %w", err)
	}
	return head, floor, nil
}

// FeedAfter returns up to limit entries (at most 500) with sequences after the
// given one, in order and without gaps. It fails with CURSOR_EXPIRED when
// entries in between were pruned, and with CURSOR_INVALID when the sequence lies
// beyond the newest entry.
func (s *Store) FeedAfter(ctx context.Context, workspaceID string, after int64, limit int) ([]*ent.FeedEntry, error) {
	if err := inWorkspace(ctx, workspaceID); err != nil {
		return nil, err
	}
	entries, err := s.readEnt.FeedEntry.Query().
		Where(feedentry.WorkspaceID(workspaceID), feedentry.SeqGT(after)).
		Order(feedentry.BySeq()).Limit(max(1, min(limit, feedPage))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: feed: %w", err)
	}
	// Sequences have no gaps, so a first one that does not follow was pruned.
	if len(entries) > 0 && entries[0].Seq == after+1 {
		return entries, nil
	}
	head, floor, err := s.feedBounds(ctx, workspaceID)
	switch {
	case err != nil:
		return nil, err
	case after < 0 || after > head:
		return nil, beyondHead()
	case after < floor:
		return nil, expired(workspaceID, floor)
	case len(entries) > 0:
		return nil, fault.New(fault.Internal, "The feed has a gap after "+strconv.FormatInt(after, 10)+".")
	default:
		return nil, nil
	}
}

func beyondHead() error {
	return fault.New(fault.CursorInvalid, "The cursor lies beyond the end of this feed.", fault.Field("after"))
}

func expired(workspaceID string, floor int64) error {
	return fault.New(fault.CursorExpired, "The cursor is older than the feed goes back.",
		fault.Field("after"), fault.Detail("oldest", FormatCursor(workspaceID, floor)))
}

// PruneFeed removes the entries of all workspaces that are older than the
// retention, a few thousand in a transaction. A cursor before them then gets
// CURSOR_EXPIRED.
func (s *Store) PruneFeed(ctx context.Context) error {
	ctx = principal.AllWorkspaces(ctx, "feed retention")
	workspaces, err := s.feedWorkspaces(ctx)
	if err != nil {
		return err
	}
	for _, workspaceID := range workspaces {
		for more := true; more; {
			if more, err = s.pruneFeedOf(ctx, workspaceID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) feedWorkspaces(ctx context.Context) (ids []string, err error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT workspace_id FROM feed_head WHERE seq > floor")
	if err != nil {
		return nil, fmt.Errorf("store: feed: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("store: feed: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// pruneFeedOf removes one part of a workspace's old entries, and reports whether
// there may be more. It never removes past the first entry that is young enough,
// so what is left has no gap.
func (s *Store) pruneFeedOf(ctx context.Context, workspaceID string) (more bool, err error) {
	err = s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
		var head, floor int64
		if err := tx.sql.QueryRowContext(ctx, "SELECT seq, floor FROM feed_head WHERE workspace_id = $1", workspaceID).Scan(&head, &floor); err != nil {
			return fmt.Errorf("store: feed: %w", err)
		}
		keep := head + 1
		young, err := tx.ent.FeedEntry.Query().
			Where(feedentry.WorkspaceID(workspaceID), feedentry.SeqGT(floor), feedentry.SeqLTE(floor+feedPrune),
				feedentry.CreatedAtGTE(tx.now.Add(-s.config.FeedRetention))).
			Order(feedentry.BySeq()).First(ctx)
		switch {
		case err == nil:
			keep = young.Seq
		case !ent.IsNotFound(err):
			return fmt.Errorf("store: feed: %w", err)
		case floor+feedPrune < head:
			keep, more = floor+feedPrune+1, true
		}
		if keep == floor+1 {
			return nil
		}
		if _, err := tx.sql.ExecContext(ctx, "UPDATE feed_head SET floor = $1 WHERE workspace_id = $2 AND floor < $1", keep-1, workspaceID); err != nil {
			return fmt.Errorf("store: feed: %w", err)
		}
		_, err = tx.ent.FeedEntry.Delete().Where(feedentry.WorkspaceID(workspaceID), feedentry.SeqLT(keep)).Exec(ctx)
		return err
	})
	return more, err
}
