package permission

import (
	"context"

	"github.com/fieldwarden/fieldwarden/internal/store"
)

// CheckIn makes a check and applies it in the caller's transaction, where a test can
// count the statements.
func (s *Service) CheckIn(ctx context.Context, integrationID string, in CheckInput, within func(apply func(context.Context, *store.Tx) error) error) error {
	asked, err := s.ask(ctx, integrationID, in)
	if err != nil {
		return err
	}
	return within(func(ctx context.Context, tx *store.Tx) error {
		_, err := s.apply(ctx, tx, asked)
		return err
	})
}
