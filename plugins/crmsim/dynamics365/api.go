package dynamics365

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

const (
	maxURL  = 32 << 10
	maxBody = 16 << 20

	organizationVersion = "9.2.24073.198"
	discoveryRoot       = "/api/discovery/v2.0"
)

var versionPattern = regexp.MustCompile(`^/api/data/v9\.[0-2](/|$)`)

// api serves everything under /api.
func (s *Simulator) api(w http.ResponseWriter, r *http.Request) {
	line := control.Request{Method: r.Method, Path: r.URL.Path, Endpoint: "unknown", Detail: r.URL.RawQuery}
	answer := s.answer(r, &line)
	s.finish(w, r, answer, line)
}

// answer runs a request up to its answer and fills in the log line.
func (s *Simulator) answer(r *http.Request, line *control.Request) reply {
	if len(r.RequestURI) > maxURL {
		return textReply(http.StatusRequestURITooLong, "text/html", "<html><body>HTTP Error 414. The request URL is too long.</body></html>\n")
	}
	c, refused := s.newCall(r)
	if refused == nil {
		line.Endpoint, line.Object = s.describe(c)
	}
	answer, kind, met := s.meetFault(r.Context(), control.Target{Path: r.URL.Path, Object: line.Object})
	line.Fault = kind
	if met {
		return answer
	}
	if denied := s.admit(r, c); denied != nil {
		return *denied
	}
	if r.Header.Get("CallerObjectId")+r.Header.Get("MSCRMCallerID") != "" {
		return notSimulated("impersonation").reply()
	}
	line.Counted = true
	remaining, limited := s.limiter.take()
	if limited != nil {
		return *limited
	}
	if refused != nil {
		return refused.reply()
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return refuse(http.StatusRequestEntityTooLarge, "0x80060888", "The request body is too large.").reply()
	}
	c.body, c.request = body, line
	return s.route(c).set("x-ms-ratelimit-burst-remaining-xrm-requests", fmt.Sprint(remaining)).
		set("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00")
}

// newCall reads a request's URL and headers.
func (s *Simulator) newCall(r *http.Request) (*call, *refusal) {
	c := &call{ctx: r.Context(), method: r.Method, base: baseURL(r), header: r.Header, prefer: parsePrefer(r.Header)}
	c.rights = s.engine.view(strings.EqualFold(r.Header.Get("Consistency"), "Strong"))
	return c, c.locate(r.URL.EscapedPath(), r.URL.RawQuery)
}

// locate splits a URL into the API's root, the path below it and the options.
func (c *call) locate(path, rawQuery string) *refusal {
	switch root := versionPattern.FindString(path); {
	case root != "":
		c.root = strings.TrimSuffix(root, "/")
	case path == discoveryRoot || strings.HasPrefix(path, discoveryRoot+"/"):
		c.root = discoveryRoot
	default:
		version, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, "/api/"), "data/"), "/")
		return refuse(http.StatusNotFound, "0x80060888", "Requested API Version '"+version+"' was not understood.")
	}
	c.path = strings.TrimPrefix(path, c.root)
	c.rawQuery, c.query = rawQuery, parseQuery(rawQuery)
	var err *refusal
	c.segments, err = parsePath(c.path)
	return err
}

// admit checks who asks: the token and its audience, then the user's standing in the environment.
func (s *Simulator) admit(r *http.Request, c *call) *reply {
	session, ok := s.tokens.session(bearer(r))
	audiences := []string{s.config.OrgURL, c.base}
	if c.root == discoveryRoot {
		audiences = []string{discoveryAudience, c.base, s.config.OrgURL}
	}
	if !ok || !sameResource(session.audience, audiences) {
		answer := reply{status: http.StatusUnauthorized}.set("WWW-Authenticate", "Bearer authorization_uri="+c.base+"/"+s.config.TenantID+
			"/oauth2/authorize, resource_id="+s.config.OrgURL+"/")
		return &answer
	}
	if c.root == discoveryRoot {
		if session.appOnly {
			answer := refuse(http.StatusForbidden, "0x80040220", "The discovery service serves signed-in users only.").reply()
			return &answer
		}
		return nil
	}
	var refused *refusal
	switch {
	case c.rights.notMember:
		refused = refuse(http.StatusForbidden, "0x80072560", "The user is not a member of the organization.")
	case c.rights.disabled:
		refused = refuse(http.StatusForbidden, "0x80040225", "The specified user is either disabled or is not a member of any business unit.")
	case c.rights.noRoles:
		refused = refuse(http.StatusForbidden, "0x80042f09", "The user has not been assigned any roles.")
	default:
		return nil
	}
	answer := refused.reply()
	return &answer
}

// bearer is the access token of a request.
func bearer(r *http.Request) string {
	scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(value)
	}
	return ""
}

// describe says what a call is for, for faults and the log.
func (s *Simulator) describe(c *call) (endpoint, object string) {
	if c.root == discoveryRoot {
		return "discovery", ""
	}
	if len(c.segments) == 0 {
		return "service", ""
	}
	first := c.segments[0]
	switch first.name {
	case "WhoAmI":
		return "whoami", ""
	case "$batch":
		return "batch", ""
	case "$metadata":
		return "csdl", ""
	case "EntityDefinitions", "GlobalOptionSetDefinitions":
		if name, ok := strings.CutPrefix(first.arguments, "LogicalName="); ok {
			object = strings.Trim(name, "'")
		}
		return "metadata", object
	case "RetrieveMetadataChanges":
		return "metadata", ""
	case "RetrieveCurrentOrganization", "RetrieveOrganizationInfo":
		return "organization", ""
	}
	t, ok := s.catalog.bySet[first.name]
	if !ok {
		return "unknown", ""
	}
	if len(c.segments) > 1 && strings.HasPrefix(c.segments[1].name, crm) {
		name := strings.TrimPrefix(c.segments[1].name, crm)
		if strings.Contains(name, "Privilege") || name == "RetrievePrincipalAccess" {
			return "privileges", ""
		}
		return "action", t.name
	}
	switch {
	case c.method != http.MethodGet:
		return "write", t.name
	case c.query["$deltatoken"] != "" || c.prefer.trackChanges:
		return "delta", t.name
	case first.brackets:
		return "record", t.name
	}
	return "query", t.name
}

// route finds the resource and answers.
func (s *Simulator) route(c *call) reply {
	if c.root == discoveryRoot {
		return s.discovery(c)
	}
	if len(c.segments) == 0 {
		return s.serviceDocument(c)
	}
	first := c.segments[0]
	if answer, ok := s.routeFixed(c, first); ok {
		return answer
	}
	t, ok := s.tableOf(c, first.name)
	if !ok {
		return unknownSegment(first.name).reply()
	}
	if first.brackets {
		return s.routeRecord(c, t, first)
	}
	if len(c.segments) > 1 {
		return s.routeCollection(c, t, c.segments[1])
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		return s.list(c, t, nil, "")
	case http.MethodPost:
		return s.create(c, t)
	}
	return methodNotAllowed(c.method).reply()
}

// routeFixed answers resources that are no tables.
func (s *Simulator) routeFixed(c *call, first segment) (reply, bool) {
	if first.name == "$batch" {
		return s.batch(c), true
	}
	handler := map[string]func(*call) reply{
		"WhoAmI": s.whoAmI, "RetrieveCurrentOrganization": s.currentOrganization, "RetrieveOrganizationInfo": s.organizationInfo,
		"$metadata": s.csdl, "EntityDefinitions": s.entityDefinitions, "RetrieveMetadataChanges": s.metadataChanges,
		"GlobalOptionSetDefinitions": s.globalOptionSet,
	}[first.name]
	if handler == nil {
		return reply{}, false
	}
	if c.method != http.MethodGet && c.method != http.MethodHead {
		return methodNotAllowed(c.method).reply(), true
	}
	return handler(c), true
}

// routeCollection answers what follows a table's set: $count and actions on many records.
func (s *Simulator) routeCollection(c *call, t *table, next segment) reply {
	if next.name == "$count" && len(c.segments) == 2 {
		return s.count(c, t)
	}
	if strings.HasPrefix(next.name, crm) {
		return s.collectionAction(c, t, next.name)
	}
	return unknownSegment(next.name).reply()
}

// routeRecord answers a record and what follows it.
func (s *Simulator) routeRecord(c *call, t *table, first segment) reply {
	if len(c.segments) == 1 {
		switch c.method {
		case http.MethodPatch:
			return s.update(c, t, first.arguments)
		case http.MethodDelete:
			return s.remove(c, t, first.arguments)
		case http.MethodGet, http.MethodHead:
			id, err := s.key(c, t, first.arguments)
			if err != nil {
				return err.reply()
			}
			return s.single(c, t, id, http.StatusOK)
		}
		return methodNotAllowed(c.method).reply()
	}
	id, err := s.key(c, t, first.arguments)
	if err != nil {
		return err.reply()
	}
	next := c.segments[1]
	switch {
	case t.name == "systemuser" && strings.HasPrefix(next.name, crm):
		return s.userFunction(c, id, next)
	case t.name == "lead" && next.name == crm+"QualifyLead" && c.method == http.MethodPost:
		return s.qualifyLead(c, id)
	case strings.HasPrefix(next.name, crm):
		return notSimulated("the action " + next.name).reply()
	}
	if c.method == http.MethodGet {
		if answer, ok := s.association(c, t, id, next.name); ok {
			return answer
		}
	}
	nav, err := navigate(c.rights, t, next.name)
	if err != nil {
		return s.oneProperty(c, t, id, next.name)
	}
	if len(c.segments) == 3 && c.segments[2].name == "$ref" {
		return s.link(c, t, id, nav)
	}
	return s.related(c, t, id, nav)
}
