package validate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

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
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	require.NoError(t, validate.Describe(&connectorv1.DescribeResponse{Manifest: goodManifest()}))
	require.ErrorContains(t, validate.Describe(&connectorv1.DescribeResponse{}), "manifest: is missing")
	type edit = func(*connectorv1.Manifest)
	oauth := func(m *connectorv1.Manifest) *connectorv1.OAuth { return m.GetEnvironments()[0].GetOauth() }
	for part, change := range map[string]edit{
		"manifest.name: ":                   func(m *connectorv1.Manifest) { m.Name = "Acme" },
		"manifest.title: is empty":          func(m *connectorv1.Manifest) { m.Title = " " },
		"manifest.vendor: is empty":         func(m *connectorv1.Manifest) { m.Vendor = "" },
		"manifest.version: ":                func(m *connectorv1.Manifest) { m.Version = "v1" },
		"manifest.kind: ":                   func(m *connectorv1.Manifest) { m.Kind = 0 },
		"manifest.icon_svg: holds active":   func(m *connectorv1.Manifest) { m.IconSvg = "<svg><script>x</script></svg>" },
		"manifest.icon_svg: has ":           func(m *connectorv1.Manifest) { m.IconSvg = "<svg>" + strings.Repeat(" ", 33<<10) },
		"manifest.environments: is empty":   func(m *connectorv1.Manifest) { m.Environments = nil },
		"stands twice":                      func(m *connectorv1.Manifest) { m.Environments = append(m.Environments, m.GetEnvironments()[0]) },
		"oauth: is missing":                 func(m *connectorv1.Manifest) { m.Environments[0].Oauth = nil },
		"neither endpoint_field nor":        func(m *connectorv1.Manifest) { oauth(m).EndpointField = "" },
		"authorize_url: ":                   func(m *connectorv1.Manifest) { oauth(m).AuthorizeUrl = "javascript:alert(1)" },
		`token_url: "http://`:               func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "http://login.acme.example/token" },
		"holds a user name":                 func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "https://me:pw@login.acme.example/token" },
		"is not among allowed_hosts":        func(m *connectorv1.Manifest) { oauth(m).TokenUrl = "https://evil.example/token" },
		"state is set by the host":          func(m *connectorv1.Manifest) { oauth(m).AuthorizeParams = map[string]string{"state": "x"} },
		"allowed_hosts: is empty":           func(m *connectorv1.Manifest) { m.AllowedHosts = nil },
		"allows a whole top-level domain":   func(m *connectorv1.Manifest) { m.AllowedHosts = append(m.AllowedHosts, "*.com") },
		"is not a lower-case host name":     func(m *connectorv1.Manifest) { m.AllowedHosts = append(m.AllowedHosts, "https://x") },
		"config_schema: is not a JSON":      func(m *connectorv1.Manifest) { m.ConfigSchema = "[1]" },
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
	record := func(id, data string) *connectorv1.Record { return &connectorv1.Record{Id: id, Data: []byte(data)} }
	for part, batch := range map[string]*connectorv1.ReadResponse{
		"records[0].id: is empty":                {Records: []*connectorv1.Record{record("", "{}")}},
		"records[1].data: is not a JSON object":  {Records: []*connectorv1.Record{record("1", " {}"), record("2", `"x"`)}},
		"records[0].data: is not a JSON object":  {Records: []*connectorv1.Record{record("1", "")}},
		"records[0].data: is not a JSON object ": {Records: []*connectorv1.Record{record("1", "{\"a\":\"\xff\"}")}},
		"resume_token: has 70000 bytes":          {ResumeToken: make([]byte, 70_000)},
		"stats: holds a negative number":         {Stats: &connectorv1.CallStats{CrmCalls: -1}},
		"records: the batch has ":                {Records: []*connectorv1.Record{record("1", "{}"), record("2", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)}},
	} {
		require.ErrorContains(t, validate.Batch(batch), strings.TrimSpace(part))
	}
	require.NoError(t, validate.Batch(&connectorv1.ReadResponse{Records: []*connectorv1.Record{{Id: "1", Deleted: true}}}))
	require.NoError(t, validate.Batch(&connectorv1.ReadResponse{Records: []*connectorv1.Record{record("1", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`)}}),
		"one record alone may be over the size of a batch")
}
