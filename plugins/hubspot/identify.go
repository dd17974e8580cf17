package hubspot

import (
	"context"
	"regexp"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Account types of portals.
const (
	accountStandard     = "STANDARD"
	accountSandbox      = "SANDBOX"
	accountDeveloper    = "DEVELOPER_TEST"
	accountAppDeveloper = "APP_DEVELOPER"
)

// account is HubSpot's answer about the portal.
type account struct {
	Portal   number `json:"portalId"`
	Type     string `json:"accountType"`
	UIDomain string `json:"uiDomain"`
	TimeZone string `json:"timeZone"`
}

// account asks for the portal that the token belongs to. Every app may ask that.
func (s *session) account(ctx context.Context) (account, error) {
	var a account
	if _, err := s.call(ctx, request{path: s.api().account()}, &a); err != nil {
		return account{}, err
	}
	if a.Portal == "" {
		return account{}, sdk.BadResponse("HubSpot answered the account details without the id of the portal")
	}
	if s.grant.portal != "" && s.grant.portal != string(a.Portal) {
		return account{}, sdk.BadResponse("the introspection of the token and the account details name different portals: " + s.grant.portal + " and " + string(a.Portal))
	}
	if zone, err := time.LoadLocation(a.TimeZone); err == nil && a.TimeZone != "" {
		s.zone = zone
	}
	return a, nil
}

// environment is the slot that the portal belongs to. HubSpot has no separate host
// for sandboxes: only this tells them apart. An app developer account is neither.
func (a account) environment() sdk.Environment {
	switch a.Type {
	case accountStandard:
		return sdk.Production
	case accountSandbox, accountDeveloper:
		return sdk.Sandbox
	default:
		return ""
	}
}

// uiHost are the hosts of HubSpot's user interface, one per region.
var uiHost = regexp.MustCompile(`^app(-[a-z0-9]+)?\.hubspot(qa)?\.com$`)

// uiURL is where people open the portal.
func (a account) uiURL() string {
	if uiHost.MatchString(a.UIDomain) {
		return "https://" + a.UIDomain
	}
	return "https://app.hubspot.com"
}

// Identify asks for the account: one call. Who installed the app is known from the
// introspection only; without it the portal itself stands for the user, because
// that is what an app's token acts for.
func (c *Connector) Identify(ctx context.Context, target sdk.Target) (sdk.Identity, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.Identity{}, err
	}
	a, err := s.account(ctx)
	if err != nil {
		return sdk.Identity{}, err
	}
	portal := string(a.Portal)
	identity := sdk.Identity{
		InstanceID: portal, InstanceName: s.portalName(portal), InstanceURL: a.uiURL(),
		Environment: a.environment(), Edition: excerpt(a.Type), APIVersion: string(s.api()),
		UserID: s.grant.userID, UserName: s.grant.user, UserEmail: s.grant.user,
		// A portal's token does not depend on a person.
		DedicatedUser: s.grant.userLevel != nil && !*s.grant.userLevel,
	}
	if identity.UserID == "" {
		identity.UserID, identity.UserName = "portal-"+portal, "The portal "+portal
	}
	return identity, nil
}

// portalName is what people know a portal by: its domain, which may be missing.
func (s *session) portalName(portal string) string {
	if s.grant.domain == "" {
		return "HubSpot portal " + portal
	}
	return excerpt(s.grant.domain)
}
