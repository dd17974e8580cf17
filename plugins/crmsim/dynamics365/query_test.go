package dynamics365_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	all := s.rows(t, "/opportunities?$select=name,statecode,estimatedvalue,modifiedon,_customerid_value,_ownerid_value,estimatedclosedate,decisionmaker")
	require.Len(t, all, 30)
	first := all[0]
	count := func(test func(map[string]any) bool) int {
		n := 0
		for _, row := range all {
			if test(row) {
				n++
			}
		}
		return n
	}
	for filter, want := range map[string]int{
		"statecode eq 0": count(func(r map[string]any) bool { return r["statecode"] == 0.0 }),
		"statecode ne 0 and not (statecode eq 2)": count(func(r map[string]any) bool { return r["statecode"] == 1.0 }),
		"statecode eq 1 or statecode eq 2":        count(func(r map[string]any) bool { return r["statecode"] != 0.0 }),
		"estimatedvalue eq null":                  count(func(r map[string]any) bool { return r["estimatedvalue"] == nil }),
		"estimatedvalue ne 1":                     30,
		"estimatedvalue ge 100000":                count(func(r map[string]any) bool { v, ok := r["estimatedvalue"].(float64); return ok && v >= 100000 }),
		"contains(name,'RENEWAL')":                count(func(r map[string]any) bool { return strings.Contains(r["name"].(string), "Renewal") }),
		"startswith(name,'a') and endswith(name,'0')": count(func(r map[string]any) bool {
			name := strings.ToLower(r["name"].(string))
			return strings.HasPrefix(name, "a") && strings.HasSuffix(name, "0")
		}),
		"_customerid_value eq " + first["_customerid_value"].(string): count(func(r map[string]any) bool { return r["_customerid_value"] == first["_customerid_value"] }),
		"opportunityid eq " + first["opportunityid"].(string):         1,
		"modifiedon ge " + first["modifiedon"].(string):               count(func(r map[string]any) bool { return r["modifiedon"].(string) >= first["modifiedon"].(string) }),
		"estimatedclosedate le " + first["estimatedclosedate"].(string): count(func(r map[string]any) bool {
			return r["estimatedclosedate"].(string) <= first["estimatedclosedate"].(string)
		}),
		"Microsoft.Dynamics.CRM.In(PropertyName='statecode',PropertyValues=['1','2'])":    count(func(r map[string]any) bool { return r["statecode"] != 0.0 }),
		"Microsoft.Dynamics.CRM.LastXDays(PropertyName='modifiedon',PropertyValue=10000)": 30,
		"decisionmaker eq false": 30,
		"customerid_account/accountid eq " + first["_customerid_value"].(string): count(func(r map[string]any) bool { return r["_customerid_value"] == first["_customerid_value"] }),
	} {
		require.Len(t, s.rows(t, "/opportunities?$select=name&$filter="+escape(filter)), want, filter)
	}
	for filter, message := range map[string]string{
		"name eq 5": "incompatible types",
		"_customerid_value eq '" + first["_customerid_value"].(string) + "'": "incompatible types",
		"Name eq 'x'":                    "Could not find a property named 'Name'",
		"customerid eq null":             "Could not find a property named 'customerid'",
		"customeridname eq 'x'":          "Could not find a property named 'customeridname'",
		"name eq":                        "Syntax error",
		"name eq 'x":                     "unterminated",
		"(name eq 'x'":                   "Syntax error",
		"Customerid_Account/name eq 'x'": "Could not find a property named 'Customerid_Account'",
	} {
		s.get(t, "/opportunities?$filter="+escape(filter)).fails(t, http.StatusBadRequest, "0x80060888", message)
	}
	s.get(t, "/opportunities?$filter="+escape("opportunity_parent/any(o:o/name eq 'x')")).fails(t, http.StatusNotImplemented, "0x80060888", "lambda")
	s.get(t, "/opportunities?$skip=5").fails(t, http.StatusBadRequest, "0x80060888", "Skip Clause")
	s.get(t, "/opportunities?$select=customeridname").fails(t, http.StatusBadRequest, "0x80060888", "customeridname")
	s.get(t, "/opportunities("+first["opportunityid"].(string)+")?$expand=Customerid_account").fails(t, http.StatusBadRequest, "0x80060888", "Customerid_account")
}

// TestShape: what a page of results looks like.
func TestShape(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	a := s.get(t, "/opportunities?$select=name,estimatedvalue&$expand=customerid_account($select=name)&$count=true", "Prefer",
		`odata.include-annotations="*",odata.maxpagesize=7`)
	require.Equal(t, "4.0", a.header.Get("OData-Version"))
	require.Equal(t, "application/json; odata.metadata=minimal", a.header.Get("Content-Type"))
	require.Contains(t, a.header.Get("Preference-Applied"), "odata.maxpagesize=7")
	require.NotEmpty(t, a.header.Get("x-ms-ratelimit-burst-remaining-xrm-requests"))
	body := a.json(t, http.StatusOK)
	require.Equal(t, s.url+root+"/$metadata#opportunities(name,estimatedvalue,customerid_account(name))", body["@odata.context"])
	require.InDelta(t, 30, body["@odata.count"], 0)
	require.NotEmpty(t, body["@Microsoft.Dynamics.CRM.globalmetadataversion"])
	require.True(t, strings.HasPrefix(body["@odata.nextLink"].(string), s.url+root+"/opportunities?$select=name"))
	rows := values(body)
	require.Len(t, rows, 7)
	require.Regexp(t, `^W/"\d+"$`, rows[0]["@odata.etag"])
	require.Contains(t, rows[0], "opportunityid")
	require.Contains(t, rows[0], "_transactioncurrencyid_value", "money brings its currency")
	require.Equal(t, "US Dollar", rows[0]["_transactioncurrencyid_value@OData.Community.Display.V1.FormattedValue"])
	require.Equal(t, "transactioncurrency", rows[0]["_transactioncurrencyid_value@Microsoft.Dynamics.CRM.lookuplogicalname"])
	require.NotEmpty(t, rows[0]["customerid_account"].(map[string]any)["name"])
	plain := s.rows(t, "/opportunities?$select=name,estimatedvalue&$top=1")[0]
	for name := range plain {
		require.False(t, strings.Contains(name, "@OData") || strings.Contains(name, "@Microsoft"), name)
	}
	// One record: not modified, then missing.
	path := "/opportunities(" + plain["opportunityid"].(string) + ")?$select=name"
	one := s.get(t, path).json(t, http.StatusOK)
	require.Equal(t, http.StatusNotModified, s.get(t, path, "If-None-Match", one["@odata.etag"].(string)).status)
	require.Equal(t, http.StatusOK, s.get(t, path, "If-None-Match", "null").status)
	const nobody = "00000000-0000-0000-0000-000000000001"
	s.get(t, "/opportunities("+nobody+")").fails(t, http.StatusNotFound, "0x80040217", "opportunity With Id = "+nobody+" Does Not Exist")
	s.get(t, "/accounts(accountnumber='nothing')").fails(t, http.StatusNotFound, "0x80060891", "account")
	s.get(t, "/accounts(name='nothing')").fails(t, http.StatusBadRequest, "0x80060890", "account")
	s.get(t, "/accounts(accountnumber='A00003')?$select=name").json(t, http.StatusOK)
	// Collections follow their parent.
	account := one["opportunityid"].(string)
	require.NotEmpty(t, s.get(t, "/opportunities("+account+")/customerid_account?$select=name").json(t, http.StatusOK)["name"])
	require.Len(t, s.rows(t, "/opportunities("+account+")/opportunity_opportunitysalesprocess?$select=name"), 1)
}

// TestPaging: every page but the last is full, links are absolute, and each row comes once, in whatever order and
// whatever happens between pages.
func TestPaging(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := start(t, func(c *dynamics365.Config) { c.Clock = clock }).login(t)
	_, err := s.Controls().TouchRecords(dynamics365.RecordChange{Object: "contact", Count: 70})
	require.NoError(t, err)
	for _, order := range []string{"", "&$orderby=modifiedon", "&$orderby=modifiedon%20asc,contactid%20asc", "&$orderby=lastname%20desc,createdon", "&$orderby=_ownerid_value,mobilephone%20desc"} {
		rows, last := s.all(t, "/contacts?$select=fullname,modifiedon"+order, "Prefer", "odata.maxpagesize=17")
		require.Len(t, values(last), 120%17)
		ids := map[any]bool{}
		for i, row := range rows {
			ids[row["contactid"]] = true
			if order == "&$orderby=modifiedon" && i > 0 {
				require.GreaterOrEqual(t, row["modifiedon"], rows[i-1]["modifiedon"])
			}
		}
		require.Len(t, ids, 120, order)
		require.Len(t, rows, 120, order)
	}
	// Between pages some are deleted, some change (their stamp moves to the end) and some are born.
	pages := 0
	s.Controls().BeforePage(func(object string) {
		if pages++; object != "contact" || pages < 3 || pages > 5 {
			return
		}
		clock.Advance(time.Second)
		for _, change := range []func(dynamics365.RecordChange) ([]string, error){s.Controls().TouchRecords, s.Controls().DeleteRecords, s.Controls().CreateRecords} {
			_, err := change(dynamics365.RecordChange{Object: "contact", Count: 2, Fields: map[string]any{"lastname": "Changed"}})
			require.NoError(t, err)
		}
	})
	rows, _ := s.all(t, "/contacts?$select=fullname,modifiedon&$orderby=modifiedon", "Prefer", "odata.maxpagesize=10")
	s.Controls().BeforePage(nil)
	seen := map[any]bool{}
	for _, row := range rows {
		seen[row["contactid"]] = true
	}
	for _, row := range s.rows(t, "/contacts?$select=contactid") {
		require.True(t, seen[row["contactid"]], "nothing that exists was lost")
	}
	s.get(t, "/contacts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E").fails(t, http.StatusBadRequest, "0x80060888", "cookie")
}

// TestPageCap: no page has more than 5,000 rows, and no count says more.
func TestPageCap(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	_, err := s.Controls().CreateRecords(dynamics365.RecordChange{Object: "contact", Count: 5000, Fields: map[string]any{"lastname": "Many"}})
	require.NoError(t, err)
	body := s.get(t, "/contacts?$select=contactid&$count=true", "Prefer", `odata.maxpagesize=9000,odata.include-annotations="*"`).json(t, http.StatusOK)
	require.Len(t, values(body), 5000)
	require.InDelta(t, 5000, body["@odata.count"], 0)
	require.Equal(t, true, body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"])
	rest := s.get(t, body["@odata.nextLink"].(string)).json(t, http.StatusOK)
	require.Len(t, values(rest), 120)
	require.Equal(t, "5000", string(s.get(t, "/contacts/$count").body))
	require.Len(t, s.rows(t, "/contacts?$select=contactid&$top=3"), 3)
}

// TestChangeTracking: a delta brings what changed since, once, deletions last; the token ages.
func TestChangeTracking(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := start(t, func(c *dynamics365.Config) { c.Clock = clock; c.AccessTokenTTL = 30 * 24 * time.Hour }).login(t)
	track := []string{"Prefer", "odata.track-changes,odata.maxpagesize=50"}
	rows, last := s.all(t, "/contacts?$select=fullname", track...)
	require.Len(t, rows, 120)
	link := last["@odata.deltaLink"].(string)
	require.Contains(t, link, s.url+root+"/contacts?$select=fullname&$deltatoken=")

	empty := s.get(t, link).json(t, http.StatusOK)
	require.Empty(t, values(empty))
	require.True(t, strings.HasSuffix(empty["@odata.context"].(string), "#contacts(fullname)/$delta"))
	touched, err := s.Controls().TouchRecords(dynamics365.RecordChange{Object: "contact", Count: 3, Late: time.Hour})
	require.NoError(t, err)
	made, err := s.Controls().CreateRecords(dynamics365.RecordChange{Object: "contact", Count: 2, Fields: map[string]any{"lastname": "New"}})
	require.NoError(t, err)
	gone, err := s.Controls().DeleteRecords(dynamics365.RecordChange{Object: "contact", IDs: touched[:1]})
	require.NoError(t, err)
	changes, last := s.all(t, link, "Prefer", "odata.maxpagesize=2")
	require.Len(t, changes, 5)
	for _, change := range changes[:4] {
		require.Contains(t, append(touched[1:], made...), change["contactid"])
	}
	require.Equal(t, map[string]any{"@odata.context": s.url + root + "/$metadata#contacts/$deletedEntity", "id": gone[0], "reason": "deleted"}, changes[4])
	require.Empty(t, s.rows(t, last["@odata.deltaLink"].(string)))

	for option, value := range map[string]string{"$filter": "statecode eq 0", "$orderby": "fullname", "$top": "5", "$expand": "parentcustomerid_account"} {
		s.get(t, "/contacts?$select=fullname&"+option+"="+escape(value), track...).fails(t, http.StatusBadRequest, "0x80060888",
			`The "`+option+`" query parameter isn't supported when Change Tracking is enabled.`)
	}
	s.setObject(t, "contact", control.ObjectChange{Condition: new("depth:Deep")})
	s.get(t, link).fails(t, http.StatusForbidden, "0x80040220", "organization level")
	s.setObject(t, "contact", control.ObjectChange{Condition: new("")})
	require.NoError(t, s.Controls().SetChangeTracking("contact", false))
	s.get(t, "/contacts?$select=fullname", track...).fails(t, http.StatusBadRequest, "0x80072491", "contact")
	require.Equal(t, false, s.get(t, "/EntityDefinitions(LogicalName='contact')?$select=ChangeTrackingEnabled").json(t, http.StatusOK)["ChangeTrackingEnabled"])
	require.NoError(t, s.Controls().SetChangeTracking("contact", true))

	s.Controls().ExpireDeltaTokens()
	s.get(t, link).fails(t, http.StatusBadRequest, "0x80044352", "full sync")
	_, last = s.all(t, "/contacts?$select=fullname", track...)
	link = last["@odata.deltaLink"].(string)
	s.get(t, link).json(t, http.StatusOK)
	clock.Advance(8 * 24 * time.Hour)
	s.get(t, link).fails(t, http.StatusBadRequest, "0x80044352", "full sync")
}

// TestActivities: the columns that an activity inherits, its parties, and the pointer over all of them.
func TestActivities(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	total := 0
	for _, set := range []string{"tasks", "phonecalls", "emails", "appointments"} {
		rows := s.rows(t, "/"+set+"?$select=subject,statecode,_regardingobjectid_value,scheduledend")
		require.NotEmpty(t, rows, set)
		total += len(rows)
	}
	require.Len(t, s.rows(t, "/activitypointers?$select=subject,activitytypecode"), total)
	call := s.rows(t, "/phonecalls?$select=subject&$expand="+escape("phonecall_activity_parties($select=participationtypemask,_partyid_value)"))[0]
	require.NotEmpty(t, call["phonecall_activity_parties"])
	require.Contains(t, call["phonecall_activity_parties@odata.nextLink"], fmt.Sprintf("phonecalls(%s)/phonecall_activity_parties", call["activityid"]))
	s.get(t, "/phonecalls?$select=from").fails(t, http.StatusBadRequest, "0x80060888", "from")
	notes := s.rows(t, "/annotations?$select=notetext,_objectid_value")
	require.NotEmpty(t, notes)
	stages := s.rows(t, "/processstages?$select=stagename,stagecategory&$filter="+escape("primaryentitytypecode eq 'opportunity'")+"&$orderby=stagecategory")
	require.Len(t, stages, 4)
	require.Equal(t, "Qualify", stages[0]["stagename"])
}
