package dynamics365_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

// setObject and setField are the switches of a test.
func (e *env) setObject(t testing.TB, object string, change control.ObjectChange) {
	t.Helper()
	require.NoError(t, e.Controls().SetObject(object, change))
}

func (e *env) setField(t testing.TB, object, field, condition string) {
	t.Helper()
	require.NoError(t, e.Controls().SetField(object, field, control.FieldChange{Condition: &condition}))
}

func (s *session) userID(t testing.TB) string {
	t.Helper()
	return s.get(t, "/WhoAmI").json(t, http.StatusOK)["UserId"].(string)
}

// privileges asks for privileges by name and gives their depths.
func (s *session) privileges(t testing.TB, names string) map[string]string {
	t.Helper()
	body := s.get(t, "/systemusers("+s.userID(t)+")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)?@p1="+
		url.QueryEscape(names)).json(t, http.StatusOK)
	held := map[string]string{}
	for _, entry := range body["RolePrivileges"].([]any) {
		p := entry.(map[string]any)
		held[p["PrivilegeName"].(string)] = p["Depth"].(string)
	}
	return held
}

func TestPrivileges(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	require.Equal(t, map[string]string{"prvReadContact": "Global", "prvReadActivity": "Global"}, s.privileges(t, `["prvReadContact","prvReadActivity"]`))
	s.setObject(t, "contact", control.ObjectChange{Read: dynamics365.Off()})
	require.Equal(t, map[string]string{"prvReadAccount": "Global"}, s.privileges(t, `["prvReadContact","prvReadAccount"]`))
	denied := s.get(t, "/contacts?$select=fullname")
	denied.fails(t, http.StatusForbidden, "0x80040220", "is missing prvReadContact privilege (Id=")
	denied.fails(t, http.StatusForbidden, "0x80040220", "on OTC=2 for entity 'contact' (LocalizedName='Contact'). context.Caller="+s.userID(t))
	s.get(t, "/accounts?$select=name&$expand=primarycontactid($select=fullname)").fails(t, http.StatusForbidden, "0x80040220", "prvReadContact")
	s.get(t, "/accounts?$select=name").json(t, http.StatusOK)
	// Definitions are open to everybody: they say nothing about rights.
	s.get(t, "/EntityDefinitions(LogicalName='contact')?$select=LogicalName").json(t, http.StatusOK)

	// All activities share one privilege.
	s.setObject(t, "task", control.ObjectChange{Read: dynamics365.Off()})
	for _, set := range []string{"tasks", "phonecalls", "emails", "activitypointers", "li_messages"} {
		s.get(t, "/"+set).fails(t, http.StatusForbidden, "0x80040220", "prvReadActivity")
	}
	s.Controls().ResetRights()
	s.get(t, "/tasks?$select=subject").json(t, http.StatusOK)
	s.get(t, "/contacts?$select=fullname").json(t, http.StatusOK)
	require.Equal(t, http.StatusNotImplemented, s.get(t, "/contacts", "MSCRMCallerID", "x").status)
	// Tables without privileges are open; column security tables are for administrators.
	s.get(t, "/processstages?$select=stagename").json(t, http.StatusOK)
	s.get(t, "/fieldpermissions").fails(t, http.StatusForbidden, "0x80040220", "prvReadFieldPermission")

	unknown := s.get(t, "/systemusers("+s.userID(t)+")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)?@p1="+
		url.QueryEscape(`["prvReadContact","prvReadNothing"]`))
	unknown.fails(t, http.StatusBadRequest, "0x80040217", "prvReadNothing")
	require.NoError(t, s.Controls().SetSales(false))
	s.get(t, "/systemusers("+s.userID(t)+")/Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='prvReadLead')").
		fails(t, http.StatusBadRequest, "0x80040217", "prvReadLead")
}

// TestDepths: less than Global shows fewer rows and never an error; a single row beyond reach has its own code.
func TestDepths(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	counts := map[string]int{}
	var seen map[string]bool
	for _, depth := range []string{"Basic", "Local", "Deep", ""} {
		condition := ""
		if depth != "" {
			condition = "depth:" + depth
		}
		s.setObject(t, "contact", control.ObjectChange{Condition: &condition})
		rows := s.rows(t, "/contacts?$select=contactid,_ownerid_value")
		counts[depth] = len(rows)
		if depth == "Deep" {
			require.Equal(t, "Deep", s.privileges(t, `["prvReadContact"]`)["prvReadContact"])
			seen = map[string]bool{}
			for _, row := range rows {
				seen[row["contactid"].(string)] = true
			}
		}
		if depth == "" {
			for _, row := range rows {
				if id := row["contactid"].(string); !seen[id] {
					s.setObject(t, "contact", control.ObjectChange{Condition: new("depth:Deep")})
					s.get(t, "/contacts("+id+")").fails(t, http.StatusForbidden, "0x80048306", "AccessRights: ReadAccess")
					access := s.get(t, "/systemusers("+s.userID(t)+")/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@p1)?@p1="+
						url.QueryEscape("{'@odata.id':'contacts("+id+")'}")).json(t, http.StatusOK)["AccessRights"]
					require.NotContains(t, access, "ReadAccess")
					require.Contains(t, access, "WriteAccess")
					break
				}
			}
		}
	}
	require.Equal(t, 120, counts[""])
	require.Less(t, counts["Local"], counts["Deep"])
	require.Less(t, counts["Deep"], 120)
	require.LessOrEqual(t, counts["Basic"], counts["Local"])
	own, err := s.Controls().CreateRecords(dynamics365.RecordChange{Object: "contact", Fields: map[string]any{"lastname": "Own"}})
	require.NoError(t, err)
	s.setObject(t, "contact", control.ObjectChange{Condition: new("depth:Basic")})
	require.Len(t, s.rows(t, "/contacts?$select=contactid&$filter="+escape("contactid eq "+own[0])), 1)
	for object, set := range map[string]string{"businessunit": "businessunits", "systemuser": "systemusers"} {
		s.setObject(t, object, control.ObjectChange{Condition: new("depth:Basic")})
		require.LessOrEqual(t, len(s.rows(t, "/"+set+"?$select=createdon")), 1, set)
		s.setObject(t, object, control.ObjectChange{Condition: new("depth:Deep")})
		require.GreaterOrEqual(t, len(s.rows(t, "/"+set+"?$select=createdon")), 3, set)
	}
	require.Error(t, s.Controls().SetObject("solution", control.ObjectChange{Condition: new("depth:Basic")}))
}

// TestColumnSecurity: a secured column reads as null with status 200, in results as in filters and orders.
func TestColumnSecurity(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	const contacts = "/contacts?$select=mobilephone"
	filter := func(text string) int { return len(s.rows(t, contacts+"&$filter="+escape(text))) }
	privileges := func() []any {
		return s.get(t, "/systemusers("+s.userID(t)+")/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()").
			json(t, http.StatusOK)["AttributePrivileges"].([]any)
	}
	metadata := func() map[string]any {
		return s.get(t, "/EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='mobilephone')?$select=IsSecured,CanBeSecuredForRead").json(t, http.StatusOK)
	}
	withPhone := filter("mobilephone ne null")
	require.Positive(t, withPhone)
	require.Equal(t, false, metadata()["IsSecured"])
	require.Empty(t, privileges())

	s.setField(t, "contact", "mobilephone", "secured")
	require.Equal(t, true, metadata()["IsSecured"])
	require.Empty(t, privileges(), "no profile grants anything")
	for _, row := range s.rows(t, contacts) {
		require.Contains(t, row, "mobilephone")
		require.Nil(t, row["mobilephone"])
	}
	require.Zero(t, filter("mobilephone ne null"))
	require.Equal(t, 120, filter("mobilephone eq null"))
	ordered, unordered := s.rows(t, contacts+"&$orderby=mobilephone%20desc"), s.rows(t, contacts)
	require.Equal(t, unordered, ordered, "nothing to order by")
	s.send(t, http.MethodPost, "/contacts", `{"lastname":"x","mobilephone":"1"}`).fails(t, http.StatusForbidden, "0x8004f502", "")
	id := unordered[0]["contactid"].(string)
	s.send(t, http.MethodPatch, "/contacts("+id+")", `{"mobilephone":"1"}`, "If-Match", "*").fails(t, http.StatusForbidden, "0x8004f507", "")

	s.setField(t, "contact", "mobilephone", "secured_granted")
	require.Equal(t, withPhone, filter("mobilephone ne null"))
	granted := privileges()
	require.Len(t, granted, 1)
	require.InDelta(t, 4, granted[0].(map[string]any)["CanRead"], 0)
	require.Equal(t, metadata()["MetadataId"], granted[0].(map[string]any)["AttributeId"])
	s.setObject(t, "fieldpermission", control.ObjectChange{Read: dynamics365.On()})
	require.Len(t, s.rows(t, "/fieldpermissions?$select=canread&$filter="+escape("entityname eq 'contact' and attributelogicalname eq 'mobilephone'")), 1)
	s.setField(t, "contact", "mobilephone", "")
	require.Empty(t, s.rows(t, "/fieldpermissions?$select=canread"))

	// Names cannot be secured; donotemail can, but never for reading.
	require.Error(t, s.Controls().SetField("contact", "lastname", control.FieldChange{Condition: new("secured")}))
	require.Error(t, s.Controls().SetField("contact", "donotemail", control.FieldChange{Read: dynamics365.Off()}))
	s.setField(t, "contact", "donotemail", "secured")
	require.Equal(t, false, s.rows(t, "/contacts?$select=donotemail&$top=1")[0]["donotemail"])
	s.Controls().ResetRights()
	require.Equal(t, withPhone, filter("mobilephone ne null"))
}

// TestMissing: what was deleted is missing from metadata and fails the whole read.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	s.setField(t, "contact", "mobilephone", "deleted")
	for _, query := range []string{"$select=fullname,mobilephone", "$filter=mobilephone%20eq%20null", "$orderby=mobilephone"} {
		s.get(t, "/contacts?"+query).fails(t, http.StatusBadRequest, "0x80060888",
			"Could not find a property named 'mobilephone' on type 'Microsoft.Dynamics.CRM.contact'.")
	}
	require.NotContains(t, s.rows(t, "/contacts?$top=1")[0], "mobilephone")
	columns := s.get(t, "/EntityDefinitions(LogicalName='contact')?$expand="+escape("Attributes($select=LogicalName;$filter=LogicalName eq 'mobilephone' or LogicalName eq 'jobtitle')")).
		json(t, http.StatusOK)["Attributes"].([]any)
	require.Len(t, columns, 1)

	s.setObject(t, "campaign", control.ObjectChange{Condition: new("deleted")})
	s.get(t, "/campaigns").fails(t, http.StatusNotFound, "0x80060888", "Resource not found for the segment 'campaigns'.")
	s.get(t, "/EntityDefinitions(LogicalName='campaign')").fails(t, http.StatusNotFound, "0x80060888", "campaign")
	require.Len(t, s.rows(t, "/EntityDefinitions?$select=LogicalName&$filter="+escape("LogicalName eq 'campaign' or LogicalName eq 'account'")), 1)

	messages := func() int { return s.get(t, "/li_messages?$select=subject").status }
	solutions := func() int {
		return len(s.rows(t, "/solutions?$select=uniquename&$filter="+escape("uniquename eq 'LinkedIn' or uniquename eq 'LinkedInSalesNavigatorControlsForUnifiedClient'")))
	}
	require.Equal(t, []int{http.StatusOK, 2}, []int{messages(), solutions()})
	require.NoError(t, s.Controls().SetLinkedIn(false))
	require.Equal(t, []int{http.StatusNotFound, 0}, []int{messages(), solutions()})
	require.NoError(t, s.Controls().SetSales(false))
	for _, set := range []string{"leads", "opportunities", "opportunitysalesprocesses"} {
		s.get(t, "/"+set).fails(t, http.StatusNotFound, "0x80060888", set)
	}
	require.Empty(t, s.rows(t, "/processstages?$select=stagename&$filter="+escape("primaryentitytypecode eq 'opportunity'")))
	s.get(t, "/contacts?$select=fullname&$top=1").json(t, http.StatusOK)
}

func TestStandingOfTheUser(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	for state, code := range map[dynamics365.UserState]string{
		{NotMember: true}: "0x80072560", {NoRoles: true}: "0x80042f09", {Disabled: true}: "0x80040225",
	} {
		require.NoError(t, s.Controls().SetUser(state))
		for _, path := range []string{"/WhoAmI", "/contacts", "/EntityDefinitions(LogicalName='contact')"} {
			s.get(t, path).fails(t, http.StatusForbidden, code, "user")
		}
	}
	require.NoError(t, s.Controls().SetUser(dynamics365.UserState{NotMember: true}))
	require.Empty(t, values(s.get(t, "/api/discovery/v2.0/Instances").json(t, http.StatusOK)))
	require.NoError(t, s.Controls().SetUser(dynamics365.UserState{}))
	require.Len(t, values(s.get(t, "/api/discovery/v2.0/Instances?$select=Url,OrganizationType").json(t, http.StatusOK)), 1)
}

// TestCacheLag: a change shows only after a while, except to requests with strong consistency.
func TestCacheLag(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := start(t, func(c *dynamics365.Config) { c.Clock = clock }).login(t)
	s.Controls().SetCacheLag(30 * time.Second)
	s.setObject(t, "contact", control.ObjectChange{Read: dynamics365.Off()})
	require.Equal(t, http.StatusOK, s.get(t, "/contacts?$top=1").status)
	require.Equal(t, http.StatusForbidden, s.get(t, "/contacts?$top=1", "Consistency", "Strong").status)
	clock.Advance(10 * time.Second)
	s.setObject(t, "account", control.ObjectChange{Read: dynamics365.Off()})
	clock.Advance(20 * time.Second)
	require.Equal(t, http.StatusForbidden, s.get(t, "/contacts?$top=1").status)
	require.Equal(t, http.StatusOK, s.get(t, "/accounts?$top=1").status)
	clock.Advance(10 * time.Second)
	require.Equal(t, http.StatusForbidden, s.get(t, "/accounts?$top=1").status)
}
