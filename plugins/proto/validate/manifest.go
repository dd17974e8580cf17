package validate

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
)

// Describe checks what a connector says of itself.
func Describe(response *connectorv1.DescribeResponse) error {
	manifest := response.GetManifest()
	if manifest == nil {
		return problem("manifest", "is missing")
	}
	return first(
		identity(manifest),
		environments(manifest.GetEnvironments()),
		allowedHosts(manifest),
		configSchema(manifest.GetConfigSchema()),
		placeholders(manifest),
		costs(manifest.GetCosts()),
		apiTypes(manifest.GetApiTypes()),
		prerequisites(manifest.GetPrerequisites()),
		remediations(manifest.GetRemediations()),
		label("sdk", response.GetSdk()),
	)
}

func identity(manifest *connectorv1.Manifest) error {
	if !namePattern.MatchString(manifest.GetName()) {
		return problem("manifest.name", "%.80q is not a lower-case letter followed by up to 39 lower-case letters, digits and dashes", manifest.GetName())
	}
	if !versionPattern.MatchString(manifest.GetVersion()) || len(manifest.GetVersion()) > 64 {
		return problem("manifest.version", "%.80q is not a semantic version such as 1.4.0", manifest.GetVersion())
	}
	if n := manifest.GetMaxObjectsPerCheck(); n < 0 || n > maxObjectsPerOne {
		return problem("manifest.max_objects_per_check", "is %d, 0 to %d are allowed", n, maxObjectsPerOne)
	}
	return first(
		title("manifest.title", manifest.GetTitle()),
		title("manifest.vendor", manifest.GetVendor()),
		known("manifest.kind", manifest.GetKind(), connectorv1.Kind_name),
		icon(manifest.GetIconSvg()),
	)
}

// icon refuses what a browser would execute; the user interface shows the
// picture as an image all the same.
func icon(svg string) error {
	lower := strings.ToLower(strings.TrimSpace(svg))
	switch {
	case svg == "":
		return nil
	case len(svg) > maxIcon:
		return problem("manifest.icon_svg", "has %d bytes, at most %d are allowed", len(svg), maxIcon)
	case !strings.HasPrefix(lower, "<svg") && !strings.HasPrefix(lower, "<?xml"):
		return problem("manifest.icon_svg", "is not an SVG picture")
	case strings.Contains(lower, "<script"), strings.Contains(lower, "<foreignobject"):
		return problem("manifest.icon_svg", "holds active content")
	}
	return nil
}

func environments(specs []*connectorv1.EnvironmentSpec) error {
	if len(specs) == 0 {
		return problem("manifest.environments", "is empty")
	}
	once := unique()
	for i, spec := range specs {
		path := fmt.Sprintf("manifest.environments[%d]", i)
		err := first(
			known(path+".environment", spec.GetEnvironment(), connectorv1.Environment_name),
			once(path+".environment", spec.GetEnvironment().String()),
			oauth(path+".oauth", spec.GetOauth()),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func oauth(path string, o *connectorv1.OAuth) error {
	if o == nil {
		return problem(path, "is missing")
	}
	if o.GetEndpointField() == "" && o.GetEndpoint() == "" {
		return problem(path, "has neither endpoint_field nor endpoint")
	}
	if idle := o.GetRefreshTokenIdleSeconds(); idle != 0 && (idle < minIdle || idle > maxIdle) {
		return problem(path+".refresh_token_idle_seconds", "is %d; 0, or %d to %d are allowed", idle, minIdle, maxIdle)
	}
	errs := []error{
		grants(path, o),
		address(path+".authorize_url", filled(o.GetAuthorizeUrl())),
		address(path+".token_url", filled(o.GetTokenUrl())),
		count(path+".optional_scopes", len(o.GetOptionalScopes()), maxItems),
		count(path+".client_credentials_scopes", len(o.GetClientCredentialsScopes()), maxItems),
		count(path+".revoked_codes", len(o.GetRevokedCodes()), maxItems),
		count(path+".retry_codes", len(o.GetRetryCodes()), maxItems),
		count(path+".scopes", len(o.GetScopes()), maxItems),
		count(path+".authorize_params", len(o.GetAuthorizeParams()), maxItems),
		label(path+".endpoint_field", o.GetEndpointField()),
	}
	for field, value := range map[string]string{
		"revoke_url": o.GetRevokeUrl(), "endpoint": o.GetEndpoint(), "introspect_url": o.GetIntrospectUrl(),
	} {
		if value != "" {
			errs = append(errs, address(path+"."+field, filled(value)))
		}
	}
	for field, scopes := range map[string][]string{
		"scopes": o.GetScopes(), "optional_scopes": o.GetOptionalScopes(), "client_credentials_scopes": o.GetClientCredentialsScopes(),
	} {
		for i, scope := range scopes {
			errs = append(errs, name(fmt.Sprintf("%s.%s[%d]", path, field, i), scope))
		}
	}
	for _, reserved := range []string{
		"client_id", "redirect_uri", "state", "response_type", "scope", "code_challenge", "code_challenge_method",
	} {
		if _, ok := o.GetAuthorizeParams()[reserved]; ok {
			errs = append(errs, problem(path+".authorize_params", "%s is set by the host", reserved))
		}
	}
	return first(errs...)
}

// Limits of refresh_token_idle_seconds: an hour, which the host can keep, and ten
// years.
const (
	minIdle = 60 * 60
	maxIdle = 10 * 366 * 24 * 60 * 60
)

// grants checks the list and what its members need.
func grants(path string, o *connectorv1.OAuth) error {
	once := unique()
	for i, grant := range o.GetGrants() {
		at := fmt.Sprintf("%s.grants[%d]", path, i)
		if err := first(known(at, grant, connectorv1.GrantType_name), once(at, grant.String())); err != nil {
			return err
		}
		if grant == connectorv1.GrantType_GRANT_TYPE_CLIENT_CREDENTIALS && len(o.GetClientCredentialsScopes()) == 0 {
			return problem(path+".client_credentials_scopes", "is empty though the grant is offered")
		}
	}
	return nil
}

// placeholderPattern is a property of the integration's configuration in a URL or
// scope.
var placeholderPattern = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]{0,62}\}`)

// filled puts something in the place of properties, so that the rest can be
// checked; a property at the beginning stands for scheme and host.
func filled(value string) string {
	if at := placeholderPattern.FindStringIndex(value); at != nil && at[0] == 0 {
		value = "https://" + placeholderHost + value[at[1]:]
	}
	return placeholderPattern.ReplaceAllString(value, "x")
}

// placeholderHost stands for a host that only the configuration tells. What comes
// out of a configuration is compared with allowed_hosts by the host.
const placeholderHost = "configured.invalid"

// placeholders checks that URLs and scopes name properties of config_schema only.
func placeholders(manifest *connectorv1.Manifest) error {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if manifest.GetConfigSchema() != "" && json.Unmarshal([]byte(manifest.GetConfigSchema()), &schema) != nil {
		return problem("manifest.config_schema", "is not a JSON object")
	}
	for i, spec := range manifest.GetEnvironments() {
		o := spec.GetOauth()
		values := []string{o.GetAuthorizeUrl(), o.GetTokenUrl(), o.GetRevokeUrl(), o.GetEndpoint(), o.GetIntrospectUrl()}
		values = slices.Concat(values, o.GetScopes(), o.GetOptionalScopes(), o.GetClientCredentialsScopes())
		for _, value := range values {
			for _, found := range placeholderPattern.FindAllString(value, -1) {
				if _, ok := schema.Properties[strings.Trim(found, "{}")]; !ok {
					return problem(fmt.Sprintf("manifest.environments[%d].oauth", i), "%s is not a property of config_schema", found)
				}
			}
		}
	}
	return nil
}

// allowedHosts checks the list and that the URLs a token goes to are on it.
func allowedHosts(manifest *connectorv1.Manifest) error {
	hosts := manifest.GetAllowedHosts()
	if len(hosts) == 0 {
		return problem("manifest.allowed_hosts", "is empty")
	}
	if err := count("manifest.allowed_hosts", len(hosts), maxItems); err != nil {
		return err
	}
	for i, host := range hosts {
		path := fmt.Sprintf("manifest.allowed_hosts[%d]", i)
		if net.ParseIP(host) == nil && (!hostPattern.MatchString(host) || len(host) > maxHost) {
			return problem(path, "%.80q is not a lower-case host name or *.suffix", host)
		}
		if strings.HasPrefix(host, "*.") && !strings.Contains(host[2:], ".") {
			return problem(path, "%q allows a whole top-level domain", host)
		}
	}
	for i, spec := range manifest.GetEnvironments() {
		for field, value := range map[string]string{
			"token_url": spec.GetOauth().GetTokenUrl(), "revoke_url": spec.GetOauth().GetRevokeUrl(), "endpoint": spec.GetOauth().GetEndpoint(),
			"introspect_url": spec.GetOauth().GetIntrospectUrl(),
		} {
			parsed, err := url.Parse(filled(value))
			if value != "" && err == nil && parsed.Hostname() != placeholderHost && !HostAllowed(hosts, parsed.Hostname()) {
				return problem(fmt.Sprintf("manifest.environments[%d].oauth.%s", i, field), "%q is not among allowed_hosts", parsed.Hostname())
			}
		}
	}
	return nil
}

// maxHost is the longest DNS name.
const maxHost = 253

// HostAllowed reports whether a host name is on a manifest's list of allowed
// hosts: by its exact name, or below a "*.suffix".
func HostAllowed(allowed []string, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, pattern := range allowed {
		suffix, wildcard := strings.CutPrefix(pattern, "*")
		if pattern == host || wildcard && strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
			return true
		}
	}
	return false
}

func configSchema(schema string) error {
	if schema == "" {
		return nil
	}
	if len(schema) > maxSchema {
		return problem("manifest.config_schema", "has %d bytes, at most %d are allowed", len(schema), maxSchema)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(schema), &object); err != nil || object == nil {
		return problem("manifest.config_schema", "is not a JSON object")
	}
	return nil
}

func costs(list []*connectorv1.VerbCost) error {
	if err := count("manifest.costs", len(list), maxItems); err != nil {
		return err
	}
	once := unique()
	for i, cost := range list {
		path := fmt.Sprintf("manifest.costs[%d]", i)
		if cost.GetCallsPerRequest() < 0 || cost.GetCallsPerObject() < 0 {
			return problem(path, "is negative")
		}
		if err := first(name(path+".verb", cost.GetVerb()), once(path+".verb", cost.GetVerb())); err != nil {
			return err
		}
	}
	return nil
}

func apiTypes(list []*connectorv1.ApiType) error {
	if err := count("manifest.api_types", len(list), maxAPITypes); err != nil {
		return err
	}
	once := unique()
	for i, api := range list {
		path := fmt.Sprintf("manifest.api_types[%d]", i)
		if err := first(key(path+".key", api.GetKey()), once(path+".key", api.GetKey()), title(path+".title", api.GetTitle())); err != nil {
			return err
		}
		if api.GetRecommendedDailyLimit() < 0 || api.GetRecommendedDailyLimit() > maxDailyLimit {
			return problem(path+".recommended_daily_limit", "is %d, 0 to %d are allowed", api.GetRecommendedDailyLimit(), maxDailyLimit)
		}
	}
	return nil
}

// maxDailyLimit is far above any CRM's quota, and fits every integer on the way.
const maxDailyLimit = 1_000_000_000

func prerequisites(list []*connectorv1.Prerequisite) error {
	if err := count("manifest.prerequisites", len(list), maxItems); err != nil {
		return err
	}
	once := unique()
	for i, p := range list {
		path := fmt.Sprintf("manifest.prerequisites[%d]", i)
		errs := []error{key(path+".key", p.GetKey()), once(path+".key", p.GetKey()), title(path+".title", p.GetTitle())}
		if p.GetHelpUrl() != "" {
			errs = append(errs, address(path+".help_url", p.GetHelpUrl()))
		}
		if err := first(errs...); err != nil {
			return err
		}
	}
	return nil
}

func remediations(list []*connectorv1.Remediation) error {
	if err := count("manifest.remediations", len(list), maxItems); err != nil {
		return err
	}
	once := unique()
	for i, r := range list {
		path := fmt.Sprintf("manifest.remediations[%d]", i)
		err := first(
			known(path+".cause", r.GetCause(), connectorv1.Cause_name),
			known(path+".subject", r.GetSubject(), connectorv1.Subject_name),
			once(path, r.GetCause().String()+" "+r.GetSubject().String()),
			count(path+".steps", len(r.GetSteps()), maxItems),
			label(path+".who", r.GetWho()),
			deepLink(path+".deep_link", r.GetDeepLink()),
		)
		if err != nil {
			return err
		}
		if len(r.GetSteps()) == 0 {
			return problem(path+".steps", "is empty")
		}
	}
	return nil
}

// deepLink accepts a URL, or one that begins with {instanceUrl}; anything else
// ("javascript:") would end up in a link of the user interface.
func deepLink(path, link string) error {
	rest, ok := strings.CutPrefix(link, "{instanceUrl}")
	switch {
	case link == "", ok && (rest == "" || strings.HasPrefix(rest, "/")):
		return nil
	case ok:
		return problem(path, "%.120q: {instanceUrl} must be followed by a path", link)
	}
	scheme, host, found := strings.Cut(link, "://")
	if !found || scheme != "https" || host == "" || strings.HasPrefix(host, "{") {
		return problem(path, "%.120q is neither https nor below {instanceUrl}", link)
	}
	return nil
}
