package salesforce

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// positionVersion is the format of the resume token.
const positionVersion = 1

// position is the content of a resume token: everything up to (Stamp, ID), in
// the order of SystemModstamp and Id, has been sent and will not change place.
//
// Two things make "has been read" and "is settled" differ. A record's stamp is
// taken when a transaction writes it, but other readers see it only at the
// commit, some minutes later in the worst case: it then appears behind a reader
// who went past. And a record that is changed while a cursor runs is delivered
// at its old place with its new stamp. So a position never passes the horizon,
// the time at which its query was asked minus the overlap; records younger than
// that are sent, but not counted as settled, and are sent again by the next run.
// The host recognises them by their content hash. When nothing changed within
// the overlap before a run, the next one reads nothing twice.
type position struct {
	Version int    `json:"v"`
	Object  string `json:"object"`
	// Stamp and ID are zero at the beginning.
	Stamp time.Time `json:"stamp,omitzero"`
	ID    string    `json:"id,omitempty"`
	// Locator is the path of the next page of a query that is still open, of
	// which Horizon and Select are known. It is a hint: when Salesforce has
	// closed it, reading goes on from (Stamp, ID).
	Locator string    `json:"locator,omitempty"`
	Horizon time.Time `json:"horizon,omitzero"`
	Select  string    `json:"select,omitempty"`
}

// parsePosition reads a resume token; an empty one is the beginning.
func parsePosition(token []byte, object string) (position, error) {
	if len(token) == 0 {
		return position{Version: positionVersion, Object: object}, nil
	}
	var p position
	if err := json.Unmarshal(token, &p); err != nil || p.Version != positionVersion {
		return position{}, sdk.CursorExpired("the resume token was made by another version of the connector; read the object from the beginning")
	}
	if !strings.EqualFold(p.Object, object) {
		return position{}, sdk.InvalidRequest("the resume token belongs to another object")
	}
	if p.Stamp.IsZero() != (p.ID == "") || p.ID != "" && !recordID.MatchString(p.ID) {
		return position{}, sdk.CursorExpired("the resume token is damaged; read the object from the beginning")
	}
	if !isLocator(p.Locator) || p.Horizon.IsZero() {
		p.close()
	}
	return p, nil
}

// token is the position as a resume token.
func (p position) token() []byte {
	token, err := json.Marshal(p)
	if err != nil {
		// Strings and times in the range of RFC 3339: parseTime saw to it.
		panic("salesforce: a position cannot be marshalled: " + err.Error())
	}
	return token
}

// close forgets the open query.
func (p *position) close() { p.Locator, p.Horizon, p.Select = "", time.Time{}, "" }

// settle moves the position to a record that was read in order, unless it is
// younger than the horizon.
func (p *position) settle(stamp time.Time, id string) {
	if !stamp.After(p.Horizon) && !stamp.Before(p.Stamp) {
		p.Stamp, p.ID = stamp, id
	}
}

// selectDigest tells whether an open query selects the fields wanted now.
func selectDigest(lists [][]string) string {
	sum := sha256.New()
	for _, list := range lists {
		sum.Write([]byte(strings.ToLower(strings.Join(list, ",")) + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// isLocator accepts only paths of open queries of the pinned version.
func isLocator(path string) bool {
	id, ok := strings.CutPrefix(path, dataPath+"/query/")
	return ok && locatorID.MatchString(id)
}

// locatorID is the form of the opaque part: "0r8xx5R2yF2gs3VASQ-2000".
var locatorID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
