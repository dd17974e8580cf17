package validate_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

func goodManifest() *connectorv1.Manifest {
	return &connectorv1.Manifest{
		Name: "acme-crm", Title: "Acme CRM", Vendor: "Acme", Version: "1.2.3-rc.1", Kind: connectorv1.Kind_KIND_CRM,
		IconSvg: "<svg xmlns='http://www.w3.org/2000/svg'/>",
		Environments: []*connectorv1.EnvironmentSpec{{
			Environment: connectorv1.Environment_ENVIRONMENT_PRODUCTION,
			Oauth: &connectorv1.OAuth{
				AuthorizeUrl: "https://login.acme.example/authorize", TokenUrl: "https://login.acme.example/token", EndpointField: "instance_url",
				Scopes: []string{"api"}, AuthorizeParams: map[string]string{"prompt": "login"},
			},
		}},
		AllowedHosts: []string{"login.acme.example", "*.my.acme.example"},
		ConfigSchema: `{"type":"object"}`,
		Costs:        []*connectorv1.VerbCost{{Verb: "Read", CallsPerRequest: 1}},
		Prerequisites: []*connectorv1.Prerequisite{
			{Key: "api-enabled", Title: "API access", HelpUrl: "https://help.acme.example/api"},
		},
		Remediations: []*connectorv1.Remediation{{
			Cause: connectorv1.Cause_CAUSE_PERMISSION, Subject: connectorv1.Subject_SUBJECT_FIELD, Steps: []string{"Open {field}."},
			DeepLink: "{instanceUrl}/setup/{object}", Who: "Acme administrator",
		}},
		MaxObjectsPerCheck: 25,
		ApiTypes:           []*connectorv1.ApiType{{Key: "rest", Title: "REST API", RecommendedDailyLimit: 10_000}, {Key: "bulk-2", Title: "Bulk API 2.0"}},
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	require.NoError(t, validate.Describe(&connectorv1.DescribeResponse{Manifest: goodManifest()}))
	require.ErrorContains(t, validate.Describe(&connectorv1.DescribeResponse{}), "manifest: is missing")
	type edit = func(*connectorv1.Manifest)
	oauth := func(m *connectorv1.Manifest) *connectorv1.OAuth { return m.GetEnvironments()[0].GetOauth() }
	for part, change := range map[string]edit{
		"manifest.name: ":                           func(m *connectorv1.Manifest) { m.Name = "Acme" },
		"manifest.title: is empty":                  func(m *connectorv1.Manifest) { m.Title = " " },
		"manifest.vendor: is empty":                 func(m *connectorv1.Manifest) { m.Vendor = "" },
		"manifest.version: ":                        func(m *connectorv1.Manifest) { m.Version = "v1" },
		"manifest.kind: ":                           func(m *connectorv1.Manifest) { m.Kind = 0 },
		"manifest.icon_svg: holds active":           func(m *connectorv1.Manifest) { m.IconSvg = "<svg><script>x</script></svg>" },
		"manifest.icon_svg: has ":                   func(m *connectorv1.Manifest) { m.IconSvg = "<svg>" + strings.Repeat(" ", 33<<10) },
		"manifest.environments: is empty":           func(m *connectorv1.Manifest) { m.Environments = nil },
		"stands twice":                              func(m *connectorv1.Manifest) { m.Environments = append(m.Environments, m.GetEnvironments()[0]) },
		"oauth: is missing":                         func(m *connectorv1.Manifest) { m.Environments[0].Oauth = nil },
		"neither endpoint_field nor":                func(m *connectorv1.Manifest) { oauth(m).EndpointField = "" },
		"authorize_url: ":                           func(m *connectorv1.Manifest) { oauth(m).AuthorizeUrl = "javascript:alert(1)" },
		`token_url: "http://`:                       func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "http://login.acme.example/token" },
		"holds a user name":                         func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "https://me:pw@login.acme.example/token" },
		"is not among allowed_hosts":                func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "https://evil.example/token" },
		"state is set by the host":                  func(m *connectorv1.Manifest) { oauth(m).AuthorizeParams = map[string]string{"state": "x"} },
		"allowed_hosts: is empty":                   func(m *connectorv1.Manifest) { m.AllowedHosts = nil },
		"allows a whole top-level domain":           func(m *connectorv1.Manifest) { m.AllowedHosts = append(m.AllowedHosts, "*.com") },
		"is not a lower-case host name":             func(m *connectorv1.Manifest) { m.AllowedHosts = append(m.AllowedHosts, "https://x") },
		"config_schema: is not a JSON":              func(m *connectorv1.Manifest) { m.ConfigSchema = "[1]" },
		"refresh_token_idle_seconds: is 60; 0, or ": func(m *connectorv1.Manifest) { oauth(m).RefreshTokenIdleSeconds = 60 },
		"api_types[0].key: ":                        func(m *connectorv1.Manifest) { m.ApiTypes = []*connectorv1.ApiType{{Key: "REST", Title: "REST"}} },
		"api_types[0].title: is empty":              func(m *connectorv1.Manifest) { m.ApiTypes = []*connectorv1.ApiType{{Key: "rest"}} },
		`api_types[1].key: "rest" stands twice`: func(m *connectorv1.Manifest) {
			m.ApiTypes = []*connectorv1.ApiType{{Key: "rest", Title: "REST"}, {Key: "rest", Title: "Again"}}
		},
		"api_types[0].recommended_daily_limit: is -1": func(m *connectorv1.Manifest) {
			m.ApiTypes = []*connectorv1.ApiType{{Key: "rest", Title: "REST", RecommendedDailyLimit: -1}}
		},
		"api_types: has 11 entries":         func(m *connectorv1.Manifest) { m.ApiTypes = make([]*connectorv1.ApiType, 11) },
		"costs[0]: is negative":             func(m *connectorv1.Manifest) { m.Costs[0].CallsPerObject = -1 },
		"prerequisites[0].key: ":            func(m *connectorv1.Manifest) { m.Prerequisites[0].Key = "API" },
		"remediations[0].steps: is empty":   func(m *connectorv1.Manifest) { m.Remediations[0].Steps = nil },
		`deep_link: "javascript`:            func(m *connectorv1.Manifest) { m.Remediations[0].DeepLink = "javascript://x" },
		"must be followed by a path":        func(m *connectorv1.Manifest) { m.Remediations[0].DeepLink = "{instanceUrl}.evil.example" },
		"max_objects_per_check: is 500, 0 ": func(m *connectorv1.Manifest) { m.MaxObjectsPerCheck = 500 },
	} {
		manifest := proto.CloneOf(goodManifest())
		change(manifest)
		require.ErrorContains(t, validate.Describe(&connectorv1.DescribeResponse{Manifest: manifest}), part)
	}
}

func TestLoopbackMayBeHTTP(t *testing.T) {
	t.Parallel()
	manifest := goodManifest()
	manifest.Environments[0].Oauth.TokenUrl = "http://127.0.0.1:8080/token"
	manifest.AllowedHosts = append(manifest.AllowedHosts, "127.0.0.1")
	require.NoError(t, validate.Describe(&connectorv1.DescribeResponse{Manifest: manifest}))
}

func TestHostAllowed(t *testing.T) {
	t.Parallel()
	allowed := []string{"login.acme.example", "*.my.acme.example"}
	for host, want := range map[string]bool{
		"login.acme.example":        true,
		"LOGIN.acme.example.":       true,
		"a.my.acme.example":         true,
		"a.b.my.acme.example":       true,
		"my.acme.example":           false,
		"evilmy.acme.example":       false,
		"login.acme.example.evil":   false,
		"":                          false,
		".my.acme.example":          false,
		"x.login.acme.example":      false,
		"my.acme.example.evil.test": false,
	} {
		require.Equal(t, want, validate.HostAllowed(allowed, host), host)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	apis := []string{"rest", "bulk"}
	record := func(id, data string) *connectorv1.Record { return &connectorv1.Record{Id: id, Data: []byte(data)} }
	for part, batch := range map[string]*connectorv1.ReadResponse{
		"records[0].id: is empty":                 {Records: []*connectorv1.Record{record("", "{}")}},
		"records[1].id: has 201 bytes":            {Records: []*connectorv1.Record{record("1", "{}"), record(strings.Repeat("i", 201), "{}")}},
		"records[0].id: holds control characters": {Records: []*connectorv1.Record{record("a\x00", "{}")}},
		"resume_token: has 70000 bytes":           {ResumeToken: make([]byte, 70_000)},
		"stats: holds a negative number":          {Stats: &connectorv1.CallStats{CrmCalls: -1}},
		`"soap" is not among`:                     {Stats: &connectorv1.CallStats{CrmCalls: 1, CallsByType: map[string]int32{"soap": 1}}},
		`"bulk" has 3 calls, which are not among`: {Stats: &connectorv1.CallStats{CrmCalls: 2, CallsByType: map[string]int32{"bulk": 3}}},
		`"bulk" has -1 calls`:                     {Stats: &connectorv1.CallStats{CrmCalls: 2, CallsByType: map[string]int32{"bulk": -1}}},
		`"rest" has 2 calls, which are not among`: {Stats: &connectorv1.CallStats{CrmCalls: 2, CallsByType: map[string]int32{"bulk": 1, "rest": 2}}},
		"records: the batch has ":                 {Records: []*connectorv1.Record{record("1", "{}"), record("2", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)}},
	} {
		require.ErrorContains(t, validate.Batch(batch, apis), part)
	}
	require.NoError(t, validate.Batch(&connectorv1.ReadResponse{
		Records: []*connectorv1.Record{{Id: "1", Deleted: true}}, Stats: &connectorv1.CallStats{CrmCalls: 2, CallsByType: map[string]int32{"bulk": 2}},
	}, apis))
	require.NoError(t, validate.Batch(&connectorv1.ReadResponse{Records: []*connectorv1.Record{record("1", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`)}}, apis),
		"one record alone may be over the size of a batch")
}

// What is wrong with one record is that record's alone, and said without its data.
func TestRecord(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ data, want string }{
		{`{}`, ""},
		{` {"a":"\\u0000"}`, ""},
		{`{"a":"\\\\u0000"}`, ""},
		{`{"a":"\\\u0000"}`, "NUL"},
		{`{"secret":"x\u0000"}`, "NUL"},
		{`{"\u0000":1}`, "NUL"},
		{`{"a":"\n\u00001"}`, "NUL"},
		{`{"a":"\u0001"}`, ""},
		{"", "not a JSON object"},
		{"null", "not a JSON object"},
		{`["secret"]`, "not a JSON object"},
		{`{"secret":`, "not a JSON object"},
		{"{\"a\":\"\xff\"}", "not a JSON object"},
		{"{\"a\":\"\x00\"}", "not a JSON object"},
		{`{"a":"` + strings.Repeat("x", 256<<10) + `"}`, "more than 262144 bytes"},
	} {
		err := validate.Record(&connectorv1.Record{Id: "1", Data: []byte(tc.data)})
		if tc.want == "" {
			require.NoError(t, err, tc.data)
			continue
		}
		require.ErrorContains(t, err, tc.want)
		require.NotContains(t, err.Error(), "secret")
	}
	require.NoError(t, validate.Record(&connectorv1.Record{Id: "1", Deleted: true}))
	require.Error(t, validate.Record(&connectorv1.Record{Id: "1", Deleted: true, Data: []byte("x")}))
	require.ErrorContains(t, validate.Record(&connectorv1.Record{Id: "1", Data: []byte("{}"), ModifiedAt: &timestamppb.Timestamp{Nanos: -1}}), "modified_at")
}

func TestReadRecordsRequest(t *testing.T) {
	t.Parallel()
	many := make([]string, 201)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	for part, ids := range map[string][]string{
		"ids: is empty": {}, "ids: has 201 entries": many, `"1" stands twice`: {"1", "1"}, "ids[1]: is empty": {"1", ""},
	} {
		require.ErrorContains(t, validate.ReadRecordsRequest(&connectorv1.ReadRecordsRequest{Ids: ids}), part)
	}
	require.NoError(t, validate.ReadRecordsRequest(&connectorv1.ReadRecordsRequest{Ids: many[:200]}))
}
