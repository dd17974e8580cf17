package digest

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	entdigest "github.com/fieldwarden/fieldwarden/ent/digest"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Settings say when a workspace's digest goes out, and to whom.
type Settings struct {
	// Time is HH:MM, Zone an IANA name.
	Time, Zone string
	NextAt     time.Time
	// LastAt is nil before the first.
	LastAt         *time.Time
	Addresses      []string
	MailConfigured bool
}

// Settings reads them, of the principal's workspace.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	client := s.c.Store.Read()
	found, err := own(ctx, client)
	if err != nil {
		return Settings{}, err
	}
	settings := Settings{Time: found.DigestTime, Zone: zoneOf(found), MailConfigured: s.c.Mails.MailConfigured()}
	if found.NextDigestAt != nil {
		settings.NextAt = found.NextDigestAt.UTC()
	} else {
		now, err := s.c.Now(ctx)
		if err != nil {
			return Settings{}, fmt.Errorf("digest: asking the time: %w", err)
		}
		settings.NextAt = dailyOf(found).Next(now)
	}
	newest, err := client.Digest.Query().Order(entdigest.ByCreatedAt(sql.OrderDesc())).First(ctx)
	switch {
	case err == nil:
		at := newest.CreatedAt.UTC()
		settings.LastAt = &at
	case !ent.IsNotFound(err):
		return Settings{}, fmt.Errorf("digest: the newest: %w", err)
	}
	settings.Addresses, err = s.c.Mails.Addresses(ctx, client, crm.RecipientInternal, crm.RecipientExternal)
	return settings, err
}

// SetTimeInput says when the digest goes out.
type SetTimeInput struct {
	IdempotencyKey string `json:"-"`
	// Time is HH:MM, Zone an IANA name; no zone is the workspace's.
	Time string `json:"time"`
	Zone string `json:"zone"`
}

// SetTime changes the time of day of the digest; how often it goes out cannot be changed
// (requirement K3). The dates go on: none gets two digests, none is passed over.
//
// Errors: FORBIDDEN; BAD_INPUT for a time or zone that there is not.
func (s *Service) SetTime(ctx context.Context, input SetTimeInput) error {
	p, err := allowed(ctx, principal.ScopeConfigure, "Only an admin may change when the digest goes out.")
	if err != nil {
		return err
	}
	if _, _, err := crm.ParseWallTime(input.Time); err != nil {
		return fault.New(fault.BadInput, err.Error()+".", fault.Field("time"))
	}
	if input.Zone != "" {
		if _, err := crm.ParseZone(input.Zone); err != nil {
			return fault.New(fault.BadInput, err.Error()+".", fault.Field("zone"))
		}
	}
	_, err = store.Idempotent(ctx, s.c.Store, input.IdempotencyKey, "setDigestTime", input, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, s.setTime(ctx, tx, p.WorkspaceID, input)
	})
	return err
}

func (s *Service) setTime(ctx context.Context, tx *store.Tx, workspaceID string, input SetTimeInput) error {
	found, err := snapshot.LockWorkspace(ctx, tx, workspaceID)
	if err != nil {
		return err
	}
	now := tx.Now()
	last, err := lastDate(ctx, tx.Ent(), found, now)
	if err != nil {
		return err
	}
	before := map[string]string{"time": found.DigestTime, "zone": found.DigestZone}
	changed, err := found.Update().SetDigestTime(input.Time).SetDigestZone(input.Zone).Save(ctx)
	if err != nil {
		return fmt.Errorf("digest: saving the time: %w", err)
	}
	if err := changed.Update().SetNextDigestAt(dailyOf(changed).Following(last, now)).Exec(ctx); err != nil {
		return fmt.Errorf("digest: saving when the next is due: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "setDigestTime", Target: workspaceID, Outcome: crm.AuditSucceeded, Before: before,
		After: map[string]string{"time": input.Time, "zone": input.Zone},
	})
}

// lastDate is the newest local date that has its digest or needs none: a workspace owes
// none for the days before its first.
func lastDate(ctx context.Context, client *ent.Client, found *ent.Workspace, now time.Time) (crm.Date, error) {
	from := dailyOf(found)
	if found.NextDigestAt == nil {
		return from.DueDate(now), nil
	}
	if found.NextDigestAt.After(now) {
		return from.Before(from.DueDate(*found.NextDigestAt)), nil
	}
	newest, err := client.Digest.Query().Order(entdigest.ByLocalDate(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return from.Before(from.DueDate(now)), nil
	}
	if err != nil {
		return crm.Date{}, fmt.Errorf("digest: the newest: %w", err)
	}
	return crm.ParseDate(newest.LocalDate)
}

// SendNow runs today's digest now and returns its id. Each local day has one: when it
// has run, that one is the answer and nobody gets it twice. FORBIDDEN for who may not
// operate.
func (s *Service) SendNow(ctx context.Context, idempotencyKey string) (string, error) {
	p, err := allowed(ctx, principal.ScopeOperate, "Only an admin may send the digest.")
	if err != nil {
		return "", err
	}
	return store.Idempotent(ctx, s.c.Store, idempotencyKey, "sendDigestNow", nil, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID)
		if err != nil {
			return "", err
		}
		row, err := s.run(ctx, tx, found, crm.LocalDate(tx.Now(), dailyOf(found).Zone), tx.Now())
		if err != nil {
			return "", err
		}
		return row.ID, tx.Audit(ctx, store.AuditItem{
			Action: "sendDigestNow", Target: row.ID, Outcome: crm.AuditSucceeded,
			After: map[string]any{"localDate": row.LocalDate, "lost": row.Lost, "recipients": row.Recipients},
		})
	})
}

// Preview words what the digest would say now, and reports whether it would be sent.
func (s *Service) Preview(ctx context.Context) (mail mailview.Mail, sends bool, err error) {
	client := s.c.Store.Read()
	found, err := own(ctx, client)
	if err != nil {
		return mailview.Mail{}, false, err
	}
	now, err := s.c.Now(ctx)
	if err != nil {
		return mailview.Mail{}, false, fmt.Errorf("digest: asking the time: %w", err)
	}
	content, err := s.collect(ctx, client, found, crm.LocalDate(now, dailyOf(found).Zone), now)
	if err != nil {
		return mailview.Mail{}, false, fmt.Errorf("digest: preview: %w", err)
	}
	mail, err = mailview.Digest(content)
	return mail, content.Lost() > 0, err
}

// own is the principal's workspace.
func own(ctx context.Context, client *ent.Client) (*ent.Workspace, error) {
	p, ok := principal.From(ctx)
	if !ok || p.WorkspaceID == "" {
		return nil, fault.New(fault.Forbidden, "This needs a principal of one workspace.")
	}
	found, err := client.Workspace.Query().Where(workspace.ID(p.WorkspaceID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("digest: the workspace: %w", err)
	}
	return found, nil
}

func allowed(ctx context.Context, scope principal.Scope, refusal string) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.May(scope) {
		return p, fault.New(fault.Forbidden, refusal, fault.Detail("scope", string(scope)))
	}
	return p, nil
}
