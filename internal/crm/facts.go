package crm

import "time"

// Fix is how to repair one problem, filled in for its object and field
// (requirement B5, K14).
type Fix struct {
	Steps    []string `json:"steps"`
	DeepLink string   `json:"deepLink,omitempty"`
	// Who can do it, in the CRM's words.
	Who string `json:"who,omitempty"`
}

// AffectedKind tells what a loss breaks.
type AffectedKind string

// Kinds of thing that a loss breaks.
const (
	AffectedFeature AffectedKind = "FEATURE"
	AffectedSetting AffectedKind = "SETTING"
)

// Affected is one thing that a loss breaks (requirement H8): impact as data.
type Affected struct {
	Kind  AffectedKind `json:"kind"`
	Key   string       `json:"key"`
	Title string       `json:"title"`
}

// DeliveryAttempt is one try to send a delivery.
type DeliveryAttempt struct {
	At time.Time `json:"at"`
	// Code is the answer's status code of HTTP or SMTP; 0 when there was no answer.
	Code         int    `json:"code,omitempty"`
	Failure      string `json:"failure,omitempty"`
	Milliseconds int    `json:"milliseconds"`
}

// Counters counts records of a run or of one object in it.
type Counters struct {
	Read    int `json:"read"`
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

// Add returns the sum of two counters.
func (c Counters) Add(o Counters) Counters {
	return Counters{
		Read: c.Read + o.Read, Created: c.Created + o.Created, Updated: c.Updated + o.Updated,
		Deleted: c.Deleted + o.Deleted, Skipped: c.Skipped + o.Skipped, Failed: c.Failed + o.Failed,
	}
}

// VolumeDay is what the runs of one local day moved, over all objects.
type VolumeDay struct {
	// Date is the day that the runs are for, YYYY-MM-DD.
	Date string
	Runs int
	Counters
}
