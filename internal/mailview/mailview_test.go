package mailview_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
)

var now = time.Date(2026, time.March, 3, 6, 0, 0, 0, time.UTC)

// words makes the values of a content; a test decides how hostile they are.
type words func(what string) string

func plain(what string) string { return what }

func problem(w words, object, field string) mailview.Problem {
	p := mailview.Problem{
		Rule: crm.RuleStandardFieldLost, Severity: crm.SeverityCritical, State: crm.AlertAcknowledged,
		Object: w(object), Field: w(field), StandardField: w("contact.email"), Status: string(crm.FieldErrorStandardized),
		Title: w(object + "." + field + " can no longer be read"), Message: w("The integration user lost access."), Cause: crm.CausePermission, Evidence: w("The CRM does not list it."),
		Fix: crm.Fix{
			Steps: []string{w("Open Setup."), w("Show the field.")}, Who: w("Salesforce administrator"),
			DeepLink: "https://acme.example/setup?a=1&b=2",
		},
		Affected: []crm.Affected{{Kind: crm.AffectedFeature, Key: "pages", Title: w("Contact pages")}},
		Since:    now.Add(-50 * time.Hour), OpenedAt: now.Add(-49 * time.Hour),
		PageURL:        "https://fieldwarden.example/integrations/i1/data-sync/Contact?field=Email",
		AcknowledgedBy: w("Ann"), Note: w("on it"),
	}
	if field == "" {
		p.Rule, p.StandardField, p.Status = crm.RuleRequiredObjectLost, "", string(crm.ObjectPermissionMissing)
	}
	return p
}

func acme(w words) mailview.Integration {
	return mailview.Integration{CRM: w("Salesforce"), Environment: crm.Sandbox, Instance: w("Acme"), URL: "https://fieldwarden.example/integrations/i1"}
}

// digest has fields lost of one object, and one object lost as a whole.
func digest(w words, fields int) mailview.DigestContent {
	lead := problem(w, "Lead", "")
	c := mailview.DigestContent{
		Workspace: w("Acme Sales"), LocalDate: "2026-03-03", Zone: "Europe/Berlin", At: now, LostObjects: 1, LostFields: fields,
		AlertsURL: "https://fieldwarden.example/alerts", Resolved: 1,
		Restored: []mailview.Restored{{Integration: w("Salesforce Acme"), Object: w("Account"), Field: w("Industry"), Resolution: crm.ResolvedRestored, At: now.Add(-time.Hour)}},
		Integrations: []mailview.DigestIntegration{{
			Integration: acme(w), Lost: fields + 1,
			Objects: []mailview.DigestObject{
				{Name: w("Lead"), Problem: &lead, Folded: []string{w("Company"), w("Status")}},
				{Name: w("Contact"), Label: w("Person")},
			},
		}},
	}
	contact := &c.Integrations[0].Objects[1]
	for i := range fields {
		contact.Fields = append(contact.Fields, problem(w, "Contact", fmt.Sprintf("Field_%d__c", i)))
	}
	return c
}

// mails makes one of each kind.
func mails(t require.TestingT, w words) map[string]mailview.Mail {
	made := map[string]mailview.Mail{}
	add := func(kind string) func(mailview.Mail, error) {
		return func(mail mailview.Mail, err error) {
			require.NoError(t, err, kind)
			made[kind] = mail
		}
	}
	alert := mailview.AlertContent{Workspace: w("Acme Sales"), Integration: acme(w), Event: crm.AlertOpened, Problem: problem(w, "Contact", "Email"), At: now, Zone: "Asia/Tokyo"}
	add("opened")(mailview.Alert(alert))
	alert.Event, alert.Resolution = crm.AlertWasResolved, crm.ResolvedRestored
	add("resolved")(mailview.Alert(alert))
	add("onboarding")(mailview.Onboarding(mailview.OnboardingContent{
		Workspace: w("Acme Sales"), Integration: acme(w), Problems: []mailview.Problem{problem(w, "Lead", "")}, At: now,
	}))
	add("onboarding over")(mailview.Onboarding(mailview.OnboardingContent{
		Workspace: w("Acme Sales"), Integration: acme(w), Problems: []mailview.Problem{problem(w, "Lead", "")}, At: now, Resolution: crm.ResolvedRestored,
	}))
	add("digest")(mailview.Digest(digest(w, 3)))
	add("test")(mailview.Test(mailview.TestContent{Workspace: w("Acme Sales"), By: w("Ann"), At: now}))
	return made
}

func TestADigestSaysAllOfALoss(t *testing.T) {
	t.Parallel()
	mail, err := mailview.Digest(digest(plain, 3))
	require.NoError(t, err)
	require.Equal(t, "1 object and 3 fields cannot be read - Acme Sales", mail.Subject)
	for _, part := range []string{mail.HTML, mail.Text} {
		for _, said := range []string{
			"Tuesday, 3 March 2026", "Salesforce Acme (sandbox)", "4 losses", "Lead", "The whole object", "permission missing", "Company, Status",
			"Person (Contact)", "Field_0__c", "Field_2__c", "standardized, cannot be read", "1 March 2026 at 05:00 CET (2 days)",
			"the integration user lacks the permission", "The CRM does not list it.", "Contact pages", "acknowledged by Ann; on it",
			"Salesforce administrator", "Open Setup.", "Show the field.", "https://fieldwarden.example/alerts", "Account.Industry",
			"access is back", "1 loss resolved since the digest before", "cannot be unsubscribed",
		} {
			require.Contains(t, part, said)
		}
	}
	require.Contains(t, mail.Text, "https://acme.example/setup?a=1&b=2")
	require.Contains(t, mail.HTML, `href="https://acme.example/setup?a=1&amp;b=2"`)
}

func TestADigestWithoutLossSaysSo(t *testing.T) {
	t.Parallel()
	c := digest(plain, 0)
	c.LostObjects, c.Integrations = 0, nil
	mail, err := mailview.Digest(c)
	require.NoError(t, err)
	require.Equal(t, "No access is lost - Acme Sales", mail.Subject)
	require.Contains(t, mail.Text, "Account.Industry")
	require.NotContains(t, mail.Text, "brought up to date until")
}

// What is frozen in a delivery is what was there.
func TestContentsSurviveJSON(t *testing.T) {
	t.Parallel()
	want := digest(plain, 2)
	frozen, err := json.Marshal(want)
	require.NoError(t, err)
	var got mailview.DigestContent
	require.NoError(t, json.Unmarshal(frozen, &got))
	require.Empty(t, cmp.Diff(want, got))
}

// Rules whose recovery is news of its own are told as such (requirements K4, K6).
func TestRecoveriesHaveTheirOwnTitles(t *testing.T) {
	t.Parallel()
	for rule, subject := range map[crm.AlertRule]string{
		crm.RuleCredentialExpired: "Resolved: The CRM accepts the sign-in again - Acme Sales",
		crm.RuleGraceStarted:      "Resolved: The CRM accepts the sign-in again - Acme Sales",
		crm.RuleSyncDelayed:       "Resolved: The delayed sync is complete: data is up to date again - Acme Sales",
		crm.RuleAPILimitNear:      "Resolved: Something - Acme Sales",
	} {
		mail, err := mailview.Alert(mailview.AlertContent{
			Workspace: "Acme Sales", Integration: acme(plain), Event: crm.AlertWasResolved, At: now, Resolution: crm.ResolvedReconnected,
			Problem: mailview.Problem{Rule: rule, Severity: crm.SeverityWarning, Title: "Something"},
		})
		require.NoError(t, err)
		require.Equal(t, subject, mail.Subject)
	}
}

var (
	tagPattern  = regexp.MustCompile(`<[^>]*>`)
	hrefPattern = regexp.MustCompile(`href="([^"]*)"`)
)

// hostile are values that people or CRMs could give things.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{
			`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style></head><body onload=x>`, `<!-- -->`, `{{.Subject}}`, `&lt;b&gt;`,
			"Email\r\nBcc: eve@example.com\r\n\r\n<b>", "a\nb\rc\u2028d\u2029e\u0085f\v\fg\x00h", `=HYPERLINK("https://evil.example","x")`, "+1", "-1", "@SUM(A1)",
			"\u202emoc.live\u202c", "\u2066abc\u2069\u200f\u061c", "a\u200bb\ufeffc\u00add", "\xff\xfe\xfd", strings.Repeat("x", 1<<20), strings.Repeat("ä", 5000), "javascript:alert(1)", "",
		}),
	)
}

// TestNoValueIsMarkup: whatever the values, a mail has the tags that it has with plain
// values, and links only to the web.
func TestNoValueIsMarkup(t *testing.T) {
	t.Parallel()
	want := mails(t, plain)
	rapid.Check(t, func(t *rapid.T) {
		given := hostile().Draw(t, "value")
		// Not alone, so that no value is empty and no line goes missing.
		for kind, mail := range mails(t, func(what string) string { return "x" + given + what }) {
			require.Equal(t, tagPattern.FindAllString(want[kind].HTML, -1), tagPattern.FindAllString(mail.HTML, -1), kind)
			require.Equal(t, strings.Count(want[kind].Text, "\n"), strings.Count(mail.Text, "\n"), "a value began a line of %s", kind)
		}
	})
}

// TestNothingUnseenIsInAMail: neither line ends in a subject, nor control characters or
// marks that reorder or hide text anywhere, nor text that is not UTF-8.
func TestNothingUnseenIsInAMail(t *testing.T) {
	t.Parallel()
	unseen := func(r rune) bool {
		return r != '\n' && r != '\u200c' && r != '\u200d' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
	}
	rapid.Check(t, func(t *rapid.T) {
		given := hostile().Draw(t, "value")
		for kind, mail := range mails(t, func(what string) string { return given + what }) {
			require.NotContains(t, mail.Subject, "\n", kind)
			require.LessOrEqual(t, len([]rune(mail.Subject)), 150, kind)
			require.NotContains(t, "=+-@", mail.Subject[:1], kind)
			for _, part := range []string{mail.Subject, mail.HTML, mail.Text} {
				at := strings.IndexFunc(part, unseen)
				require.Negative(t, at, "%s has %q", kind, part[max(at, 0):min(len(part), max(at, 0)+20)])
				require.True(t, utf8.ValidString(part), kind)
			}
			require.Less(t, len(mail.HTML), 102<<10, kind)
			require.Less(t, len(mail.Text), 102<<10, kind)
		}
	})
}

// TestLinksLeadToTheWeb: an address with another scheme, a user or a line end is left out.
func TestLinksLeadToTheWeb(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"javascript:alert(1)", "data:text/html,x", " https://acme.example", "https://acme.example/a\r\nX: y", "//acme.example", "https://user:secret@acme.example",
		"file:///etc/passwd", "https:", "ftp://acme.example", "https://ex\u202eample.com", "https://acme.example/" + strings.Repeat("x", 3000),
	} {
		c := mailview.AlertContent{Event: crm.AlertOpened, Problem: problem(plain, "Contact", "Email")}
		c.Problem.Fix.DeepLink, c.Problem.PageURL, c.Integration.URL = address, address, address
		mail, err := mailview.Alert(c)
		require.NoError(t, err)
		require.NotContains(t, mail.HTML, "href", address)
		require.NotContains(t, mail.Text, "Open in the CRM", address)
	}
	mail, err := mailview.Digest(digest(plain, 1))
	require.NoError(t, err)
	found := hrefPattern.FindAllStringSubmatch(mail.HTML, -1)
	require.Len(t, found, 5)
	for _, one := range found {
		require.Regexp(t, `^https://`, one[1])
	}
}

// TestLongListsAreCutAndCounted: Gmail clips at 102 KB; what does not fit is counted,
// and nothing is told twice.
func TestLongListsAreCutAndCounted(t *testing.T) {
	t.Parallel()
	for _, fields := range []int{40, 200, 2000} {
		long := func(what string) string { return what + strings.Repeat(" and so on", 200) }
		for _, w := range []words{plain, long} {
			mail, err := mailview.Digest(digest(w, fields))
			require.NoError(t, err)
			require.LessOrEqual(t, len(mail.HTML), 96<<10)
			named := 0
			for i := range fields {
				if strings.Contains(mail.HTML, fmt.Sprintf("Field_%d__c", i)) {
					named++
				}
			}
			t.Logf("%d fields: %d named, %d bytes of HTML, %d of text", fields, named, len(mail.HTML), len(mail.Text))
			require.Contains(t, mail.HTML, "The whole object")
			if left := fields - named; left > 0 {
				require.Contains(t, mail.HTML, fmt.Sprintf("%d more</h2>", left))
				require.Contains(t, mail.Text, fmt.Sprintf("%d more\n", left))
			}
			if fields == 40 {
				require.Equal(t, 40, named)
			}
		}
	}
}

func TestAManyHeadedOnboardingIsCut(t *testing.T) {
	t.Parallel()
	c := mailview.OnboardingContent{Workspace: "Acme", Integration: acme(plain), At: now}
	for i := range 500 {
		c.Problems = append(c.Problems, problem(plain, fmt.Sprintf("Object_%d__c", i), ""))
	}
	mail, err := mailview.Onboarding(c)
	require.NoError(t, err)
	require.Equal(t, "Action needed: 500 required objects of Salesforce Acme (sandbox) cannot be read - Acme", mail.Subject)
	require.Contains(t, mail.Text, "375 more are listed")
	require.Less(t, len(mail.HTML), 96<<10)
}
