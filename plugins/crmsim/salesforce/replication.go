package salesforce

import (
	"fmt"
	"net/http"
	"time"
)

// The two calls for keeping a copy in step: which records changed, which were deleted.

const (
	replicationReach = 30 * 24 * time.Hour // how far back a window may start
	maxReplicated    = 600_000             // ids in one answer
)

// replicationWindow is a checked pair of start and end, in whole minutes: seconds are ignored.
type replicationWindow struct{ start, end time.Time }

// replicationOf checks object and window of GET /sobjects/{object}/updated and /deleted.
func (s *Simulator) replicationOf(c *call) (*objectView, replicationWindow, *reply) {
	refuse := func(code, message string) (*objectView, replicationWindow, *reply) {
		answer := failure(http.StatusBadRequest, code, message)
		return nil, replicationWindow{}, &answer
	}
	o, ok := c.view.object(c.rest[1])
	if !ok {
		missing := resourceMissing()
		return nil, replicationWindow{}, &missing
	}
	if !o.replicateable || !o.queryable {
		return refuse("INVALID_TYPE_FOR_OPERATION", "entity type "+o.name+" does not support replication")
	}
	var window replicationWindow
	for _, end := range []struct {
		name string
		at   *time.Time
	}{{"start", &window.start}, {"end", &window.end}} {
		given := c.query.Get(end.name)
		if given == "" {
			return refuse("MISSING_ARGUMENT", "Required parameter "+end.name+" is missing")
		}
		at, ok := replicationDate(given)
		if !ok {
			return refuse("INVALID_REPLICATION_DATE", fmt.Sprintf("invalid %s date: %s", end.name, given))
		}
		*end.at = at.Truncate(time.Minute)
	}
	switch now := s.config.Clock.Now(); {
	case !window.start.Before(window.end):
		return refuse("INVALID_REPLICATION_DATE",
			"The startDate value must precede the endDate value by more than one minute")
	case now.Sub(window.start) > replicationReach:
		return refuse("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
	case window.end.After(now):
		window.end = now.UTC().Truncate(time.Minute)
	}
	return o, window, nil
}

// replicationDate reads the ISO 8601 forms clients send.
func replicationDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func tooManyIDs() reply {
	return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", fmt.Sprintf("More than %d ids: choose a shorter time span", maxReplicated))
}

// updated serves GET /sobjects/{object}/updated?start=&end=: the ids of records created or changed in the window.
func (s *Simulator) updated(c *call) reply {
	o, window, refused := s.replicationOf(c)
	if refused != nil {
		return *refused
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t, ids := s.store.tables[o.name], []string{}
	for _, r := range t.between(window.start, window.end.Add(-time.Nanosecond)) {
		if !r.deleted {
			ids = append(ids, t.id(r))
		}
	}
	if len(ids) > maxReplicated {
		return tooManyIDs()
	}
	return jsonReply(http.StatusOK, map[string]any{"ids": ids, "latestDateCovered": timestamp(window.end)})
}

// deleted serves GET /sobjects/{object}/deleted?start=&end=: the records deleted in the window, also those that have
// left the recycle bin.
func (s *Simulator) deleted(c *call) reply {
	type deletedRecord struct {
		DeletedDate string `json:"deletedDate"`
		ID          string `json:"id"`
	}
	o, window, refused := s.replicationOf(c)
	if refused != nil {
		return *refused
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t, records := s.store.tables[o.name], []deletedRecord{}
	for _, r := range t.between(window.start, window.end.Add(-time.Nanosecond)) {
		if r.deleted {
			records = append(records, deletedRecord{timestamp(r.modified), t.id(r)})
		}
	}
	if len(records) > maxReplicated {
		return tooManyIDs()
	}
	earliest := s.config.Clock.Now().Add(-replicationReach)
	for _, r := range t.between(earliest, time.Time{}) {
		if r.deleted {
			earliest = r.modified
			break
		}
	}
	return jsonReply(http.StatusOK, map[string]any{
		"deletedRecords": records, "earliestDateAvailable": timestamp(earliest), "latestDateCovered": timestamp(window.end),
	})
}
