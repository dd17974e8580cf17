package graph

import (
	"context"
	"encoding/json"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
)

// checkIntegration tests the connection and then checks the rights: two use
// cases that an admin starts with one button.
func (r *Resolver) checkIntegration(ctx context.Context, input model.CheckIntegrationInput) error {
	err := r.Permissions.CheckAll(ctx, permission.CheckAllInput{
		IntegrationID: input.IntegrationID, IdempotencyKey: input.IdempotencyKey,
	})
	if err != nil {
		return err
	}
	return r.Integrations.RunChecklist(ctx, input.IntegrationID)
}

// completeStep sends the standardization to its use case and every other step to
// the integration's.
func (r *Resolver) completeStep(ctx context.Context, input model.CompleteOnboardingStepInput) error {
	if input.Step == crm.StepStandardization {
		return r.Mappings.CompleteStandardization(ctx, mapping.CompleteInput{
			IntegrationID: input.IntegrationID, IdempotencyKey: input.IdempotencyKey,
		})
	}
	return r.Integrations.CompleteStep(ctx, integration.CompleteStepInput{
		IntegrationID: input.IntegrationID, Step: input.Step, IdempotencyKey: input.IdempotencyKey,
	})
}

// settingChanges reads the JSON values; the use case checks their types.
func settingChanges(inputs []*model.SettingChangeInput) ([]crm.SettingChange, error) {
	changes := make([]crm.SettingChange, len(inputs))
	for i, input := range inputs {
		changes[i].Key = input.Key
		if err := json.Unmarshal(input.Value, &changes[i].Value); err != nil {
			return nil, fault.New(fault.BadInput, "A value is not JSON.", fault.Field("changes", "value"), fault.Cause(err))
		}
	}
	return changes, nil
}
