package syncrun

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// maxVolumeDays is the most that Volume looks back.
const maxVolumeDays = 90

// Volume is what the integration's runs moved on each of the last days, the oldest
// first and today last. fault.BadInput for less than a day or more than 90.
func (s *Service) Volume(ctx context.Context, row *ent.Integration, days int) ([]*crm.VolumeDay, error) {
	if days < 1 || days > maxVolumeDays {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("days is from 1 to %d.", maxVolumeDays), fault.Field("days"))
	}
	now := s.store.Clock().Now()
	first := crm.LocalDate(now, usage.Zone(row)).AddDays(1 - days)
	volume := make([]*crm.VolumeDay, days)
	on := make(map[string]*crm.VolumeDay, days)
	for i := range volume {
		volume[i] = &crm.VolumeDay{Date: first.AddDays(i).String()}
		on[volume[i].Date] = volume[i]
	}
	// The time, a day more than any zone needs, is there for the index.
	rows, err := s.store.Read().SyncRun.Query().
		Where(
			syncrun.IntegrationID(row.ID), syncrun.LocalDateGTE(volume[0].Date),
			syncrun.CreatedAtGTE(now.UTC().Add(-time.Duration(days+2)*24*time.Hour)),
		).
		Select(syncrun.FieldLocalDate, syncrun.FieldCounters).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("syncrun: adding up the runs of days: %w", err)
	}
	for _, run := range rows {
		// A day that has not come here yet: the zone was changed since.
		day, ok := on[run.LocalDate]
		if !ok {
			continue
		}
		day.Runs++
		day.Counters = day.Counters.Add(run.Counters)
	}
	return volume, nil
}
