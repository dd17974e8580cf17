package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
)

// SignInConfig says how people sign in.
type SignInConfig struct {
	// OIDC is the operator's identity provider; without an issuer people sign in with
	// links only.
	OIDC OIDCConfig `yaml:"oidc"`
	// SessionLifetime is how long a browser stays signed in at most, and SessionIdle
	// how long without a request.
	SessionLifetime time.Duration `yaml:"sessionLifetime"`
	SessionIdle     time.Duration `yaml:"sessionIdle"`
}

// OIDCConfig is an OpenID Connect client of ours at an identity provider.
type OIDCConfig struct {
	// Issuer is the provider's URL, exactly as it names itself.
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"clientId"`
	// ClientSecret is "env:NAME" or "file:PATH"; empty for a public client.
	ClientSecret string `yaml:"clientSecret"`
	// Scopes are asked for; empty is openid, email and profile.
	Scopes []string `yaml:"scopes"`
	// CSMClaim and CSMValue mark vendor-side staff, who read across workspaces.
	CSMClaim string `yaml:"csmClaim"`
	CSMValue string `yaml:"csmValue"`
}

// BearerConfig says which bearer tokens are taken beside service tokens.
type BearerConfig struct {
	JWT JWTConfig `yaml:"jwt"`
}

// JWTConfig is an identity provider whose JWTs are bearer tokens; without an issuer
// none are.
type JWTConfig struct {
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
	// Algorithms are the signatures that are taken; empty is RS256 and ES256.
	Algorithms []string `yaml:"algorithms"`
	// JWKSURL is where the provider's keys are; empty means that its metadata says it.
	JWKSURL string `yaml:"jwksUrl"`
}

// RateLimitConfig bounds requests; zero is the default.
type RateLimitConfig struct {
	// PerPrincipalPerSecond and Burst bound the requests of each principal.
	PerPrincipalPerSecond float64 `yaml:"perPrincipalPerSecond"`
	Burst                 int     `yaml:"burst"`
	// SignInPerMinute bounds the requests of each client address to the sign-in pages.
	SignInPerMinute int `yaml:"signInPerMinute"`
}

// check refuses what cannot work.
func (c RateLimitConfig) check() error {
	if c.PerPrincipalPerSecond < 0 || c.Burst < 0 || c.SignInPerMinute < 0 {
		return fault.New(fault.ConfigInvalid, "rateLimits: a limit cannot be negative.", fault.Field("rateLimits"))
	}
	return nil
}

// newAuth makes the service that says who acts.
func (s *Server) newAuth(box auth.Box) (*auth.Service, error) {
	config := auth.Config{
		Store: s.store, Logger: s.log, PublicURL: s.config.PublicURL, Box: box,
		SessionLifetime: s.config.SignIn.SessionLifetime, SessionIdle: s.config.SignIn.SessionIdle,
	}
	guarded, err := s.identityProviders()
	if err != nil {
		return nil, err
	}
	if c := s.config.SignIn.OIDC; c.Issuer != "" || c.ClientID != "" {
		secret, err := s.readSecret("signIn.oidc.clientSecret", c.ClientSecret)
		if err != nil {
			return nil, err
		}
		config.OIDC = &auth.OIDCConfig{
			Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: secret, Scopes: c.Scopes, CSMClaim: c.CSMClaim, CSMValue: c.CSMValue,
			HTTP: guarded.HTTP(),
		}
	}
	if c := s.config.Bearer.JWT; c.Issuer != "" || c.Audience != "" {
		config.JWT = &auth.JWTConfig{Issuer: c.Issuer, Audience: c.Audience, Algorithms: c.Algorithms, JWKSURL: c.JWKSURL, HTTP: guarded.HTTP()}
	}
	return auth.New(config)
}

// identityProviders is the guarded client for the operator's identity providers: the
// hosts that the configuration names may be inside the operator's network.
func (s *Server) identityProviders() (*netguard.Client, error) {
	var hosts []string
	for _, raw := range []string{s.config.SignIn.OIDC.Issuer, s.config.Bearer.JWT.Issuer, s.config.Bearer.JWT.JWKSURL} {
		if raw == "" {
			continue
		}
		host, err := hostAndPort(raw)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("%q is not the URL of an identity provider.", raw), fault.Field("signIn"))
		}
		hosts = append(hosts, host)
	}
	return netguard.New(netguard.Config{Allow: hosts})
}

// origins are the sites, beside our own, whose pages may use the API: patterns of
// path.Match, such as "https://*.example.com"; one without a scheme is for the host.
type origins []string

// parseOrigins refuses patterns that are none, or that are for sites of everybody: the
// last two labels of a host must be written out.
func parseOrigins(patterns []string) (origins, error) {
	for _, pattern := range patterns {
		host := pattern
		if _, after, found := strings.Cut(pattern, "://"); found {
			host = after
		}
		if at := strings.LastIndex(host, ":"); at >= 0 {
			host = host[:at]
		}
		labels := strings.Split(host, ".")
		fixed := strings.Join(labels[max(0, len(labels)-2):], ".")
		if _, err := path.Match(pattern, ""); err != nil || host == "" || strings.ContainsAny(fixed, "*?[/") {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("allowedOrigins: %q is not an origin, or is one of everybody.", pattern),
				fault.Hint("Name origins such as https://app.example.com or https://*.example.com."), fault.Field("allowedOrigins"))
		}
	}
	return patterns, nil
}

// allow reports whether an Origin header is one of the sites. It matches as the
// transports do.
func (o origins) allow(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	for _, pattern := range o {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(target)); err == nil && matched {
			return true
		}
	}
	return false
}

// parseProxies reads the networks of proxies whose word about a client is taken.
func parseProxies(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("trustedProxies: %q is not a network such as 10.0.0.0/8.", text), fault.Field("trustedProxies"))
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}
