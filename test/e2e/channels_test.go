package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// wired is an integration whose alerts go to a webhook, a chat and people. It lives by
// a clock of the test's own.
type wired struct {
	*integration
	clock     *clockwork.FakeClock
	hook      *sink.Web
	channelID string
	secret    string
}

const (
	channelOwner  = "owner@customer.example"
	headerCanary  = "Bearer canary-channel-header-41"
	channelFields = "id kind name host headerNames minSeverity enabled disabledReason disabledAt lastDeliveredAt pendingCount"
	sentFields    = "id kind state attempts nextAttemptAt responseCode failure channel { id } log { code failure }"
)

// channel is a channel as the API shows it.
type channel struct {
	ID, Kind, Name, Host, MinSeverity, DisabledReason string
	HeaderNames                                       []string
	Enabled                                           bool
	DisabledAt, LastDeliveredAt                       *time.Time
	PendingCount                                      int
}

// sent is a delivery as the API shows it.
type sent struct {
	ID, Kind, State, Failure string
	Attempts                 int
	ResponseCode             *int
	NextAttemptAt            *time.Time
	Channel                  *struct{ ID string }
	Log                      []struct {
		Code    *int
		Failure string
	}
}

// TestChannels: what an admin does with channels, and what receivers that misbehave do
// to them (requirement K13).
func TestChannels(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		mails := sink.SMTP(t)
		w := newWired(t, url, mails)
		w.createdAndListed(t)
		w.changed(t)
		w.rotated(t)
		w.heldBack(t)
		w.redirected(t)
		w.gone(t, mails)
		w.removed(t)
	})
}

func newWired(t *testing.T, url string, mails *sink.MailServer) *wired {
	t.Helper()
	w := &wired{clock: clockwork.NewFakeClockAt(time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)), hook: sink.Webhook(t)}
	s := newSite(t, url, siteOptions{
		clock: w.clock, tuning: func(tuning *server.Tuning) { tuning.ConfirmDelay = 2 * time.Second },
		config: func(c *server.Config) {
			manyRequests(c) // the clock stands still while it waits
			c.Mail = server.MailConfig{Server: mails.Address, Security: notify.SecurityNone, From: "alerts@fieldwarden.example", AllowPrivate: true}
			c.Webhooks.AllowedHosts = []string{w.hook.Host}
		},
	})
	s.owner(t, channelOwner)
	w.integration = s.active(t)
	return w
}

// owner makes an owner who never signed in.
func (s *site) owner(t *testing.T, email string) {
	t.Helper()
	require.NoError(t, s.Store().WithTx(principal.System(t.Context(), s.WorkspaceID(), "test"), func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Member.Create().SetWorkspaceID(s.WorkspaceID()).SetCreatedAt(tx.Now()).SetEmail(email).SetEmailKey(email).
			SetRole(principal.RoleOwner).Exec(ctx)
	}))
}

func (w *wired) channels(t *testing.T) map[string]channel {
	t.Helper()
	var found struct {
		Channels struct{ Edges []struct{ Node channel } }
	}
	w.ask(t, "{ channels(first: 50) { edges { node { "+channelFields+" } } } }", nil, &found)
	all := map[string]channel{}
	for _, edge := range found.Channels.Edges {
		all[edge.Node.Name] = edge.Node
	}
	return all
}

// deliveries are those to the webhook, newest first.
func (w *wired) deliveries(t *testing.T, kind string) []sent {
	t.Helper()
	var found struct {
		Deliveries struct{ Edges []struct{ Node sent } }
	}
	w.ask(t, `query($filter: DeliveryFilterInput) { deliveries(first: 50, filter: $filter) { edges { node { `+sentFields+` } } } }`,
		vars{"filter": vars{"channelId": w.channelID, "kinds": []string{kind}}}, &found)
	all := []sent{}
	for _, edge := range found.Deliveries.Edges {
		all = append(all, edge.Node)
	}
	return all
}

// newest waits until there are n deliveries of alerts and the newest is as wanted.
func (w *wired) newest(t *testing.T, n int, what string, wanted func(sent) bool) sent {
	t.Helper()
	var all []sent
	eventually(t, what, func() bool {
		all = w.deliveries(t, "ALERT")
		return len(all) == n && wanted(all[0])
	})
	return all[0]
}

func in(state string) func(sent) bool { return func(s sent) bool { return s.State == state } }

// tryOut tests the webhook: the delivery, and the request that came of it.
func (w *wired) tryOut(t *testing.T) (sent, sink.Request) {
	t.Helper()
	came := len(w.hook.Requests())
	var tested struct{ Delivery sent }
	w.change(t, "testChannel", "delivery { "+sentFields+" }", vars{"channelId": w.channelID}, &tested)
	return tested.Delivery, w.hook.Wait(t, came+1, patience)[came]
}

// signedWith reports whether a secret verifies a request.
func signedWith(t *testing.T, secret string, r sink.Request) bool {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	return hook.VerifyIgnoringTimestamp(r.Body, r.Header) == nil
}

func (w *wired) createdAndListed(t *testing.T) {
	t.Helper()
	var made struct {
		Channel       channel
		SigningSecret *string
	}
	input := keyed(vars{
		"kind": "WEBHOOK", "name": "ops", "url": w.hook.URL, "headers": []vars{{"name": "authorization", "value": headerCanary}},
	})
	const shown = "channel { " + channelFields + " } signingSecret"
	w.change(t, "createChannel", shown, input, &made)
	w.channelID, w.secret = made.Channel.ID, *made.SigningSecret
	require.True(t, strings.HasPrefix(w.secret, "whsec_"))
	require.Equal(t, "http://"+w.hook.Host, made.Channel.Host)
	require.Equal(t, []string{"Authorization"}, made.Channel.HeaderNames)
	w.change(t, "createChannel", shown, input, &made)
	require.Nil(t, made.SigningSecret, "it is shown once")
	require.Equal(t, w.channelID, made.Channel.ID)
	w.change(t, "createChannel", shown, vars{"kind": "SLACK", "name": "chat", "url": w.hook.URL, "minSeverity": "CRITICAL"}, &made)
	require.Nil(t, made.SigningSecret, "nothing is signed for a chat")
	w.change(t, "removeChannel", "removedChannelId", vars{"channelId": made.Channel.ID}, nil)

	tested, request := w.tryOut(t)
	require.Equal(t, "DELIVERED", tested.State)
	require.Equal(t, "TEST", tested.Kind)
	require.Equal(t, tested.ID, request.ID())
	require.Equal(t, headerCanary, request.Header.Get("Authorization"))
	require.True(t, signedWith(t, w.secret, request))
	require.NotNil(t, w.channels(t)["ops"].LastDeliveredAt)

	for code, input := range map[string]vars{
		"HOST_BLOCKED": {"kind": "WEBHOOK", "name": "inside", "url": "https://169.254.169.254/canary-inside"},
		"CONFLICT":     {"kind": "WEBHOOK", "name": "ops", "url": w.hook.URL},
		"BAD_INPUT":    {"kind": "SLACK", "name": "chat", "url": w.hook.URL, "headers": []vars{{"name": "X-A", "value": "b"}}},
	} {
		require.NotContains(t, requireRefused(t, w.attempt(t, "createChannel", "channel { id }", input), code).Message, "canary")
	}
	w.othersKeepOut(t)
}

// othersKeepOut: a viewer changes no channel, and another workspace has none of these.
func (w *wired) othersKeepOut(t *testing.T) {
	t.Helper()
	viewer, stranger := w.site.user(t, w.WorkspaceID(), principal.RoleViewer), w.otherWorkspace(t)
	for _, name := range []string{"updateChannel", "removeChannel", "rotateChannelSecret", "testChannel"} {
		requireRefused(t, viewer.attempt(t, name, "", vars{"channelId": w.channelID}), "FORBIDDEN")
		requireRefused(t, stranger.attempt(t, name, "", vars{"channelId": w.channelID}), "NOT_FOUND")
	}
	requireRefused(t, stranger.attempt(t, "replayDelivery", "", vars{"deliveryId": w.deliveries(t, "TEST")[0].ID}), "NOT_FOUND")
}

func (w *wired) changed(t *testing.T) {
	t.Helper()
	var done struct{ Channel channel }
	w.change(t, "updateChannel", "channel { "+channelFields+" }", vars{
		"channelId": w.channelID, "name": "on call", "minSeverity": "CRITICAL", "headers": []vars{{"name": "x-team", "value": headerCanary}},
	}, &done)
	require.Equal(t, "on call", done.Channel.Name)
	require.Equal(t, "CRITICAL", done.Channel.MinSeverity, "late data, say, is not told")
	require.Equal(t, []string{"X-Team"}, done.Channel.HeaderNames, "headers are replaced as a whole")
	_, request := w.tryOut(t)
	require.Empty(t, request.Header.Get("Authorization"))
	require.Equal(t, headerCanary, request.Header.Get("X-Team"))
	require.True(t, signedWith(t, w.secret, request), "the secret stays")
	requireRefused(t, w.attempt(t, "updateChannel", "", vars{"channelId": w.channelID, "url": "https://10.0.0.1/"}), "HOST_BLOCKED")
}

func (w *wired) rotated(t *testing.T) {
	t.Helper()
	var made struct{ SigningSecret *string }
	input := keyed(vars{"channelId": w.channelID})
	w.change(t, "rotateChannelSecret", "signingSecret", input, &made)
	before := w.secret
	w.secret = *made.SigningSecret
	require.NotEqual(t, before, w.secret)
	w.change(t, "rotateChannelSecret", "signingSecret", input, &made)
	require.Nil(t, made.SigningSecret, "it is shown once")
	_, request := w.tryOut(t)
	require.True(t, signedWith(t, before, request), "the one before signs along for a day")
	require.True(t, signedWith(t, w.secret, request))
	w.clock.Advance(24*time.Hour + time.Minute)
	_, request = w.tryOut(t)
	require.False(t, signedWith(t, before, request))
	require.True(t, signedWith(t, w.secret, request))
}

// heldBack: 429 with Retry-After is honoured, and the same message comes after it.
func (w *wired) heldBack(t *testing.T) {
	t.Helper()
	w.hook.RetryAfter(http.StatusTooManyRequests, 3*time.Hour)
	came := len(w.hook.Requests())
	w.setRead(t, false, "Contact.Email")
	w.check(t)
	eventually(t, "the loss is confirmed", func() bool {
		w.clock.Advance(time.Second)
		return w.openAlerts(t)["Contact.Email"].ID != ""
	})
	held := w.newest(t, 1, "the receiver asks for time", func(s sent) bool { return s.Failure != "" })
	require.Equal(t, "PENDING", held.State)
	require.Equal(t, http.StatusTooManyRequests, *held.ResponseCode)
	require.False(t, held.NextAttemptAt.Before(w.clock.Now().Add(3*time.Hour-2*time.Minute)), "%s", held.NextAttemptAt)
	require.Equal(t, 1, w.channels(t)["on call"].PendingCount)
	w.hook.Answer(http.StatusNoContent)
	w.clock.Advance(2 * time.Hour)
	_, _ = w.tryOut(t) // a test does not wait, and does not end the wait of others
	require.Len(t, w.hook.Requests(), came+2)
	w.passes(t, w.clock, time.Hour, func() bool { return w.deliveries(t, "ALERT")[0].State == "DELIVERED" })
	got := w.hook.Requests()[came:]
	require.Len(t, got, 3)
	require.Equal(t, got[0].ID(), got[2].ID())
	require.Equal(t, got[0].Body, got[2].Body)
}

// redirected: 3xx is a failure; nobody follows it.
func (w *wired) redirected(t *testing.T) {
	t.Helper()
	w.hook.Redirect()
	came := len(w.hook.Requests())
	w.setRead(t, true, "Contact.Email")
	w.check(t)
	failed := w.newest(t, 2, "the redirect", func(s sent) bool { return s.Failure != "" })
	require.Equal(t, "PENDING", failed.State)
	require.Contains(t, failed.Failure, "Redirects are not followed")
	require.NotContains(t, failed.Failure, "s3cret-path")
	require.Len(t, w.hook.Requests(), came+1)
	w.hook.Answer(http.StatusOK)
	w.passes(t, w.clock, time.Minute, func() bool { return w.deliveries(t, "ALERT")[0].State == "DELIVERED" })

	var replayed struct{ Delivery sent }
	w.change(t, "replayDelivery", "delivery { "+sentFields+" }", vars{"deliveryId": failed.ID}, &replayed)
	again := w.hook.Wait(t, came+3, patience)
	require.Equal(t, failed.ID, again[came+2].ID(), "a replay keeps the message's id")
	require.Equal(t, again[came+1].Body, again[came+2].Body)
	last := w.newest(t, 2, "the replay", in("DELIVERED"))
	require.Len(t, last.Log, 3)
}

// gone: a receiver that answers 410 is left alone for good, the owners are mailed, and
// whoever enables the channel gets what happened meanwhile no more, but what happens then.
func (w *wired) gone(t *testing.T, mails *sink.MailServer) {
	t.Helper()
	w.hook.Answer(http.StatusGone)
	w.setRead(t, false, "Lead.Email")
	w.check(t)
	eventually(t, "the loss is confirmed", func() bool {
		w.clock.Advance(time.Second)
		return w.openAlerts(t)["Lead.Email"].ID != ""
	})
	w.newest(t, 3, "the end of the receiver", in("FAILED"))
	disabled := w.channels(t)["on call"]
	require.False(t, disabled.Enabled)
	require.NotNil(t, disabled.DisabledAt)
	require.Contains(t, disabled.DisabledReason, "410")
	var told []sink.Mail
	eventually(t, "the owner is told", func() bool {
		told = mails.To(channelOwner)
		return len(told) > 0 && strings.Contains(told[len(told)-1].Header("Subject"), `"on call" was disabled`)
	})
	text, html, err := told[len(told)-1].Parts()
	require.NoError(t, err)
	for _, part := range []string{text, html} {
		require.Contains(t, part, "410 Gone")
		require.NotContains(t, part, "Integration", "it is about none")
	}
	came := len(w.hook.Requests())
	requireRefused(t, w.attempt(t, "testChannel", "delivery { id }", vars{"channelId": w.channelID}), "CHANNEL_DISABLED")
	requireRefused(t, w.attempt(t, "replayDelivery", "delivery { id }", vars{"deliveryId": w.deliveries(t, "ALERT")[0].ID}), "CHANNEL_DISABLED")
	require.Equal(t, "DISABLED", w.channelEvents(t)[0])

	w.hook.Answer(http.StatusNoContent)
	var done struct{ Channel channel }
	w.change(t, "updateChannel", "channel { "+channelFields+" }", vars{"channelId": w.channelID, "enabled": true}, &done)
	require.True(t, done.Channel.Enabled)
	require.Empty(t, done.Channel.DisabledReason)
	require.Nil(t, done.Channel.DisabledAt)
	w.setRead(t, true, "Lead.Email")
	w.check(t)
	w.newest(t, 4, "the end of the loss", in("DELIVERED"))
	require.Len(t, w.hook.Requests(), came+1)
}

// channelEvents are what happened to channels, newest first, as the feed tells it.
func (w *wired) channelEvents(t *testing.T) []string {
	t.Helper()
	var found struct {
		FeedEntries struct {
			Edges []struct {
				Node struct{ Payload struct{ Event string } }
			}
		}
	}
	w.ask(t, `{ feedEntries(first: 100, filter: { kinds: ["channel"] }) { edges { node { payload } } } }`, nil, &found)
	events := []string{}
	for _, edge := range found.FeedEntries.Edges {
		events = append(events, edge.Node.Payload.Event)
	}
	return events
}

func (w *wired) removed(t *testing.T) {
	t.Helper()
	w.hook.Answer(http.StatusServiceUnavailable)
	w.setRead(t, false, "Contact.Email")
	w.check(t)
	eventually(t, "the loss is confirmed", func() bool {
		w.clock.Advance(time.Second)
		return w.openAlerts(t)["Contact.Email"].ID != ""
	})
	waits := w.newest(t, 5, "the receiver is down", func(s sent) bool { return s.Failure != "" })
	require.Equal(t, "PENDING", waits.State)
	var gone struct{ RemovedChannelID string }
	w.change(t, "removeChannel", "removedChannelId", vars{"channelId": w.channelID}, &gone)
	require.Equal(t, w.channelID, gone.RemovedChannelID)
	require.Empty(t, w.channels(t))
	last := w.newest(t, 5, "nobody needs it any more", in("CANCELLED"))
	require.Nil(t, last.Channel)
	requireRefused(t, w.attempt(t, "testChannel", "", vars{"channelId": w.channelID}), "NOT_FOUND")
}

// TestWhatRecipientsPrefer: from which severity on somebody is mailed at once is theirs to
// say, but for what is mandatory (requirement K15). A required field that nothing stands
// for is alerted until one does (K8).
func TestWhatRecipientsPrefer(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		const few, all = "few@customer.example", "all@customer.example"
		mails := sink.SMTP(t)
		s := newSite(t, url, siteOptions{config: func(c *server.Config) {
			c.Mail = server.MailConfig{Server: mails.Address, Security: notify.SecurityNone, From: "alerts@fieldwarden.example", AllowPrivate: true}
		}})
		var changed struct {
			Recipient struct{ Address, Kind, MinSeverity string }
		}
		s.admin.recipient(t, all)
		s.admin.change(t, "updateRecipient", "recipient { address kind minSeverity }",
			vars{"recipientId": s.admin.recipient(t, few), "minSeverity": "CRITICAL", "kind": "LIST"}, &changed)
		require.Equal(t, few, changed.Recipient.Address)
		require.Equal(t, "LIST", changed.Recipient.Kind)
		require.Equal(t, "CRITICAL", changed.Recipient.MinSeverity)
		requireRefused(t, s.otherWorkspace(t).attempt(t, "updateRecipient", "", vars{"recipientId": s.admin.recipient(t, few), "kind": "PERSON"}), "NOT_FOUND")

		subjects := func(address string) (list []string) {
			for _, mail := range mails.To(address) {
				list = append(list, mail.Header("Subject"))
			}
			return list
		}
		s.setRead(t, false, "Lead")
		i := s.connect(t, "PRODUCTION")
		require.Equal(t, "OBJECT_ACCESS_MISSING", i.openAlerts(t)["Lead"].Rule)
		require.Equal(t, "WARNING", i.openAlerts(t)["Lead"].Severity)
		eventually(t, "what is mandatory", func() bool { return len(subjects(few)) == 1 && len(subjects(all)) == 1 })
		s.setRead(t, true, "Lead")
		i.check(t)
		eventually(t, "that it is over", func() bool { return len(subjects(few)) == 2 && len(subjects(all)) == 2 })
		require.Contains(t, subjects(few)[1], "Resolved: 1 required object")

		i.decideAll(t)
		i.finish(t)
		i.runEnds(t, 1)
		i.do(t, "unmapField", "", vars{"standardField": "contact.email", "reason": "test", "confirm": true}, nil)
		require.Contains(t, i.openRules(t), "REQUIRED_FIELD_UNMAPPED")
		i.do(t, "mapField", "", vars{"standardField": "contact.email", "crmField": "Email"}, nil)
		require.NotContains(t, i.openRules(t), "REQUIRED_FIELD_UNMAPPED")
		eventually(t, "both", func() bool { return len(subjects(all)) == 4 })
		require.Contains(t, subjects(all)[2], "WARNING: ")
		require.Contains(t, subjects(all)[3], "Resolved: ")
		require.Len(t, subjects(few), 2, "a warning is not for everybody")
	})
}

// TestAConnectorThatCrashesIsAlerted until it works again (requirement K9).
func TestAConnectorThatCrashesIsAlerted(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), clockwork.NewFakeClockAt(time.Now().UTC().Truncate(24*time.Hour).Add(12*time.Hour))
	broken, script := filepath.Join(dir, "broken"), filepath.Join(dir, "connector")
	text := "#!/bin/sh\nif [ -e " + broken + " ]; then echo no license >&2; exit 4; fi\nexec " + programs.connector + "\n"
	require.NoError(t, os.WriteFile(script, []byte(text), 0o700)) // it is to be run
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{clock: clock, config: func(c *server.Config) {
		manyRequests(c)
		c.Connectors[0].Path = script
	}})
	i := s.active(t)
	// From here on time flies: the host pauses after crashes.
	flying, land := context.WithCancel(t.Context())
	landed := make(chan struct{})
	go func() {
		defer close(landed)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-flying.Done():
				tick.Stop()
				return
			case <-tick.C:
				clock.Advance(time.Second)
			}
		}
	}()
	t.Cleanup(func() { land(); <-landed })

	require.NoError(t, os.WriteFile(broken, nil, 0o600))
	operator := drive.NewAdmin(s.config.DataDir)
	_ = operator.RestartConnector(within(t), connectorName) // it fails, and that is what is wanted
	eventually(t, "the alert", func() bool {
		i.try(t, "checkIntegration", "", nil)
		return slices.Contains(i.openRules(t), "CONNECTOR_UNHEALTHY")
	})
	found := i.alerts(t, ", filter: {rules: [CONNECTOR_UNHEALTHY]}")
	require.Len(t, found, 1)
	require.NoError(t, os.Remove(broken))
	require.NoError(t, operator.RestartConnector(within(t), connectorName))
	eventually(t, "the end of it", func() bool { return !slices.Contains(i.openRules(t), "CONNECTOR_UNHEALTHY") })
	i.check(t)
}

// TestSecretsOfChannelsAreFoundNowhere: what of a channel is secret is shown once, when it
// is made. After that no answer, log or database holds it, though its receiver repeats
// all it gets.
func TestSecretsOfChannelsAreFoundNowhere(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		hook := sink.Webhook(t)
		s := &site{config: configure(t, url, "http://127.0.0.1:1")}
		s.config.Webhooks.AllowedHosts = []string{hook.Host}
		var log logFile
		process, err := drive.Start(within(t), programs.server, s.config, log.open(t), "--log-level", "debug")
		require.NoError(t, err)
		t.Cleanup(process.Kill)
		issued, err := drive.NewAdmin(s.config.DataDir).IssueToken(within(t), "canary", principal.RoleAdmin, 0)
		require.NoError(t, err)
		unheard, api := user{Client: process.Client(issued.Token)}, &recorder{}
		who := user{Client: process.Client(issued.Token)}
		who.HTTP = &http.Client{Transport: api}

		headers := []vars{{"name": "Authorization", "value": headerCanary}}
		create := keyed(vars{"kind": "WEBHOOK", "name": "ops", "url": hook.URL, "headers": headers})
		var made struct {
			Channel       struct{ ID string }
			SigningSecret string
		}
		unheard.change(t, "createChannel", "channel { id } signingSecret", create, &made)
		secrets := map[string]string{"first": made.SigningSecret, "header": headerCanary, "token": strings.TrimPrefix(headerCanary, "Bearer "), "path": "s3cret-path"}
		id := made.Channel.ID
		unheard.change(t, "rotateChannelSecret", "signingSecret", vars{"channelId": id}, &made)
		secrets["second"] = made.SigningSecret
		require.NotEmpty(t, leaks(secrets, []byte("whoever shows "+made.SigningSecret)), "the search finds what is there")

		who.change(t, "createChannel", "channel { "+channelFields+" } signingSecret", create, nil)
		hook.AnswerWith(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprint(w, r.URL.Path, " ", r.Header)
		})
		var tested struct{ Delivery sent }
		who.change(t, "testChannel", "delivery { "+sentFields+" }", vars{"channelId": id}, &tested)
		require.Equal(t, "FAILED", tested.Delivery.State)
		require.Contains(t, tested.Delivery.Failure, "It said", "the echo came through")
		hook.Drop()
		who.change(t, "testChannel", "delivery { "+sentFields+" }", vars{"channelId": id}, &tested)
		who.change(t, "updateChannel", "channel { "+channelFields+" }", vars{"channelId": id, "url": hook.URL, "headers": headers}, nil)
		requireRefused(t, who.attempt(t, "updateChannel", "", vars{"channelId": id, "url": "https://10.0.0.1/s3cret-path"}), "HOST_BLOCKED")
		requireRefused(t, who.attempt(t, "updateChannel", "", vars{"channelId": id, "headers": []vars{{"name": "Host", "value": headerCanary}}}), "BAD_INPUT")
		who.ask(t, "{ channels(first: 5) { edges { node { "+channelFields+" } } } deliveries(first: 5) { edges { node { "+sentFields+
			" } } } feedEntries(first: 50) { edges { node { payload } } } }", nil, nil)

		process.Kill()
		places := map[string][]byte{"log": log.read(t), "API": api.bytes()}
		require.Contains(t, string(places["log"]), "a delivery was not taken")
		addFiles(t, places, s.config.DataDir)
		if isPostgres(url) {
			places["database"] = []byte(strings.Join(query(t, url, "SELECT row::text FROM channels row UNION ALL SELECT row::text FROM deliveries row"+
				" UNION ALL SELECT row::text FROM audit_entries row UNION ALL SELECT row::text FROM idempotency_keys row UNION ALL SELECT row::text FROM feed_entries row"), "\n"))
			require.Contains(t, string(places["database"]), "ops")
		} else {
			addFiles(t, places, strings.TrimPrefix(url, "sqlite:"))
		}
		for place, content := range places {
			require.Empty(t, leaks(secrets, content), "in %s (%d bytes)", place, len(content))
		}
	})
}
