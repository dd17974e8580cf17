package salesforce

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

const (
	maxURL  = 16 << 10 // Salesforce refuses longer URLs; long field lists must be cut
	maxBody = 6 << 20
)

// call is one request to the data API, or one part of a composite request.
type call struct {
	ctx     context.Context
	method  string
	base    string   // "http://127.0.0.1:8080"
	root    string   // "/services/data/v66.0"
	rest    []string // path segments below root
	query   url.Values
	header  http.Header
	body    []byte
	view    *view // rights at the start of the request, the same for all parts
	grant   *authorization
	part    bool
	request *Request     // the line in the request log that parts are added to
	changes *transaction // what an all-or-none request has changed so far; nil otherwise
}

func sessionInvalid() reply {
	return failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
}

func sessionNotREST() reply {
	return failure(http.StatusUnauthorized, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
}

// data serves everything under /services/data.
func (s *Simulator) data(w http.ResponseWriter, r *http.Request) {
	line := Request{Method: r.Method, Path: r.URL.Path, Endpoint: unknownEndpoint}
	answer, usage := s.answer(r, &line)
	s.finish(w, r, answer, usage, line)
}

// answer runs a data API request up to its answer and fills in the log line.
func (s *Simulator) answer(r *http.Request, line *Request) (reply, *apiUsage) {
	if len(r.RequestURI) > maxURL {
		return textReply(http.StatusRequestURITooLong, "text/html", "<html><body>URI Too Long</body></html>\n"), nil
	}
	rest := segments(strings.TrimPrefix(r.URL.EscapedPath(), "/services/data"))
	c := &call{ctx: r.Context(), method: r.Method, base: baseURL(r), query: r.URL.Query(), header: r.Header, request: line}
	line.Endpoint = "versions"
	if len(rest) > 0 {
		c.root, c.rest = "/services/data/"+rest[0], rest[1:]
		line.Endpoint, line.Object, line.Detail = c.endpoint(), s.objectOf(c), c.query.Get("q")
	}
	answer, kind, met := s.meetFault(r.Context(), control.Target{Path: r.URL.Path, Object: line.Object})
	if line.Fault = kind; met {
		if kind == FaultDailyLimit {
			return answer, &apiUsage{s.usage.limit, s.usage.limit}
		}
		return answer, nil
	}
	if len(rest) == 0 {
		return onlyMethods(c.method, versions, http.MethodGet, http.MethodHead), nil
	}
	if refused, ok := checkVersion(rest[0]); !ok {
		return refused, nil
	}
	grant, ok := s.authorizations.session(bearer(r))
	if !ok {
		return sessionInvalid(), nil
	}
	if !slices.Contains(grant.scopes, "api") && !slices.Contains(grant.scopes, "full") {
		return sessionNotREST(), nil
	}
	usage, ok := s.usage.take()
	if !ok {
		limited, _ := faultAnswer(FaultDailyLimit)
		return limited, &usage
	}
	line.Counted = true
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return failure(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE", "The request body is too large"), &usage
	}
	c.body, c.grant, c.view = body, grant, s.rightsOf(grant.login).view()
	return s.route(c), &usage
}

// meetFault applies the rules that meet a request. met says that answer is to be sent instead of the real one; kinds
// that spoil a real answer are left to finish.
func (s *Simulator) meetFault(ctx context.Context, target control.Target) (answer reply, kind FaultKind, met bool) {
	delay, kind := s.faults.Take(target)
	if delay > 0 {
		if err := control.Pause(ctx, s.config.Clock, delay); err != nil {
			return reply{status: http.StatusGatewayTimeout}, FaultSlow, true // nobody is left to read it
		}
	}
	answer, met = faultAnswer(kind)
	return answer, kind, met
}

// serve wraps an endpoint outside the data API with faults and the request log.
func (s *Simulator) serve(endpoint func(*http.Request) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		line := Request{Method: r.Method, Path: r.URL.Path, Endpoint: lastSegment(r.URL.Path)}
		if strings.HasPrefix(r.URL.Path, "/id/") {
			line.Endpoint = "identity"
		}
		answer, kind, met := s.meetFault(r.Context(), control.Target{Path: r.URL.Path})
		if line.Fault = kind; !met {
			answer = endpoint(r)
		}
		s.finish(w, r, answer, nil, line)
	}
}

// finish logs the request and sends the answer, spoiled if a fault wants that. The log line is written first, so that
// a client that has the answer also finds the line.
func (s *Simulator) finish(w http.ResponseWriter, r *http.Request, answer reply, usage *apiUsage, line Request) {
	line.Status = answer.status
	s.journal.Add(line)
	switch line.Fault {
	case FaultTruncated:
		answer.body = answer.body[:len(answer.body)/2]
	case FaultTruncatedGzip:
		if answer.cutGzip = strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"); !answer.cutGzip {
			answer.body = answer.body[:len(answer.body)/2]
		}
	case FaultCut:
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Length", fmt.Sprint(len(answer.body)+1))
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // net/http's way of breaking a connection
	default: // it was answered instead of the service
	}
	s.send(w, r, answer, usage)
}

// route finds the resource. Paths with and without a trailing slash are the same.
func (s *Simulator) route(c *call) reply {
	get := func(handler func(*call) reply) reply {
		return onlyMethods(c.method, func() reply { return handler(c) }, http.MethodGet, http.MethodHead)
	}
	post := func(handler func(*call) reply) reply {
		return onlyMethods(c.method, func() reply { return handler(c) }, http.MethodPost)
	}
	switch c.endpoint() {
	case "resources":
		return get(s.resources)
	case "limits":
		return get(s.limits)
	case "recordCount":
		return get(s.recordCount)
	case "describeGlobal":
		return get(s.describeGlobal)
	case "sobject":
		return s.byMethod(c, methods{http.MethodGet: s.describeBasic, http.MethodPost: s.create})
	case "describe":
		return get(s.describe)
	case "record":
		return s.byMethod(c, methods{http.MethodGet: s.record, http.MethodPatch: s.update, http.MethodDelete: s.destroy})
	case "upsert":
		return s.byMethod(c, methods{http.MethodGet: s.recordByKey, http.MethodPatch: s.upsert})
	case "collections":
		return s.byMethod(c, methods{
			http.MethodPost: s.collection, http.MethodPatch: s.collection, http.MethodDelete: s.collectionDelete,
		})
	case "collection":
		return s.byMethod(c, methods{http.MethodGet: s.collectionRead, http.MethodPost: s.collectionRead})
	case "collectionUpsert":
		return s.byMethod(c, methods{http.MethodPatch: s.collection})
	case "toolingQuery":
		return get(s.toolingQuery)
	case "updated":
		return get(s.updated)
	case "deleted":
		return get(s.deleted)
	case "query":
		return get(s.runQuery)
	case "queryMore":
		return get(s.queryMore)
	case "bulkJobs", "bulkJob", "bulkResults":
		return s.bulkRoute(c)
	case "composite":
		if c.part {
			return failure(http.StatusBadRequest, "INVALID_INPUT", "composite requests cannot be nested")
		}
		return post(s.composite)
	case "batch":
		if c.part {
			return failure(http.StatusBadRequest, "INVALID_INPUT", "composite requests cannot be nested")
		}
		return post(s.batch)
	}
	return resourceMissing()
}

// methods are the handlers of a resource by HTTP method.
type methods map[string]func(*call) reply

// byMethod answers 405 for methods a resource does not have. HEAD is answered like GET.
func (s *Simulator) byMethod(c *call, handlers methods) reply {
	method := c.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if handler, ok := handlers[method]; ok {
		return handler(c)
	}
	return onlyMethods(c.method, nil, slices.Sorted(maps.Keys(handlers))...)
}

// unknownEndpoint stands for paths that are no resource of the simulator.
const unknownEndpoint = "unknown"

// endpoint names the resource a call is for.
func (c *call) endpoint() string {
	at := func(i int) string {
		if i < len(c.rest) {
			return c.rest[i]
		}
		return ""
	}
	switch n := len(c.rest); {
	case n == 0:
		return "resources"
	case n == 1 && (at(0) == "limits" || at(0) == "composite"):
		return at(0)
	case n == 2 && at(0) == "limits" && at(1) == "recordCount":
		return "recordCount"
	case n == 1 && at(0) == "sobjects":
		return "describeGlobal"
	case n == 2 && at(0) == "sobjects":
		return "sobject"
	case n == 3 && at(0) == "sobjects" && at(2) == "describe":
		return "describe"
	case n == 3 && at(0) == "sobjects" && (at(2) == "updated" || at(2) == "deleted"):
		return at(2)
	case n == 3 && at(0) == "sobjects":
		return "record"
	case n == 4 && at(0) == "sobjects" && at(2) != "describe":
		return "upsert"
	case n == 2 && at(0) == "composite" && at(1) == "batch":
		return "batch"
	case n >= 2 && n <= 4 && at(0) == "composite" && at(1) == "sobjects":
		return [...]string{"collections", "collection", "collectionUpsert"}[n-2]
	case n == 2 && at(0) == "tooling" && at(1) == "query":
		return "toolingQuery"
	case n == 2 && at(0) == "jobs" && at(1) == "query":
		return "bulkJobs"
	case n == 3 && at(0) == "jobs" && at(1) == "query":
		return "bulkJob"
	case n == 4 && at(0) == "jobs" && at(1) == "query" && at(3) == "results":
		return "bulkResults"
	case n == 1 && (at(0) == "query" || at(0) == "queryAll"):
		return "query"
	case n == 2 && (at(0) == "query" || at(0) == "queryAll"):
		return "queryMore"
	}
	return unknownEndpoint
}

// objectOf says which object a call is about, for faults and the log: by path, by FROM, or by the locator's query.
func (s *Simulator) objectOf(c *call) string {
	name := ""
	switch c.endpoint() {
	case "sobject", "describe", "record", "updated", "deleted", "upsert":
		name = c.rest[1]
	case "collection", "collectionUpsert":
		name = c.rest[2]
	case "query", "toolingQuery":
		name = fromObject(c.query.Get("q"))
	case "queryMore":
		name = s.cursors.object(c.rest[1])
	case "bulkJob", "bulkResults":
		name = s.bulk.object(c.rest[2])
	}
	if o, ok := s.engine.catalog.object(name); ok {
		return o.name
	}
	return name
}

// onlyMethods answers 405 for other methods.
func onlyMethods(method string, handler func() reply, allowed ...string) reply {
	if slices.Contains(allowed, method) {
		return handler()
	}
	return failure(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
		fmt.Sprintf("HTTP Method '%s' not allowed. Allowed are %s", method, strings.Join(allowed, ",")))
}

// segments splits and unescapes a path, without empty segments.
func segments(escaped string) []string {
	var parts []string
	for _, part := range strings.Split(escaped, "/") {
		if part == "" {
			continue
		}
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		parts = append(parts, part)
	}
	return parts
}

func lastSegment(path string) string {
	parts := segments(path)
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1]
}
