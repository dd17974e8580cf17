package salesforce

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// leadDescribe is the describe of the fake org's leads.
const leadDescribe = `{"name":"Lead","label":"Lead","queryable":true,"replicateable":true,"fields":[
 {"name":"Id","type":"id"},{"name":"SystemModstamp","type":"datetime"},{"name":"V","type":"double"},{"name":"Blob","type":"base64"},
 {"name":"Address","type":"address"},{"name":"City","type":"string","compoundFieldName":"Address"},{"name":"Street","type":"textarea","compoundFieldName":"Address"}]}`

// fakeBulk are the bulk query jobs of a fakeOrg. A job shows some records as they
// were when it was created, others as they were when it ended.
type fakeBulk struct {
	jobs map[string]*fakeJob
	made int
	// refuse, if set, is the error code with which jobs are refused.
	refuse string
	// polls is how many questions a job needs; end its last state.
	polls int
	end   func() string
	// cut tells how many bytes of a page are sent; negative is all.
	cut func(size int) int
}

type fakeJob struct {
	fields []string
	early  map[string]version
	rows   [][]string
	asked  int
	state  string
}

func (o *fakeOrg) serveBulk(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, dataPath+"/jobs/query")
	if !ok {
		panic("a path of unknown form: " + r.URL.Path)
	}
	if r.Method == http.MethodPost {
		o.createJob(w, r)
		return
	}
	id, tail, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	job, ok := o.bulk.jobs[id]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`))
	case tail == "results":
		o.jobResults(w, r, job)
	default:
		if job.asked++; job.asked > o.bulk.polls && job.state == jobRunning {
			o.completeJob(job)
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"state":%q}`, id, job.state)
	}
}

func (o *fakeOrg) createJob(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Operation, Query string }
	if json.NewDecoder(r.Body).Decode(&wanted) != nil || wanted.Operation != "query" || strings.Contains(wanted.Query, "ORDER BY") {
		panic("a bad job")
	}
	if o.bulk.refuse != "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `[{"errorCode":%q,"message":"no"}]`, o.bulk.refuse)
		return
	}
	o.bulk.made++
	id := longID(fmt.Sprintf("750%012d", o.bulk.made))
	job := &fakeJob{fields: selected(wanted.Query), early: map[string]version{}, state: jobRunning}
	for row := range o.rows {
		if v, ok := o.visible(row); ok && len(row)%2 == 0 {
			job.early[row] = v
		}
	}
	if o.bulk.jobs == nil {
		o.bulk.jobs = map[string]*fakeJob{}
	}
	o.bulk.jobs[id] = job
	_, _ = fmt.Fprintf(w, `{"id":%q,"state":"UploadComplete"}`, id)
}

func (o *fakeOrg) completeJob(job *fakeJob) {
	if job.state = jobComplete; o.bulk.end != nil {
		job.state = o.bulk.end()
	}
	for id := range o.rows {
		v, ok := job.early[id]
		if !ok || strings.HasSuffix(id[:15], "1") || strings.HasSuffix(id[:15], "3") {
			v, ok = o.visible(id)
		}
		if !ok || v.deleted {
			continue
		}
		var row []string
		for _, field := range job.fields {
			switch field {
			case "Id":
				row = append(row, id)
			case "SystemModstamp":
				row = append(row, v.stamp.UTC().Format("2006-01-02T15:04:05.000Z"))
			case "City":
				row = append(row, "Basel")
			case "Street":
				row = append(row, "")
			default:
				row = append(row, strconv.Itoa(v.value)+".0")
			}
		}
		job.rows = append(job.rows, row)
	}
}

func (o *fakeOrg) jobResults(w http.ResponseWriter, r *http.Request, job *fakeJob) {
	most, err := strconv.Atoi(r.URL.Query().Get("maxRecords"))
	from, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Query().Get("locator"), "L"))
	if err != nil || job.state != jobComplete {
		panic("results asked for too early")
	}
	to, next := min(len(job.rows), from+most), "null"
	if to < len(job.rows) {
		next = "L" + strconv.Itoa(to)
	}
	var page strings.Builder
	out := csv.NewWriter(&page)
	_ = out.Write(job.fields)
	_ = out.WriteAll(job.rows[from:to])
	w.Header().Set("Sforce-Locator", next)
	w.Header().Set("Sforce-NumberOfRecords", strconv.Itoa(to-from))
	body := page.String()
	if o.bulk.cut != nil {
		if n := o.bulk.cut(len(body)); n >= 0 {
			body = body[:n]
		}
	}
	_, _ = w.Write([]byte(body))
}
