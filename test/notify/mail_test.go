package notify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// TestOnboardingMailsGoToTheCustomerOnly is requirement K1: one mail for all that is
// missing, to the customer's people and the owners, to nobody of the vendor's.
func TestOnboardingMailsGoToTheCustomerOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		post := sink.SMTP(t)
		f := newFixture(t, s, clock, options{mail: mailTo(post)})
		f.owner("owner@acme.example.com")
		f.recipient("ops@acme.example.com", crm.RecipientExternal, crm.SeverityCritical)
		f.recipient("csm@vendor.example.com", crm.RecipientInternal, crm.SeverityInfo)
		f.tell(
			opened(f.newAlert(crm.RuleObjectAccessMissing, crm.SeverityCritical, "Contact", "")),
			opened(f.newAlert(crm.RuleObjectAccessMissing, crm.SeverityCritical, "Lead", "")),
			opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Account", "Name")),
			opened(f.newAlert(crm.RuleSchemaChanged, crm.SeverityInfo, "", "")),
		)
		mails := post.Wait(t, 2, patience)
		f.settles(all(2, crm.DeliveryDelivered))
		var to []string
		for _, mail := range mails {
			to = append(to, mail.To...)
			require.True(t, mail.TLS)
			require.Contains(t, string(mail.Raw), "Lead")
		}
		slices.Sort(to)
		require.Equal(t, []string{"ops@acme.example.com", "owner@acme.example.com"}, to)
		for _, row := range f.deliveries() {
			require.Equal(t, "<"+row.ID+"@vendor.example.com>", post.To(row.Address)[0].Header("Message-Id"))
		}
	})
}

func TestAtOnceMailsGoBySeverityAndRecoveriesFollow(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		post := sink.SMTP(t)
		f := newFixture(t, s, clock, options{mail: mailTo(post)})
		f.recipient("all@acme.example.com", crm.RecipientExternal, crm.SeverityInfo)
		f.recipient("few@acme.example.com", crm.RecipientExternal, crm.SeverityCritical)
		row := f.newAlert(crm.RuleSyncDelayed, crm.SeverityWarning, "", "")
		f.tell(opened(row))
		require.Equal(t, []string{"all@acme.example.com"}, post.Wait(t, 1, patience)[0].To)
		resolution := crm.AlertResolution("RESTORED")
		row.State, row.Resolution = crm.AlertResolved, &resolution
		f.tell(alert.Change{Alert: row, Event: crm.AlertWasResolved})
		require.Contains(t, post.Wait(t, 2, patience)[1].Header("Subject"), "Resolved")
		f.settles(all(2, crm.DeliveryDelivered))
	})
}

func TestMailServersThatMisbehave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave func(*sink.MailServer)
		state  crm.DeliveryState
		code   int
		says   string
	}{
		"no such mailbox":       {func(s *sink.MailServer) { s.RefuseRecipient("ops@acme.example.com", 550, "No such user") }, crm.DeliveryFailed, 550, "No such user"},
		"try later":             {func(s *sink.MailServer) { s.RefuseRecipient("ops@acme.example.com", 450, "Greylisted") }, crm.DeliveryPending, 450, "Greylisted"},
		"refuses everybody":     {func(s *sink.MailServer) { s.Refuse(554, "Go away") }, crm.DeliveryPending, 554, "Go away"},
		"refuses the mail":      {func(s *sink.MailServer) { s.RefuseData(552, "Too much") }, crm.DeliveryFailed, 552, "Too much"},
		"hangs after the mail":  {(*sink.MailServer).HangAfterData, crm.DeliveryPending, 0, "The mail server"},
		"closes after the mail": {(*sink.MailServer).DropAfterData, crm.DeliveryPending, 0, "The mail server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clockwork.NewFakeClockAt(storetest.Start())
			post := sink.SMTP(t)
			c.behave(post)
			f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{mail: mailTo(post), attempt: 3 * time.Second})
			f.recipient("ops@acme.example.com", crm.RecipientExternal, crm.SeverityInfo)
			f.tell(opened(f.newAlert(crm.RuleSyncDelayed, crm.SeverityWarning, "", "")))
			row := f.settles(func(rows []*ent.Delivery) bool { return rows[0].Failure != "" })[0]
			require.Equal(t, c.state, row.State, row.Failure)
			require.Equal(t, c.code, row.ResponseCode, row.Failure)
			require.Contains(t, row.Failure, c.says)
			if c.state == crm.DeliveryPending {
				post.Behave()
				f.later(2 * time.Hour)
				f.settles(all(1, crm.DeliveryDelivered))
			}
		})
	}
}

func TestMailsAreSafeFromTheirWords(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	post := sink.SMTPWithUser(t, "fieldwarden", "correct horse")
	server := mailTo(post)
	server.User, server.Password = "fieldwarden", "correct horse"
	require.NoError(t, notify.CheckMail(t.Context(), *server))
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{mail: server})
	f.recipient("ops@acme.example.com", crm.RecipientExternal, crm.SeverityInfo)
	row := f.newAlert(crm.RuleSyncDelayed, crm.SeverityWarning, "", "")
	row.Title = "Late\r\nBcc: everybody@example.com\r\n\r\nbody"
	f.tell(opened(row))
	got := post.Wait(t, 1, patience)[0]
	require.Equal(t, []string{"ops@acme.example.com"}, got.To)
	require.Empty(t, got.Header("Bcc"))
	require.Equal(t, "auto-generated", got.Header("Auto-Submitted"))
	require.NotContains(t, strings.SplitN(string(got.Raw), "\r\n\r\n", 2)[0], "\r\nBcc")
	require.Equal(t, "fieldwarden", got.User)
}

func TestMailServersThatCannotBe(t *testing.T) {
	t.Parallel()
	post := sink.SMTPWithUser(t, "fieldwarden", "correct horse")
	for name, change := range map[string]func(*notify.MailServer){
		"no port":            func(m *notify.MailServer) { m.Address = "mail.example.com" },
		"unknown security":   func(m *notify.MailServer) { m.Security = "SSL" },
		"password in clear":  func(m *notify.MailServer) { m.Security, m.User, m.Password = notify.SecurityNone, "a", "b" },
		"user, no password":  func(m *notify.MailServer) { m.User = "a" },
		"a sender injected":  func(m *notify.MailServer) { m.From = "a@example.com\r\nBcc: b@example.com" },
		"a sender that isnt": func(m *notify.MailServer) { m.From = "me" },
	} {
		server := mailTo(post)
		change(server)
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(notify.CheckMail(t.Context(), *server)), name)
	}
	wrong := mailTo(post)
	wrong.User, wrong.Password = "fieldwarden", "canary-password"
	err := notify.CheckMail(t.Context(), *wrong)
	require.Equal(t, fault.ReceiverFailed, fault.CodeOf(err))
	require.ErrorContains(t, err, "535")
	require.NotContains(t, err.Error(), "canary-password")
	inside := mailTo(post)
	inside.AllowPrivate = false
	require.ErrorContains(t, notify.CheckMail(t.Context(), *inside), "must not be reached")
}

// TestTheEndOfMissingObjectsIsTold to those who were told that they are missing, in one
// mail, and to nobody else (requirement K11).
func TestTheEndOfMissingObjectsIsTold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		post := sink.SMTP(t)
		f := newFixture(t, s, clock, options{mail: mailTo(post)})
		f.recipient("ops@acme.example.com", crm.RecipientExternal, crm.SeverityCritical)
		f.recipient("csm@vendor.example.com", crm.RecipientInternal, crm.SeverityInfo)
		contact := f.newAlert(crm.RuleObjectAccessMissing, crm.SeverityCritical, "Contact", "")
		lead := f.newAlert(crm.RuleObjectAccessMissing, crm.SeverityCritical, "Lead", "")
		f.tell(opened(contact), opened(lead))
		post.Wait(t, 1, patience)
		clock.Advance(time.Hour)
		f.recipient("late@acme.example.com", crm.RecipientExternal, crm.SeverityInfo)
		task := f.newAlert(crm.RuleObjectAccessMissing, crm.SeverityCritical, "Task", "")
		f.tell(opened(task))
		post.Wait(t, 3, patience)

		clock.Advance(time.Hour)
		over := func(row *ent.Alert) alert.Change {
			at, resolution := clock.Now(), crm.ResolvedRestored
			row.State, row.ResolvedAt, row.Resolution = crm.AlertResolved, &at, &resolution
			return alert.Change{Alert: row, Event: crm.AlertWasResolved}
		}
		f.tell(over(contact), over(lead), over(task))
		post.Wait(t, 5, patience)
		f.settles(all(5, crm.DeliveryDelivered))
		subjects := func(address string) (list []string) {
			for _, mail := range post.To(address) {
				list = append(list, mail.Header("Subject"))
			}
			return list[len(list)-1:]
		}
		require.Contains(t, subjects("ops@acme.example.com")[0], "Resolved: 3 required objects of Salesforce Acme: access is back")
		require.Contains(t, subjects("late@acme.example.com")[0], "Resolved: 1 required object of Salesforce Acme: access is back")
		require.Empty(t, post.To("csm@vendor.example.com"))
	})
}
