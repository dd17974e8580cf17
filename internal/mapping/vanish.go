package mapping

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Vanish removes the mappings that have no place in the package to come: it does not
// have their standard fields, or has them of another CRM object. It does so in the
// transaction of a higher use case, which holds the integration's lock (snapshot.Lock)
// and has seen to who may, tells history and audit, but leaves the alerts as they are:
// only by the package to come can they be judged. It returns how many mappings went.
func (s *Service) Vanish(ctx context.Context, tx *store.Tx, integration *ent.Integration, to crm.Package, reason string) (int, error) {
	present, err := presentMappings(ctx, tx, integration.ID)
	if err != nil {
		return 0, err
	}
	var changed []Changed
	for _, key := range slices.Sorted(maps.Keys(present)) {
		row := present[key]
		if object, _, stays := to.StandardField(key); !stays || object.Name != row.ObjectName {
			changed = append(changed, Changed{StandardField: key, Object: row.ObjectName, Before: row.CrmField})
		}
	}
	if len(changed) == 0 {
		return 0, nil
	}
	return len(changed), s.write(ctx, tx, integration, present, nil, changed, reason)
}
