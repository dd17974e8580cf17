package dynamics365_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// wholeFaults are faults of a whole call with the code they must become. Those in
// partFaults can meet a part of a batch as well.
var wholeFaults = map[string]sdk.Code{
	crmsim.FaultNotMember: sdk.CodeForbidden, crmsim.FaultNoRoles: sdk.CodeForbidden, crmsim.FaultUserDisabled: sdk.CodeForbidden,
	crmsim.FaultRequestLimit: sdk.CodeRateLimited, crmsim.FaultTimeLimit: sdk.CodeRateLimited, crmsim.FaultConcurrentLimit: sdk.CodeRateLimited,
	crmsim.FaultServerError: sdk.CodeUnavailable, crmsim.FaultSQLError: sdk.CodeUnavailable, crmsim.FaultBadGateway: sdk.CodeUnavailable,
	crmsim.FaultGatewayTimeout: sdk.CodeUnavailable, crmsim.FaultUnavailable: sdk.CodeUnavailable,
	crmsim.FaultLoginRedirect: sdk.CodeBadResponse, crmsim.FaultLoginPage: sdk.CodeBadResponse, crmsim.FaultCut: sdk.CodeBadResponse,
	crmsim.FaultTruncated: sdk.CodeBadResponse, crmsim.FaultTruncatedGzip: sdk.CodeBadResponse, crmsim.FaultPlugin: sdk.CodeInvalidRequest,
}

var partFaults = []string{
	crmsim.FaultNotMember, crmsim.FaultNoRoles, crmsim.FaultUserDisabled, crmsim.FaultRequestLimit, crmsim.FaultTimeLimit,
	crmsim.FaultConcurrentLimit, crmsim.FaultServerError, crmsim.FaultSQLError, crmsim.FaultBadGateway, crmsim.FaultGatewayTimeout,
	crmsim.FaultUnavailable, crmsim.FaultPlugin, crmsim.FaultUnauthorized,
}

func TestSimulatorOutages(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	o.check(t, story...)
	for kind, want := range wholeFaults {
		_, err := o.AddFault(control.Fault{Kind: kind})
		require.NoError(t, err)
		for object, check := range o.check(t, story...) {
			require.Equal(t, sdk.VerdictFailed, check.Verdict, "%s %s", kind, object)
			require.Equal(t, want, sdk.CodeOf(check.Failure), "%s: %v", kind, check.Failure)
			if want == sdk.CodeRateLimited {
				var limited *sdk.Error
				require.ErrorAs(t, check.Failure, &limited)
				require.Positive(t, limited.RetryAfter)
			}
		}
		o.ClearFaults()
	}
	_, err := o.AddFault(control.Fault{Kind: crmsim.FaultServerError, Times: 2})
	require.NoError(t, err)
	require.Equal(t, sdk.VerdictAccessible, o.check(t, "account")["account"].Verdict, "two repetitions outlast two faults")

	_, err = o.AddFault(control.Fault{Kind: crmsim.FaultServerError, Object: "contact", Parts: true})
	require.NoError(t, err)
	checks := o.check(t, story...)
	require.Equal(t, sdk.VerdictFailed, checks["contact"].Verdict, "a part's failure is its object's")
	require.Equal(t, sdk.VerdictAccessible, checks["account"].Verdict)
	o.ClearFaults()

	o.KillAccessTokens()
	_, err = dynamics365.NewWithoutPause().CheckPermissions(t.Context(), o.target, sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "account"}}}, func(sdk.ObjectCheck) error {
		t.Error("nothing can be answered")
		return nil
	})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	_, err = dynamics365.NewWithoutPause().Identify(t.Context(), o.target)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

// TestSimulatorFiveHundredErrors: 500 errors of every class, of whole calls and of
// parts, at changing places, with and without a memo, lose no object and no field.
func TestSimulatorFiveHundredErrors(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	require.NoError(t, o.SetField("position", "description", fieldCondition("secured_granted")))
	objects := []string{"position", "task", "connectionrole"} // small tables: this makes a thousand calls
	ask := []sdk.CheckObject{{Name: "position", Fields: []string{"description", "name"}}, {Name: "task"}, {Name: "connectionrole"}}
	healthy := o.checkFields(t, ask...)
	memo := o.target.Memo
	kinds := []string{}
	for kind := range wholeFaults {
		kinds = append(kinds, kind)
	}
	random := rand.New(rand.NewPCG(1, 2))
	errs, failed := 0, 0
	for errs < 500 {
		rule := control.Fault{Kind: kinds[random.IntN(len(kinds))], Times: 1 + random.IntN(3)}
		if random.IntN(2) == 0 {
			rule.Kind, rule.Parts, rule.Times = partFaults[random.IntN(len(partFaults))], true, 1+random.IntN(4)
			rule.Object = append([]string{""}, objects...)[random.IntN(len(objects)+1)]
			if random.IntN(3) == 0 {
				rule.Object, rule.Path = "", []string{"/WhoAmI", "/systemusers", "/EntityDefinitions"}[random.IntN(3)]
			}
		}
		_, err := o.AddFault(rule)
		require.NoError(t, err)
		if o.target.Memo = memo; random.IntN(4) == 0 {
			o.target.Memo = nil
		}
		before := o.Counters().Faults
		_, err = dynamics365.NewWithoutPause().CheckPermissions(t.Context(), o.target, sdk.CheckRequest{Objects: ask}, func(check sdk.ObjectCheck) error {
			switch check.Verdict {
			case sdk.VerdictAccessible:
				require.Equal(t, healthy[check.Object], check, "%+v", rule)
			case sdk.VerdictFailed:
				failed++
				require.Error(t, check.Failure)
				require.NotEqual(t, sdk.CodeInternal, sdk.CodeOf(check.Failure))
			case sdk.VerdictDenied:
				t.Errorf("%s DENIED by %+v: %s", check.Object, rule, check.Evidence)
			}
			return nil
		})
		if err != nil {
			require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err), "%+v", rule)
		}
		o.ClearFaults()
		errs += max(o.Counters().Faults-before, 1)
	}
	require.Positive(t, failed)
	t.Logf("%d errors, %d objects not answered, 0 lost", errs, failed)
}

// TestSimulatorReadsOutlastErrors: whatever goes wrong with a page, nothing is lost
// and nothing doubled once it works again.
func TestSimulatorReadsOutlastErrors(t *testing.T) {
	t.Parallel()
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(600)})
			prepare(t, o)
			random := rand.New(rand.NewPCG(3, 4))
			c := newCopy()
			for tries, done := 0, false; !done; tries++ {
				require.Less(t, tries, 500)
				rule := control.Fault{Kind: partFaults[random.IntN(len(partFaults))], Parts: true, Times: 1}
				if random.IntN(2) == 0 {
					rule.Path = []string{"/accounts", "/systemusers", "/EntityDefinitions"}[random.IntN(3)]
				}
				if random.IntN(2) == 0 {
					_, err := o.AddFault(rule)
					require.NoError(t, err)
				}
				batches := 0
				err := dynamics365.NewWithoutPause().Read(t.Context(), o.target, sdk.ReadRequest{Object: "account", Fields: readFields, ResumeToken: c.token, BatchSize: 70}, func(b sdk.Batch) error {
					c.apply(t, b)
					if done = b.Done; done {
						return nil
					}
					if batches++; batches == 2 {
						return errors.New("enough")
					}
					return nil
				})
				o.ClearFaults()
				if err != nil {
					require.NotContains(t, []sdk.Code{sdk.CodeObjectDenied, sdk.CodeFieldDenied}, sdk.CodeOf(err), "%+v", rule)
				}
			}
			for version, times := range c.deliver {
				require.Equal(t, 1, times, version)
			}
			require.Len(t, c.rows, 600)
			require.Zero(t, c.restarted)
		})
	}
}
