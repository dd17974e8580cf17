package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// WorkspaceInput describes the workspace of a first start.
type WorkspaceInput struct {
	Name       string
	Edition    crm.Edition
	PackageKey string
	// TimeZone is an IANA name.
	TimeZone string
}

// EnsureWorkspace returns the workspace of this name; when there is none it makes
// it. Edition, package and zone of an existing one stay as they are.
// fault.ConfigInvalid for values that no workspace can have.
func (s *Service) EnsureWorkspace(ctx context.Context, in WorkspaceInput) (*ent.Workspace, error) {
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "" || in.TimeZone == "Local" {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The workspace's time zone %q is not an IANA name.", in.TimeZone), fault.Field("timeZone"))
	}
	all := principal.AllWorkspaces(ctx, "first start")
	var found *ent.Workspace
	err := s.store.WithTx(all, func(ctx context.Context, tx *store.Tx) error {
		var err error
		found, err = tx.Ent().Workspace.Query().Where(workspace.Name(in.Name)).
			Order(ent.Asc(workspace.FieldCreatedAt, workspace.FieldID)).First(ctx)
		if err == nil || !ent.IsNotFound(err) {
			return err
		}
		found, err = tx.Ent().Workspace.Create().SetCreatedAt(tx.Now()).SetName(in.Name).
			SetEdition(in.Edition).SetPackageKey(in.PackageKey).SetTimeZone(in.TimeZone).Save(ctx)
		if ent.IsValidationError(err) {
			return fault.New(fault.ConfigInvalid, "The workspace's name, edition or package is not valid.", fault.Cause(err))
		}
		if err != nil {
			return fmt.Errorf("make workspace: %w", err)
		}
		return tx.Audit(principal.System(ctx, found.ID, "first start"), store.AuditItem{
			Action: "workspace.create", Target: found.ID, Outcome: crm.AuditSucceeded, After: in,
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
