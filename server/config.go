package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Config is the operator's configuration: what a YAML file may say. Unknown keys
// are refused with their line. Values that begin with "env:" or "file:" where a
// secret stands are references to it.
type Config struct {
	// Listen is the TCP address of the HTTP server, "127.0.0.1:8080".
	Listen string `yaml:"listen"`
	// PublicURL is where browsers reach the server, without a trailing slash;
	// empty means http:// and the listen address.
	PublicURL string `yaml:"publicUrl"`
	// Database is "sqlite:FOLDER" or "postgres://…".
	Database string `yaml:"database"`
	// Key is where the encryption key is: "file:PATH" or "env:NAME".
	Key string `yaml:"key"`
	// DataDir keeps what is this machine's own: private copies of connectors and
	// the admin socket.
	DataDir string `yaml:"dataDir"`
	// AllowedOrigins are the sites whose pages may use the API from a browser, beside
	// the server's own: origins, or patterns such as "https://*.example.com".
	AllowedOrigins []string `yaml:"allowedOrigins"`
	// TrustedProxies are the networks of proxies before the server, such as
	// "10.0.0.0/8": who connects through them is read from X-Forwarded-For.
	TrustedProxies []string `yaml:"trustedProxies"`
	// SignIn says how people sign in, Bearer which bearer tokens are taken beside
	// service tokens.
	SignIn SignInConfig `yaml:"signIn"`
	Bearer BearerConfig `yaml:"bearer"`
	// RateLimits bound requests.
	RateLimits RateLimitConfig `yaml:"rateLimits"`
	// Workspace is made at the first start when the database has none of its name.
	Workspace WorkspaceConfig `yaml:"workspace"`
	// Connectors are the installed connector programs.
	Connectors []ConnectorConfig `yaml:"connectors"`
	// Endpoints point an integration at another base URL than the CRM's own, by
	// "connector:ENVIRONMENT": how it talks to a simulator.
	Endpoints map[string]string `yaml:"endpoints"`
	// OAuthClients are the operator's own OAuth clients, by "connector:ENVIRONMENT".
	OAuthClients map[string]OAuthClientConfig `yaml:"oauthClients"`
	// Instances bounds the CRM instances of a workspace.
	Instances InstancesConfig `yaml:"instances"`
	// Packages says where more packages are.
	Packages PackagesConfig `yaml:"packages"`
	// Mail is the server that notifications go out by, Webhooks where webhooks may go.
	Mail     MailConfig     `yaml:"mail"`
	Webhooks WebhooksConfig `yaml:"webhooks"`
	// Runs is about runs.
	Runs RunsConfig `yaml:"runs"`
	// Metrics and Tracing say where figures and traces go.
	Metrics MetricsConfig `yaml:"metrics"`
	Tracing TracingConfig `yaml:"tracing"`
}

// WorkspaceConfig describes the first workspace.
type WorkspaceConfig struct {
	Name string `yaml:"name"`
	// Edition and Package are what the workspace bought. What is set here holds: it is
	// applied at each start. What is left out is ADVANCED_PLUS and sales-engagement for
	// a new workspace, and stays as it is for one that exists.
	Edition  crm.Edition `yaml:"edition"`
	Package  string      `yaml:"package"`
	TimeZone string      `yaml:"timeZone"`
	// OwnerEmail is who becomes the owner while there is none: that person signs in
	// with the identity provider. Without it a link is printed at the start.
	OwnerEmail string `yaml:"ownerEmail"`
}

// What a new workspace has bought where the configuration does not say.
const (
	defaultEdition = crm.EditionAdvancedPlus
	defaultPackage = "sales-engagement"
)

// ofNew is what a new workspace gets.
func (c WorkspaceConfig) ofNew() WorkspaceConfig {
	c.Edition, c.Package = cmp.Or(c.Edition, defaultEdition), cmp.Or(c.Package, defaultPackage)
	return c
}

// ConnectorConfig names one installed connector program.
type ConnectorConfig struct {
	Name   string `yaml:"name"`
	Path   string `yaml:"path"`
	SHA256 string `yaml:"sha256"`
}

// InstancesConfig bounds the CRM instances of a workspace.
type InstancesConfig struct {
	// Max is how many there may be, by "connector:ENVIRONMENT"; 1 where it says
	// nothing.
	Max map[string]int `yaml:"max"`
}

// OAuthClientConfig is an OAuth client; Secret is "env:NAME" or "file:PATH".
type OAuthClientConfig struct {
	ID     string `yaml:"id"`
	Secret string `yaml:"secret"`
}

// DefaultConfig is what holds where nothing else is said: one machine, SQLite
// under ./data, loopback only.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8080", Database: "sqlite:data", Key: "file:data/key.json", DataDir: "data",
		SignIn:     SignInConfig{SessionLifetime: auth.DefaultSessionLifetime, SessionIdle: auth.DefaultSessionIdle},
		RateLimits: RateLimitConfig{PerPrincipalPerSecond: 50, Burst: 200, SignInPerMinute: 20},
		Runs:       defaultRunsConfig(),
		Workspace:  WorkspaceConfig{Name: "Default", TimeZone: "UTC"},
	}
}

// filled puts the default where a key is empty or zero and that means the default.
// What a workspace bought stays empty: see WorkspaceConfig.
func (c Config) filled() Config {
	defaults := DefaultConfig()
	c.PublicURL = cmp.Or(c.PublicURL, "http://"+c.Listen)
	c.SignIn.SessionLifetime = cmp.Or(c.SignIn.SessionLifetime, defaults.SignIn.SessionLifetime)
	c.SignIn.SessionIdle = cmp.Or(c.SignIn.SessionIdle, defaults.SignIn.SessionIdle)
	// An identity provider that is not used asks for nothing.
	if c.SignIn.OIDC.Issuer != "" && len(c.SignIn.OIDC.Scopes) == 0 {
		c.SignIn.OIDC.Scopes = auth.DefaultScopes()
	}
	if c.Bearer.JWT.Issuer != "" && len(c.Bearer.JWT.Algorithms) == 0 {
		c.Bearer.JWT.Algorithms = auth.DefaultAlgorithms()
	}
	limits := &c.RateLimits
	limits.PerPrincipalPerSecond = cmp.Or(limits.PerPrincipalPerSecond, defaults.RateLimits.PerPrincipalPerSecond)
	limits.Burst = cmp.Or(limits.Burst, defaults.RateLimits.Burst)
	limits.SignInPerMinute = cmp.Or(limits.SignInPerMinute, defaults.RateLimits.SignInPerMinute)
	return c
}

// complete fills what follows from the rest and checks it.
func (c Config) complete() (Config, error) {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return c, fault.New(fault.ConfigInvalid, fmt.Sprintf("listen: %q is not host:port.", c.Listen), fault.Field("listen"))
	}
	c = c.filled()
	dir, err := filepath.Abs(c.DataDir)
	if err != nil || c.DataDir == "" {
		return c, fault.New(fault.ConfigInvalid, "dataDir: must name a folder.", fault.Field("dataDir"), fault.Cause(err))
	}
	c.DataDir = dir
	for i, connector := range c.Connectors {
		if c.Connectors[i].Path, err = filepath.Abs(connector.Path); err != nil {
			return c, fault.New(fault.ConfigInvalid, fmt.Sprintf("connectors.%s.path: %q is not a path.", connector.Name, connector.Path))
		}
	}
	return c, nil
}

// guardedHosts lists the hosts that the operator's endpoints exempt from the
// guarded dialer.
func (c Config) guardedHosts() ([]string, error) {
	var hosts []string
	for slot, raw := range c.Endpoints {
		host, err := hostAndPort(raw)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("endpoints.%s: %q is not a URL.", slot, raw), fault.Field("endpoints", slot))
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// hostAndPort is where a URL leads, its scheme's own port included.
func hostAndPort(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "", errors.New("not a URL")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// readSecret follows a reference to a secret, which from now on is masked wherever it
// occurs: no pattern knows what an operator's secret looks like.
func (s *Server) readSecret(key, reference string) (crm.Secret, error) {
	found, err := readSecret(key, reference)
	if err == nil {
		s.redactor.Register(found.Reveal())
	}
	return found, err
}

// readSecret follows a reference to a secret.
func readSecret(key, reference string) (crm.Secret, error) {
	kind, where, _ := strings.Cut(reference, ":")
	switch {
	case reference == "":
		return "", nil
	case kind == "env" && os.Getenv(where) != "":
		return crm.Secret(os.Getenv(where)), nil
	case kind == "file":
		text, err := os.ReadFile(where)
		if err != nil {
			return "", fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: the file %s cannot be read.", key, where), fault.Cause(err))
		}
		return crm.Secret(strings.TrimSpace(string(text))), nil
	case kind == "env":
		return "", fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: the environment variable %s is empty.", key, where))
	default:
		return "", fault.New(fault.ConfigInvalid, key+`: must be "env:NAME" or "file:PATH", not the secret itself.`)
	}
}
