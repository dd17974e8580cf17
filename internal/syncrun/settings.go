package syncrun

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/settingvalue"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// syncs reports whether the integration syncs at all: the setting dataSync, which is
// on unless an admin switched it off (requirement D15). It depends on nothing else.
func (s *Service) syncs(ctx context.Context, integrationID string) (bool, error) {
	stored, err := s.store.Read().SettingValue.Query().
		Where(settingvalue.IntegrationID(integrationID), settingvalue.Key(crm.SettingDataSync)).Only(ctx)
	if ent.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("syncrun: reading the setting %s: %w", crm.SettingDataSync, err)
	}
	on := true
	if err := json.Unmarshal(stored.Value, &on); err != nil {
		return false, fmt.Errorf("syncrun: the setting %s: %w", crm.SettingDataSync, err)
	}
	return on, nil
}
