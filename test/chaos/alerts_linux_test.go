package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// TestKillWhileAlertingSQLite kills the server while alerts open and end, and while
// mails and webhooks go out.
func TestKillWhileAlertingSQLite(t *testing.T) {
	t.Parallel()
	killWhileAlerting(t, "")
}

// TestKillWhileAlertingPostgres is the same on PostgreSQL.
func TestKillWhileAlertingPostgres(t *testing.T) {
	t.Parallel()
	killWhileAlerting(t, storetest.PostgresURL(t))
}

// told is what reached the receivers, by the id of the delivery.
type told map[string]int

// again counts what reached a receiver more than once.
func (m told) again() (extra int) {
	for _, times := range m {
		extra += times - 1
	}
	return extra
}

// stored is a delivery's row.
type stored struct {
	id, medium, state, alert string
}

// killWhileAlerting holds a server to what it promises of alerts: each change of an
// alert has one delivery for each receiver, none is lost, and what reached a receiver
// twice was in flight when the server died.
func killWhileAlerting(t *testing.T, databaseURL string) {
	t.Helper()
	kills := 20
	if long() {
		kills = 100
	}
	mails, hooks := sink.SMTP(t), sink.Webhook(t)
	w := newWorld(t, 20)
	n := w.newNodeWith(t, "n", databaseURL, func(c *server.Config) {
		c.Mail = server.MailConfig{Server: mails.Address, Security: notify.SecurityNone, From: "Fieldwarden <alerts@example.com>", AllowPrivate: true}
		c.Webhooks.AllowedHosts = []string{hooks.Host}
	}, "--confirm-delay=50ms", "--damping-window=1ns")
	connected, err := drive.Onboard(t.Context(), n.client(), rig.Connector, nil)
	require.NoError(t, err)
	n.receive(t, hooks.URL)
	random := newRandom(t)

	for i := range kills {
		w.flip(t, i%2 == 0)
		go func() { _ = n.recheck(t.Context(), connected.ID, fmt.Sprintf("kill-%d", i)) }() // the kill may cut it off
		aim(t, hooks, mails, random)
		n.process.Kill()
		require.Eventually(t, func() bool { return len(rig.ProcessesBelow(w.folder)) == 0 }, promise, 10*time.Millisecond)
		n.start()
	}
	w.flip(t, false)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, drive.Until(ctx, func(ctx context.Context) (bool, error) {
		if err := n.recheck(ctx, connected.ID, fmt.Sprintf("end-%d", random.Uint64())); err != nil {
			return false, err
		}
		open, waiting, err := n.outstanding(ctx)
		return open == 0 && waiting == 0, err
	}), "all alerts end, and all is told")
	n.process.Kill()

	atHooks, atMails := told{}, told{}
	for _, request := range hooks.Requests() {
		atHooks[request.ID()]++
	}
	for _, mail := range mails.Mails() {
		atMails[mail.Header("Message-Id")]++
	}
	deliveries, changes := n.database.deliveries(t), n.database.changesOfAlerts(t)
	byAlert := map[string]int{}
	mailed := 0
	for _, d := range deliveries {
		require.Equal(t, "DELIVERED", d.state, "%+v", d)
		if d.medium == "EMAIL" {
			mailed++
			continue
		}
		byAlert[d.alert]++
		require.Positive(t, atHooks[d.id], "a webhook that was never sent: %+v", d)
	}
	require.Equal(t, changes, byAlert, "each change of an alert has one webhook: none is lost, none has two ids")
	require.Len(t, atMails, mailed, "each mail has come")
	require.Positive(t, mailed)
	require.LessOrEqual(t, atHooks.again(), kills, "one webhook was in flight at a kill at most")
	require.LessOrEqual(t, atMails.again(), kills, "one mail was in flight at a kill at most")
	t.Logf("%d kills: %d changes of alerts, %d webhooks (%d came twice), %d mails (%d came twice), 0 lost, 0 with two ids",
		kills, sum(changes), len(atHooks), atHooks.again(), len(atMails), atMails.again())
}

func sum(counts map[string]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

// flip takes rights to read and to create away, or gives them back.
func (w *world) flip(t *testing.T, lost bool) {
	t.Helper()
	to := salesforce.On()
	if lost {
		to = salesforce.Off()
	}
	for _, field := range []string{"Website", "Industry", "Phone"} {
		require.NoError(t, w.crm.SetField("Account", field, salesforce.FieldSwitch{Read: to}))
	}
	require.NoError(t, w.crm.SetObject("Contact", salesforce.ObjectSwitch{Create: to}))
}

// aim returns at the moment of a kill: now, or when the next message has come, or a
// little after that.
func aim(t *testing.T, hooks *sink.Web, mails *sink.MailServer, random *rand.Rand) {
	t.Helper()
	begun := len(hooks.Requests()) + len(mails.Mails())
	if random.IntN(4) > 0 {
		limit := time.After(3 * time.Second)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for waiting := true; waiting; {
			select {
			case <-tick.C:
				waiting = len(hooks.Requests())+len(mails.Mails()) == begun
			case <-limit:
				waiting = false // nothing is to be told this time: that is a moment too
			}
		}
	}
	// Not a wait for something to be done by then: the moment itself is random.
	<-time.After(time.Duration(random.Int64N(int64(120 * time.Millisecond))))
}

// receive makes a webhook and a mail address receivers.
func (n *node) receive(t *testing.T, url string) {
	t.Helper()
	require.NoError(t, n.client().Do(t.Context(), `mutation($url: URL!) {
		createChannel(input: {idempotencyKey: "hook", kind: WEBHOOK, name: "sink", url: $url}) { userErrors { code message } }
		addRecipients(input: {idempotencyKey: "mail", addresses: "ops@example.com", class: EXTERNAL}) { userErrors { code message } }
	}`, map[string]any{"url": url}, nil))
}

// recheck asks for a check of all objects now.
func (n *node) recheck(ctx context.Context, id, key string) error {
	return n.client().Do(ctx, `mutation($id: ID!, $key: String!) {
		recheckObjects(input: {idempotencyKey: $key, integrationId: $id, objects: []}) { userErrors { code message } }
	}`, map[string]any{"id": id, "key": key}, nil)
}

// outstanding counts problems that are not resolved and deliveries that wait. News of
// the schema is no problem: it stays for a day.
func (n *node) outstanding(ctx context.Context) (open, waiting int, err error) {
	var found struct{ Alerts, Deliveries struct{ TotalCount int } }
	err = n.client().Do(ctx, `{
		alerts(filter: {states: [OPEN, REOPENED, ACKNOWLEDGED, SNOOZED], severities: [CRITICAL, WARNING]}, first: 1) { totalCount }
		deliveries(filter: {states: [PENDING]}, first: 1) { totalCount }
	}`, nil, &found)
	return found.Alerts.TotalCount, found.Deliveries.TotalCount, err
}

// deliveries reads all deliveries.
func (d database) deliveries(t *testing.T) (all []stored) {
	t.Helper()
	d.look(t, func(ctx context.Context, db *sql.DB) {
		rows, err := db.QueryContext(ctx, "SELECT id, medium, state, coalesce(alert_id, '') FROM deliveries")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var one stored
			require.NoError(t, rows.Scan(&one.id, &one.medium, &one.state, &one.alert))
			all = append(all, one)
		}
		require.NoError(t, rows.Err())
	})
	return all
}

// changesOfAlerts counts, by alert, what the feed says to have opened, reopened and
// ended.
func (d database) changesOfAlerts(t *testing.T) map[string]int {
	t.Helper()
	changes := map[string]int{}
	d.look(t, func(ctx context.Context, db *sql.DB) {
		rows, err := db.QueryContext(ctx, "SELECT subject_id FROM feed_entries WHERE kind = 'alert' AND CAST(payload AS text) NOT LIKE '%UPDATED%'")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var alert string
			require.NoError(t, rows.Scan(&alert))
			changes[alert]++
		}
		require.NoError(t, rows.Err())
	})
	return changes
}
