package hubspot

import (
	"encoding/json"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// positionVersion is the format of the resume token.
const positionVersion = 1

// phase is a part of reading an object.
type phase string

const (
	// phaseList goes through all records, by the plain list.
	phaseList phase = "list"
	// phaseSearch goes through the records changed since the window began.
	phaseSearch phase = "search"
	// phaseArchived goes through the archived records, which no search shows and
	// whose modified date archiving does not move.
	phaseArchived phase = "archived"
)

// position is the content of a resume token.
//
// The first load is the plain list, in HubSpot's own order and by its cursor. It
// shows every record that exists from beginning to end, but of one that is changed
// behind the cursor the old state. Everything after that is windows of changes.
//
// A window is the records modified at or after Since, in the order of their ids;
// the position in it is the last id that was sent (LastID), and each page is a
// search of its own for greater ids. Three things follow. Any number of records may
// have the same stamp, for stamps give no order. HubSpot's end of every search at
// 10,000 results is never met, for no page is asked for by its offset. And a record
// that is changed while the window is read cannot push another out of its page, as
// it would with offsets.
//
// What is changed behind the position is left to the next window, which begins at
// the moment this one was opened, by HubSpot's clock (Opened), minus the overlap:
// so long may the search index lag behind the records. For the same reason the
// first window begins before the first load did. A window needs no upper end: ids
// only rise, so it ends even in a portal that changes all the time, and a change
// that is still ahead of the position is better sent now than by the next run.
//
// After the search come the archived records, those archived since Since. What is
// archived meanwhile is found by the next window for the same reason.
//
// So nothing is lost, and records changed within the overlap before a run are sent
// again by the next one, which the host recognises by their content hash. Two
// things remain invisible: a record restored without a change of its modified
// date, and associations whose change does not touch the record's date.
type position struct {
	Version int    `json:"v"`
	Object  string `json:"object"`
	Phase   phase  `json:"phase"`
	// Since begins the window being read, or the next one; zero in the first load.
	Since time.Time `json:"since,omitzero"`
	// Opened is when the first load or the window began; zero before its first
	// answer.
	Opened time.Time `json:"opened,omitzero"`
	// After is HubSpot's cursor in a list.
	After string `json:"after,omitempty"`
	// LastID is the position in a window.
	LastID uint64 `json:"last_id,omitempty"`
}

func beginning(object string) position {
	return position{Version: positionVersion, Object: object, Phase: phaseList}
}

// parsePosition reads a resume token; an empty one is the beginning. A token that
// cannot be read, because another version of the connector made it, is the
// beginning too, and restarted says so.
func parsePosition(token []byte, object string) (at position, restarted bool, err error) {
	var p position
	switch readable := json.Unmarshal(token, &p) == nil; {
	case len(token) == 0:
		return beginning(object), false, nil
	case !readable || p.Version != positionVersion || !p.valid():
		return beginning(object), true, nil
	case p.Object != object:
		return position{}, false, sdk.InvalidRequest("the resume token belongs to another object")
	default:
		return p, false, nil
	}
}

// valid reports whether the parts of a position fit together.
func (p position) valid() bool {
	if p.Object == ownersObject {
		return p.Phase == phaseList || p.Phase == phaseArchived
	}
	switch p.Phase {
	case phaseList:
		return p.Since.IsZero() && p.Opened.IsZero() == (p.After == "")
	case phaseSearch:
		return !p.Since.IsZero() && p.Opened.IsZero() == (p.LastID == 0)
	case phaseArchived:
		return !p.Since.IsZero() && !p.Opened.IsZero()
	default:
		return false
	}
}

// open notes when the load or the window began, by its first answer.
func (p *position) open(askedAt time.Time) error {
	if !p.Opened.IsZero() {
		return nil
	}
	if askedAt.IsZero() {
		return sdk.BadResponse("HubSpot's answer has no Date, without which the place to read on from cannot be known")
	}
	p.Opened = askedAt.UTC()
	return nil
}

// nextWindow goes to the beginning of the window after the load or window that
// was just read to its end.
func (p *position) nextWindow(overlap time.Duration) {
	*p = position{Version: p.Version, Object: p.Object, Phase: phaseSearch, Since: p.Opened.Add(-overlap)}
}

// token is the position as a resume token.
func (p position) token() []byte {
	token, err := json.Marshal(p)
	if err != nil {
		// Texts, numbers and times in the range of RFC 3339: http.ParseTime and
		// json.Unmarshal saw to it.
		panic("hubspot: a position cannot be marshalled: " + err.Error())
	}
	return token
}
