package mapping

import (
	"context"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Vanish removes the mappings of standard fields that the integration's package is
// about to lose, in the transaction of a higher use case, which holds the
// integration's lock (snapshot.Lock) and has seen to who may. It tells history and
// audit, but leaves the alerts as they are: only by the package to come can they be
// judged. What is not mapped is left out. It returns how many mappings went.
func (s *Service) Vanish(ctx context.Context, tx *store.Tx, integration *ent.Integration, standardFields []string, reason string) (int, error) {
	present, err := presentMappings(ctx, tx, integration.ID)
	if err != nil {
		return 0, err
	}
	var changed []Changed
	for _, key := range standardFields {
		if row := present[key]; row != nil {
			changed = append(changed, Changed{StandardField: key, Object: row.ObjectName, Before: row.CrmField})
		}
	}
	if len(changed) == 0 {
		return 0, nil
	}
	return len(changed), s.write(ctx, tx, integration, present, nil, changed, reason)
}
