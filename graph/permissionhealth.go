package graph

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/graph/model"
)

// healthAsked is the history of one integration's access over some days.
type healthAsked struct {
	integrationID string
	days          int
}

// permissionHealths loads histories of access; the statements do not grow with the
// number of integrations.
func permissionHealths(r *Resolver) func(context.Context, []healthAsked) ([][]*model.PermissionHealthDay, []error) {
	return func(ctx context.Context, asked []healthAsked) ([][]*model.PermissionHealthDay, []error) {
		byDays := map[int][]string{}
		for _, one := range asked {
			byDays[one.days] = append(byDays[one.days], one.integrationID)
		}
		shown := make(map[healthAsked][]*model.PermissionHealthDay, len(asked))
		for days, ids := range byDays {
			found, err := r.Permissions.Health(ctx, ids, days)
			if err != nil {
				return nil, []error{fmt.Errorf("graph: permission health: %w", err)}
			}
			for id, history := range found {
				one := make([]*model.PermissionHealthDay, len(history))
				for i, day := range history {
					one[i] = &model.PermissionHealthDay{
						Date: day.Date.String(), Lost: day.Lost, LostDuring: day.LostDuring, RestoredDuring: day.RestoredDuring,
					}
				}
				shown[healthAsked{id, days}] = one
			}
		}
		values := make([][]*model.PermissionHealthDay, len(asked))
		for i, one := range asked {
			values[i] = shown[one]
		}
		return values, nil
	}
}
