package salesforce_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// exchange is a recorded request with its answer, in any of the three forms the recordings have.
type exchange struct {
	Source, Method, URI, URL string
	Query                    map[string]string
	Request, Response        json.RawMessage
	Status                   int
}

// TestReplayOfRecordedExchanges sends recorded requests and compares status, key sets, value types and error codes of
// the answers. What the simulator does not offer is counted apart; ids are exchanged for those of its own records.
func TestReplayOfRecordedExchanges(t *testing.T) {
	t.Parallel()
	data := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if data == "" {
		t.Skip("FIELDWARDEN_REFERENCE_DATA is not set: recorded exchanges are not replayed")
	}
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"Account": 300, "Contact": 300, "Lead": 50} })
	replay := &replayer{org: org, client: org.login(t), left: map[string]int{}}
	for _, name := range []string{"cumulusci", "grouparoo", "nango"} {
		file, err := os.Open(filepath.Join(data, "salesforce/data/recorded", name+".jsonl"))
		require.NoError(t, err)
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var recorded exchange
			require.NoError(t, json.Unmarshal(lines.Bytes(), &recorded))
			replay.run(t, recorded)
		}
		require.NoError(t, lines.Err())
		require.NoError(t, file.Close())
	}
	for _, reason := range slices.Sorted(maps.Keys(replay.left)) {
		t.Logf("not replayed: %3d %s", replay.left[reason], reason)
	}
	t.Logf("replayed %d exchanges: %d agree in status and shape (%.1f %%)", replay.done, replay.same,
		100*float64(replay.same)/float64(replay.done))
	require.GreaterOrEqual(t, replay.done, 80)
	require.GreaterOrEqual(t, float64(replay.same)/float64(replay.done), leastAgreement)
}

type replayer struct {
	org        *org
	client     *session
	done, same int
	left       map[string]int // not replayed, by reason
}

var (
	versionInPath = regexp.MustCompile(`/data/v(?:xx|\d+)\.0`)
	versionInURL  = regexp.MustCompile(`"v\d+\.0/`)
	recordedID    = regexp.MustCompile(`(001|003|00Q|006)[0-9A-Za-z]{15}\b`)
	// Stamps are exchanged like ids: nothing changed since.
	ifModifiedSince = regexp.MustCompile(`("If-Modified-Since": ")[^"]*`)
	customNames     = regexp.MustCompile(`__[cr]\b`)
)

// run replays one exchange.
func (r *replayer) run(t *testing.T, recorded exchange) {
	t.Helper()
	target, body := requestOf(t, recorded)
	if reason := r.leftOut(target, body, recorded); reason != "" {
		r.left[reason]++
		return
	}
	if strings.Contains(target, "/query/0r8") {
		target = r.ownLocator(t, recorded)
	}
	known := map[string]string{}
	if recorded.Status < 300 && !bytes.Contains(recorded.Response, []byte("INVALID_CROSS_REFERENCE_KEY")) {
		target, body = r.ownIDs(t, target, known), r.ownIDs(t, body, known)
	}
	body = ifModifiedSince.ReplaceAllString(body, "${1}"+r.client.get(t, root+"/sobjects").header.Get("Last-Modified"))
	answer := r.client.send(t, recorded.Method, target, body)
	var want, got any
	_ = json.Unmarshal(recorded.Response, &want)
	if len(answer.body) > 0 {
		require.NoError(t, json.Unmarshal(answer.body, &got), "%s", answer.body)
	}
	differences := shapeDifferences("", want, got)
	if answer.status != recorded.Status {
		differences = append(differences, fmt.Sprintf("status %d, recorded %d: %.200s", answer.status, recorded.Status, answer.body))
	}
	if r.done++; len(differences) == 0 {
		r.same++
		return
	}
	t.Logf("%s %.100s (%s):", recorded.Method, target, recorded.Source)
	for _, difference := range differences[:min(len(differences), 8)] {
		t.Logf("  %s", difference)
	}
}

// requestOf is the path with its query, and the body, in the simulator's version.
func requestOf(t *testing.T, recorded exchange) (target, body string) {
	t.Helper()
	parsed, err := url.Parse(recorded.URI + recorded.URL)
	require.NoError(t, err)
	query, content := parsed.Query(), recorded.Request
	for name, value := range recorded.Query {
		plain, err := url.QueryUnescape(value)
		require.NoError(t, err)
		query.Set(name, plain)
	}
	var wrapped struct {
		Params map[string]string
		Data   json.RawMessage
	}
	if strings.HasPrefix(recorded.Source, "nango") {
		require.NoError(t, json.Unmarshal(content, &wrapped))
		content = wrapped.Data
		for name, value := range wrapped.Params {
			query.Set(name, value)
		}
	}
	var quoted string
	if json.Unmarshal(content, &quoted) == nil {
		content = json.RawMessage(quoted)
	}
	if string(content) == "null" {
		content = nil
	}
	target = versionInPath.ReplaceAllString(parsed.Path, "/data/v66.0")
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	body = versionInPath.ReplaceAllString(string(content), "/data/v66.0")
	return target, versionInURL.ReplaceAllString(body, `"v66.0/`)
}

// leftOut says why an exchange cannot be replayed, "" if it can.
func (r *replayer) leftOut(target, body string, recorded exchange) string {
	path, query, _ := strings.Cut(target, "?")
	decoded, _ := url.QueryUnescape(query)
	switch {
	case strings.Contains(path, "/async/"):
		return "Bulk API 1.0"
	case strings.Contains(path, "/composite/graph"):
		return "composite graphs"
	case regexp.MustCompile(`/(quickActions|recent|search|parameterizedSearch)\b`).MatchString(path):
		return "search, recent items and quick actions"
	case regexp.MustCompile(`/sobjects/(Topic|Campaign)\b|FROM (Topic|Campaign|RecordType)|TopicAssignment|CampaignMember`).MatchString(path + decoded):
		return "objects outside the packages"
	case strings.HasPrefix(recorded.Source, "ManualEdit") && strings.Contains(recorded.Source, "escribe"):
		return "describes that were cut by hand"
	case strings.Contains(decoded, "RecordTypeId"):
		return "record types"
	case strings.Contains(decoded+body, "TYPEOF"):
		return "TYPEOF"
	case customNames.MatchString(decoded) || customNames.MatchString(body):
		return "custom fields of the recorded org"
	case bytes.Contains(recorded.Response, []byte("custom_validation")), bytes.Contains(recorded.Response, []byte("email_field")),
		bytes.Contains(recorded.Response, []byte("email field")):
		return "validation rules of the recorded org"
	case recorded.Status >= 500:
		return "server errors"
	case bytes.Contains(recorded.Response, []byte(`"<full`)), bytes.Contains(recorded.Response, []byte("include_template")):
		return "recordings without their body"
	}
	return ""
}

// ownLocator opens a query for the recorded columns, since locators are not those of the recorded org.
func (r *replayer) ownLocator(t *testing.T, recorded exchange) string {
	t.Helper()
	var like struct{ Records []map[string]any }
	require.NoError(t, json.Unmarshal(recorded.Response, &like))
	delete(like.Records[0], "attributes")
	columns := slices.Sorted(maps.Keys(like.Records[0]))
	header := r.client.header()
	header.Set("Sforce-Query-Options", "batchSize=200")
	var page struct{ NextRecordsURL string }
	soql := "SELECT " + strings.Join(columns, ", ") + " FROM Account"
	r.org.do(t, http.MethodGet, root+"/query?q="+url.QueryEscape(soql), "", header).json(t, http.StatusOK, &page)
	return page.NextRecordsURL
}

// ownIDs exchanges recorded ids for those of live records.
func (r *replayer) ownIDs(t *testing.T, text string, known map[string]string) string {
	t.Helper()
	objects := map[string]string{"001": "Account", "003": "Contact", "00Q": "Lead", "006": "Opportunity"}
	text = strings.ReplaceAll(text, "00D0xORGID00000000", r.org.Controls().State().Instance.ID)
	return recordedID.ReplaceAllStringFunc(text, func(id string) string {
		if known[id] == "" {
			live, err := r.org.Controls().RecordIDs(objects[id[:3]])
			require.NoError(t, err)
			known[id] = live[len(known)]
		}
		return known[id]
	})
}

// shapeDifferences compares key sets, types and error codes. Null goes with anything: whether a field has a value is
// the data's affair. So is whether another page follows, and what the recorded org added to its objects.
func shapeDifferences(at string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		mine, ok := got.(map[string]any)
		if !ok {
			return wrongType(at, want, got)
		}
		return objectDifferences(at, want, mine)
	case []any:
		mine, ok := got.([]any)
		if !ok {
			return wrongType(at, want, got)
		}
		var differences []string
		for i := range min(len(want), len(mine), 5) {
			differences = append(differences, shapeDifferences(fmt.Sprintf("%s[%d]", at, i), want[i], mine[i])...)
		}
		return differences
	}
	if want == nil || got == nil || want == "" && got == "" || fmt.Sprintf("%T", want) == fmt.Sprintf("%T", got) {
		return nil
	}
	return wrongType(at, want, got)
}

func wrongType(at string, want, got any) []string {
	if want == nil || got == nil {
		return nil
	}
	return []string{fmt.Sprintf("%s: %T, recorded %T", at, got, want)}
}

func objectDifferences(at string, want, got map[string]any) []string {
	var differences []string
	free := func(name string) bool {
		if strings.HasSuffix(at, "Address") && (name == "stateCode" || name == "countryCode") {
			return true
		}
		return name == "nextRecordsUrl" || name == "DelegatedAuthenticationServiceUrl" || customNames.MatchString(name) || stateAndCountryPicklists(name)
	}
	for name, value := range want {
		mine, ok := got[name]
		if free(name) {
			continue
		}
		if !ok {
			differences = append(differences, at+"."+name+": missing")
			continue
		}
		if codes := []string{"errorCode", "statusCode", "httpStatusCode"}; slices.Contains(codes, name) && mine != value {
			differences = append(differences, fmt.Sprintf("%s.%s: %v, recorded %v", at, name, mine, value))
		}
		differences = append(differences, shapeDifferences(at+"."+name, value, mine)...)
	}
	for name := range got {
		if _, ok := want[name]; !ok && !free(name) {
			differences = append(differences, at+"."+name+": not recorded")
		}
	}
	slices.Sort(differences)
	return differences
}
