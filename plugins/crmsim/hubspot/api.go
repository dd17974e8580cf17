package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// maxBody bounds what a request may carry.
const maxBody = 6 << 20

// call is one request to the API.
type call struct {
	ctx      context.Context
	method   string
	location location
	query    url.Values
	body     []byte
	token    session
	scopes   []string // in force at the start of the request
}

// may reports whether any one of the scopes is held.
func (c *call) may(scopes []string) bool { return holdsAny(c.scopes, scopes) }

// maxDetail bounds what the request log keeps of a query or search.
const maxDetail = 500

// detail is what tells reads of one kind apart: the query, or the body of a search.
func (c *call) detail() string {
	text := c.query.Encode()
	if c.endpoint() == "search" {
		text = string(c.body)
	}
	return strings.ToValidUTF8(text[:min(len(text), maxDetail)], "")
}

// read decodes the body. An empty body reads as an empty object.
func (c *call) read(into any) *reply {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		answer := badJSON(err)
		return &answer
	}
	return nil
}

// api serves everything that needs an access token.
func (s *Simulator) api(w http.ResponseWriter, r *http.Request) {
	line := control.Request{Method: r.Method, Path: r.URL.Path, Endpoint: "unknown"}
	answer := s.answer(r, &line)
	s.finish(w, r, answer, line)
}

// answer runs a request up to its answer and fills in the log line.
func (s *Simulator) answer(r *http.Request, line *control.Request) reply {
	path := segments(r.URL.EscapedPath())
	at, known := locate(path)
	c := &call{ctx: r.Context(), method: r.Method, location: at, query: r.URL.Query()}
	if known {
		line.Endpoint, line.Object = c.endpoint(), s.objectOf(at)
	}
	if len(r.RequestURI) > s.config.MaxURL {
		return uriTooLong()
	}
	if len(path) > 0 && slices.Contains(otherProducts(), path[0]) {
		return notSimulated("/" + path[0]) // some of these take other credentials, so before those are looked at
	}
	answer, met := s.meetFault(r.Context(), control.Target{Path: r.URL.Path, Object: line.Object}, line)
	if met {
		return answer
	}
	token, refused := s.authenticate(r)
	if refused != nil {
		return *refused
	}
	if token.grant.portal == 0 {
		return noCredentials() // a client-credentials token belongs to no portal
	}
	if policy := s.meter.take(line.Endpoint == "search", token.grant.private); policy != "" {
		return rateLimited(policy, s.config.PortalID, s.config.AppID)
	}
	line.Counted = true
	if !known {
		return resourceMissing()
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return failure(http.StatusRequestEntityTooLarge, "", "The request body is too large")
	}
	c.body, c.token, c.scopes = body, token, s.grants.inForce(token.grant)
	line.Detail = c.detail()
	answer = s.route(c)
	if answer.header == nil {
		answer.header = map[string]string{correlationHeader: correlationID()}
	}
	if answer.metered {
		maps.Copy(answer.header, s.meter.headers(token.grant.private))
	}
	return answer
}

// otherProducts are first segments of HubSpot's paths that lead to parts it does not have here.
func otherProducts() []string {
	return []string{
		"webhooks", "webhooks-journal", "marketing", "automation", "cms", "conversations", "communication-preferences", "events",
		"files",
	}
}

// route finds what serves a path.
func (s *Simulator) route(c *call) reply {
	switch c.location.area {
	case "objects":
		return s.objects(c)
	case "properties":
		return s.properties(c)
	case "crm-object-schemas":
		return s.schemas(c)
	case "pipelines":
		return s.pipelines(c)
	case "owners":
		return s.owners(c)
	case "associations":
		return s.associations(c)
	case "exports":
		return notSimulated("exports")
	case "account-info":
		return s.accountInfo(c)
	case "appinstalls":
		return s.uninstallSelf(c)
	case "settings-users":
		return s.settingsUsers(c)
	}
	return resourceMissing()
}

// meetFault applies the rules that meet a request. met says that answer is to be sent instead of the real one; kinds
// that spoil a real answer are left to finish.
func (s *Simulator) meetFault(ctx context.Context, target control.Target, line *control.Request) (answer reply, met bool) {
	delay, kind := s.faults.Take(target)
	line.Fault = kind
	if err := control.Pause(ctx, s.config.Clock, delay); err != nil {
		return reply{status: http.StatusGatewayTimeout}, true // nobody is left to read it
	}
	return s.faultAnswer(kind, target.Object)
}

// finish logs the request and sends the answer, spoiled if a fault wants that. The log line is written first, so that
// a client that has the answer also finds the line.
func (s *Simulator) finish(w http.ResponseWriter, r *http.Request, answer reply, line control.Request) {
	line.Status = answer.status
	s.journal.Add(line)
	switch line.Fault {
	case faultTruncated:
		answer.body = answer.body[:len(answer.body)/2]
	case faultTruncatedGzip:
		zipped := compress(answer.body)
		answer.body = zipped[:len(zipped)/2]
		header := map[string]string{"Content-Encoding": "gzip"}
		maps.Copy(header, answer.header)
		answer.header = header
	case faultCut:
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Length", fmt.Sprint(len(answer.body)+1))
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // net/http's way of breaking a connection
	default: // it was answered instead of the service
	}
	s.send(w, r, answer)
}

// serve wraps an endpoint that needs no access token with faults and the request log. Its path is not logged as it
// came, because some hold a token.
func (s *Simulator) serve(path, endpoint string, answer func(*http.Request) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		line := control.Request{Method: r.Method, Path: path, Endpoint: endpoint}
		spoiled, met := s.meetFault(r.Context(), control.Target{Path: path}, &line)
		if !met {
			spoiled = answer(r)
		}
		s.finish(w, r, spoiled, line)
	}
}

// objectOf says which object a call is about, for faults and the log.
func (s *Simulator) objectOf(at location) string {
	switch at.area {
	case "owners":
		return "owners"
	case "objects", "properties", "pipelines", "associations":
		if len(at.rest) == 0 {
			return ""
		}
		if o, ok := s.types.find(at.rest[0]); ok {
			return o.name
		}
	}
	return ""
}

// typeAt finds the object type that a segment of the path names: by plural, singular or id.
func (s *Simulator) typeAt(c *call, segment int) (*objectType, *reply) {
	if segment < len(c.location.rest) {
		if o, ok := s.types.find(c.location.rest[segment]); ok {
			if s.portal.forbids(o.name) {
				answer := userForbidden(o)
				return nil, &answer
			}
			return o, nil
		}
		answer := invalid("Unable to infer object type from: %s", c.location.rest[segment])
		return nil, &answer
	}
	answer := resourceMissing()
	return nil, &answer
}
