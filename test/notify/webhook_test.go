package notify_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/rotation"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// verifies reports whether a request is signed with a secret.
func verifies(t *testing.T, key crm.Secret, r sink.Request) bool {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(key.Reveal())
	require.NoError(t, err)
	return hook.VerifyIgnoringTimestamp(r.Body, r.Header) == nil
}

func opened(row *ent.Alert) alert.Change { return alert.Change{Alert: row, Event: crm.AlertOpened} }

func TestAWebhookTellsAnAlertSigned(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		hook := sink.Webhook(t)
		f := newFixture(t, s, clock, options{allow: []string{hook.Host}})
		made := f.webhook("ops", hook, func(in *notify.CreateInput) {
			in.Headers = []notify.Header{{Name: "authorization", Value: "Bearer canary-header-value"}}
		})
		require.True(t, strings.HasPrefix(made.SigningSecret.Reveal(), "whsec_"))
		row := f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")
		f.tell(opened(row))
		got := hook.Wait(t, 1, patience)[0]
		require.True(t, verifies(t, made.SigningSecret, got))
		require.Equal(t, "Bearer canary-header-value", got.Header.Get("Authorization"))
		var event notify.Event
		require.NoError(t, json.Unmarshal(got.Body, &event))
		require.Equal(t, "alert.opened", event.Type)
		require.Equal(t, row.ID, event.Data.Alert.ID)
		require.Equal(t, []string{"Open Setup", "Grant read"}, event.Data.Alert.Fix.Steps)
		require.Equal(t, "https://fieldwarden.example.com"+crm.PagePath(row.IntegrationID, "Contact", "Email"), event.Data.Alert.Links.Page)
		rows := f.settles(all(1, crm.DeliveryDelivered))
		require.Equal(t, rows[0].ID, got.ID())
		require.Equal(t, 204, rows[0].ResponseCode)
		require.Len(t, rows[0].Log, 1)

		// Told once, whoever tells it again; the end is told to whoever knows the beginning.
		f.tell(opened(row))
		over := f.clock.Now()
		resolution := crm.AlertResolution("RESTORED")
		row.State, row.ResolvedAt, row.Resolution = crm.AlertResolved, &over, &resolution
		unknown := f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Lead", "Email")
		f.tell(alert.Change{Alert: row, Event: crm.AlertWasResolved}, alert.Change{Alert: unknown, Event: crm.AlertWasResolved})
		got = hook.Wait(t, 2, patience)[1]
		require.NoError(t, json.Unmarshal(got.Body, &event))
		require.Equal(t, "alert.resolved", event.Type)
		f.settles(all(2, crm.DeliveryDelivered))
	})
}

func TestARotatedSecretSignsAlongForADay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		hook := sink.Webhook(t)
		f := newFixture(t, s, clock, options{allow: []string{hook.Host}})
		first := f.webhook("ops", hook)
		second, err := f.service.Rotate(f.ctx, first.ID, f.key())
		require.NoError(t, err)
		require.NotEqual(t, first.SigningSecret, second.SigningSecret)
		try := func(n int) sink.Request {
			_, err := f.service.Test(f.ctx, notify.TestInput{ChannelID: first.ID, IdempotencyKey: f.key()})
			require.NoError(t, err)
			return hook.Wait(t, n, patience)[n-1]
		}
		got := try(1)
		require.True(t, verifies(t, first.SigningSecret, got))
		require.True(t, verifies(t, second.SigningSecret, got))
		clock.Advance(25 * time.Hour)
		got = try(2)
		require.False(t, verifies(t, first.SigningSecret, got))
		require.True(t, verifies(t, second.SigningSecret, got))
	})
}

func TestOneReceiverThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		bad, good := sink.Webhook(t), sink.Webhook(t)
		bad.Hang()
		f := newFixture(t, s, clock, options{allow: []string{bad.Host, good.Host}, attempt: 2 * time.Second})
		f.webhook("bad", bad)
		healthy := f.webhook("good", good)
		began := time.Now()
		for range 5 {
			f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
		}
		good.Wait(t, 5, patience)
		bad.Wait(t, 1, patience)
		require.Less(t, time.Since(began), patience)
		rows := f.settles(func(rows []*ent.Delivery) bool {
			done, held := 0, 0
			for _, row := range rows {
				if row.ChannelID == healthy.ID && row.State == crm.DeliveryDelivered {
					done++
				}
				if row.ChannelID != healthy.ID && row.NextAttemptAt.After(clock.Now()) && row.State == crm.DeliveryPending {
					held++
				}
			}
			return done == 5 && held == 5
		})
		require.Len(t, rows, 10)
		require.Len(t, bad.Requests(), 1, "what is down is left alone")
		// It comes back: what waited arrives in order, each once.
		bad.Answer(http.StatusOK)
		f.later(2 * time.Hour)
		f.settles(all(10, crm.DeliveryDelivered))
		got := bad.Requests()
		require.Len(t, got, 6)
		require.Equal(t, got[0].ID(), got[1].ID(), "the same delivery keeps its id")
		for i := 2; i < len(got); i++ {
			require.Less(t, got[i-1].ID(), got[i].ID())
		}
	})
}

func TestAnswersThatAreFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave func(*sink.Web)
		code   int
		says   string
	}{
		"a redirect":         {(*sink.Web).Redirect, 307, "Redirects are not followed"},
		"an error":           {func(w *sink.Web) { w.AnswerText(500, "broken: canary-header-value\r\nat s3cret-path") }, 500, "[secret]"},
		"a closed socket":    {(*sink.Web).Drop, 0, "No answer"},
		"a huge error":       {func(w *sink.Web) { w.Huge(503) }, 503, "503"},
		"too many, for long": {func(w *sink.Web) { w.RetryAfter(429, 3*time.Hour) }, 429, "429"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clockwork.NewFakeClockAt(storetest.Start())
			s := storetest.Open(t, storetest.SQLiteURL(t), clock)
			hook := sink.Webhook(t)
			c.behave(hook)
			f := newFixture(t, s, clock, options{allow: []string{hook.Host}, attempt: 3 * time.Second})
			f.webhook("ops", hook, func(in *notify.CreateInput) {
				in.Headers = []notify.Header{{Name: "X-Key", Value: "canary-header-value"}}
			})
			f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
			row := f.settles(func(rows []*ent.Delivery) bool { return rows[0].Failure != "" })[0]
			require.Equal(t, crm.DeliveryPending, row.State)
			require.Equal(t, c.code, row.ResponseCode)
			require.Contains(t, row.Failure, c.says)
			require.NotContains(t, row.Failure, "canary-header-value")
			require.NotContains(t, row.Failure, "s3cret-path")
			require.NotContains(t, row.Failure, "\n")
			require.Len(t, hook.Requests(), 1)
			if c.code == 429 {
				require.False(t, row.NextAttemptAt.Before(clock.Now().Add(3*time.Hour-time.Second)))
			}
			// After 75 hours it is given up, and says so.
			f.later(76 * time.Hour)
			f.settles(all(1, crm.DeliveryFailed))
		})
	}
}

func TestAnAcceptedMessageWithAHugeAnswerIsDelivered(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	hook.Huge(http.StatusOK)
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	f.webhook("ops", hook)
	f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
	f.settles(all(1, crm.DeliveryDelivered))
}

// TestOneRefusedMessageHoldsUpNoOther: a receiver that chokes on one message gets the
// next ones all the same.
func TestOneRefusedMessageHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	var poison string
	hook.AnswerWith(func(w http.ResponseWriter, r *http.Request) {
		if poison == "" {
			poison = r.Header.Get("Webhook-Id")
		}
		if r.Header.Get("Webhook-Id") == poison {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	f.webhook("ops", hook)
	var changes []alert.Change
	for range 4 {
		changes = append(changes, opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
	}
	f.tell(changes...)
	rows := f.settles(func(rows []*ent.Delivery) bool {
		return rows[1].State == crm.DeliveryDelivered && rows[2].State == crm.DeliveryDelivered && rows[3].State == crm.DeliveryDelivered
	})
	require.Equal(t, crm.DeliveryPending, rows[0].State)
}

func TestAGoneReceiverIsDisabledAndItsOwnersAreMailed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		hook, post := sink.Webhook(t), sink.SMTP(t)
		f := newFixture(t, s, clock, options{allow: []string{hook.Host}, mail: mailTo(post)})
		f.owner("owner@acme.example.com")
		made := f.webhook("ops", hook)
		hook.Answer(http.StatusGone)
		f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
		mails := post.Wait(t, 1, patience)
		require.Equal(t, []string{"owner@acme.example.com"}, mails[0].To)
		require.Contains(t, mails[0].Header("Subject"), `The channel "ops" was disabled`)
		row, err := s.Read().Channel.Get(f.ctx, made.ID)
		require.NoError(t, err)
		require.False(t, row.Enabled)
		require.Contains(t, row.DisabledReason, "410")
		_, err = f.service.Test(f.ctx, notify.TestInput{ChannelID: made.ID, IdempotencyKey: f.key()})
		require.Equal(t, fault.ChannelDisabled, fault.CodeOf(err))
		entries, err := s.FeedAfter(f.ctx, row.WorkspaceID, 0, 100)
		require.NoError(t, err)
		require.Equal(t, "channel", entries[len(entries)-1].Kind)
	})
}

func TestChannelsThatAreRefused(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{})
	for name, c := range map[string]struct {
		url     string
		headers []notify.Header
		code    fault.Code
	}{
		"inside":            {"https://127.0.0.1/canary", nil, fault.HostBlocked},
		"metadata":          {"https://169.254.169.254/canary", nil, fault.HostBlocked},
		"inside by IPv6":    {"https://[::1]/canary", nil, fault.HostBlocked},
		"in clear":          {"http://hooks.example.com/canary", nil, fault.HostBlocked},
		"with a password":   {"https://me:canary@hooks.example.com/", nil, fault.HostBlocked},
		"no URL":            {"canary", nil, fault.BadInput},
		"too long":          {"https://hooks.example.com/" + strings.Repeat("x", 3000), nil, fault.BadInput},
		"a header injected": {"https://hooks.example.com/", []notify.Header{{Name: "X-A", Value: "a\r\nX-B: canary"}}, fault.BadInput},
		"a bad header name": {"https://hooks.example.com/", []notify.Header{{Name: "X A", Value: "a"}}, fault.BadInput},
		"a header of ours":  {"https://hooks.example.com/", []notify.Header{{Name: "webhook-id", Value: "a"}}, fault.BadInput},
		"a header twice":    {"https://hooks.example.com/", []notify.Header{{Name: "X-A", Value: "a"}, {Name: "x-a", Value: "b"}}, fault.BadInput},
	} {
		_, err := f.service.Create(f.ctx, notify.CreateInput{
			Kind: crm.ChannelWebhook, Name: name, URL: c.url, Headers: c.headers, MinSeverity: crm.SeverityInfo, IdempotencyKey: f.key(),
		})
		require.Equal(t, c.code, fault.CodeOf(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "canary", name)
	}
}

// TestNamesOfChannelsThatAreNone: one line of printable text, not a page of it.
func TestNamesOfChannelsThatAreNone(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	for what, name := range map[string]string{
		"empty": " ", "two lines": "ops\r\nBcc: eve@example.com", "a megabyte": strings.Repeat("x", 1<<20),
		"right to left": "ops\u202egpj.exe", "hidden": "o\u200bps", "a null": "o\x00ps", "no UTF-8": "ops\xff",
	} {
		_, err := f.service.Create(f.ctx, notify.CreateInput{
			Kind: crm.ChannelWebhook, Name: name, URL: hook.URL, MinSeverity: crm.SeverityInfo, IdempotencyKey: f.key(),
		})
		require.Equal(t, fault.BadInput, fault.CodeOf(err), what)
		require.Less(t, len(err.Error()), 500, what)
	}
	for _, name := range []string{"<b>ops</b>", "=1+1", "Störungen 🚨"} {
		f.webhook(name, hook)
	}
}

// hostileWords are texts that a CRM's names and answers could hold.
func hostileWords() []string {
	return []string{
		`</b><script>alert(1)</script>`, "x\r\nBcc: eve@example.com\r\n\r\nbody", `=HYPERLINK("https://evil.example")`, "\u202emoc.live", `"}],"text":"`,
		"<!channel> <https://evil.example|click>", "a\x00b", strings.Repeat("megabyte ", 1<<17),
	}
}

// TestWordsOfOthersBreakNoMessage: whatever things are called, a webhook is one JSON
// value that is signed and says just that, a chat's message is as short as chats want
// it, and a mail has one address.
func TestWordsOfOthersBreakNoMessage(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook, chat, post := sink.Webhook(t), sink.Webhook(t), sink.SMTP(t)
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host, chat.Host}, mail: mailTo(post)})
	made := f.webhook("ops", hook)
	f.webhook("chat", chat, func(in *notify.CreateInput) { in.Kind = crm.ChannelSlack })
	f.recipient("ops@acme.example.com", crm.RecipientExternal, crm.SeverityInfo)
	for n, words := range hostileWords() {
		f.integration.InstanceName = words
		row := f.newAlert(crm.RuleMappingBroken, crm.SeverityCritical, words, words)
		row.Title, row.Message, row.Evidence, row.Fix.Who, row.Fix.DeepLink = words, words, words, words, words
		row.Fix.Steps, row.Affected[0].Title = []string{words}, words
		f.tell(opened(row))

		got := hook.Wait(t, n+1, patience)[n]
		require.True(t, verifies(t, made.SigningSecret, got))
		var event notify.Event
		require.NoError(t, json.Unmarshal(got.Body, &event))
		require.Equal(t, words, event.Data.Alert.Title)
		message := chat.Wait(t, n+1, patience)[n].Body
		require.Less(t, len(message), 20_000, "%.40q", words)
		require.True(t, json.Valid(message))
		for _, not := range []string{"<!channel>", "<https://evil", "\\u0000", "\u202e"} {
			require.NotContains(t, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(message)), not)
		}
		mail := post.Wait(t, n+1, patience)[n]
		require.Equal(t, []string{"ops@acme.example.com"}, mail.To)
		require.Empty(t, mail.Header("Bcc"))
		require.Less(t, len(mail.Raw), 250_000)
	}
	// Counted, not read: megabytes that are read again and again would starve who writes.
	require.Eventually(t, func() bool {
		delivered, err := f.store.Read().Delivery.Query().Where(delivery.StateEQ(crm.DeliveryDelivered)).Count(f.ctx)
		return err == nil && delivered == 3*len(hostileWords())
	}, patience, 50*time.Millisecond)
}

// TestASlowReceiverIsCutOff: an answer that comes a byte at a time takes no longer than
// none.
func TestASlowReceiverIsCutOff(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	hook.AnswerWith(func(w http.ResponseWriter, r *http.Request) {
		drip := time.NewTicker(50 * time.Millisecond)
		defer drip.Stop()
		w.WriteHeader(http.StatusInternalServerError)
		for {
			select {
			case <-r.Context().Done():
				return
			case <-drip.C:
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}, attempt: time.Second})
	f.webhook("ops", hook)
	f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
	row := f.settles(func(rows []*ent.Delivery) bool { return rows[0].Failure != "" })[0]
	require.Equal(t, crm.DeliveryPending, row.State)
	require.Less(t, row.Log[0].Milliseconds, 10_000)
}

// TestChannelsOutliveTheirKey: a channel is sealed anew when the encryption key is
// changed, and works after the key that sealed it first is gone.
func TestChannelsOutliveTheirKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		hook := sink.Webhook(t)
		f := newFixture(t, s, clock, options{allow: []string{hook.Host}})
		made := f.webhook("ops", hook, func(in *notify.CreateInput) {
			in.Headers = []notify.Header{{Name: "X-Key", Value: "canary-header-value"}}
		})
		before, err := s.Read().Channel.Get(f.ctx, made.ID)
		require.NoError(t, err)
		rotator := rotation.Rotator{Store: s, Box: f.box}
		require.NoError(t, rotator.Rotate(f.ctx, rotation.StageAll, func(p rotation.Progress) { t.Logf("%+v", p) }))
		_, err = rotator.Prune(f.ctx)
		require.NoError(t, err)
		require.Len(t, f.box.Keys(), 1)
		after, err := s.Read().Channel.Get(f.ctx, made.ID)
		require.NoError(t, err)
		require.NotEqual(t, before.Sealed, after.Sealed)
		_, err = f.service.Test(f.ctx, notify.TestInput{ChannelID: made.ID, IdempotencyKey: f.key()})
		require.NoError(t, err)
		got := hook.Wait(t, 1, patience)[0]
		require.True(t, verifies(t, made.SigningSecret, got), "the signing secret is the same")
		require.Equal(t, "canary-header-value", got.Header.Get("X-Key"))
		require.Equal(t, "/hook/s3cret-path", got.Path)
	})
}

func TestATestTakesThePathAndAReplayKeepsTheID(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		hook := sink.Webhook(t)
		f := newFixture(t, s, clock, options{allow: []string{hook.Host}})
		made := f.webhook("ops", hook)
		id, err := f.service.Test(f.ctx, notify.TestInput{ChannelID: made.ID, IdempotencyKey: f.key()})
		require.NoError(t, err)
		require.Equal(t, crm.DeliveryDelivered, f.deliveries()[0].State, "the outcome is known when it returns")
		hook.Answer(http.StatusInternalServerError)
		_, err = f.service.Test(f.ctx, notify.TestInput{ChannelID: made.ID, IdempotencyKey: f.key()})
		require.NoError(t, err)
		require.Equal(t, crm.DeliveryFailed, f.deliveries()[1].State, "a test is tried once")
		hook.Answer(http.StatusOK)
		require.NoError(t, f.service.Replay(f.ctx, id, f.key()))
		got := hook.Wait(t, 3, patience)
		require.Equal(t, id, got[2].ID())
		require.Equal(t, got[0].Body, got[2].Body)
	})
}

func TestRemovingAChannelCancelsWhatWaits(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	hook.Answer(http.StatusServiceUnavailable)
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	made := f.webhook("ops", hook)
	f.tell(opened(f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")))
	f.settles(func(rows []*ent.Delivery) bool { return rows[0].Failure != "" })
	require.NoError(t, f.service.Remove(f.ctx, made.ID, f.key()))
	f.settles(all(1, crm.DeliveryCancelled))
	f.later(100 * 24 * time.Hour)
	require.Empty(t, f.deliveries(), "the log goes back 90 days")
}

func TestASlackMessageIsEscaped(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	hook := sink.Webhook(t)
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	f.webhook("chat", hook, func(in *notify.CreateInput) { in.Kind = crm.ChannelSlack })
	row := f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Contact", "Email")
	row.Title = "<!channel> A & B \u202eevil"
	f.tell(opened(row))
	got := hook.Wait(t, 1, patience)[0]
	require.Empty(t, got.Header.Get("Webhook-Signature"))
	var body struct {
		Text   string
		Blocks []json.RawMessage
	}
	require.NoError(t, json.Unmarshal(got.Body, &body))
	require.Equal(t, "CRITICAL: &lt;!channel&gt; A &amp; B evil", body.Text)
	require.Greater(t, len(body.Blocks), 3)
}
