package permission_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestOnboardingChecksEveryObjectInOneCallAndMapsThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		result := f.check(permission.Onboarding)
		require.Nil(t, result.Failure)
		require.Equal(t, 1, f.crm.calls())
		require.Equal(t, []string{"Account", "Contact", "Opportunity"}, objectNames(f.crm.requests[0]))
		require.True(t, f.crm.requests[0].Unconditional)

		contact := f.object("Contact")
		require.Equal(t, crm.ObjectOK, contact.Status)
		require.Equal(t, 1, contact.Position)
		require.Equal(t, crm.Required, contact.Requirement)
		require.Equal(t, result.AskedAt, contact.CheckedAt.UTC())
		require.Nil(t, contact.Since, "it is as the first check found it")
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))
		require.Equal(t, crm.FieldActive, f.status("Contact", "Fax"))
		require.Len(t, f.field("Opportunity", "StageName").Picklist, 2)
		require.Empty(t, f.changes(), "the first check is the baseline")
		require.Empty(t, f.openAlerts())
		require.Equal(t, []string{"onboarding Account", "onboarding Contact", "onboarding Opportunity", "mapping", "check"}, f.feed(0))
	})
}

// Scenario 9.
func TestAnObjectMissingAtOnboardingAlertsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		show := f.crm.hide("Contact", "")
		result := f.check(permission.Onboarding)
		require.Equal(t, crm.ObjectPermissionMissing, result.Objects[1].Status)
		require.False(t, result.Objects[1].Readable)
		require.Equal(t, []string{"OBJECT_ACCESS_MISSING Contact"}, f.openAlerts())
		require.Empty(t, f.jobs.waiting, "missing is not a loss: nothing to confirm")
		alert := f.theAlert()
		require.True(t, alert.Mandatory)
		require.Equal(t, crm.SeverityCritical, alert.Severity)
		require.NotEmpty(t, alert.Fix.Steps)
		require.NotEmpty(t, alert.Affected)

		// It is granted later: mapped then, and the alert is resolved.
		f.standardize()
		show()
		f.nextDay()
		require.Empty(t, f.openAlerts())
		require.Equal(t, crm.ResolvedRestored, *f.theAlert().Resolution)
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))
		require.Equal(t, []string{"RESTORED Contact"}, f.changes())
	})
}

// Scenarios 10 and 12; requirements J5, K10, K14.
func TestALossIsSuspectedThenConfirmedThenAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "Email")
		head := f.head()
		clock.Advance(24 * time.Hour)
		result := f.check(permission.Normal)
		require.False(t, f.crm.requests[1].Unconditional)
		require.True(t, result.Objects[1].Suspected)
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"), "the verdict stands until it is confirmed")
		require.NotNil(t, f.field("Contact", "Email").SuspectedAt)
		require.Empty(t, f.openAlerts())
		require.Len(t, f.jobs.waiting, 1)
		require.Equal(t, permission.ConfirmKind, f.jobs.waiting[0].Kind)

		f.confirm()
		require.True(t, f.crm.requests[2].Unconditional)
		require.Equal(t, []string{"Contact"}, objectNames(f.crm.requests[2]), "only what is suspected is asked for")
		require.Equal(t, crm.FieldErrorStandardized, f.status("Contact", "Email"))
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		require.Equal(t, []string{"SUSPECTED Contact.Email", "LOST Contact.Email"}, f.changes())
		require.Equal(t, []string{
			"permission SUSPECTED Contact Email", "check", "permission LOST Contact Email", "alert OPENED", "check",
		}, f.feed(head))
		lost := f.theAlert()
		require.Equal(t, crm.CausePermission, *lost.Cause)
		require.Equal(t, "contact.email", lost.StandardField)
		require.Equal(t, []string{"Open Contact, field Email.", "Make it visible to sync@acme.example."}, lost.Fix.Steps)
		require.Equal(t, "https://acme.example/setup/Contact/Email", lost.Fix.DeepLink)
		require.Equal(t, []crm.Affected{
			{Kind: crm.AffectedFeature, Key: "pages", Title: "Pages"},
			{Kind: crm.AffectedSetting, Key: crm.SettingContactsEmailRequired, Title: "Require an e-mail address for new contacts"},
		}, lost.Affected)
		require.Empty(t, f.jobs.waiting)

		// The same loss on the next days: one alert, counted, and silence (K11).
		head = f.head()
		f.nextDay()
		f.nextDay()
		require.Empty(t, f.feed(head))
		require.Equal(t, 3, f.theAlert().Occurrences)
		require.Equal(t, clock.Now().Add(-confirmDelay), f.theAlert().LastSeenAt.UTC())

		// Repaired and rechecked: at once, no waiting for the day.
		show()
		clock.Advance(time.Minute)
		recheck, err := f.permissions.RecheckFields(f.ctx, permission.RecheckInput{
			IntegrationID: f.integration.ID, Object: "Contact", Fields: []string{"Email"}, IdempotencyKey: f.key(),
		})
		require.NoError(t, err)
		require.Equal(t, []permission.FieldResult{{Name: "Email", Status: crm.FieldActiveStandardized}}, recheck.Fields)
		require.Equal(t, []string{"permission RESTORED Contact Email", "alert RESOLVED", "check"}, f.feed(head))
		require.Equal(t, crm.ResolvedRestored, *f.theAlert().Resolution)
		require.Equal(t, crm.AlertResolved, f.theAlert().State)
		require.Nil(t, f.theAlert().OpenKey)

		// Lost again within days: the same alert, reopened.
		head = f.head()
		f.crm.hide("Contact", "Email")
		f.nextDay()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		require.Contains(t, f.feed(head), "alert REOPENED")
		require.Nil(t, f.theAlert().ResolvedAt)
		require.Nil(t, f.theAlert().Resolution)
	})
}

func TestAFlappingFieldNeverAlerts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		for range 3 {
			show := f.crm.hide("Contact", "Email")
			clock.Advance(time.Hour)
			f.check(permission.Normal)
			show()
			f.confirm()
			require.Nil(t, f.field("Contact", "Email").SuspectedAt)
			require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))
		}
		require.Empty(t, f.openAlerts())
		require.Equal(t, []string{"SUSPECTED Contact.Email", "SUSPECTED Contact.Email", "SUSPECTED Contact.Email"}, f.changes())
	})
}

// A regular check never confirms, however often it sees the loss; and a second probe
// confirms no suspicion that is younger than the delay.
func TestOnlyAMatureSuspicionIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.check(permission.Normal)
		clock.Advance(time.Hour)
		f.check(permission.Normal)
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))

		f.crm.hide("Contact", "Phone")
		f.check(permission.Normal)
		clock.Advance(confirmDelay - time.Millisecond)
		f.check(permission.Confirm, "Contact")
		require.Empty(t, f.openAlerts())
		clock.Advance(time.Millisecond)
		f.check(permission.Confirm, "Contact")
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email", "STANDARD_FIELD_ACCESS_LOST Contact.Phone"}, f.openAlerts())
	})
}

// The job that confirms may run where the clock is behind the one that the suspicion was
// raised by. It is the only one that the suspicion has, so it waits, asking nothing.
func TestAConfirmationThatComesTooEarlyIsMadeLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.check(permission.Normal)
		waiting, asked := slices.Clone(f.jobs.waiting), f.crm.calls()
		clock.Advance(confirmDelay - time.Millisecond)
		require.Equal(t, job.Snooze(time.Millisecond), f.jobs.run(f.ctx))
		require.Equal(t, asked, f.crm.calls())
		require.Empty(t, f.openAlerts())

		f.jobs.waiting = waiting
		clock.Advance(time.Millisecond)
		require.NoError(t, f.jobs.run(f.ctx))
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
	})
}

// Scenario 11.
func TestAFieldThatIsNotStandardizedVanishesWithoutAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "Fax")
		f.nextDay()
		require.Equal(t, crm.FieldInaccessible, f.status("Contact", "Fax"))
		require.Empty(t, f.openAlerts())
		show()
		f.nextDay()
		require.Equal(t, crm.FieldActive, f.status("Contact", "Fax"))
		require.Empty(t, f.openAlerts())
		require.Equal(t, []string{"SUSPECTED Contact.Fax", "VANISHED Contact.Fax", "RESTORED Contact.Fax"}, f.changes())
	})
}

// Scenario 13, and the folding of design section 4.
func TestAnObjectsLossFoldsItsFields(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Title")
		f.nextDay()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Title"}, f.openAlerts())

		show := f.crm.hide("Contact", "")
		f.nextDay()
		require.Equal(t, crm.ObjectPermissionMissing, f.object("Contact").Status)
		require.Equal(t, []string{"REQUIRED_OBJECT_ACCESS_LOST Contact", "STANDARD_FIELD_ACCESS_LOST Contact.Title"}, f.openAlerts(),
			"no alert for each of its fields; the one that was open stays")
		require.Equal(t, crm.FieldErrorStandardized, f.status("Contact", "Email"))
		require.Equal(t, crm.CauseObjectDenied, *f.field("Contact", "Email").Cause)
		require.Equal(t, crm.CausePermission, *f.field("Contact", "Title").Cause, "lost before, with its own cause")

		// Granted: nothing changes until somebody looks.
		show()
		checkedAt := *f.object("Contact").CheckedAt
		require.Equal(t, crm.ObjectPermissionMissing, f.object("Contact").Status)
		f.nextDay()
		require.True(t, f.object("Contact").CheckedAt.After(checkedAt))
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Title"}, f.openAlerts())
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))
		require.Equal(t, []string{
			"SUSPECTED Contact.Title", "LOST Contact.Title", "SUSPECTED Contact", "LOST Contact", "RESTORED Contact",
		}, f.changes())
	})
}

// Scenario 14.
func TestUnmappingClearsTheErrorAndItsAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.nextDay()
		head := f.head()
		require.NoError(t, f.mappings.Unmap(f.ctx, mapping.UnmapInput{
			IntegrationID: f.integration.ID, StandardField: "contact.email", Reason: "No longer used", Confirm: true, IdempotencyKey: f.key(),
		}))
		require.Equal(t, crm.FieldInaccessible, f.status("Contact", "Email"))
		require.Equal(t, crm.ResolvedUnmapped, *f.theAlert().Resolution)
		require.Equal(t, []string{"mapping", "alert RESOLVED", "alert OPENED"}, f.feed(head))
		f.nextDay()
		require.Equal(t, []string{"REQUIRED_FIELD_UNMAPPED Contact.contact.email"}, f.openAlerts(), "it is wanted still")
	})
}

// Scenario 17; requirement J4; must-show 6.
func TestAnOutageChangesNoVerdict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		before := f.object("Contact")
		for _, failure := range []error{
			outage(),
			fault.New(fault.CRMRateLimited, "Salesforce refused the check: too many calls."),
			fault.New(fault.CRMTimeout, "Salesforce did not answer the check in 20 s."),
			fault.New(fault.CRMUnauthenticated, "Salesforce refused the access token."),
			fault.New(fault.ConnectorCrashed, "The connector salesforce crashed."),
			errors.New("dial tcp 10.0.0.1:443: password=hunter2"),
		} {
			f.crm.fail(failure)
			clock.Advance(time.Hour)
			result := f.check(permission.Normal)
			require.NotNil(t, result.Failure)
			require.Len(t, result.Objects, 3)
			require.True(t, result.Objects[1].Readable, "reading goes on with what was known")
			contact := f.object("Contact")
			require.True(t, contact.Stale)
			require.Contains(t, contact.StaleReason, string(result.Failure.Code))
			require.NotContains(t, contact.StaleReason, "hunter2")
			require.Equal(t, before.CheckedAt, contact.CheckedAt, "the verdict is as old as it is")
			require.Equal(t, crm.ObjectOK, contact.Status)
		}
		require.Contains(t, f.object("Contact").StaleReason, "Fieldwarden side:")
		require.Empty(t, f.openAlerts())
		require.Empty(t, f.changes())
		require.Empty(t, f.jobs.waiting)
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))

		f.crm.fail(nil)
		head := f.head()
		f.check(permission.Normal)
		require.False(t, f.object("Contact").Stale)
		require.Empty(t, f.object("Contact").StaleReason)
		require.Equal(t, []string{"check"}, f.feed(head), "that it is fresh again can be seen")
	})
}

func TestAFailureOfOneObjectLeavesTheOthersAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.failures["Contact"] = outage()
		f.crm.hide("Account", "Name")
		clock.Advance(time.Hour)
		result := f.check(permission.Normal)
		require.Nil(t, result.Failure)
		require.Equal(t, fault.CRMUnavailable, result.Objects[1].Failure.Code)
		require.True(t, f.object("Contact").Stale)
		require.Equal(t, "CRM side: Salesforce answered 503 to the check. (CRM_UNAVAILABLE)", f.object("Contact").StaleReason)
		require.False(t, f.object("Opportunity").Stale)
		require.Equal(t, []string{"SUSPECTED Account.Name"}, f.changes())
	})
}

func TestAnObjectTheConnectorForgetsIsAFailureNotALoss(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		forgetful := &forgetfulChecker{fakeCRM: f.crm, object: "Contact"}
		f.replaceChecker(forgetful)
		result := f.check(permission.Normal)
		require.Equal(t, fault.ConnectorAnswer, result.Objects[1].Failure.Code)
		require.True(t, f.object("Contact").Stale)
		require.Contains(t, f.object("Contact").StaleReason, "Connector side:")
	})
}

// A confirmation that gets no answer confirms nothing; it is asked for again.
func TestAnOutageDuringConfirmation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		clock.Advance(24 * time.Hour)
		f.check(permission.Normal)
		waiting := slices.Clone(f.jobs.waiting)
		f.crm.fail(outage())
		clock.Advance(confirmDelay)
		require.Equal(t, fault.CRMUnavailable, fault.CodeOf(f.jobs.run(f.ctx)), "the error makes the engine try again")
		require.Empty(t, f.openAlerts())
		require.NotNil(t, f.field("Contact", "Email").SuspectedAt)

		f.crm.fail(nil)
		f.jobs.waiting = waiting
		clock.Advance(time.Minute)
		require.NoError(t, f.jobs.run(f.ctx))
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
	})
}

func TestThreeLossesAtOnceAreOneConfirmationAndThreeAlerts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f, other := active(t, s, clock), active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.crm.hide("Contact", "Phone")
		f.crm.hide("Account", "Name")
		calls := f.crm.calls()
		head := f.head()
		f.nextDay()
		require.Equal(t, calls+2, f.crm.calls())
		require.Equal(t, []string{
			"STANDARD_FIELD_ACCESS_LOST Account.Name", "STANDARD_FIELD_ACCESS_LOST Contact.Email", "STANDARD_FIELD_ACCESS_LOST Contact.Phone",
		}, f.openAlerts())
		require.Equal(t, []string{
			"SUSPECTED Account.Name", "SUSPECTED Contact.Email", "SUSPECTED Contact.Phone",
			"LOST Account.Name", "LOST Contact.Email", "LOST Contact.Phone",
		}, f.changes())
		require.Empty(t, other.openAlerts(), "another workspace is untouched")
		require.Empty(t, other.feed(head))
	})
}

// A package that loses an object while the CRM is asked about it: the answer about the
// object is dropped, for nobody would resolve what it opened.
func TestAnAnswerIsAppliedByThePackageOfThatMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		var err error
		f.config.Packages = func(_, _ string, version int) (crm.Package, error) {
			pkg := testPackage()
			if version == 2 {
				pkg.Version, pkg.Objects = 2, []crm.PackageObject{pkg.Objects[0], pkg.Objects[2]}
			}
			return pkg, nil
		}
		f.permissions, err = permission.New(f.config)
		require.NoError(t, err)
		f.crm.hide("Contact", "")
		f.crm.hide("Account", "Name")
		clock.Advance(time.Hour)
		f.crm.during = func() {
			require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetPackageVersion(2).Exec(ctx)
			}))
		}
		result := f.check(permission.Normal)
		require.Equal(t, "Contact", result.Objects[1].Name)
		require.True(t, result.Objects[1].Superseded)
		require.Nil(t, f.object("Contact").SuspectedAt)
		require.True(t, result.Objects[0].Suspected, "what the package still has is applied")
	})
}

// Scenario 23: no other workspace's integration can be checked.
func TestAnotherWorkspacesIntegrationIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f, other := active(t, s, clock), active(t, s, clock)
		_, err := f.permissions.Check(f.ctx, other.integration.ID, permission.CheckInput{Mode: permission.Normal})
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, err = f.permissions.RefreshIfStale(f.ctx, other.integration.ID, "Contact")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, err = f.permissions.RecheckFields(f.ctx, permission.RecheckInput{IntegrationID: other.integration.ID, Object: "Contact", IdempotencyKey: "k"})
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

// A slow old answer never overwrites a newer one.
func TestAnOldAnswerIsDropped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "")
		clock.Advance(time.Hour)
		f.crm.during = func() {
			// While this answer (Contact is denied) is on its way, a whole newer check passes.
			f.crm.during = nil
			show()
			clock.Advance(time.Second)
			newer := f.check(permission.Normal)
			require.False(t, newer.Objects[1].Superseded)
		}
		old := f.check(permission.Normal)
		require.True(t, old.Objects[1].Superseded)
		require.Empty(t, f.changes())
		require.Nil(t, f.object("Contact").SuspectedAt)
	})
}

func TestADisconnectedIntegrationIsNotJudged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "")
		f.crm.during = func() { f.setState(crm.IntegrationDisconnected) }
		_, err := f.permissions.Check(f.ctx, f.integration.ID, permission.CheckInput{Mode: permission.Normal})
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		require.Empty(t, f.changes())
		calls := f.crm.calls()
		_, err = f.permissions.Check(f.ctx, f.integration.ID, permission.CheckInput{Mode: permission.Normal})
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		require.Equal(t, calls, f.crm.calls(), "not even asked")
	})
}

// Alerts that were resolved because the integration was disconnected come back with
// the first check after it is connected again, though the answer is the same.
func TestAReconnectedIntegrationAlertsWhatIsStillLost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.nextDay()
		require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			return f.alerts.ResolveAll(ctx, tx, f.integration, crm.ResolvedDisconnected)
		}))
		require.Empty(t, f.openAlerts())
		f.check(permission.Onboarding)
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
	})
}

func TestACheckThatIsCancelledMarksNothingStale(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		ctx, cancel := context.WithCancel(f.ctx)
		f.crm.during = cancel
		_, err := f.permissions.Check(ctx, f.integration.ID, permission.CheckInput{Mode: permission.Normal})
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, f.object("Contact").Stale)
	})
}

func TestADroppedObjectKeepsNothingFromBeingConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.crm.hide("Account", "Name")
		f.check(permission.Normal)
		smaller := testPackage()
		smaller.Objects = smaller.Objects[1:]
		f.config.Packages = func(string, string, int) (crm.Package, error) { return smaller, nil }
		f.replaceChecker(f.crm)
		f.permissions.Register(f.jobs)
		f.confirm()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		calls := f.crm.calls()
		f.check(permission.Confirm, "Account")
		require.Equal(t, calls, f.crm.calls(), "nothing is left to ask for")
	})
}
