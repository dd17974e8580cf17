package dynamics365_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

// getPart is a part that reads.
func getPart(url string) string {
	return "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET " + url + " HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"
}

func setPart(id int, method, url, body string) string {
	return fmt.Sprintf("--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: %d\r\n\r\n%s %s HTTP/1.1\r\n"+
		"Content-Type: application/json\r\n\r\n%s\r\n", id, method, url, body)
}

func changeSet(parts ...string) string {
	return "--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n" + strings.Join(parts, "") + "--c--\r\n"
}

// batch sends parts and reads the answers; those of change sets come in line.
func (s *session) batch(t testing.TB, header []string, parts ...string) (answer, []answer) {
	t.Helper()
	body := "\r\n" + strings.Join(parts, "") + "--b--\r\n"
	a := s.send(t, http.MethodPost, "/$batch", body, append([]string{"Content-Type", "multipart/mixed;boundary=b"}, header...)...)
	kind, parameters, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		return a, nil
	}
	require.True(t, bytes.HasPrefix(a.body, []byte("--batchresponse_")))
	return a, readParts(t, multipart.NewReader(bytes.NewReader(a.body), parameters["boundary"]))
}

func readParts(t testing.TB, reader *multipart.Reader) []answer {
	t.Helper()
	var answers []answer
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return answers
		}
		require.NoError(t, err)
		if kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err == nil && kind == "multipart/mixed" {
			answers = append(answers, readParts(t, multipart.NewReader(part, parameters["boundary"]))...)
			continue
		}
		response, err := http.ReadResponse(bufio.NewReader(part), nil)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		answers = append(answers, answer{response.StatusCode, response.Header, bytes.TrimSpace(text)})
	}
}

func statuses(answers []answer) []int {
	var list []int
	for _, a := range answers {
		list = append(list, a.status)
	}
	return list
}

var continueOnError = []string{"Prefer", "odata.continue-on-error"}

func TestBatchReads(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	user := s.userID(t)
	s.Controls().Journal().Clear()
	parts := []string{
		getPart(s.url + root + "/WhoAmI"), // as clients send it
		getPart(root + "/contacts?$select=fullname&$top=1"),
		getPart(dynamics365.DefaultOrgURL + root + "/accounts?$select=name&$top=1&$filter=statecode eq 0"), // not even encoded
		getPart(root + "/foos"),
		getPart(root + "/systemusers(" + user + ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)?@p1=[%22prvReadContact%22]"),
		getPart(root + "/contacts?$select=nothing"),
	}
	a, answers := s.batch(t, continueOnError, parts...)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, []int{200, 200, 200, 404, 200, 400}, statuses(answers))
	require.Len(t, values(answers[1].json(t, 200)), 1)
	answers[3].fails(t, http.StatusNotFound, "0x80060888", "foos")
	counters := s.Controls().Counters()
	require.Equal(t, []int{1, 1}, []int{counters.Requests, counters.APICalls}, "a batch is one request")
	require.Equal(t, 1, counters.ByObject["contact"]+counters.ByObject["account"]-2)

	// Without continue-on-error the first failure ends it, and is the status of all.
	a, answers = s.batch(t, nil, parts...)
	require.Equal(t, http.StatusNotFound, a.status)
	require.Equal(t, []int{200, 200, 200, 404}, statuses(answers))
	a, answers = s.batch(t, continueOnError, getPart("contacts"), getPart(root+"/WhoAmI"))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, []int{400, 200}, statuses(answers), "a relative URL is not understood")

	// Strong consistency on the batch is for its parts.
	s.Controls().SetCacheLag(1 << 40)
	s.setObject(t, "contact", control.ObjectChange{Read: dynamics365.Off()})
	_, answers = s.batch(t, continueOnError, parts[1])
	require.Equal(t, []int{200}, statuses(answers))
	_, answers = s.batch(t, append([]string{"Consistency", "Strong"}, continueOnError...), parts[1])
	require.Equal(t, []int{403}, statuses(answers))
}

func TestChangeSets(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	names := func() int {
		return len(s.rows(t, "/contacts?$select=fullname&$filter="+escape("lastname eq 'Batched'")))
	}
	good := changeSet(
		setPart(1, "POST", root+"/accounts", `{"name":"Parent"}`),
		setPart(2, "POST", s.url+root+"/contacts", `{"lastname":"Batched","parentcustomerid_account@odata.bind":"$1"}`),
		setPart(3, "PATCH", "$2", `{"jobtitle":"Chief"}`))
	a, answers := s.batch(t, nil, good, getPart(root+"/WhoAmI"))
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.Equal(t, []int{204, 204, 204, 200}, statuses(answers))
	require.Equal(t, 1, names())
	row := s.rows(t, "/contacts?$select=jobtitle&$expand=parentcustomerid_account($select=name)&$filter="+escape("lastname eq 'Batched'"))[0]
	require.Equal(t, "Chief", row["jobtitle"])
	require.Equal(t, "Parent", row["parentcustomerid_account"].(map[string]any)["name"])

	// A failing change set leaves nothing behind and answers once.
	bad := changeSet(
		setPart(1, "POST", root+"/contacts", `{"lastname":"Batched"}`),
		setPart(2, "DELETE", root+"/contacts("+row["contactid"].(string)+")", ``),
		setPart(3, "POST", root+"/contacts", `{"lastname":"`+strings.Repeat("x", 200)+`"}`))
	a, answers = s.batch(t, continueOnError, bad, getPart(root+"/WhoAmI"))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, []int{400, 200}, statuses(answers))
	answers[0].fails(t, http.StatusBadRequest, "0x80044331", "exceeded the maximum allowed length of '50'")
	require.Equal(t, 1, names())
	_, answers = s.batch(t, continueOnError, changeSet(setPart(1, "PATCH", "$7", `{}`)))
	answers[0].fails(t, http.StatusBadRequest, "0x80060888", "Content-ID Reference: '$7' does not exist in the batch context.")
}

func TestWrites(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	a := s.send(t, http.MethodPost, "/contacts", `{"firstname":"A","lastname":"B","donotemail":true,"preferredcontactmethodcode":2,"birthdate":"1990-01-31"}`)
	require.Equal(t, http.StatusNoContent, a.status)
	link := a.header.Get("OData-EntityId")
	require.Equal(t, link, a.header.Get("Location"))
	require.Regexp(t, `^`+s.url+root+`/contacts\([0-9a-f-]{36}\)$`, link)
	path := strings.TrimPrefix(link, s.url+root)
	row := s.get(t, path+"?$select=fullname,donotemail,preferredcontactmethodcode,birthdate,statecode,_ownerid_value").json(t, http.StatusOK)
	require.Equal(t, []any{"A B", true, 2.0, "1990-01-31", 0.0, s.userID(t)},
		[]any{row["fullname"], row["donotemail"], row["preferredcontactmethodcode"], row["birthdate"], row["statecode"], row["_ownerid_value"]})

	for body, want := range map[string][2]string{
		`{"nothing":1}`:                     {"0x80048d19", "Invalid property 'nothing'"},
		`{"lastname":5}`:                    {"0x80048d19", "lastname"},
		`{"preferredcontactmethodcode":77}`: {"0x8004431a", "outside the valid range"},
		`{"ParentCustomerId_account@odata.bind":"/accounts(x)"}`: {"0x80048d19", "An undeclared property 'ParentCustomerId_account'"},
		`{"statuscode":2}`: {"0x80048408", "not a valid status code"},
		`[]`:               {"0x80048d19", "JSON"},
	} {
		s.send(t, http.MethodPost, "/contacts", body).fails(t, http.StatusBadRequest, want[0], want[1])
	}
	s.send(t, http.MethodPost, "/contacts", `{"lastname":"x","parentcustomerid_account@odata.bind":"/accounts(00000000-0000-0000-0000-000000000001)"}`).
		fails(t, http.StatusNotFound, "0x80040217", "account With Id")

	etag := row["@odata.etag"].(string)
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodPatch, path, `{"jobtitle":"X"}`, "If-Match", etag).status)
	s.send(t, http.MethodPatch, path, `{"jobtitle":"Y"}`, "If-Match", etag).fails(t, http.StatusPreconditionFailed, "0x80060882", "RowVersion")
	body := s.send(t, http.MethodPatch, path+"?$select=jobtitle", `{"jobtitle":"Z","statecode":1}`, "If-Match", "*", "Prefer", "return=representation").json(t, http.StatusOK)
	require.Equal(t, "Z", body["jobtitle"])
	require.InDelta(t, 2, s.get(t, path+"?$select=statuscode").json(t, http.StatusOK)["statuscode"], 0, "the state brings its status reason")
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodPut, path+"/jobtitle", `{"value":"W"}`).status)
	require.Equal(t, "W", s.get(t, path+"/jobtitle").json(t, http.StatusOK)["value"])
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodDelete, path+"/jobtitle", "").status)
	require.Equal(t, http.StatusNoContent, s.get(t, path+"/jobtitle").status)

	const mail = `{"lastname":"D","emailaddress1":"once@example.com"}`
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodPost, "/contacts", mail).status)
	s.send(t, http.MethodPost, "/contacts", mail, "MSCRM.SuppressDuplicateDetection", "false").fails(t, http.StatusPreconditionFailed, "0x80040333", "duplicate")
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodPost, "/contacts", mail).status, "duplicates are not looked for by default")

	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodDelete, path, "").status)
	s.send(t, http.MethodDelete, path, "").fails(t, http.StatusNotFound, "0x80040217", "Does Not Exist")
	s.send(t, http.MethodPatch, path, `{"jobtitle":"X"}`, "If-Match", "*").fails(t, http.StatusNotFound, "0x80040217", "Does Not Exist")
	require.Equal(t, http.StatusNoContent, s.send(t, http.MethodPatch, path, `{"lastname":"Back"}`).status, "without If-Match it is made again")
	s.send(t, http.MethodPatch, path, `{}`, "If-None-Match", "*").fails(t, http.StatusPreconditionFailed, "0x80060892", "matching key values")

	s.setObject(t, "contact", control.ObjectChange{Create: dynamics365.Off(), Update: dynamics365.Off()})
	s.send(t, http.MethodPost, "/contacts", `{"lastname":"x"}`).fails(t, http.StatusForbidden, "0x80040220", "prvCreateContact")
	s.send(t, http.MethodPatch, path, `{"jobtitle":"X"}`, "If-Match", "*").fails(t, http.StatusForbidden, "0x80040220", "prvWriteContact")

	ids := s.send(t, http.MethodPost, "/accounts/Microsoft.Dynamics.CRM.CreateMultiple", `{"Targets":[{"name":"m1"},{"name":"m2"}]}`).json(t, http.StatusOK)["Ids"].([]any)
	require.Len(t, ids, 2)
	update, err := json.Marshal(map[string]any{"Targets": []any{map[string]any{"accountid": ids[0], "name": "m3"}, map[string]any{"accountid": ids[1], "nothing": 1}}})
	require.NoError(t, err)
	s.send(t, http.MethodPost, "/accounts/Microsoft.Dynamics.CRM.UpdateMultiple", string(update)).fails(t, http.StatusBadRequest, "0x80048d19", "nothing")
	require.Equal(t, "m1", s.get(t, "/accounts("+ids[0].(string)+")?$select=name").json(t, http.StatusOK)["name"], "all or none")
}
