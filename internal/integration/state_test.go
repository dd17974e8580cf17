package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// TestTransitions holds the table of states to the life that the requirements
// draw (C5): rows are states, columns events, "-" is impossible.
func TestTransitions(t *testing.T) {
	t.Parallel()
	events := []event{
		signInStarted, signInFailed, authorized, reconnected, userReplaced, activated,
		paused, resumed, credentialLost, graceExpired, disconnected,
	}
	for from, row := range map[crm.IntegrationState]string{
		crm.IntegrationDraft:        "AUTHORIZING - - - - - - - - - DISCONNECTED",
		crm.IntegrationAuthorizing:  "AUTHORIZING DRAFT ONBOARDING - - - - - - - DISCONNECTED",
		crm.IntegrationOnboarding:   "- - - - ONBOARDING ACTIVE - - DRAFT - DISCONNECTED",
		crm.IntegrationActive:       "- - - - ACTIVE - PAUSED - GRACE - DISCONNECTED",
		crm.IntegrationPaused:       "- - - - PAUSED - - ACTIVE GRACE - DISCONNECTED",
		crm.IntegrationGrace:        "GRACE GRACE - ACTIVE - - - - - DISCONNECTED DISCONNECTED",
		crm.IntegrationDisconnected: "DISCONNECTED DISCONNECTED ONBOARDING ACTIVE - - - - - - DISCONNECTED",
	} {
		require.Len(t, strings.Fields(row), len(events), from)
		for i, want := range strings.Fields(row) {
			to, ok := transition(from, events[i])
			require.Equal(t, want != "-", ok, "%s, %s", from, events[i])
			if ok {
				require.Equal(t, crm.IntegrationState(want), to, "%s, %s", from, events[i])
			}
		}
	}
	require.Len(t, crm.IntegrationState("").Values(), 7, "every state has a row")
	_, ok := transition("", signInStarted)
	require.False(t, ok)
}

func TestHostAllowed(t *testing.T) {
	t.Parallel()
	patterns := []string{"login.salesforce.com", "*.my.salesforce.com", "*", "*salesforce.org"}
	for host, want := range map[string]bool{
		"login.salesforce.com": true, "LOGIN.salesforce.com": true, "acme.my.salesforce.com": true, "acme--dev.sandbox.my.salesforce.com": true,
		"my.salesforce.com": false, ".my.salesforce.com": false, "evilmy.salesforce.com": false, "login.salesforce.com.evil.com": false,
		"acme.my.salesforce.com.": false, "evil.com": false, "": false, "xsalesforce.org": false,
	} {
		require.Equal(t, want, hostAllowed(patterns, host), host)
	}
}

func TestDataEndpoint(t *testing.T) {
	t.Parallel()
	manifest := crm.Manifest{Title: "CRM", AllowedHosts: []string{"*.crm.example.com"}}
	for raw, want := range map[string]string{
		"https://a.crm.example.com":         "https://a.crm.example.com",
		"https://a.crm.example.com/":        "https://a.crm.example.com",
		"https://a.crm.example.com/org/":    "https://a.crm.example.com/org",
		"https://a.crm.example.com:443":     "https://a.crm.example.com:443",
		"https://a.crm.example.com:8443":    "",
		"http://a.crm.example.com":          "",
		"https://crm.example.com":           "",
		"https://a.crm.example.com#x":       "",
		"https://u:p@a.crm.example.com":     "",
		"https://127.0.0.1":                 "",
		"a.crm.example.com":                 "",
		"https://a.crm.example.com%2f@evil": "",
		"::":                                "",
	} {
		got, err := described{manifest: manifest, oauth: crm.OAuthSpec{EndpointField: "url"}}.dataEndpoint(tokenAnswer{"url": raw})
		require.Equal(t, want, got, raw)
		if want == "" {
			require.Equal(t, fault.HostBlocked, fault.CodeOf(err), raw)
		}
	}
	fixed, err := described{manifest: manifest, oauth: crm.OAuthSpec{Endpoint: "https://api.crm.example.com"}}.dataEndpoint(nil)
	require.NoError(t, err)
	require.Equal(t, "https://api.crm.example.com", fixed)
}

// TestClipKeepsCharactersWhole for a column that counts bytes.
func TestClipKeepsCharactersWhole(t *testing.T) {
	t.Parallel()
	require.Equal(t, "abc", clip("abc", 3))
	require.Equal(t, "ab", clip("abc", 2))
	require.Equal(t, "a", clip("aé", 2))
	require.Empty(t, clip("é", 1))
}

func TestMissingScopes(t *testing.T) {
	t.Parallel()
	asked := []string{"api", "offline_access"}
	for granted, want := range map[string][]string{
		"": nil, "full": nil, "api offline_access": nil, "refresh_token api id": nil,
		"api": {"offline_access"}, "id": {"api", "offline_access"},
	} {
		require.Equal(t, want, missingScopes(asked, tokenAnswer{"scope": granted}), granted)
	}
}
