package dynamics365

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// positionVersion is the format of the resume token.
const positionVersion = 1

// mode is the way in which a table is read.
type mode string

const (
	// modeDelta follows the platform's change tracking: all rows once, then what
	// changed and what was deleted. It takes read at organization level.
	modeDelta mode = "delta"
	// modeStamp reads by modifiedon and primary key. It shows no deletions.
	modeStamp mode = "stamp"
)

// position is the content of a resume token.
//
// In delta mode the platform keeps the place: Link is the next page, or at rest
// the delta link. What changes while pages are read belongs to the next delta.
//
// In stamp mode everything up to (Stamp, ID), in the order of modifiedon and the
// primary key, has been sent and will not change place. Three things are kept
// apart:
//
//   - A row's stamp, in whole seconds, is taken when a transaction writes it, but
//     other readers see it only at the commit, up to two minutes later (the longest
//     that the platform lets a request run): it then appears behind a reader who
//     went past. So a position never passes the horizon, the time at which its
//     query was opened minus the overlap. Rows younger than that are sent but not
//     settled; the next query meets them again.
//   - A row that changes while pages are read moves to the end, and comes once more
//     with its new stamp. None can move the other way, so none is lost.
//   - Many rows may have one stamp, more than a page. Pages follow the platform's
//     own cookie (Link), which goes by stamp and key; when the platform no longer
//     takes a cookie, a new query goes on after (Stamp, ID).
//
// At the end of a run all that is older than the horizon is settled, whatever its
// stamp, so (Stamp, ID) becomes (horizon, ""): the next run begins there.
//
// In both modes rows may be met twice: those not settled, and those of a page that
// was sent in part. Unsettled and Page remember them by id and version, so that the same version
// of a row is not sent twice. It is bounded; should it overflow, a row comes twice,
// which the host recognises by its content.
type position struct {
	Version int    `json:"v"`
	Object  string `json:"object"`
	Mode    mode   `json:"mode,omitempty"`
	// Set is the table's entity set and Key its primary key.
	Set string `json:"set,omitempty"`
	Key string `json:"key,omitempty"`
	// User is whose column security is asked about.
	User string `json:"user,omitempty"`
	// Fields are those that were wanted last, sorted; Link delivers them.
	Fields []string `json:"fields,omitempty"`
	// Link is the next page, below the Web API's root; empty to open a query.
	Link string `json:"link,omitempty"`
	// Stamp and ID: see above. ID is empty for "from Stamp on".
	Stamp   time.Time `json:"stamp,omitzero"`
	ID      string    `json:"id,omitempty"`
	Horizon time.Time `json:"horizon,omitzero"`
	// Unsettled and Page are the marks of rows sent: those not older than the
	// horizon, and those of the page under way. The first Old of Unsettled are from
	// before the query and were not met again yet.
	Unsettled marks `json:"unsettled,omitempty"`
	Old       int   `json:"old,omitempty"`
	Page      marks `json:"page,omitempty"`
}

// overlap is how long a transaction may take from stamping a row to its commit.
const overlap = 5 * time.Minute

// parsePosition reads a resume token; an empty one is the beginning.
func parsePosition(token []byte, object string) (position, error) {
	if len(token) == 0 {
		return position{Version: positionVersion, Object: object}, nil
	}
	var p position
	if err := json.Unmarshal(token, &p); err != nil || p.Version != positionVersion {
		return position{}, sdk.CursorExpired("the resume token was made by another version of the connector; read the object from the beginning")
	}
	if p.Object != object {
		return position{}, sdk.InvalidRequest("the resume token belongs to another object")
	}
	damaged := p.Mode != modeDelta && p.Mode != modeStamp || !logicalName.MatchString(p.Set) || !logicalName.MatchString(p.Key) ||
		!guid.MatchString(p.User) || p.ID != "" && !guid.MatchString(p.ID) || p.Link != "" && !isLink(p.Link, p.Set) || p.Old < 0 || p.Old > len(p.Unsettled)
	if damaged {
		return position{}, sdk.CursorExpired("the resume token is damaged; read the object from the beginning")
	}
	return p, nil
}

// token is the position as a resume token.
func (p position) token() []byte {
	token, err := json.Marshal(p)
	if err != nil {
		// Strings and times in the range of RFC 3339: parseStamp saw to it.
		panic("dynamics365: a position cannot be marshalled: " + err.Error())
	}
	return token
}

// open begins a query at the position.
func (p *position) open(askedAt time.Time) {
	p.Horizon, p.Old = askedAt.Add(-overlap).Truncate(time.Second), len(p.Unsettled)
}

// pass moves the position past a row that was read in order, or marks the row as
// one that will be met again.
func (p *position) pass(stamp time.Time, id string, one mark) {
	switch {
	case p.Mode != modeStamp:
	case !stamp.IsZero() && stamp.Before(p.Horizon):
		if !stamp.Before(p.Stamp) {
			p.Stamp, p.ID = stamp, id
		}
	default:
		if at := slices.Index(p.Unsettled[:p.Old], one); at >= 0 {
			p.Unsettled, p.Old = slices.Delete(p.Unsettled, at, at+1), p.Old-1
		}
		if !slices.Contains(p.Unsettled[p.Old:], one) {
			p.Old = max(0, p.Old-p.Unsettled.add(one))
		}
	}
}

// finish marks the end of a run.
func (p *position) finish() {
	if p.Mode != modeStamp {
		return
	}
	p.Stamp, p.ID, p.Horizon = p.Horizon, "", time.Time{}
	p.Unsettled, p.Old = slices.Delete(p.Unsettled, 0, p.Old), 0
}

// isLink accepts only links to pages of one entity set.
func isLink(link, set string) bool {
	rest, ok := strings.CutPrefix(link, set+"?")
	return ok && rest != "" && !strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// linkPath takes the path out of a link of an answer, unchanged. It must stay on
// this environment and in this entity set.
func (s *session) linkPath(link, set string) (string, error) {
	bad := sdk.BadResponse("Dataverse's query for " + set + " goes on at an address that is none of this environment")
	ref, err := url.Parse(link)
	if err != nil || !strings.EqualFold(ref.Scheme, s.base.Scheme) || !strings.EqualFold(ref.Host, s.base.Host) || ref.User != nil {
		return "", bad
	}
	_, rest, ok := strings.Cut(link, dataPath+"/")
	if !ok || !isLink(rest, set) {
		return "", bad
	}
	return rest, nil
}

// maxMarks bounds each list of marks; a resume token has at most 64 KiB.
const maxMarks = 2000

// mark stands for one version of one row.
type mark uint64

func markOf(id, version string) mark {
	sum := sha256.Sum256([]byte(id + "\x00" + version))
	return mark(binary.BigEndian.Uint64(sum[:8]))
}

// marks are written as base64 of their bytes.
type marks []mark

// MarshalText implements encoding.TextMarshaler.
func (m marks) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 8*len(m))
	for _, one := range m {
		raw = binary.BigEndian.AppendUint64(raw, uint64(one))
	}
	return []byte(base64.RawStdEncoding.EncodeToString(raw)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *marks) UnmarshalText(text []byte) error {
	raw, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("decode marks: %w", err)
	}
	*m = nil
	for ; len(raw) >= 8; raw = raw[8:] {
		*m = append(*m, mark(binary.BigEndian.Uint64(raw)))
	}
	return nil
}

// add keeps the newest marks, and returns how many of the oldest it let go.
func (m *marks) add(one mark) (dropped int) {
	*m = append(*m, one)
	if dropped = len(*m) - maxMarks; dropped <= 0 {
		return 0
	}
	*m = slices.Delete(*m, 0, dropped)
	return dropped
}
