package mapping

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// maxProposals bounds the proposals that are taken at once.
const maxProposals = 200

// ProposalsInput takes proposals (crm.Suggest), or whatever else an admin has chosen
// after looking at them.
type ProposalsInput struct {
	IntegrationID  string
	Mappings       []Change
	IdempotencyKey string
}

// ApplyProposals maps several CRM fields together: all of them, or none. It returns
// the mappings' ids in the order of the input. What is so already stays as it is.
//
// Each refusal is one error (errors.Join) with the standard field as its detail
// "subject": MAPPING_CONFLICT for a CRM field that would stand for two standard fields
// and for a standard field that is named twice (requirement H5), NOT_FOUND and
// BAD_INPUT as in Map.
func (s *Service) ApplyProposals(ctx context.Context, in ProposalsInput) ([]string, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	if len(in.Mappings) == 0 || len(in.Mappings) > maxProposals {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("Name 1 to %d mappings.", maxProposals), fault.Field("mappings"))
	}
	for _, one := range in.Mappings {
		if one.CRMField == "" {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("No CRM field is named for %s.", one.StandardField), fault.Field("mappings", "crmField"))
		}
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.applyProposals", in,
		func(ctx context.Context, tx *store.Tx) ([]string, error) {
			integration, err := lock(ctx, tx, in.IntegrationID)
			if err != nil {
				return nil, err
			}
			if _, err := s.Apply(ctx, tx, integration, in.Mappings, ""); err != nil {
				return nil, inMappings(err)
			}
			present, err := presentMappings(ctx, tx, integration.ID)
			if err != nil {
				return nil, err
			}
			ids := make([]string, len(in.Mappings))
			for i, one := range in.Mappings {
				ids[i] = present[one.StandardField].ID
			}
			return ids, nil
		})
}

// inMappings names the list as the input at fault in each of the errors.
func inMappings(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return inField(err, "mappings")
	}
	all := make([]error, 0, len(joined.Unwrap()))
	for _, one := range joined.Unwrap() {
		all = append(all, inMappings(one))
	}
	return errors.Join(all...)
}
