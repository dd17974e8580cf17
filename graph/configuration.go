package graph

import (
	"encoding/json"
	"fmt"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
)

// planEffects shows what a change does, or would do.
func planEffects(plan []configuration.Effect) ([]*model.PlanEffect, error) {
	shown := make([]*model.PlanEffect, len(plan))
	for i, effect := range plan {
		one := &model.PlanEffect{
			Subject: effect.Subject, Kind: model.PlanEffectKind(effect.Kind), Description: effect.Description, Destructive: effect.Destructive,
		}
		var err error
		if one.Before, err = optionalJSON(effect.Before); err != nil {
			return nil, err
		}
		if one.After, err = optionalJSON(effect.After); err != nil {
			return nil, err
		}
		shown[i] = one
	}
	return shown, nil
}

// optionalJSON is a value as JSON; nil for none.
func optionalJSON(value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("graph: a value of a plan: %w", err)
	}
	return text, nil
}
