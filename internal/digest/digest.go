// Package digest makes the daily digest of each workspace: one consolidated mail about
// every required object and standardized field that cannot be read (requirements K2,
// K3, K14; readings 1b.6 to 1b.9).
//
// The truth is in the database: next_digest_at of each workspace, and a row that is
// unique by workspace and local date. The row is written each day, also when nothing is
// lost: a missing one means that the digest did not run (the dead man's switch). Mails
// are written only when something is lost, one for each address, and only with the row.
//
// Nothing a workspace does keeps an open loss off the digest: not acknowledging or
// snoozing it, not a recipient's least severity. There is no setting but the time of day.
package digest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	entdigest "github.com/fieldwarden/fieldwarden/ent/digest"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// perRound bounds how many workspaces one look finds; it looks until none is due.
const perRound = 200

// Mails sends what is enqueued with it; notify.Service does.
type Mails interface {
	EnqueueMails(ctx context.Context, tx *store.Tx, batch notify.MailBatch) error
	// Addresses are those of the recipients of the classes and of the owners, in lower
	// case, each once.
	Addresses(ctx context.Context, client *ent.Client, classes ...crm.RecipientClass) ([]string, error)
	MailConfigured() bool
}

// Describer gives a connector's manifest; the connector host implements it.
type Describer interface {
	Describe(name string) (crm.Manifest, error)
}

// Config is what a Service is made of.
type Config struct {
	Store      *store.Store
	Mails      Mails
	Connectors Describer
	Logger     *slog.Logger
	// PublicURL is where people reach the server, without a trailing slash.
	PublicURL string
	// Now gives the time that decides what is due: the database's own, so that nodes
	// with wrong clocks agree.
	Now func(ctx context.Context) (time.Time, error)
}

// Service runs digests. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Mails == nil || c.Connectors == nil || c.Logger == nil || c.Now == nil {
		return nil, errors.New("digest: incomplete config")
	}
	return &Service{c: c}, nil
}

// RunDue runs the digest of every workspace whose time has come. It acts as the system
// across workspaces; one workspace's failure keeps no other waiting, and the next call
// tries it again. Several nodes may call it at once.
func (s *Service) RunDue(ctx context.Context) error {
	now, err := s.c.Now(ctx)
	if err != nil {
		return fmt.Errorf("digest: asking the time: %w", err)
	}
	var failures []error
	for last := ""; ctx.Err() == nil; {
		due, err := s.c.Store.Read().Workspace.Query().
			Where(workspace.IDGT(last), workspace.Or(workspace.NextDigestAtIsNil(), workspace.NextDigestAtLTE(now))).
			Order(workspace.ByID()).Limit(perRound).IDs(ctx)
		if err != nil {
			return errors.Join(append(failures, fmt.Errorf("digest: looking for workspaces whose digest is due: %w", err))...)
		}
		for _, id := range due {
			if err := s.runDue(principal.System(ctx, id, "daily digest"), id, now); err != nil {
				failures = append(failures, fmt.Errorf("workspace %s: %w", id, err))
			}
		}
		if len(due) < perRound {
			break
		}
		last = due[len(due)-1]
	}
	return errors.Join(failures...)
}

// runDue runs what is due of one workspace; one that has no time yet gets it.
func (s *Service) runDue(ctx context.Context, workspaceID string, now time.Time) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := snapshot.LockWorkspace(ctx, tx, workspaceID)
		if err != nil {
			return err
		}
		if found.NextDigestAt == nil {
			return found.Update().SetNextDigestAt(dailyOf(found).Next(now)).Exec(ctx)
		}
		if found.NextDigestAt.After(now) {
			return nil // another node was faster
		}
		_, err = s.run(ctx, tx, found, dailyOf(found).DueDate(now), now)
		return err
	})
}

// run makes the digest of a local date, unless there is one, and sets when the next is
// due. The caller holds the workspace's lock.
func (s *Service) run(ctx context.Context, tx *store.Tx, found *ent.Workspace, date crm.Date, now time.Time) (*ent.Digest, error) {
	row, err := tx.Ent().Digest.Query().Where(entdigest.LocalDate(date.String())).Only(ctx)
	if ent.IsNotFound(err) {
		row, err = s.write(ctx, tx, found, date, now)
	}
	if err != nil {
		return nil, fmt.Errorf("digest: of %s: %w", date, err)
	}
	if err := found.Update().SetNextDigestAt(dailyOf(found).Following(date, now)).Exec(ctx); err != nil {
		return nil, fmt.Errorf("digest: saving when the next is due: %w", err)
	}
	return row, nil
}

// write writes the row of a date and the mails that go with it.
func (s *Service) write(ctx context.Context, tx *store.Tx, found *ent.Workspace, date crm.Date, now time.Time) (*ent.Digest, error) {
	content, err := s.collect(ctx, tx.Ent(), found, date, now)
	if err != nil {
		return nil, err
	}
	frozen, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var addresses []string
	if content.Lost() > 0 && s.c.Mails.MailConfigured() {
		if addresses, err = s.c.Mails.Addresses(ctx, tx.Ent(), crm.RecipientInternal, crm.RecipientExternal); err != nil {
			return nil, err
		}
	}
	row, err := tx.Ent().Digest.Create().SetWorkspaceID(found.ID).SetCreatedAt(now).SetLocalDate(content.LocalDate).SetZone(content.Zone).
		SetLost(content.Lost()).SetResolved(content.Resolved).SetRecipients(len(addresses)).SetContent(frozen).Save(ctx)
	if err != nil {
		return nil, err
	}
	if len(addresses) > 0 {
		err = s.c.Mails.EnqueueMails(ctx, tx, notify.MailBatch{
			WorkspaceID: found.ID, Kind: crm.DeliverDigest, DigestID: row.ID, Addresses: addresses,
			DedupKey: func(address string) string { return "digest|" + content.LocalDate + "|" + address },
		})
		if err != nil {
			return nil, err
		}
	}
	tx.AfterCommit(func() { s.report(ctx, row) })
	return row, nil
}

// report logs that a digest ran: the line that a watcher of logs can miss.
func (s *Service) report(ctx context.Context, row *ent.Digest) {
	figures := []any{
		slog.String("workspace", row.WorkspaceID), slog.String("local_date", row.LocalDate),
		slog.Int("losses", row.Lost), slog.Int("resolved", row.Resolved), slog.Int("recipients", row.Recipients),
	}
	if row.Lost > 0 && !s.c.Mails.MailConfigured() {
		s.c.Logger.WarnContext(ctx, "the daily digest ran but was mailed to nobody: no mail server is configured", figures...)
		return
	}
	s.c.Logger.InfoContext(ctx, "the daily digest ran", figures...)
}

// Mail words a digest as it was, or would have been, sent.
func Mail(row *ent.Digest) (mailview.Mail, error) {
	var content mailview.DigestContent
	if err := json.Unmarshal(row.Content, &content); err != nil {
		return mailview.Mail{}, fmt.Errorf("digest: content of %s: %w", row.ID, err)
	}
	return mailview.Digest(content)
}

// dailyOf reads when a workspace's digest is due. What cannot be read is 07:00 UTC; the
// values are checked when they are set.
func dailyOf(found *ent.Workspace) crm.Daily {
	daily := crm.Daily{Hour: 7, Zone: time.UTC}
	if hour, minute, err := crm.ParseWallTime(found.DigestTime); err == nil {
		daily.Hour, daily.Minute = hour, minute
	}
	if loc, err := crm.ParseZone(zoneOf(found)); err == nil {
		daily.Zone = loc
	}
	return daily
}

// zoneOf is the digest's zone, the workspace's when it has none of its own.
func zoneOf(found *ent.Workspace) string {
	if found.DigestZone != "" {
		return found.DigestZone
	}
	return found.TimeZone
}
