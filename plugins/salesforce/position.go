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
const positionVersion = 2

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
//
// A first read by a bulk job has no order; its position is a place in the job's
// result (Job). When the result has been sent, everything up to the job's horizon
// is settled at once.
type position struct {
	Version int    `json:"v"`
	Object  string `json:"object"`
	// Stamp and ID are zero at the beginning.
	Stamp time.Time `json:"stamp,omitzero"`
	ID    string    `json:"id,omitempty"`
	// Locator is the path of the next page of a query that is still open. It is a
	// hint: when Salesforce has closed it, reading goes on from (Stamp, ID).
	Locator string `json:"locator,omitempty"`
	// Horizon and Select belong to the open query or to the job.
	Horizon time.Time `json:"horizon,omitzero"`
	Select  string    `json:"select,omitempty"`
	// Undeletable objects have no IsDeleted field.
	Undeletable bool      `json:"undeletable,omitempty"`
	Deletions   deletions `json:"deletions,omitzero"`
	Job         bulkJob   `json:"job,omitzero"`
	// JobsLost counts jobs that failed or expired, and NoBulk says to try no more.
	JobsLost int  `json:"jobsLost,omitempty"`
	NoBulk   bool `json:"noBulk,omitempty"`
}

// deletions is what is known of records that were deleted, also from the recycle
// bin.
type deletions struct {
	// From is the moment up to which deletions are known: latestDateCovered of the
	// last answer, at first the horizon of the first read.
	From time.Time `json:"from,omitzero"`
	// Asked: this run has asked already, or is the first read.
	Asked bool `json:"asked,omitempty"`
	// Date and ID are the last one sent of an answer that was sent in part, and To
	// is what From will be after it. What appears before them meanwhile is of a
	// transaction that was open then, hence not before To.
	Date time.Time `json:"date,omitzero"`
	ID   string    `json:"id,omitempty"`
	To   time.Time `json:"to,omitzero"`
	// Unlisted: the object is not replicateable, Salesforce lists no deletions.
	Unlisted bool `json:"unlisted,omitempty"`
}

// bulkJob is a place in the result of a bulk query job.
type bulkJob struct {
	ID       string `json:"id,omitempty"`
	Complete bool   `json:"complete,omitempty"`
	// Polls counts questions for the state of a job that is not complete.
	Polls int `json:"polls,omitempty"`
	// Locator names a page of the result, and Skip its rows that have been sent.
	Locator string `json:"locator,omitempty"`
	Skip    int    `json:"skip,omitempty"`
}

// begun reports whether rows of the job's result may have been sent.
func (j bulkJob) begun() bool { return j.Locator != "" || j.Skip > 0 }

// firstID sorts before every record's id.
const firstID = "000000000000000AAA"

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
	damaged := p.Stamp.IsZero() != (p.ID == "") || p.ID != "" && !recordID.MatchString(p.ID) ||
		p.Job.ID != "" && (!recordID.MatchString(p.Job.ID) || p.Horizon.IsZero()) || p.Job.Skip < 0 || p.Job.Polls < 0
	if damaged {
		return position{}, sdk.CursorExpired("the resume token is damaged; read the object from the beginning")
	}
	if p.Job.ID == "" && (!isLocator(p.Locator) || p.Horizon.IsZero()) {
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

// atBeginning reports whether nothing has been read.
func (p position) atBeginning() bool { return p.Stamp.IsZero() && p.Locator == "" && p.Job.ID == "" }

// close forgets the open query or job.
func (p *position) close() {
	p.Locator, p.Horizon, p.Select, p.Job = "", time.Time{}, "", bulkJob{}
}

// open notes a query or job that was asked for now.
func (p *position) open(horizon time.Time, digest string) {
	if p.Stamp.IsZero() && p.Deletions.From.IsZero() {
		// What is deleted from here on may have been sent before.
		p.Deletions = deletions{From: horizon, Asked: true}
	}
	p.Horizon, p.Select = horizon, digest
}

// restart goes back to the beginning. What is known of the object stays.
func (p *position) restart() {
	*p = position{Version: p.Version, Object: p.Object, Undeletable: p.Undeletable, Deletions: deletions{Unlisted: p.Deletions.Unlisted}}
}

// settle moves the position to a record that was read in order, unless it is
// younger than the horizon.
func (p *position) settle(stamp time.Time, id string) {
	if !stamp.After(p.Horizon) && !stamp.Before(p.Stamp) {
		p.Stamp, p.ID = stamp, id
	}
}

// finish is the position after a run: everything up to the horizon has been read.
func (p *position) finish() {
	if p.Horizon.After(p.Stamp) {
		p.Stamp, p.ID = p.Horizon, firstID
	}
	p.close()
	p.Deletions.Asked = false
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
	for _, root := range []string{dataPath + "/query/", dataPath + "/queryAll/"} {
		if id, ok := strings.CutPrefix(path, root); ok {
			return locatorID.MatchString(id)
		}
	}
	return false
}

// locatorID is the form of the opaque part: "0r8xx5R2yF2gs3VASQ-2000".
var locatorID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
