package alert

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// withWritten adds to states the fields that a setting writes although nothing is mapped
// to them: whoever evaluates need not have loaded them. The states given stay as they
// are.
func withWritten(
	ctx context.Context, tx *store.Tx, integration *ent.Integration, needs crm.Needs, states []crm.ObjectState,
) ([]crm.ObjectState, error) {
	absent := map[string][]string{}
	for _, state := range states {
		for _, name := range needs.WrittenFields(state.Object) {
			if _, there := state.Fields[name]; !there {
				absent[state.Object] = append(absent[state.Object], name)
			}
		}
	}
	if len(absent) == 0 {
		return states, nil
	}
	objects, err := snapshot.Objects(ctx, tx.Ent(), integration.ID, slices.Collect(maps.Keys(absent))...)
	if err == nil {
		err = snapshot.LoadNamed(ctx, tx.Ent(), objects, slices.Concat(slices.Collect(maps.Values(absent))...))
	}
	if err != nil {
		return nil, fmt.Errorf("alert: fields that are written: %w", err)
	}
	states = slices.Clone(states)
	for i, state := range states {
		stored := objects[state.Object]
		if stored == nil {
			continue
		}
		states[i].Fields = map[string]crm.FieldState{}
		maps.Copy(states[i].Fields, state.Fields)
		for _, name := range absent[state.Object] {
			if field, there := stored.State.Fields[name]; there {
				states[i].Fields[name] = field
			}
		}
	}
	return states, nil
}
