package dynamics365_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// referenceData is the folder with real definitions, or the test is skipped.
func referenceData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if dir == "" {
		t.Skip("FIELDWARDEN_REFERENCE_DATA is not set: the metadata is not compared with real definitions")
	}
	return filepath.Join(dir, "dynamics365", "data")
}

type realAttribute struct {
	LogicalName, AttributeType                               string
	AttributeTypeName                                        struct{ Value string }
	IsValidForRead, IsValidODataAttribute, IsCustomAttribute bool
}

// TestFidelity: the columns of every table that packages use carry the names and types of a real environment, in both
// directions; so do entity set, object type code and privilege names.
func TestFidelity(t *testing.T) {
	t.Parallel()
	dir := referenceData(t)
	s := start(t).login(t)
	for _, c := range []struct {
		table   string
		partial bool // the reference lists only some columns
	}{
		{"account", false},
		{"contact", false},
		{"lead", false},
		{"opportunity", false},
		{"task", false},
		{"phonecall", false},
		{"email", false},
		{"appointment", false},
		{"activitypointer", false},
		{"annotation", false},
		{"activityparty", false},
		{"team", false},
		{"campaign", false},
		{"solution", false},
		{"processstage", false},
		{"systemuser", true},
		{"businessunit", true},
		{"transactioncurrency", true},
	} {
		folder := "entitydefinitions"
		if c.partial {
			folder = "partial"
		}
		text, err := os.ReadFile(filepath.Join(dir, folder, c.table+".json"))
		require.NoError(t, err)
		var theirs struct {
			EntitySetName  string
			ObjectTypeCode int
			OwnershipType  string
			Attributes     []realAttribute
			Privileges     []struct{ Name string }
		}
		require.NoError(t, json.Unmarshal(text, &theirs))
		mine := s.get(t, "/EntityDefinitions(LogicalName='"+c.table+"')?$expand=Attributes").json(t, http.StatusOK)
		require.Equal(t, theirs.EntitySetName, mine["EntitySetName"])
		if !c.partial {
			require.InDelta(t, theirs.ObjectTypeCode, mine["ObjectTypeCode"], 0)
			require.Equal(t, theirs.OwnershipType, mine["OwnershipType"])
			var names, ours []string
			for _, p := range theirs.Privileges {
				names = append(names, p.Name)
			}
			for _, p := range mine["Privileges"].([]any) {
				ours = append(ours, p.(map[string]any)["Name"].(string))
			}
			require.ElementsMatch(t, names, ours, c.table)
		}
		compareColumns(t, c.table, c.partial, theirs.Attributes, mine["Attributes"].([]any))
	}
}

func compareColumns(t *testing.T, table string, partial bool, theirs []realAttribute, mine []any) {
	t.Helper()
	wanted, given := map[string]string{}, map[string]string{}
	for _, a := range theirs {
		wanted[a.LogicalName] = a.AttributeType
	}
	for _, entry := range mine {
		a := entry.(map[string]any)
		given[a["LogicalName"].(string)] = a["AttributeType"].(string)
	}
	var differences []string
	same := 0
	for name, kind := range wanted {
		// The partial lists come from another vocabulary, which has no states and leaves some types out.
		if given[name] == kind || partial && (kind == "" || kind == "Picklist" && given[name] == "State") {
			same++
		} else {
			differences = append(differences, name+": "+kind+" there, "+given[name]+" here")
		}
	}
	for name, kind := range given {
		if _, ok := wanted[name]; !ok && !partial {
			differences = append(differences, name+": not there, "+kind+" here")
		}
	}
	slices.Sort(differences)
	forth, back := float64(same)/float64(len(wanted)), float64(same)/float64(len(given))
	t.Logf("%s: %d of %d real columns (%.1f %%) and %d of our %d agree; differences: %s", table, same, len(wanted), 100*forth, same,
		len(given), strings.Join(differences, "; "))
	require.GreaterOrEqual(t, forth, 0.95, table)
	if !partial {
		require.GreaterOrEqual(t, back, 0.95, table)
	}
}

// TestReplay sends what a real client sent, and expects the status that the client could go on with.
func TestReplay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(referenceData(t), "dwa-2.5.0-requests.json"))
	require.NoError(t, err)
	var recorded struct {
		Requests []struct {
			Call, Method, URL, Body string
			Headers                 map[string]string
		}
	}
	require.NoError(t, json.Unmarshal(text, &recorded))
	s := start(t).login(t)
	ids := map[string]string{}
	for _, object := range []string{"contact", "lead", "account", "systemuser"} {
		all, err := s.Controls().RecordIDs(object)
		require.NoError(t, err)
		ids[object] = all[0]
	}
	ids["lead"] = s.rows(t, "/leads?$select=leadid&$top=1&$filter="+escape("statecode eq 0"))[0]["leadid"].(string)
	ids["systemuser"] = s.get(t, "/WhoAmI").json(t, http.StatusOK)["UserId"].(string)
	const recordedID = "49b0be2e-d01c-ed11-b83e-000d3a572421"
	ours := func(text string) string {
		for object, set := range map[string]string{"contact": "contacts", "lead": "leads", "account": "accounts", "systemuser": "systemusers"} {
			text = strings.ReplaceAll(text, set+"("+recordedID+")", set+"("+ids[object]+")")
		}
		return strings.ReplaceAll(text, "http://127.0.0.1:18431", s.url)
	}
	agreed := 0
	for _, r := range recorded.Requests {
		want := http.StatusOK
		switch {
		case r.Method == http.MethodPost && strings.HasPrefix(r.Call, "create "+"returnRepresentation"):
			want = http.StatusCreated
		case r.Call == "update ifmatch":
			want = http.StatusPreconditionFailed // the version is made up
		case strings.HasPrefix(r.Call, "create") || strings.HasPrefix(r.Call, "up") || r.Call == "delete":
			want = http.StatusNoContent
		case r.Call == "429" || r.Call == "403":
			want = http.StatusNotFound // addresses that only the recording server had
		case strings.HasPrefix(r.Call, "longUrl"):
			want = http.StatusBadRequest // the recording is cut in the middle of the URL
		case strings.Contains(r.URL, "$skiptoken"):
			want = http.StatusBadRequest // a made-up cookie: ours are opaque and checked
		}
		header := s.header()
		for name, value := range r.Headers {
			if name != "authorization" && name != "host" {
				header.Set(name, value)
			}
		}
		a := s.do(t, r.Method, ours(r.URL), ours(r.Body), header)
		if a.status == want {
			agreed++
		} else {
			t.Errorf("%s %s: %d instead of %d: %.300s", r.Call, r.URL, a.status, want, a.body)
		}
	}
	t.Logf("%d of %d recorded requests answered as expected", agreed, len(recorded.Requests))
}
