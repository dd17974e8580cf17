package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Bulk API 2.0 query jobs. A job moves on each time its status is asked for: UploadComplete when created, InProgress
// at the first question, JobComplete at the next (or later, see SetBulkPolls). Its result is what the records were when
// it completed.

// The states of a job.
const (
	bulkCreated    = "UploadComplete"
	bulkInProgress = "InProgress"
	bulkComplete   = "JobComplete"
	bulkAborted    = "Aborted"
	bulkFailed     = "Failed"
)

const (
	bulkPrefix  = "750"
	bulkLife    = 7 * 24 * time.Hour // results are kept that long
	maxBulkJobs = 10_000             // a day
)

// bulkJob is one query job. The second group of fields is guarded by the lock of bulkJobs.
type bulkJob struct {
	id, operation, text string
	object              string
	created             time.Time
	version             string // "66.0"

	state, trouble string
	modified       time.Time
	polls          int
	result         *bulkResult
}

// bulkJobs holds the jobs of the org, oldest first.
type bulkJobs struct {
	clock clockwork.Clock

	mu    sync.Mutex
	made  int
	jobs  []*bulkJob
	polls int // questions a job answers with InProgress
}

func newBulkJobs(clock clockwork.Clock) *bulkJobs { return &bulkJobs{clock: clock, polls: 1} }

// SetBulkPolls sets how many status questions a bulk job answers with InProgress before it is complete; 1 at first.
func (c *Controls) SetBulkPolls(n int) {
	b := c.sim.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	b.polls = max(n, 0)
}

// ExpireBulkJobs forgets every bulk job and its results, as Salesforce does after seven days. It returns how many.
func (c *Controls) ExpireBulkJobs() int {
	b := c.sim.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.jobs)
	b.jobs = nil
	return n
}

// bulkAnswer is a job as the API shows it; the second group only when asked for one job's status.
type bulkAnswer struct {
	ID              string  `json:"id"`
	Operation       string  `json:"operation"`
	Object          string  `json:"object"`
	CreatedByID     string  `json:"createdById"`
	CreatedDate     string  `json:"createdDate"`
	SystemModstamp  string  `json:"systemModstamp"`
	State           string  `json:"state"`
	ConcurrencyMode string  `json:"concurrencyMode"`
	ContentType     string  `json:"contentType"`
	APIVersion      float64 `json:"apiVersion"`
	LineEnding      string  `json:"lineEnding"`
	ColumnDelimiter string  `json:"columnDelimiter"`

	JobType                string `json:"jobType,omitempty"`
	NumberRecordsProcessed *int   `json:"numberRecordsProcessed,omitempty"`
	Retries                *int   `json:"retries,omitempty"`
	TotalProcessingTime    *int   `json:"totalProcessingTime,omitempty"`
	ErrorMessage           string `json:"errorMessage,omitempty"`
	IsPkChunkingSupported  *bool  `json:"isPkChunkingSupported,omitempty"`
}

func (j *bulkJob) basic() bulkAnswer {
	answer := bulkAnswer{
		ID: j.id, Operation: j.operation, Object: j.object, CreatedByID: userID(integrationUser), CreatedDate: timestamp(j.created),
		SystemModstamp: timestamp(j.modified), State: j.state, ConcurrencyMode: "Parallel", ContentType: "CSV",
		LineEnding: "LF", ColumnDelimiter: "COMMA",
	}
	_, _ = fmt.Sscanf(j.version, "%f", &answer.APIVersion) // checkVersion saw to the form
	return answer
}

func (j *bulkJob) status() bulkAnswer {
	answer, rows, none, chunks := j.basic(), 0, 0, true
	if j.result != nil {
		rows = j.result.rows()
	}
	answer.JobType, answer.NumberRecordsProcessed, answer.Retries = "V2Query", &rows, &none
	answer.TotalProcessingTime, answer.ErrorMessage, answer.IsPkChunkingSupported = &none, j.trouble, &chunks
	return answer
}

// bulkRoute serves /jobs/query and what is below it.
func (s *Simulator) bulkRoute(c *call) reply {
	if c.part {
		return failure(http.StatusBadRequest, "INVALID_INPUT", "bulk jobs cannot be parts of a composite request")
	}
	return s.byMethod(c, map[string]methods{
		"bulkJobs":    {http.MethodGet: s.listBulk, http.MethodPost: s.createBulk},
		"bulkJob":     {http.MethodGet: s.bulkStatus, http.MethodPatch: s.abortBulk, http.MethodDelete: s.deleteBulk},
		"bulkResults": {http.MethodGet: s.bulkResults},
	}[c.endpoint()])
}

// createBulk serves POST /jobs/query.
func (s *Simulator) createBulk(c *call) reply {
	var request struct {
		Operation, Query, ContentType, ColumnDelimiter, LineEnding string
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "unreadable job: "+jsonTrouble(err))
	}
	switch {
	case request.Operation != "query" && request.Operation != "queryAll":
		return failure(http.StatusBadRequest, "INVALIDJOB", "Unable to find operation: "+request.Operation)
	case orDefault(request.ContentType, "CSV") != "CSV" || orDefault(request.ColumnDelimiter, "COMMA") != "COMMA" ||
		orDefault(request.LineEnding, "LF") != "LF":
		return failure(http.StatusBadRequest, "INVALIDJOB", "the simulator writes CSV with COMMA and LF only")
	}
	plan, refused := s.checkBulk(request.Query, c.view)
	if refused != nil {
		return *refused
	}
	job, ok := s.bulk.add(&bulkJob{
		operation: request.Operation, text: request.Query, object: plan.object.name,
		version: strings.TrimPrefix(lastSegment(c.root), "v"), state: bulkCreated,
	})
	if !ok {
		return failure(http.StatusBadRequest, "LIMIT_EXCEEDED", "Max bulk v2 query jobs per 24 hours exceeded")
	}
	return jsonReply(http.StatusOK, job.basic())
}

// checkBulk refuses what bulk queries cannot do, then checks the query like any other.
func (s *Simulator) checkBulk(text string, v *view) (*plan, *reply) {
	refuse := func(code, message string) (*plan, *reply) {
		answer := failure(http.StatusBadRequest, code, message)
		return nil, &answer
	}
	if strings.TrimSpace(text) == "" {
		return refuse("INVALIDJOB", "A query string has to be specified")
	}
	tokens, wrong := lex(text)
	if wrong != nil {
		return refuse(wrong.code, wrong.text(text))
	}
	for _, t := range tokens {
		for _, clause := range []string{"GROUP", "OFFSET", "TYPEOF"} {
			if t.is(clause) {
				return refuse("FUNCTIONALITY_NOT_ENABLED", clause+" not supported in Bulk Query")
			}
		}
	}
	if o, ok := v.object(fromObject(text)); ok && o.virtual {
		return refuse("INVALIDENTITY", "Entity '"+o.name+"' is not supported by the Bulk API.")
	}
	parsed, wrong := parseSOQL(text)
	if wrong != nil {
		return refuse(wrong.code, wrong.text(text))
	}
	if parsed.count || len(parsed.counts) > 0 {
		return refuse("FUNCTIONALITY_NOT_ENABLED", "Aggregate functions not supported in Bulk Query")
	}
	if len(parsed.children) > 0 {
		return refuse("FUNCTIONALITY_NOT_ENABLED", "Aggregate Relationships not supported in Bulk Query")
	}
	checked, wrong := checkSOQL(parsed, v)
	if wrong != nil {
		return refuse(wrong.code, wrong.text(text))
	}
	for _, column := range checked.columns {
		if column.field.kind == "address" {
			return refuse("FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
		}
	}
	return checked, nil
}

func (b *bulkJobs) add(job *bulkJob) (*bulkJob, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now().UTC()
	b.jobs = slices.DeleteFunc(b.jobs, func(old *bulkJob) bool { return now.Sub(old.created) > bulkLife })
	if b.todayLocked() >= maxBulkJobs {
		return nil, false
	}
	b.made++
	job.id, job.created, job.modified = recordIDOf(bulkPrefix, b.made), now, now
	b.jobs = append(b.jobs, job)
	return job, true
}

// today counts the jobs of the last 24 hours.
func (b *bulkJobs) today() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.todayLocked()
}

func (b *bulkJobs) todayLocked() int {
	n, now := 0, b.clock.Now()
	for _, job := range b.jobs {
		if now.Sub(job.created) < 24*time.Hour {
			n++
		}
	}
	return n
}

// find opens a job by id. Any session of the org may: tokens come and go while a job runs. Callers hold mu.
func (b *bulkJobs) find(id string) (*bulkJob, bool) {
	now := b.clock.Now()
	i := slices.IndexFunc(b.jobs, func(j *bulkJob) bool {
		return len(id) >= 15 && j.id[:15] == id[:15] && now.Sub(j.created) <= bulkLife
	})
	if i < 0 {
		return nil, false
	}
	return b.jobs[i], true
}

// object names what a job reads, "" for unknown ones.
func (b *bulkJobs) object(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if job, ok := b.find(id); ok {
		return job.object
	}
	return ""
}

// listBulk serves GET /jobs/query.
func (s *Simulator) listBulk(*call) reply {
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	records := []bulkAnswer{}
	for _, job := range s.bulk.jobs {
		answer := job.basic()
		answer.JobType = "V2Query"
		records = append(records, answer)
	}
	return jsonReply(http.StatusOK, map[string]any{"done": true, "records": records, "nextRecordsUrl": nil})
}

// bulkStatus serves GET /jobs/query/{id} and moves the job on.
func (s *Simulator) bulkStatus(c *call) reply {
	s.bulk.mu.Lock()
	job, ok := s.bulk.find(c.rest[2])
	if !ok {
		s.bulk.mu.Unlock()
		return resourceMissing()
	}
	completes := s.bulk.advance(job)
	s.bulk.mu.Unlock()
	var result *bulkResult
	trouble := ""
	switch {
	case completes && s.faults.TakeKind(FaultBulkFailed):
		trouble = "InternalServerError : Retried more than fifteen times"
	case completes:
		result, trouble = s.runBulk(job, c.view)
	}
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	if completes && job.state == bulkInProgress {
		s.bulk.complete(job, result, trouble)
	}
	return jsonReply(http.StatusOK, job.status())
}

// advance moves a job one step and reports whether it is ready to complete.
func (b *bulkJobs) advance(job *bulkJob) bool {
	switch job.state {
	case bulkCreated:
		job.state, job.modified = bulkInProgress, b.clock.Now().UTC()
		if b.polls > 0 {
			job.polls = 1
			return false
		}
		return true
	case bulkInProgress:
		job.polls++
		return job.polls > b.polls
	}
	return false
}

func (b *bulkJobs) complete(job *bulkJob, result *bulkResult, trouble string) {
	job.modified = b.clock.Now().UTC()
	if trouble != "" {
		job.state, job.trouble = bulkFailed, trouble
		return
	}
	job.state, job.result = bulkComplete, result
}

// abortBulk serves PATCH /jobs/query/{id} with {"state":"Aborted"}.
func (s *Simulator) abortBulk(c *call) reply {
	var request struct{ State string }
	if err := json.Unmarshal(c.body, &request); err != nil || request.State != bulkAborted {
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "the state of a query job can only be changed to Aborted")
	}
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	job, ok := s.bulk.find(c.rest[2])
	switch {
	case !ok:
		return resourceMissing()
	case job.state != bulkCreated && job.state != bulkInProgress:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "Aborting a job in state "+job.state+" is not allowed")
	}
	job.state, job.modified = bulkAborted, s.bulk.clock.Now().UTC()
	return jsonReply(http.StatusOK, job.basic())
}

// deleteBulk serves DELETE /jobs/query/{id}: only for jobs that have ended.
func (s *Simulator) deleteBulk(c *call) reply {
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	job, ok := s.bulk.find(c.rest[2])
	switch {
	case !ok:
		return resourceMissing()
	case job.state == bulkCreated || job.state == bulkInProgress:
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "Deleting a job in state "+job.state+" is not allowed")
	}
	s.bulk.jobs = slices.DeleteFunc(s.bulk.jobs, func(other *bulkJob) bool { return other == job })
	return reply{status: http.StatusNoContent}
}
