package salesforce

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// apiUsage is the state of the daily limit after a request.
type apiUsage struct{ used, limit int }

func (u apiUsage) header() string { return fmt.Sprintf("api-usage=%d/%d", u.used, u.limit) }

// unlimited stands in the header when the org has no limit.
const unlimited = 1_000_000_000

// usageWindow counts API calls over the last 24 hours, hour by hour, as Salesforce's rolling limit does.
type usageWindow struct {
	clock clockwork.Clock
	limit int

	mu    sync.Mutex
	hours map[int64]int // calls by hour since 1970
}

func newUsageWindow(clock clockwork.Clock, limit int) *usageWindow {
	if limit < 0 {
		limit = unlimited
	}
	return &usageWindow{clock: clock, limit: limit, hours: map[int64]int{}}
}

// take counts one call, unless the limit is reached.
func (u *usageWindow) take() (apiUsage, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now().Unix() / int64(time.Hour/time.Second)
	used := u.usedLocked(now)
	if used >= u.limit {
		return apiUsage{used, u.limit}, false
	}
	u.hours[now]++
	return apiUsage{used + 1, u.limit}, true
}

func (u *usageWindow) now() apiUsage {
	u.mu.Lock()
	defer u.mu.Unlock()
	return apiUsage{u.usedLocked(u.clock.Now().Unix() / int64(time.Hour/time.Second)), u.limit}
}

func (u *usageWindow) usedLocked(now int64) int {
	used := 0
	for hour, n := range u.hours {
		if hour <= now-24 {
			delete(u.hours, hour)
			continue
		}
		used += n
	}
	return used
}

func (u *usageWindow) reset() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.hours)
}

type limit struct {
	Max       int `json:"Max"`
	Remaining int `json:"Remaining"`
}

// limits serves GET /limits with the limits a reading and writing connector looks at.
func (s *Simulator) limits(*call) reply {
	usage := s.usage.now()
	all := map[string]limit{
		"DailyApiRequests":     {usage.limit, usage.limit - usage.used},
		"DailyBulkV2QueryJobs": {maxBulkJobs, maxBulkJobs - s.bulk.today()},
	}
	for name, most := range map[string]int{
		"DailyBulkApiBatches": 15000, "DailyBulkV2QueryFileStorageMB": 976562,
		"DailyAsyncApexExecutions": 250000, "DailyStreamingApiEvents": 10000, "DailyGenericStreamingApiEvents": 10000,
		"DataStorageMB": 5, "FileStorageMB": 20, "HourlyODataCallout": 1000, "HourlyTimeBasedWorkflow": 50,
		"MassEmail": 10, "SingleEmail": 15, "PermissionSets": 1500, "HourlyPublishedPlatformEvents": 50000,
	} {
		all[name] = limit{most, most}
	}
	return jsonReply(http.StatusOK, all)
}

// recordCount serves GET /limits/recordCount?sObjects=A,B: approximate counts, without unreadable objects.
func (s *Simulator) recordCount(c *call) reply {
	type count struct {
		Count int    `json:"count"`
		Name  string `json:"name"`
	}
	counts := []count{}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	for _, name := range strings.Split(c.query.Get("sObjects"), ",") {
		if o, ok := c.view.object(strings.TrimSpace(name)); ok && !o.virtual {
			counts = append(counts, count{s.store.tables[o.name].live(), o.name})
		}
	}
	return jsonReply(http.StatusOK, map[string]any{"sObjects": counts})
}
