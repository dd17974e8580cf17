package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// RevokeKind is the kind of the jobs that end the authorization of a disconnected
// integration at the CRM. The job is persisted with the disconnection, so that no crash
// in between leaves the authorization good at the CRM.
const RevokeKind = "integration.revoke"

const (
	// revokeFor is for how long a CRM that does not answer is told again.
	revokeFor = 24 * time.Hour
	// revokePause is the longest wait between two tries, revokeAttempts more than there
	// are in revokeFor.
	revokePause    = time.Hour
	revokeAttempts = 100
)

// revocation is what a job of RevokeKind carries.
type revocation struct {
	jobPayload
	// Version is the credential's; another one was signed in to since, or is forgotten.
	Version int `json:"version"`
	// Until is when no other try is made.
	Until time.Time `json:"until"`
}

// revokeBackoff doubles from a second to revokePause.
func revokeBackoff(attempt int) time.Duration {
	if attempt > 12 {
		return revokePause
	}
	return min(revokePause, time.Second<<max(0, attempt-1))
}

// retire makes the credential of an integration that is being disconnected good for
// nothing but its revocation, and asks for that. It returns what makes a revocation
// impossible; nil where one was asked for, and where nothing is left to revoke.
func (s *Service) retire(ctx context.Context, tx *store.Tx, row *ent.Integration) (impossible, err error) {
	saved, err := credentialRow(ctx, tx.Ent(), row.ID)
	if err != nil || saved == nil || saved.Revoked {
		return nil, err
	}
	current, err := s.unseal(saved)
	if err != nil {
		return fault.New(fault.KeyWrong, "The stored authorization could not be opened.", fault.Cause(err)), nil
	}
	if current.tokens.Grant == crm.GrantClientCredentials {
		return nil, nil // the app's own right, which its OAuth client holds as long as it exists
	}
	current.tokens.Ending = true
	sealed, err := s.seal(row, current.tokens)
	if err != nil {
		return nil, err
	}
	err = tx.Ent().Credential.UpdateOne(saved).SetSealed(sealed).AddVersion(1).SetRevoked(true).ClearLeaseOwner().ClearLeaseUntil().Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("retire credential: %w", err)
	}
	asked := revocation{jobPayload: jobPayload{IntegrationID: row.ID}, Version: saved.Version + 1, Until: tx.Now().Add(revokeFor)}
	if _, err := s.c.Jobs.Enqueue(ctx, tx, RevokeKind, row.WorkspaceID, asked); err != nil {
		return nil, fmt.Errorf("ask for the revocation: %w", err)
	}
	return nil, nil
}

// handleRevoke ends an authorization at the CRM and forgets it. A CRM that does not
// answer is told again for a day; then, or when no other try can help, the integration's
// reason says that somebody must end it there.
func (s *Service) handleRevoke(ctx context.Context, j job.Job) error {
	var asked revocation
	if err := json.Unmarshal(j.Payload, &asked); err != nil {
		return fault.New(fault.Internal, "A job has an unreadable payload.", fault.Cause(err))
	}
	row, err := s.integrationOf(ctx, j)
	if err != nil || row == nil {
		return err
	}
	saved, err := credentialRow(ctx, s.c.Store.Read(), row.ID)
	if err != nil || saved == nil || saved.Version != asked.Version {
		return err
	}
	current, failure := s.unseal(saved)
	if failure == nil {
		failure = s.revoke(ctx, row, current.tokens)
	}
	if fault.Is(failure, fault.CRMGrantRevoked) {
		failure = nil // it has ended already: a try before this one, or somebody at the CRM
	}
	if failure != nil && s.now().Before(asked.Until) && mayPass(failure) {
		return failure
	}
	return s.revoked(ctx, row, saved, failure)
}

// mayPass reports whether another try of a revocation can help.
func mayPass(failure error) bool {
	known, ok := fault.From(failure)
	return !ok || known.Info().Retry != fault.RetryNever
}

// revoke ends an authorization at the CRM.
func (s *Service) revoke(ctx context.Context, row *ent.Integration, t tokens) error {
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return err
	}
	if d.oauth.RevokeURL == "" {
		return fault.New(fault.ConnectorUnsupported, fmt.Sprintf("%s offers no way to end an authorization from outside.", d.manifest.Title))
	}
	return s.revokeTokens(ctx, d, row, t)
}

// revoked forgets a credential after its revocation, and tells of one that failed.
func (s *Service) revoked(ctx context.Context, row *ent.Integration, saved *ent.Credential, failure error) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now, err := snapshot.Lock(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		there, err := tx.Ent().Credential.Query().Where(credential.ID(saved.ID), credential.Version(saved.Version)).Exist(ctx)
		if err != nil {
			return fmt.Errorf("read credential: %w", err)
		}
		if there {
			if err := s.forget(ctx, tx, row, saved); err != nil {
				return err
			}
		}
		if !there || failure == nil {
			return auditRevocation(ctx, tx, row, failure)
		}
		return s.tellRevocation(ctx, tx, now, failure)
	})
}

// tellRevocation notes in the integration's reason, and in the audit, that an
// authorization could not be ended at the CRM. It is forgotten here all the same.
func (s *Service) tellRevocation(ctx context.Context, tx *store.Tx, row *ent.Integration, failure error) error {
	if row.State == crm.IntegrationDisconnected {
		told, err := tx.Ent().Integration.UpdateOne(row).SetStateReason(clip(row.StateReason+" "+unrevoked(failure), 500)).SetUpdatedAt(tx.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("note the revocation: %w", err)
		}
		announce(tx, told)
	}
	return auditRevocation(ctx, tx, row, failure)
}

func unrevoked(failure error) string {
	return fmt.Sprintf("The authorization was forgotten here, but could not be ended at the CRM (%s: %s) End it there.", fault.CodeOf(failure), messageOf(failure))
}

func auditRevocation(ctx context.Context, tx *store.Tx, row *ent.Integration, failure error) error {
	item := store.AuditItem{Action: "integration.revokeCredential", Target: row.ID, Outcome: crm.AuditSucceeded}
	if failure != nil {
		item.Outcome, item.Fault = crm.AuditFailed, fault.CodeOf(failure)
	}
	return tx.Audit(ctx, item)
}
