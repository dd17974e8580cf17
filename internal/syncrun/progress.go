package syncrun

import (
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// FeedKind is the kind of the feed entries of runs.
const FeedKind = "run"

// Progress is the payload of a run's feed entry.
type Progress struct {
	RunID    string        `json:"runId"`
	Status   crm.RunStatus `json:"status"`
	Phase    crm.RunPhase  `json:"phase"`
	Object   string        `json:"object,omitempty"`
	Counters crm.Counters  `json:"counters"`
	CRMCalls int           `json:"crmCalls"`
}

func progress(run *ent.SyncRun, object string) store.FeedItem {
	return store.FeedItem{
		WorkspaceID: run.WorkspaceID, Kind: FeedKind, IntegrationID: run.IntegrationID, SubjectID: run.ID,
		Payload: Progress{
			RunID: run.ID, Status: run.Status, Phase: run.Phase, Object: object,
			Counters: run.Counters, CRMCalls: run.CrmCalls,
		},
	}
}

// Zone returns the time zone of an integration's schedule. A name that this
// machine does not know reads as UTC; names are checked when they are set.
func Zone(found *ent.Integration) *time.Location {
	loc, err := time.LoadLocation(found.ScheduleZone)
	if err != nil {
		return time.UTC
	}
	return loc
}
