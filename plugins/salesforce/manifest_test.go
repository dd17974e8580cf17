package salesforce

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	m := New().Describe()
	require.Equal(t, m, New().Describe())
	require.Equal(t, "salesforce", m.Name)
	require.Equal(t, 24, m.MaxObjectsPerCheck)
	require.Len(t, m.Environments, 2)
	for i, host := range []string{"login.salesforce.com", "test.salesforce.com"} {
		o := m.Environments[i].OAuth
		require.True(t, o.PKCE)
		require.True(t, o.RotatesRefreshToken)
		require.Equal(t, "instance_url", o.EndpointField)
		require.Contains(t, m.AllowedHosts, host)
		for _, address := range []string{o.AuthorizeURL, o.TokenURL, o.RevokeURL} {
			u, err := url.Parse(address)
			require.NoError(t, err)
			require.Equal(t, "https://"+host, u.Scheme+"://"+u.Host)
		}
	}
	require.True(t, json.Valid(m.ConfigSchema))

	icon := xml.NewDecoder(strings.NewReader(m.IconSVG))
	for {
		_, err := icon.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// TestRemediations: each cause that this connector or the host can give for a
// Salesforce field or object has steps, with known placeholders only.
func TestRemediations(t *testing.T) {
	t.Parallel()
	known := []string{"{object}", "{objectLabel}", "{field}", "{fieldLabel}", "{instanceUrl}", "{user}"}
	has := map[string]bool{}
	for _, r := range New().Describe().Remediations {
		key := string(r.Cause) + " " + string(r.Subject)
		require.False(t, has[key], key)
		has[key] = true
		require.NotEmpty(t, r.Steps, key)
		require.NotEmpty(t, r.Who, key)
		require.True(t, strings.HasPrefix(r.DeepLink, "{instanceUrl}/lightning/setup/"), key)
		for _, text := range append(slices.Clone(r.Steps), r.DeepLink) {
			for _, p := range placeholder.FindAllString(text, -1) {
				require.Contains(t, known, p, key)
				require.False(t, r.Subject == sdk.SubjectObject && strings.HasPrefix(p, "{field"), key)
			}
		}
	}
	for _, cause := range []sdk.Cause{sdk.CausePermission, sdk.CauseObjectDenied, sdk.CauseUnknown, sdk.CauseDeleted, sdk.CauseAPIVersion, sdk.CauseRenamedCandidate, sdk.CauseScopeMissing} {
		for _, subject := range []sdk.Subject{sdk.SubjectObject, sdk.SubjectField} {
			require.True(t, has[string(cause)+" "+string(subject)], "%s %s", cause, subject)
		}
	}
}
