package salesforce

import (
	"context"
	"net/http"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const userinfoPath = "/services/oauth2/userinfo"

// userinfo is the part of the userinfo answer that is used. The call is not
// metered. IntegrationUser is a pointer: orgs that do not tell leave it out.
type userinfo struct {
	UserID          string `json:"user_id"`
	OrganizationID  string `json:"organization_id"`
	Username        string `json:"preferred_username"`
	Name            string `json:"name"`
	Email           string `json:"email"`
	Active          *bool  `json:"active"`
	UserType        string `json:"user_type"`
	IntegrationUser *bool  `json:"is_salesforce_integration_user"`
}

func (s *session) userinfo(ctx context.Context) (userinfo, error) {
	var user userinfo
	if err := s.get(ctx, userinfoPath, "", &user); err != nil {
		return userinfo{}, err
	}
	if !recordID.MatchString(user.OrganizationID) || !recordID.MatchString(user.UserID) {
		return userinfo{}, sdk.BadResponse("Salesforce answered userinfo without the ids of organization and user")
	}
	return user, nil
}

// organization is the org's own row. It alone tells sandbox from production for
// sure; host names change.
type organization struct {
	ID        string `json:"Id"`
	Name      string `json:"Name"`
	IsSandbox *bool  `json:"IsSandbox"`
	Type      string `json:"OrganizationType"`
	// TrialEnds is empty for an org that is no trial.
	TrialEnds string `json:"TrialExpirationDate"`
}

func organizationPath() string {
	return queryPath("SELECT Id,Name,IsSandbox,OrganizationType,TrialExpirationDate FROM Organization")
}

// parseOrganization reads the answer to organizationPath.
func parseOrganization(a answer) (organization, error) {
	var page struct {
		Records []organization `json:"records"`
	}
	if err := decode(a, &page); err != nil {
		return organization{}, err
	}
	if len(page.Records) != 1 || !recordID.MatchString(page.Records[0].ID) || page.Records[0].IsSandbox == nil {
		return organization{}, sdk.BadResponse("Salesforce answered the query for the organization without its row")
	}
	return page.Records[0], nil
}

func (o organization) environment() sdk.Environment {
	if *o.IsSandbox {
		return sdk.Sandbox
	}
	return sdk.Production
}

// Identify asks userinfo and the Organization row: two calls, one metered. When
// the user may not read the row, environment, name and edition stay empty.
func (c *Connector) Identify(ctx context.Context, target sdk.Target) (sdk.Identity, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.Identity{}, err
	}
	user, err := s.userinfo(ctx)
	if err != nil {
		return sdk.Identity{}, err
	}
	identity := sdk.Identity{
		InstanceID:    longID(user.OrganizationID),
		InstanceURL:   s.base.String(),
		APIVersion:    APIVersion,
		UserID:        longID(user.UserID),
		UserName:      user.Username,
		UserEmail:     user.Email,
		DedicatedUser: user.IntegrationUser != nil && *user.IntegrationUser,
	}
	a, err := s.do(ctx, request{method: http.MethodGet, path: organizationPath(), object: "Organization"})
	switch sdk.CodeOf(err) {
	case "":
	case sdk.CodeObjectDenied, sdk.CodeFieldDenied:
		return identity, nil
	default:
		return sdk.Identity{}, err
	}
	org, err := parseOrganization(a)
	if err != nil {
		return sdk.Identity{}, err
	}
	if longID(org.ID) != identity.InstanceID {
		return sdk.Identity{}, sdk.BadResponse("userinfo and the Organization row name different organizations")
	}
	identity.InstanceName, identity.Edition, identity.Environment = org.Name, org.Type, org.environment()
	return identity, nil
}

// longID returns the 18-character form of a record id. Salesforce hands out both
// forms; they are the same record when the first 15 characters, which are
// case-sensitive, are the same. The last three encode which of those are upper
// case, five to a letter.
func longID(id string) string {
	if !recordID.MatchString(id) {
		return id
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var long strings.Builder
	long.WriteString(id[:15])
	for group := 0; group < 15; group += 5 {
		bits := 0
		for i := range 5 {
			if c := id[group+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		long.WriteByte(alphabet[bits])
	}
	return long.String()
}
