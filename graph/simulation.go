package graph

import (
	"context"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/identitysimulation"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/integration"
)

// startSimulation opens a simulation and shows it with its link.
func (r *Resolver) startSimulation(ctx context.Context, input model.StartIdentitySimulationInput) (*model.StartIdentitySimulationPayload, error) {
	started, err := r.Integrations.StartSimulation(ctx, integration.SimulateInput{
		IntegrationID: input.IntegrationID, IdempotencyKey: input.IdempotencyKey,
	})
	if problems, err := r.userErrors(err); err != nil || len(problems) > 0 {
		return &model.StartIdentitySimulationPayload{UserErrors: problems}, err
	}
	found, err := r.Store.Read().IdentitySimulation.Get(ctx, started.SimulationID)
	return &model.StartIdentitySimulationPayload{Simulation: found, SignInURL: &started.SignInURL, UserErrors: noErrors()}, err
}

// simulations pages through the simulations of an integration, newest first.
func (r *Resolver) simulations(ctx context.Context, integrationID string, first, last *int, after, before *cursor) (*ent.IdentitySimulationConnection, error) {
	p, err := newPage(gid.Simulation, first, last, after, before)
	if err != nil {
		return nil, err
	}
	return r.Store.Read().IdentitySimulation.Query().Where(identitysimulation.IntegrationID(integrationID)).
		Paginate(ctx, p.after, p.first, p.before, p.last, ent.WithIdentitySimulationOrder(&ent.IdentitySimulationOrder{
			Direction: entgql.OrderDirectionDesc, Field: ent.DefaultIdentitySimulationOrder.Field,
		}))
}

// A simulation that shows its report was loaded whole: Ent knows no column of these
// names.

func simulatedObjects(row *ent.IdentitySimulation) ([]*model.SimulatedObject, error) {
	report, err := integration.Simulation(row)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.SimulatedObject, len(report.Objects))
	for i := range report.Objects {
		found := &report.Objects[i]
		shown[i] = &model.SimulatedObject{
			Name: found.Name, Rights: &found.Rights, CheckFailed: found.CheckFailed, ReadableNow: found.ReadableNow,
			MissingFields: append([]string{}, found.MissingFields...),
		}
	}
	return shown, nil
}

func simulatedSettings(row *ent.IdentitySimulation) ([]*model.SimulatedSetting, error) {
	report, err := integration.Simulation(row)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.SimulatedSetting, len(report.Settings))
	for i, found := range report.Settings {
		shown[i] = &model.SimulatedSetting{
			Key: found.Key, Title: found.Title, Works: found.Works, WorksNow: found.WorksNow, Missing: []*model.SettingRequirement{},
		}
		for _, missing := range found.Missing {
			shown[i].Missing = append(shown[i].Missing, &model.SettingRequirement{
				Object: missing.Object, Field: missing.Field, Right: missing.Right, Status: missing.Status,
			})
		}
	}
	return shown, nil
}
