package dynamics365

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// whoAmI is the answer to the cheapest call there is.
type whoAmI struct {
	UserID         string `json:"UserId"`
	OrganizationID string `json:"OrganizationId"`
}

func whoAmIPart() part { return part{path: "WhoAmI()"} }

func (w *whoAmI) check() error {
	if !guid.MatchString(w.UserID) || !guid.MatchString(w.OrganizationID) {
		return sdk.BadResponse("Dataverse answered WhoAmI without the ids of user and organization")
	}
	w.UserID, w.OrganizationID = strings.ToLower(w.UserID), strings.ToLower(w.OrganizationID)
	return nil
}

// organization is what an environment says of itself. It alone tells sandbox from
// production; host names do not.
type organization struct {
	ID      string          `json:"OrganizationId"`
	Name    string          `json:"FriendlyName"`
	Version string          `json:"OrganizationVersion"`
	Type    json.RawMessage `json:"OrganizationType"`
}

func organizationPart() part {
	return part{path: "RetrieveCurrentOrganization(AccessType=@p1)?@p1=" + escape("Microsoft.Dynamics.CRM.EndpointAccessType'Default'")}
}

func parseOrganization(a answer) (organization, error) {
	var reply struct {
		Detail organization `json:"Detail"`
	}
	if err := decode(a, &reply); err != nil {
		return organization{}, err
	}
	if !guid.MatchString(reply.Detail.ID) {
		return organization{}, sdk.BadResponse("Dataverse answered the question for the organization without its id")
	}
	reply.Detail.ID = strings.ToLower(reply.Detail.ID)
	return reply.Detail, nil
}

// typeName is the organization's type as a word, also where the platform gave its
// number.
func (o organization) typeName() string {
	var word string
	if json.Unmarshal(o.Type, &word) == nil {
		return excerpt(word)
	}
	names := []string{
		"Customer", "Monitoring", "Support", "BackEnd", "Secondary", "CustomerTest", "CustomerFreeTest", "CustomerPreview",
		"Placeholder", "TestDrive", "MsftInvestigation", "EmailTrial", "Default", "Developer", "Trial", "Teams", "Platform",
	}
	var number int
	if json.Unmarshal(o.Type, &number) == nil && number >= 0 && number < len(names) && len(o.Type) > 0 {
		return names[number]
	}
	return ""
}

// environment sorts organization types; empty for those that are neither.
func (o organization) environment() sdk.Environment {
	switch o.typeName() {
	case "Customer", "Secondary", "Default", "Teams", "Production":
		return sdk.Production
	case "CustomerTest", "CustomerFreeTest", "CustomerPreview", "TestDrive", "EmailTrial", "Developer", "Trial", "Sandbox":
		return sdk.Sandbox
	default:
		return ""
	}
}

// systemUser is the user's own row. ApplicationID is set for application users.
type systemUser struct {
	ID            string `json:"systemuserid"`
	Name          string `json:"fullname"`
	Login         string `json:"domainname"`
	Email         string `json:"internalemailaddress"`
	ApplicationID string `json:"applicationid"`
	Disabled      *bool  `json:"isdisabled"`
}

func systemUserPart(user string) part {
	return part{
		path:   "systemusers(" + user + ")?$select=fullname,domainname,internalemailaddress,applicationid,isdisabled",
		object: "systemuser",
	}
}

// login is the name to show: an application user has no login name of its own.
func (u systemUser) login() string {
	if u.Login != "" && u.ApplicationID == "" {
		return u.Login
	}
	return u.Name
}

// Identify asks WhoAmI and the organization in one call, and the user's row in a
// second. When the user may not read its own row, its name and kind stay empty.
func (c *Connector) Identify(ctx context.Context, target sdk.Target) (sdk.Identity, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.Identity{}, err
	}
	answers, err := s.batch(ctx, []part{whoAmIPart(), organizationPart()})
	if err != nil {
		return sdk.Identity{}, err
	}
	var who whoAmI
	if err := s.read(answers[0], "", &who); err != nil {
		return sdk.Identity{}, err
	}
	if err := who.check(); err != nil {
		return sdk.Identity{}, err
	}
	if err := s.partError(answers[1], ""); err != nil {
		return sdk.Identity{}, err
	}
	org, err := parseOrganization(answers[1])
	if err != nil {
		return sdk.Identity{}, err
	}
	if org.ID != who.OrganizationID {
		return sdk.Identity{}, sdk.BadResponse("WhoAmI and the organization's own answer name different organizations")
	}
	identity := sdk.Identity{
		InstanceID: org.ID, InstanceName: excerpt(org.Name), InstanceURL: s.base.String(), APIVersion: APIVersion,
		UserID: who.UserID, Environment: org.environment(), Edition: org.typeName(),
	}
	var user systemUser
	switch err := s.fetch(ctx, systemUserPart(who.UserID), &user); sdk.CodeOf(err) {
	case "":
		identity.UserName, identity.UserEmail = excerpt(user.login()), excerpt(user.Email)
		identity.DedicatedUser = user.ApplicationID != ""
	case sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeForbidden:
	default:
		return sdk.Identity{}, err
	}
	return identity, nil
}
