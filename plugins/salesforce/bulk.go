package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// The states of a bulk query job.
const (
	jobCreated  = "UploadComplete"
	jobRunning  = "InProgress"
	jobComplete = "JobComplete"
	jobAborted  = "Aborted"
	jobFailed   = "Failed"
)

// maxPollPause is the attempt number of the longest pause between two questions
// for a job's state, about six seconds: the host's steps are short, and each
// question ends with a batch that lets it stop.
const maxPollPause = 4

const jobsPath = dataPath + "/jobs/query"

// jobStatus is the part of a job's description that is used.
type jobStatus struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// startJob begins the first read of an object by a bulk job. started is false when
// Salesforce does not do that for the object or its fields; a query then reads, or
// says what is wrong.
//
// The job's result shows the records as they are some time after it was created,
// each at another moment. So its horizon is the time before its creation minus the
// overlap, and the run after it reads what changed since.
func (r *reader) startJob(ctx context.Context) (started bool, err error) {
	if r.at.NoBulk || r.bulkFrom == 0 {
		return false, nil
	}
	plan, err := r.planJob(ctx)
	var a answer
	if err == nil {
		a, err = r.postJob(ctx, plan)
	}
	var job jobStatus
	if err == nil {
		err = decode(a, &job)
	}
	switch {
	case isRefusal(err):
		r.at.NoBulk = true
		return false, nil
	case err != nil:
		return false, err
	case !recordID.MatchString(job.ID):
		return false, sdk.BadResponse("Salesforce answered the creation of a bulk job without its id")
	case a.askedAt.IsZero():
		return false, errNoDate
	}
	r.at.close()
	r.at.open(a.askedAt.Add(-r.overlap), selectDigest(r.lists))
	r.at.Job.ID = job.ID
	return true, r.send(sdk.Batch{}, r.at)
}

// isRefusal tells what Salesforce says of jobs that it does not do from what says
// nothing about it.
func isRefusal(err error) bool {
	switch sdk.CodeOf(err) {
	case sdk.CodeInvalidRequest, sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeForbidden, sdk.CodeUnsupported:
		return true
	default:
		return false
	}
}

func (r *reader) postJob(ctx context.Context, plan bulkPlan) (answer, error) {
	body, err := json.Marshal(map[string]string{
		"operation": "query", "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF",
		// No ORDER BY: it would keep Salesforce from dividing the work by ids.
		"query": "SELECT " + strings.Join(plan.names(), ",") + " FROM " + r.object,
	})
	if err != nil {
		return answer{}, fmt.Errorf("marshal bulk job: %w", err)
	}
	return r.do(ctx, request{method: http.MethodPost, path: jobsPath, body: body, object: r.object})
}

// planJob asks for the object's fields: the types that CSV does not tell.
func (r *reader) planJob(ctx context.Context) (bulkPlan, error) {
	var describe objectDescribe
	if err := r.get(ctx, describePath(r.object), r.object, &describe); err != nil {
		return bulkPlan{}, err
	}
	plan, ok := planBulk(describe, r.fields)
	if !ok {
		return bulkPlan{}, sdk.Unsupported("a field cannot be read by a bulk job")
	}
	return plan, nil
}

// readJob asks for the job's state until it is complete, then sends one page of
// its result after the other.
func (r *reader) readJob(ctx context.Context) (done bool, err error) {
	if !r.at.Job.Complete {
		return false, r.awaitJob(ctx)
	}
	plan, err := r.planJob(ctx)
	switch {
	case isRefusal(err):
		return false, r.giveUpJob() // rights changed; a query says which
	case err != nil:
		return false, err
	}
	for cuts := 0; !done; {
		before := r.at.Job
		done, err = r.readJobPage(ctx, plan)
		switch {
		case err == nil:
			cuts = 0
		case isJobGone(err):
			return false, r.giveUpJob()
		case errors.Is(err, errCut) && (r.at.Job != before || cuts < maxRepeats):
			if cuts++; r.connector.pause(ctx, min(cuts, maxRepeats)) != nil {
				return false, err
			}
		default:
			return false, err
		}
	}
	return true, nil
}

// awaitJob asks for the state once and tells the host that it did.
func (r *reader) awaitJob(ctx context.Context) error {
	if r.at.Job.Polls > 0 {
		if err := r.connector.pause(ctx, min(r.at.Job.Polls, maxPollPause)); err != nil {
			return transportError(ctx, err)
		}
	}
	var job jobStatus
	err := r.get(ctx, jobsPath+"/"+r.at.Job.ID, r.object, &job)
	switch {
	case isJobGone(err):
		return r.giveUpJob()
	case err != nil:
		return err
	}
	switch job.State {
	case jobComplete:
		r.at.Job.Complete = true
		return nil
	case jobCreated, jobRunning:
		r.at.Job.Polls++
		return r.send(sdk.Batch{}, r.at)
	case jobAborted, jobFailed:
		return r.giveUpJob()
	default:
		return sdk.BadResponse("Salesforce answered the state of a bulk job with something else")
	}
}

// isJobGone tells that Salesforce does not know the job or the place in its result
// any more: results are kept for seven days.
func isJobGone(err error) bool {
	switch sdk.CodeOf(err) {
	case sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeInvalidRequest, sdk.CodeCursorExpired:
		return true
	default:
		return false
	}
}

// giveUpJob begins again without the job. After a second one the object is read by
// a query.
func (r *reader) giveUpJob() error {
	r.abandon()
	r.at.JobsLost++
	r.at.NoBulk = r.at.JobsLost > 1
	return errBeginAgain
}

// errCut marks the end of an answer that came too early.
var errCut = errors.New("answer cut off")

// readJobPage streams one page of the result.
func (r *reader) readJobPage(ctx context.Context, plan bulkPlan) (done bool, err error) {
	query := url.Values{"maxRecords": {strconv.Itoa(r.connector.bulkPage)}}
	if r.at.Job.Locator != "" {
		query.Set("locator", r.at.Job.Locator)
	}
	err = r.stream(ctx, request{
		method: http.MethodGet, object: r.object, header: map[string]string{"Accept": "text/csv"},
		path: jobsPath + "/" + r.at.Job.ID + "/results?" + query.Encode(),
	}, func(header http.Header, body io.Reader) error {
		done, err = r.sendJobPage(header, newCSVReader(body), plan)
		return err
	})
	return done, err
}

// sendJobPage sends the rows of a page that were not sent before.
func (r *reader) sendJobPage(header http.Header, rows *csvReader, plan bulkPlan) (done bool, err error) {
	announced, err := strconv.Atoi(header.Get("Sforce-NumberOfRecords"))
	if err != nil {
		return false, sdk.BadResponse("Salesforce's bulk result does not tell how many records it has")
	}
	places := make(map[string]int, len(plan.columns))
	for i, name := range plan.names() {
		places[strings.ToLower(name)] = i
	}
	var batch batcher
	taken := 0 // into the batch or sent, of this page
	for first := true; taken < announced; first = false {
		cells, err := rows.next()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return false, errors.Join(sdk.BadResponse(fmt.Sprintf("Salesforce's bulk result was cut off after %d of %d records", taken, announced)), errCut)
		case errors.Is(err, errCSV):
			return false, sdk.BadResponse("Salesforce's bulk result is not CSV")
		case err != nil:
			return false, err
		case first && strings.EqualFold(cells[0], "Id"): // every page begins with the names
			for i, name := range cells {
				places[strings.ToLower(name)] = i
			}
			continue
		}
		if taken++; taken <= r.at.Job.Skip {
			continue
		}
		record, err := plan.record(cells, places)
		if err != nil {
			return false, err
		}
		if batch.full(record, r.batchSize) {
			r.at.Job.Skip = taken - 1
			if err := r.send(sdk.Batch{Records: batch.take()}, r.at); err != nil {
				return false, err
			}
		}
		batch.add(record)
	}
	return r.endJobPage(header.Get("Sforce-Locator"), batch.take())
}

// endJobPage sends the last batch of a page. The last page's locator is the text
// "null".
func (r *reader) endJobPage(next string, records []sdk.Record) (done bool, err error) {
	if next == "" || next == "null" {
		r.at.finish()
		return true, r.send(sdk.Batch{Records: records, Done: true}, r.at)
	}
	if next == r.at.Job.Locator {
		return false, sdk.BadResponse("Salesforce's bulk result for " + r.object + " points to the same page again")
	}
	r.at.Job.Locator, r.at.Job.Skip = next, 0
	return false, r.send(sdk.Batch{Records: records}, r.at)
}

// stream sends a request and hands the body of a 2xx answer to read, which may
// take as long as the host lets it. Other answers are classified as in do.
func (s *session) stream(ctx context.Context, r request, read func(http.Header, io.Reader) error) error {
	req, err := s.newRequest(ctx, r)
	if err != nil {
		return err
	}
	s.count(r.path)
	started := time.Now()
	resp, err := s.connector.http.Do(req)
	if err != nil {
		return transportError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	s.readUsage(resp.Header)
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return read(resp.Header, transportReader(ctx, resp.Body))
	}
	a, _, err := s.readAnswer(ctx, resp, started)
	if err != nil {
		return err
	}
	return s.classify(a, r.object)
}

// transportReader gives the errors of a connection their class; the end of the
// body, also one that comes too early, stays what it is.
func transportReader(ctx context.Context, body io.Reader) io.Reader {
	return readerFunc(func(into []byte) (int, error) {
		n, err := body.Read(into)
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return n, err
		case ctx.Err() != nil:
			return n, transportError(ctx, ctx.Err())
		default:
			return n, io.ErrUnexpectedEOF
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(into []byte) (int, error) { return f(into) }
