package dynamics365

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	m := New().Describe()
	require.Equal(t, "dynamics365", m.Name)
	require.Len(t, m.Environments, 2)
	for _, e := range m.Environments {
		require.True(t, e.OAuth.PKCE && e.OAuth.RotatesRefreshToken)
		require.Equal(t, []sdk.GrantType{sdk.GrantAuthorizationCode, sdk.GrantClientCredentials}, e.OAuth.Grants)
		require.Equal(t, "{environmentUrl}", e.OAuth.Endpoint)
		require.Equal(t, []string{"{environmentUrl}/user_impersonation", "offline_access", "openid"}, e.OAuth.Scopes)
		for _, code := range []string{"700082", "50173", "50076", "50079", "65001", "interaction_required"} {
			require.Contains(t, e.OAuth.RevokedCodes, code)
		}
		for _, code := range []string{"90015", "50196", "temporarily_unavailable"} {
			require.Contains(t, e.OAuth.RetryCodes, code)
			require.NotContains(t, e.OAuth.RevokedCodes, code)
		}
	}
	require.NoError(t, xml.Unmarshal([]byte(m.IconSVG), new(any)))
}

// TestConfigSchema: only addresses of Dataverse environments are accepted, and the
// host may send tokens to each of them.
func TestConfigSchema(t *testing.T) {
	t.Parallel()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(configSchema)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("https://connector.invalid/config.json", document))
	schema, err := compiler.Compile("https://connector.invalid/config.json")
	require.NoError(t, err)
	good := func(config map[string]any) bool {
		raw, err := json.Marshal(config)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		require.NoError(t, err)
		return schema.Validate(value) == nil
	}
	hosts := New().Describe().AllowedHosts
	for url, want := range map[string]bool{
		"https://contoso.crm.dynamics.com": true, "https://contoso.crm4.dynamics.com": true, "https://contoso-1.crm21.dynamics.com/": true,
		"https://contoso.crm9.dynamics.com": true, "https://contoso.crm30.dynamics.com": true,
		"https://contoso.crm.microsoftdynamics.us": true, "https://contoso.crm.appsplatform.us": true, "https://contoso.crm.dynamics.cn": true,
		"https://contoso.crm.microsoftdynamics.de": true,
		"http://contoso.crm.dynamics.com":          false, "https://contoso.crm1.dynamics.com": false, "https://contoso.crm31.dynamics.com": false,
		"https://crm.dynamics.com": false, "https://contoso.crm.dynamics.com.evil.example": false, "https://evil.example/contoso.crm.dynamics.com": false,
		"https://user@contoso.crm.dynamics.com": false, "https://contoso.crm.dynamics.com:8443": false, "https://contoso.crm.dynamics.com/main.aspx": false,
		"https://a.b.crm.dynamics.com": false, "https://-contoso.crm.dynamics.com": false, "https://contoso.operations.dynamics.com": false, "": false,
	} {
		require.Equal(t, want, good(map[string]any{"environmentUrl": url}), url)
		if want {
			host := strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/")
			require.True(t, validate.HostAllowed(hosts, host), host)
		}
	}
	at := func(more map[string]any) map[string]any {
		more["environmentUrl"] = "https://contoso.crm.dynamics.com"
		return more
	}
	require.False(t, good(map[string]any{}))
	require.True(t, good(at(map[string]any{"tenant": "contoso.onmicrosoft.com"})))
	require.False(t, good(at(map[string]any{"tenant": "../x"})))
	require.True(t, good(at(map[string]any{"authority": "https://login.microsoftonline.us"})))
	require.False(t, good(at(map[string]any{"authority": "https://evil.example"})))
	require.False(t, good(at(map[string]any{"other": 1})))
}

// TestRemediations: every cause has steps for objects and for fields, and they name
// what they are about.
func TestRemediations(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, r := range remediations() {
		found[string(r.Cause)+" "+string(r.Subject)] = true
		text := strings.Join(r.Steps, "\n")
		require.NotEmpty(t, r.Who)
		require.NotEmpty(t, r.DeepLink)
		require.NotEmpty(t, r.Steps)
		if r.Cause != sdk.CauseScopeMissing {
			name := "{object"
			if r.Subject == sdk.SubjectField {
				name = "{field"
			}
			require.Contains(t, text, name, "%s %s", r.Cause, r.Subject)
		}
		for _, step := range r.Steps {
			require.True(t, strings.HasSuffix(step, "."), step)
		}
	}
	require.Len(t, found, 18)
}
