package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

const (
	// atVendor is INTERNAL, atCustomer EXTERNAL.
	atVendor   = "csm@vendor.example"
	atCustomer = "ops@customer.example"
)

// mailed is a site that mails, and lives by a clock of the test's own.
type mailed struct {
	*integration
	clock *clockwork.FakeClock
	mails *sink.MailServer
}

// newMailed connects an integration whose recipients are one of each class. It is noon:
// the run of the night comes before the digest of the morning.
func newMailed(t *testing.T, url string, v vendor) *mailed {
	t.Helper()
	m := &mailed{clock: clockwork.NewFakeClockAt(time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)), mails: sink.SMTP(t)}
	// A loss is confirmed when the clock has moved on by that, which settle sees to. The
	// job engine's time goes by meanwhile: a confirmation that comes before waits.
	confirmed := func(tuning *server.Tuning) { tuning.ConfirmDelay = 2 * time.Second }
	s := newSite(t, url, siteOptions{vendor: v, clock: m.clock, tuning: confirmed, config: func(c *server.Config) {
		c.Mail = server.MailConfig{Server: m.mails.Address, Security: notify.SecurityNone, From: "alerts@fieldwarden.example", AllowPrivate: true}
	}})
	for address, class := range map[string]string{atVendor: "INTERNAL", atCustomer: "EXTERNAL"} {
		s.admin.change(t, "addRecipients", "", vars{"addresses": address, "class": class}, nil)
	}
	m.integration = s.active(t)
	return m
}

// standardized are some fields of an object that are standardized and that the CRM can
// hide, by name.
func (i *integration) standardized(t *testing.T, object string, n int) []string {
	t.Helper()
	var names []string
	for _, f := range i.fields(t, object, "statuses: [ACTIVE_STANDARDIZED]") {
		if f.Hideable {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	require.GreaterOrEqual(t, len(names), n)
	return names[:n]
}

// oneDigest is what the tests look at of a digest.
type oneDigest struct {
	LocalDate                  string
	Lost, Resolved, Recipients int
	Mail                       struct {
		Sends               bool
		Subject, Text, HTML string
	}
}

// digests are those that ran, oldest first.
func (m *mailed) digests(t *testing.T) []oneDigest {
	t.Helper()
	var found struct {
		Digests struct{ Edges []struct{ Node oneDigest } }
	}
	m.ask(t, `{ digests(first: 50) { edges { node { localDate lost resolved recipients mail { sends subject text html } } } } }`, nil, &found)
	list := make([]oneDigest, 0, len(found.Digests.Edges))
	for _, edge := range found.Digests.Edges {
		list = append(list, edge.Node)
	}
	slices.Reverse(list)
	return list
}

// losses are the alerts on lost fields, by what they are about.
func (m *mailed) losses(t *testing.T, filter string) map[string]alert {
	t.Helper()
	return m.alerts(t, ", filter: {rules: [STANDARD_FIELD_ACCESS_LOST]"+filter+"}")
}

// settle waits, by small steps of the clock, until so many alerts are open: a loss is
// confirmed seconds after it was seen.
func (m *mailed) settle(t *testing.T, open int) {
	t.Helper()
	eventually(t, "the alerts", func() bool {
		m.clock.Advance(time.Second)
		return len(m.losses(t, ", states: [OPEN, REOPENED, ACKNOWLEDGED, SNOOZED]")) == open
	})
}

// night passes until the daily run (at 02:00) and the digest after it (at 07:00) have
// ended, and returns the digest. So many losses are open after the run.
func (m *mailed) night(t *testing.T, open int) oneDigest {
	t.Helper()
	runs, digests := len(m.runs(t)), len(m.digests(t))
	var next struct{ NextRunAt time.Time }
	m.look(t, "nextRunAt", &next)
	m.passes(t, m.clock, next.NextRunAt.Sub(m.clock.Now()), func() bool { return len(m.runs(t)) == runs+1 })
	run := m.runEnds(t, runs+1)
	require.Equal(t, "SUCCEEDED", run.Status, run.Reason)
	m.settle(t, open)
	var settings struct{ DigestSettings struct{ NextAt time.Time } }
	m.ask(t, "{ digestSettings { nextAt } }", nil, &settings)
	m.passes(t, m.clock, settings.DigestSettings.NextAt.Sub(m.clock.Now()), func() bool { return len(m.digests(t)) > digests })
	all := m.digests(t)
	require.Len(t, all, digests+1, "one digest a day")
	return all[digests]
}

// digestMails are the texts of the digests that an address got, once there are n.
func (m *mailed) digestMails(t *testing.T, address string, n int) (texts []string) {
	t.Helper()
	eventually(t, "the mails", func() bool {
		texts = nil
		for _, one := range m.mails.To(address) {
			text, _, err := one.Parts()
			require.NoError(t, err)
			if strings.Contains(text, "Daily digest of") {
				texts = append(texts, text)
			}
		}
		return len(texts) >= n
	})
	require.Len(t, texts, n, address)
	return texts
}
