package permission_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// explain lets the CRM say why fields of an object cannot be read.
func (c *fakeCRM) explain(object string, denied ...crm.DeniedField) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.denied = map[string][]crm.DeniedField{object: denied}
}

func TestFieldsThatMatterAreAskedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.check(permission.Onboarding)
		contact := func() []string {
			asked := f.crm.requests[len(f.crm.requests)-1].Objects
			return asked[slices.IndexFunc(asked, func(o crm.CheckObject) bool { return o.Name == "Contact" })].Fields
		}
		require.Equal(t, []string{"Id", "Email", "Phone", "Title"}, contact(), "what could be mapped")
		f.mapAny("contact.phone", "Contact", "Fax")
		f.unmapAny("contact.title")
		f.check(permission.Normal)
		require.Equal(t, []string{"Id", "Email", "Fax", "Title"}, contact(), "what is mapped, and what could be")
	})
}

func TestTheMemoIsKeptAndBrought(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.crm.memo = []byte("first")
		f.check(permission.Onboarding)
		clock.Advance(time.Hour)
		f.check(permission.Normal)
		written := s.Read().ConnectorMemo.Query().OnlyX(f.ctx)
		require.Equal(t, "first", string(written.Content))
		require.NotEqual(t, clock.Now(), written.UpdatedAt.UTC(), "the same is not written again")

		f.crm.memo = nil
		f.check(permission.Normal)
		f.crm.memo = []byte("second")
		_, err := f.permissions.RecheckFields(f.ctx, permission.RecheckInput{IntegrationID: f.integration.ID, Object: "Contact", IdempotencyKey: f.key()})
		require.NoError(t, err)
		f.check(permission.Normal)
		require.Equal(t, []string{"", "first", "first", "first", "second"}, f.crm.memos)

		f.crm.memo = []byte(strings.Repeat("x", 64<<10))
		f.check(permission.Normal)
		require.Len(t, s.Read().ConnectorMemo.Query().OnlyX(f.ctx).Content, 64<<10)
	})
}

func TestCausesReachFieldChangeAndAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "Email")
		f.crm.explain("Contact", crm.DeniedField{Name: "Email", Label: "E-mail", Cause: crm.CauseArchived, Evidence: "archived on Monday"})
		f.nextDay()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		for _, change := range s.Read().PermissionChange.Query().AllX(f.ctx) {
			require.Equal(t, crm.CauseArchived, *change.Cause)
			require.Equal(t, "archived on Monday", change.Evidence)
		}
		require.Equal(t, crm.CauseArchived, *f.field("Contact", "Email").Cause)
		require.Equal(t, crm.CauseArchived, *f.theAlert().Cause)
		require.Contains(t, f.theAlert().Fix.Steps[0], "archive")

		// The archive was emptied: the alert says so, and is the same one.
		head := f.head()
		f.crm.explain("Contact", crm.DeniedField{Name: "Email", Cause: crm.CauseDeleted, Evidence: "deleted for good"})
		f.nextDay()
		require.Equal(t, []string{"alert UPDATED", "check"}, f.feed(head))
		require.Equal(t, crm.CauseDeleted, *f.theAlert().Cause)
		require.Equal(t, "deleted for good", f.theAlert().Evidence)
		require.NotContains(t, f.theAlert().Fix.Steps[0], "archive")
		require.Equal(t, "deleted for good", f.field("Contact", "Email").Evidence)

		head = f.head()
		f.nextDay()
		require.Empty(t, f.feed(head), "the same again is no news")

		show()
		f.crm.explain("Contact")
		f.nextDay()
		require.Empty(t, f.openAlerts())
		require.Nil(t, f.field("Contact", "Email").Cause)
	})
}

func TestARenamedFieldNamesItsCandidate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		title := field("Job_Title__c", "string")
		title.Custom = true
		f.crm.fields["Contact"] = append(f.crm.fields["Contact"], title)
		f.check(permission.Onboarding)
		_, err := f.mappings.Map(f.ctx, mapping.MapInput{
			IntegrationID: f.integration.ID, StandardField: "contact.title", Object: "Contact", CRMField: "Job_Title__c", IdempotencyKey: f.key(),
		})
		require.NoError(t, err)
		f.standardize()

		renamed := field("JobTitle__c", "string")
		renamed.Custom = true
		f.crm.fields["Contact"][len(f.crm.fields["Contact"])-1] = renamed
		f.nextDay()
		lost := f.theAlert()
		require.Equal(t, crm.CauseRenamedCandidate, *lost.Cause)
		require.Contains(t, lost.Evidence, "JobTitle__c")
		require.Contains(t, lost.Message, "renamed to JobTitle__c")
		require.Contains(t, strings.Join(lost.Fix.Steps, " "), "map the standard field to it: Contact.JobTitle__c")
		require.Equal(t, "JobTitle__c", f.field("Contact", "Job_Title__c").Candidate)
		head := f.head()
		f.nextDay()
		require.Empty(t, f.feed(head))

		_, err = f.mappings.Map(f.ctx, mapping.MapInput{
			IntegrationID: f.integration.ID, StandardField: "contact.title", Object: "Contact", CRMField: "JobTitle__c", IdempotencyKey: f.key(),
		})
		require.NoError(t, err)
		require.Equal(t, []string{"SCHEMA_CHANGED "}, f.openAlerts(), "doing what the steps say resolves it; the new field is news")
	})
}

func TestAFieldThatNeverCouldBeReadShowsItsCause(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.crm.hide("Contact", "Phone")
		f.crm.explain("Contact",
			crm.DeniedField{Name: "Email", Label: "E-mail", Cause: crm.CauseSensitive, Evidence: "marked as sensitive"},
			crm.DeniedField{Name: "Phone", Cause: crm.CauseDeleted, Evidence: "no such field"},
			crm.DeniedField{Name: "Salary", Label: "Salary", Cause: crm.CauseScopeMissing, Evidence: "needs a scope"})
		f.check(permission.Onboarding)
		require.Equal(t, crm.FieldErrorStandardized, f.status("Contact", "Email"), "required, hence mapped all the same")
		require.Equal(t, "E-mail", f.field("Contact", "Email").Label)
		require.Equal(t, crm.FieldInaccessible, f.status("Contact", "Salary"))
		require.Equal(t, crm.CauseScopeMissing, *f.field("Contact", "Salary").Cause)
		require.Empty(t, f.changes())
		f.standardize()
		require.Equal(t, []string{"MISSING_AT_STANDARDIZATION Contact.Email"}, f.openAlerts(), "only recommended and not there: not mapped")
		require.Equal(t, crm.CauseSensitive, *f.theAlert().Cause)
		require.Equal(t, "marked as sensitive", f.theAlert().Evidence)
	})
}

func TestARequiredFieldThatTheCRMDoesNotHaveShowsItsCause(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.crm.explain("Contact", crm.DeniedField{Name: "Email", Cause: crm.CauseDeleted, Evidence: "no such field"})
		f.check(permission.Onboarding)
		require.Equal(t, crm.FieldErrorStandardized, f.status("Contact", "Email"))
		f.standardize()
		require.Equal(t, crm.CauseDeleted, *f.theAlert().Cause)
		require.Equal(t, "no such field", f.theAlert().Evidence)
		head := f.head()
		f.nextDay()
		require.Empty(t, f.feed(head))
	})
}

func TestPartialRecordAccessIsShownAndNotAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		require.Equal(t, crm.RecordsUnknown, f.object("Contact").RecordAccess)
		head := f.head()
		f.crm.records = map[string]string{"Contact": "Read privilege at depth Business Unit"}
		f.nextDay()
		contact := f.object("Contact")
		require.Equal(t, crm.ObjectOK, contact.Status)
		require.Equal(t, crm.RecordsPartial, contact.RecordAccess)
		require.Equal(t, "Read privilege at depth Business Unit", contact.RecordAccessNote)
		require.Empty(t, f.openAlerts())
		require.Empty(t, f.changes())
		require.Equal(t, []string{"check"}, f.feed(head), "who looks sees it")
		f.crm.records = nil
		f.nextDay()
		require.Empty(t, f.object("Contact").RecordAccessNote)
	})
}

// orderlyPicklists notes what was known when choices were fetched.
type orderlyPicklists struct{ refresh func() error }

func (p orderlyPicklists) Refresh(context.Context, string) error { return p.refresh() }

func TestChoicesAreFetchedBeforeTheOnboardingCheckIsOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		var order []string
		f.config.OnOnboarded = func(context.Context, *store.Tx, string) error { order = append(order, "onboarded"); return nil }
		f.config.Picklists = orderlyPicklists{func() error {
			require.Equal(t, crm.ObjectOK, f.object("Contact").Status, "after the check")
			order = append(order, "choices")
			return outage()
		}}
		f.replaceChecker(f.crm)
		f.check(permission.Onboarding)
		require.Equal(t, []string{"choices", "onboarded"}, order, "a failure keeps nobody from deciding the settings")
		f.check(permission.Normal)
		require.Len(t, order, 2)
	})
}

// TestOtherVendorsNames makes onboarding, loss and mapping with the names and types of
// a CRM whose ids and objects are spelt otherwise.
func TestOtherVendorsNames(t *testing.T) {
	standard := func(key string, kind crm.DataType, requirement crm.Requirement, candidates ...string) crm.StandardField {
		return crm.StandardField{Key: key, Label: key, DataType: kind, Requirement: requirement, Candidates: candidates, Features: []string{"pages"}}
	}
	vendors := map[string]struct {
		object crm.PackageObject
		fields []crm.FieldInfo
		mapped map[string]string
	}{
		"hubspot": {
			crm.PackageObject{Key: "contact", Name: "contacts", Label: "Contacts", Requirement: crm.Required, Rights: crm.Rights{Read: true}, Fields: []crm.StandardField{
				standard("contact.id", crm.TypeID, crm.Required, "id", "hs_object_id"),
				standard("contact.account_id", crm.TypeReference, crm.Required, "associations.companies", "associatedcompanyid"),
				standard("contact.owner_id", crm.TypeReference, crm.Required, "hubspot_owner_id"),
				standard("contact.phone", crm.TypePhone, crm.Recommended, "phone"),
				standard("contact.archived", crm.TypeBoolean, crm.Optional, "archived"),
				standard("contact.modified_at", crm.TypeDateTime, crm.Required, "lastmodifieddate"),
			}},
			[]crm.FieldInfo{
				field("id", "string"), field("associations.companies", "associations"), field("hubspot_owner_id", "enumeration"),
				field("phone", "phone_number"), field("archived", "bool"), field("lastmodifieddate", "datetime"),
			},
			map[string]string{"contact.id": "id", "contact.account_id": "associations.companies", "contact.owner_id": "hubspot_owner_id"},
		},
		"dynamics365": {
			crm.PackageObject{Key: "contact", Name: "contact", Label: "Contact", Requirement: crm.Required, Rights: crm.Rights{Read: true}, Fields: []crm.StandardField{
				standard("contact.id", crm.TypeID, crm.Required, "contactid"),
				standard("contact.account_id", crm.TypeReference, crm.Required, "parentcustomerid"),
				standard("contact.owner_id", crm.TypeReference, crm.Required, "ownerid"),
				standard("contact.description", crm.TypeText, crm.Recommended, "description"),
				standard("contact.revenue", crm.TypeNumber, crm.Optional, "annualincome"),
				standard("contact.is_active", crm.TypeBoolean, crm.Optional, "statecode"),
			}},
			[]crm.FieldInfo{
				field("contactid", "Uniqueidentifier"), field("parentcustomerid", "Customer"), field("ownerid", "Owner"),
				field("description", "Memo"), field("annualincome", "Money"), field("statecode", "State"),
			},
			map[string]string{"contact.id": "contactid", "contact.account_id": "parentcustomerid", "contact.description": "description"},
		},
	}
	for name, vendor := range vendors {
		storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
			f := newFixture(t, s, clock)
			pkg := crm.Package{Key: "test", Version: 1, Title: "Test", CRM: name, Objects: []crm.PackageObject{vendor.object}}
			f.usePackage(pkg)
			f.crm.fields = map[string][]crm.FieldInfo{vendor.object.Name: vendor.fields}
			f.check(permission.Onboarding)
			for standardField, crmField := range vendor.mapped {
				row := f.mapped(standardField)
				require.Equal(t, crmField, row.CrmField)
				require.Equal(t, vendor.object.Name, row.ObjectName)
			}
			require.Len(t, s.Read().Mapping.Query().AllX(f.ctx), len(vendor.object.Fields), "every standard field found its own")
			f.standardize()
			f.crm.hide(vendor.object.Name, vendor.mapped["contact.account_id"])
			f.nextDay()
			require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST " + vendor.object.Name + "." + vendor.mapped["contact.account_id"]}, f.openAlerts())
		})
	}
}
