package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestSecretsAreFoundNowhere plays the story, with failures, against a server process
// that logs all it can, before a CRM that echoes secrets in its errors. Then it looks
// for every secret that took part: in the log, the database with its write-ahead log,
// the API's answers and events, the command lines and the connector's environment.
func TestSecretsAreFoundNowhere(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		eavesdropper := &eavesdropper{}
		s := &site{vendor: salesforceVendor(), crm: newCRM(t, salesforce.Config{ClientID: "canary-client", ClientSecret: clientCanary})}
		s.crm.watch = eavesdropper.watch
		s.config = configure(t, url, s.crm.url)
		for slot := range s.config.OAuthClients {
			s.config.OAuthClients[slot] = server.OAuthClientConfig{ID: "canary-client", Secret: "env:" + clientCanaryName}
		}
		var log logFile
		process, err := drive.Start(within(t), programs.server, s.config, log.open(t), "--confirm-delay", "1ns", "--log-level", "debug")
		require.NoError(t, err)
		t.Cleanup(process.Kill)
		issued, err := drive.NewAdmin(s.config.DataDir).IssueToken(within(t), "canary", principal.RoleAdmin, 0)
		require.NoError(t, err)
		api := &recorder{}
		s.admin = user{Client: process.Client(issued.Token)}
		s.admin.HTTP = &http.Client{Transport: api}

		tellStory(t, s, eavesdropper, api)

		secrets := eavesdropper.secrets(t)
		secrets["environment"], secrets["client secret"], secrets["bearer token"] = environmentCanary, clientCanary, issued.Token
		secrets["workspace's client secret"] = workspaceClientCanary
		require.Contains(t, leaks(secrets, []byte("x"+escaped(clientCanary)+"y")), "client secret", "the search finds what is there")
		places := processes(t, process.PID())
		process.Kill()
		places["log"], places["API"] = log.read(t), api.bytes()
		require.Contains(t, string(places["log"]), "permissions asked for", "the log was written")
		addFiles(t, places, s.config.DataDir)
		if isPostgres(url) {
			places["database"] = dump(t, url)
		} else {
			addFiles(t, places, strings.TrimPrefix(url, "sqlite:"))
		}
		for place, content := range places {
			require.Empty(t, leaks(secrets, content), "in %s (%d bytes)", place, len(content))
		}
	})
}

const workspaceClientCanary = "canary-workspace-client-secret-83bd2a"

// tellStory does what brings secrets into play: sign-in, refresh, errors that echo
// them, a lost grant, a reconnection.
func tellStory(t *testing.T, s *site, crm *eavesdropper, api *recorder) {
	t.Helper()
	i := s.connect(t, "PRODUCTION")
	events := i.alertEvents(t, "")
	i.do(t, "recheckFields", "", vars{"object": "Contact"}, nil)
	i.decideAll(t)
	i.finish(t)
	i.runEnds(t, 1)
	s.admin.change(t, "setOAuthClient", "ok", vars{
		"connector": connectorName, "environment": "SANDBOX",
		"clientId": "sandbox-client", "clientSecret": workspaceClientCanary,
	}, nil)
	i.lose(t, "Contact.Email")
	var event json.RawMessage
	require.NoError(t, events.Next(within(t), &event))
	api.add(event)

	crm.echo.Store(true)
	i.check(t)
	require.Contains(t, i.objects(t)["Contact"].StaleReason, "Bearer", "the CRM's echo came through, without the token")
	s.crm.controls().KillAccessTokens()
	i.try(t, "checkIntegration", "", nil)
	crm.echo.Store(false)
	i.check(t)
	for _, kind := range []salesforce.FaultKind{salesforce.FaultTruncated, salesforce.FaultSessionNotREST, salesforce.FaultServerError} {
		_, err := s.crm.controls().AddFault(salesforce.Fault{Kind: kind})
		require.NoError(t, err)
		i.try(t, "checkIntegration", "", nil)
		s.crm.controls().ClearFaults()
	}
	s.crm.controls().RevokeAuthorizations()
	requireRefused(t, i.try(t, "checkIntegration", "", nil), "CRM_GRANT_REVOKED")
	for _, decision := range []string{"deny", "approve"} {
		_, link := i.start(t, i.user, "PRODUCTION")
		api.add([]byte(signIn(t, link, decision).Body))
	}
	i.standing(t, "ACTIVE")
	i.runNow(t)
	i.ask(t, `{ feedEntries(first: 100) { edges { node { payload } } } connectors { problem { message } protections { note } }
		integrations { edges { node { stateReason checklist { evidence remediation } } } } }`, nil, nil)
}

// eavesdropper stands before the CRM and writes down every secret that passes. On
// demand it answers with errors that repeat what it was sent.
type eavesdropper struct {
	echo atomic.Bool

	mu   sync.Mutex
	seen map[string]string
}

func (e *eavesdropper) note(kind, secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen == nil {
		e.seen = map[string]string{}
	}
	if len(secret) >= 8 {
		e.seen[fmt.Sprintf("%s %d", kind, len(e.seen))] = secret
	}
}

// secrets are all that passed, by kind and number.
func (e *eavesdropper) secrets(t *testing.T) map[string]string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	found, kinds := map[string]string{}, map[string]int{}
	for name, secret := range e.seen {
		found[name] = secret
		kinds[strings.Fields(name)[0]]++
	}
	for _, kind := range []string{"access_token", "refresh_token", "code", "code_verifier", "state"} {
		require.Positive(t, kinds[kind], kind)
	}
	require.Greater(t, kinds["access_token"], 2, "tokens were refreshed")
	return found
}

func (e *eavesdropper) watch(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	e.note("state", r.URL.Query().Get("state"))
	isToken := r.URL.Path == "/services/oauth2/token"
	if isToken {
		form, _ := url.ParseQuery(string(body))
		for _, name := range []string{"code", "code_verifier", "refresh_token"} {
			e.note(name, form.Get(name))
		}
	}
	if e.echo.Load() && strings.HasPrefix(r.URL.Path, "/services/") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		said, _ := json.Marshal(r.Header.Get("Authorization") + " " + string(body))
		if isToken {
			_, _ = fmt.Fprintf(w, `{"error":"server_error","error_description":%s}`, said)
		} else {
			_, _ = fmt.Fprintf(w, `[{"errorCode":"UNKNOWN_EXCEPTION","message":%s}]`, said)
		}
		return
	}
	r.Header.Del("Accept-Encoding") // to read along
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	if isToken {
		var issued map[string]any
		if json.Unmarshal(answer.Body.Bytes(), &issued) == nil {
			for _, name := range []string{"access_token", "refresh_token", "id_token", "signature"} {
				text, _ := issued[name].(string)
				e.note(name, text)
			}
		}
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// recorder keeps what the API answered.
type recorder struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

// RoundTrip sends a request and keeps head and body of its answer; of one that opens a
// socket, the head.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	r.add(fmt.Append(nil, response.Header, "\n"))
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.add(body)
	return response, err
}

func (r *recorder) add(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Write(text)
}

func (r *recorder) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.kept.Bytes())
}

// logFile is the log of a process.
type logFile struct{ path string }

func (l *logFile) open(t *testing.T) io.Writer {
	t.Helper()
	l.path = filepath.Join(t.TempDir(), "log")
	file, err := os.Create(l.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return file
}

func (l *logFile) read(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(l.path)
	require.NoError(t, err)
	return text
}

// addFiles adds the files of a folder, but the encryption key and programs.
func addFiles(t *testing.T, places map[string][]byte, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		switch base := filepath.Base(path); {
		case base == "key.json", base == "client-secret", strings.Contains(path, "/connectors/bin/"):
			return nil
		default:
			places[path], err = os.ReadFile(path)
			return err
		}
	}))
}

// dump is every row of every table as text.
func dump(t *testing.T, url string) []byte {
	t.Helper()
	var all bytes.Buffer
	tables := query(t, url, `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'river')`)
	require.Greater(t, len(tables), 15)
	for _, table := range tables {
		for _, row := range query(t, url, "SELECT row::text FROM "+table+" row") {
			all.WriteString(row + "\n")
		}
	}
	require.Contains(t, all.String(), "sandbox-client", "the dump holds what is no secret")
	return all.Bytes()
}

// leaks names the secrets that stand in content, as they are or encoded.
func leaks(secrets map[string]string, content []byte) []string {
	var found []string
	for name, secret := range secrets {
		for _, form := range []string{
			secret, escaped(secret), hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, "!", `\u0021`),
		} {
			if bytes.Contains(content, []byte(form)) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

// escaped is a secret as it stands in a URL.
func escaped(secret string) string { return url.QueryEscape(secret) }
