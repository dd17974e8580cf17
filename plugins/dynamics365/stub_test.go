package dynamics365

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	testToken = "eyJ0canary.token.of-a-test"
	userID    = "11111111-1111-1111-1111-111111111111"
	otherUser = "22222222-2222-2222-2222-222222222222"
	orgID     = "33333333-3333-3333-3333-333333333333"
)

// stub is an environment of canned answers, by the beginning of a part's path.
type stub struct {
	*httptest.Server
	mu sync.Mutex
	// answers by the path below the API's root, up to the query; the longest
	// beginning counts. A missing one is 404.
	answers map[string]canned
	// whole, when set, answers the batch itself.
	whole *canned
	// parts are the URLs of parts in order, headers the headers of calls.
	parts   []string
	calls   int
	headers []http.Header
	texts   []string
}

type canned struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) canned { return canned{status: http.StatusOK, body: body} }

func refusal(status int, code, message string) canned {
	return canned{status: status, body: fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)}
}

func newStub(t *testing.T, answers map[string]canned) *stub {
	t.Helper()
	s := &stub{answers: map[string]canned{"WhoAmI": ok(fmt.Sprintf(`{"UserId":%q,"OrganizationId":%q}`, userID, orgID))}}
	maps.Copy(s.answers, answers)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) target() sdk.Target {
	return sdk.Target{IntegrationID: "int_1", Environment: sdk.Production, Endpoint: s.URL, AccessToken: testToken}
}

func (s *stub) set(path string, a canned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = a
}

func (s *stub) find(path string) canned {
	best, found := "", refusal(http.StatusNotFound, codeUnknownResource, "Resource not found")
	for beginning, a := range s.answers {
		if strings.HasPrefix(path, beginning) && len(beginning) >= len(best) {
			best, found = beginning, a
		}
	}
	return found
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.calls++
	s.headers = append(s.headers, r.Header)
	s.texts = append(s.texts, string(body))
	if s.whole != nil {
		for name, value := range s.whole.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(s.whole.status)
		_, _ = io.WriteString(w, s.whole.body)
		return
	}
	_, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	var out bytes.Buffer
	for {
		raw, err := reader.NextRawPart()
		if err != nil {
			break
		}
		request, err := http.ReadRequest(bufio.NewReader(raw))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		path := strings.TrimPrefix(request.RequestURI, s.URL+dataPath+"/")
		s.parts = append(s.parts, path)
		a := s.find(path)
		fmt.Fprintf(&out, "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
		for name, value := range a.header {
			fmt.Fprintf(&out, "%s: %s\r\n", name, value)
		}
		fmt.Fprintf(&out, "REQ_ID: 1\r\n\r\n%s\r\n", strings.ReplaceAll(a.body, "{base}", s.URL+dataPath))
	}
	out.WriteString("--batchresponse_1--\r\n")
	w.Header().Set("Content-Type", "multipart/mixed; boundary=batchresponse_1")
	_, _ = w.Write(out.Bytes())
}

// tableOf is the definition of a table with some plain columns beside its key and
// modifiedon; more are members of further columns.
func tableOf(table string, more ...string) canned {
	columns := []string{
		columnOfType(table+"id", "Uniqueidentifier", ""), columnOfType(modifiedOn, "DateTime", ""), columnOfType("name", "String", ""),
	}
	return ok(fmt.Sprintf(`{"LogicalName":%q,"EntitySetName":%q,"PrimaryIdAttribute":%q,"ChangeTrackingEnabled":true,
		"Privileges":[{"Name":"prvCreate%[1]s","PrivilegeId":"c","PrivilegeType":"Create"},{"Name":"prvRead%[1]s","PrivilegeId":"R","PrivilegeType":"Read"}],
		"Attributes":[%[4]s]}`, table, table+"s", table+"id", strings.Join(append(columns, more...), ",")))
}

// columnOfType is one column's metadata; more are further members.
func columnOfType(name, kind, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"LogicalName":%q,"SchemaName":%q,"MetadataId":%q,"AttributeOf":null,"AttributeType":%q,"AttributeTypeName":{"Value":"%sType"},
		"IsValidForRead":true,"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidODataAttribute":true%s}`, name, name, "ID-"+name, kind, kind, more)
}

func definitionPath(table string) string { return "EntityDefinitions(LogicalName='" + table + "')" }

func privilegesPath() string {
	return "systemusers(" + userID + ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames"
}

func columnRightsPath() string {
	return "systemusers(" + userID + ")/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges"
}

func holding(depth string, names ...string) canned {
	var rows []string
	for _, name := range names {
		rows = append(rows, fmt.Sprintf(`{"Depth":%q,"PrivilegeId":"x","PrivilegeName":%q}`, depth, name))
	}
	return ok(`{"RolePrivileges":[` + strings.Join(rows, ",") + `]}`)
}

// thing is a stub with one table "thing" that can be read.
func thing(t *testing.T, more ...string) *stub {
	t.Helper()
	return newStub(t, map[string]canned{
		definitionPath("thing"): tableOf("thing", more...), definitionPath(activityPointer): tableOf(activityPointer),
		privilegesPath(): holding("Global", "prvReadthing"), columnRightsPath(): ok(`{"AttributePrivileges":[]}`),
		"things": ok(`{"value":[]}`),
	})
}

// checkOne checks one table with some wanted fields.
func checkOne(t *testing.T, target sdk.Target, object string, fields ...string) (sdk.ObjectCheck, sdk.CheckOutcome, error) {
	t.Helper()
	var got sdk.ObjectCheck
	outcome, err := NewWithoutPause().CheckPermissions(t.Context(), target, sdk.CheckRequest{
		Objects: []sdk.CheckObject{{Name: object, Fields: fields}},
	}, func(check sdk.ObjectCheck) error {
		got = check
		return nil
	})
	return got, outcome, err
}
