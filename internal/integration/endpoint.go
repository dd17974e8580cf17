package integration

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// described is a connector's OAuth for one environment, with the operator's
// endpoint in place of the CRM's where there is one.
type described struct {
	manifest crm.Manifest
	oauth    crm.OAuthSpec
	// configured are the properties of the configuration on which signing in depends.
	configured []string
	// override is the operator's endpoint; nil without one.
	override *url.URL
}

// hint is what to do about a refused sign-in. The configuration can be as wrong as
// the OAuth client: a tenant that does not exist, another environment's address.
func (d described) hint(text string) fault.Option {
	if len(d.configured) > 0 {
		text += " Check the integration's configuration, too: config." + strings.Join(d.configured, ", config.") + "."
	}
	return fault.Hint("%s", text)
}

// manifest asks the host for a connector of a CRM that knows an environment:
// fault.ConnectorKind for one of another kind, fault.ConnectorUnsupported for another
// environment.
func (s *Service) manifest(connector string, environment crm.Environment) (crm.Manifest, crm.EnvironmentSpec, error) {
	manifest, err := s.c.Connectors.Describe(connector)
	if err != nil {
		return manifest, crm.EnvironmentSpec{}, err
	}
	// Checks and their alerts are about CRM objects (requirement J2): an integration
	// that is never checked would look healthy.
	if manifest.Kind == crm.KindMAP {
		return manifest, crm.EnvironmentSpec{}, fault.New(fault.ConnectorKind,
			fmt.Sprintf("%s is marketing automation, not a CRM: its permissions are not checked, so it cannot be connected.", manifest.Title),
			fault.Field("connector"), fault.Detail("kind", string(manifest.Kind)))
	}
	spec, ok := manifest.Environment(environment)
	if !ok {
		return manifest, spec, fault.New(fault.ConnectorUnsupported,
			fmt.Sprintf("The connector %s knows no environment %q.", manifest.Title, environment), fault.Field("environment"))
	}
	return manifest, spec, nil
}

// describe fills an integration's configuration into its connector's OAuth and
// makes sure that the URLs to which secrets will be sent lie on hosts that the
// manifest allows, whatever the configuration says.
func (s *Service) describe(connector string, environment crm.Environment, config json.RawMessage) (described, error) {
	manifest, spec, err := s.manifest(connector, environment)
	if err != nil {
		return described{}, err
	}
	values, err := configurationOf(manifest, config)
	if err != nil {
		return described{}, err
	}
	d := described{
		manifest: manifest, oauth: spec.OAuth, configured: signInProperties(spec.OAuth),
		override: s.endpoints[Slot(connector, environment)],
	}
	for _, place := range []*string{&d.oauth.AuthorizeURL, &d.oauth.TokenURL, &d.oauth.RevokeURL, &d.oauth.IntrospectURL, &d.oauth.Endpoint} {
		if *place == "" {
			continue // some are optional
		}
		if *place, err = d.locate(values, *place); err != nil {
			return described{}, err
		}
	}
	for _, place := range []*[]string{&d.oauth.Scopes, &d.oauth.OptionalScopes, &d.oauth.ClientCredentialsScopes} {
		if *place, err = values.scopes(*place); err != nil {
			return described{}, err
		}
	}
	return d, nil
}

// signInProperties names the properties that a manifest's sign-in is filled with,
// each once.
func signInProperties(oauth crm.OAuthSpec) []string {
	var names []string
	for _, template := range append([]string{oauth.AuthorizeURL, oauth.TokenURL}, oauth.Scopes...) {
		for _, found := range placeholder.FindAllString(template, -1) {
			if name := strings.Trim(found, "{}"); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// locate fills a URL of the manifest. Its host must be one that the manifest
// allows; only then does the operator's endpoint take its place.
func (d described) locate(values configured, template string) (string, error) {
	place, err := values.address(template)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(place)
	if err != nil {
		return "", errBlocked(place)
	}
	if placeholder.MatchString(template) && !hostAllowed(d.manifest.AllowedHosts, u.Hostname()) {
		return "", errBlocked(u.Host)
	}
	if d.override != nil {
		u.Scheme, u.Host = d.override.Scheme, d.override.Host
	}
	if !d.allows(u) {
		return "", errBlocked(u.Host)
	}
	return u.String(), nil
}

// dataEndpoint is the base URL for data calls that a token answer leads to,
// without a trailing slash. fault.HostBlocked when the answer names a host that
// the connector's manifest does not allow: the access token must not go there.
func (d described) dataEndpoint(answer tokenAnswer) (string, error) {
	raw := d.oauth.Endpoint
	if d.oauth.EndpointField != "" {
		raw = answer.text(d.oauth.EndpointField)
	}
	if raw == "" {
		return "", fault.New(fault.CRMBadResponse, fmt.Sprintf("%s did not say where its API is.", d.manifest.Title))
	}
	u, err := url.Parse(raw)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || !d.allows(u) {
		host := raw
		if err == nil && u.Host != "" {
			host = u.Host
		}
		return "", errBlocked(host)
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// allows reports whether secrets of the integration may be sent to a URL: over
// TLS to a host of the manifest, or to the operator's endpoint as it is.
func (d described) allows(u *url.URL) bool {
	if u.User != nil || u.Host == "" {
		return false
	}
	if d.override != nil && u.Scheme == d.override.Scheme && strings.EqualFold(u.Host, d.override.Host) {
		return true
	}
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") {
		return false
	}
	return hostAllowed(d.manifest.AllowedHosts, u.Hostname())
}

// hostAllowed matches a host against exact names and "*.suffix" patterns.
func hostAllowed(patterns []string, host string) bool {
	host = strings.ToLower(host)
	for _, pattern := range patterns {
		pattern = strings.ToLower(pattern)
		suffix, isSuffix := strings.CutPrefix(pattern, "*")
		if host == pattern || (isSuffix && strings.HasPrefix(suffix, ".") && strings.HasSuffix(host, suffix) && len(host) > len(suffix)) {
			return true
		}
	}
	return false
}

func errBlocked(host string) error {
	return fault.New(fault.HostBlocked, fmt.Sprintf("The connector's manifest does not allow the host %q.", clip(host, 200)),
		fault.Detail("host", clip(host, 200)))
}
