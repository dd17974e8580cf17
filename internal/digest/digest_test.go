package digest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	entdigest "github.com/fieldwarden/fieldwarden/ent/digest"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/digest"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// post notes what would be mailed.
type post struct {
	mu      sync.Mutex
	batches []notify.MailBatch
	absent  bool
}

func (p *post) EnqueueMails(_ context.Context, _ *store.Tx, batch notify.MailBatch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches = append(p.batches, batch)
	return nil
}

func (p *post) Addresses(context.Context, *ent.Client, ...crm.RecipientClass) ([]string, error) {
	return []string{"csm@vendor.example", "ops@acme.example", "owner@acme.example"}, nil
}

func (p *post) MailConfigured() bool { return !p.absent }

// keys are what makes the mails unique.
func (p *post) keys() (keys []string) {
	for _, batch := range p.batches {
		for _, address := range batch.Addresses {
			keys = append(keys, batch.DedupKey(address))
		}
	}
	return keys
}

type titles struct{}

func (titles) Describe(name string) (crm.Manifest, error) {
	if name == "salesforce" {
		return crm.Manifest{Title: "Salesforce"}, nil
	}
	return crm.Manifest{}, errors.New("not installed")
}

type fixture struct {
	t       *testing.T
	ctx     context.Context
	store   *store.Store
	clock   *clockwork.FakeClock
	post    *post
	service *digest.Service
	found   *ent.Workspace
	used    int
}

// newFixture makes a workspace whose digest is due at 07:00 UTC; its first look sets that.
func newFixture(t *testing.T, s *store.Store, clock *clockwork.FakeClock) *fixture {
	t.Helper()
	f := &fixture{t: t, store: s, clock: clock, post: &post{}}
	f.ctx, f.found = storetest.Workspace(t, s)
	var err error
	f.service, err = digest.New(digest.Config{
		Store: s, Mails: f.post, Connectors: titles{}, Logger: slog.New(slog.DiscardHandler), PublicURL: "https://fieldwarden.example",
		Now: func(context.Context) (time.Time, error) { return clock.Now(), nil },
	})
	require.NoError(t, err)
	f.look()
	return f
}

// look does what each minute does.
func (f *fixture) look() {
	f.t.Helper()
	require.NoError(f.t, f.service.RunDue(principal.AllWorkspaces(context.Background(), "test")))
}

// until moves the clock to an instant and looks.
func (f *fixture) until(text string) {
	f.t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(f.t, err)
	f.clock.Advance(at.Sub(f.clock.Now()))
	f.look()
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) integration(name string, state crm.IntegrationState) (made *ent.Integration) {
	f.t.Helper()
	f.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.Ent().Integration.Create().SetWorkspaceID(f.found.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(state).SetInstanceName(name).Save(ctx)
		return err
	})
	return made
}

// lose opens an alert; no field is the whole object.
func (f *fixture) lose(i *ent.Integration, rule crm.AlertRule, object, field string, change ...func(*ent.AlertCreate)) (made *ent.Alert) {
	f.t.Helper()
	f.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		create := tx.Ent().Alert.Create().SetWorkspaceID(f.found.ID).SetCreatedAt(tx.Now()).SetIntegrationID(i.ID).SetRule(rule).
			SetSeverity(crm.SeverityCritical).SetMandatory(true).SetObjectName(object).SetFieldName(field).SetTitle("lost").SetMessage("lost").
			SetOpenKey(fmt.Sprint(i.ID, rule, object, field)).SetLastSeenAt(tx.Now()).SetOpenedAt(tx.Now()).SetCause(crm.CausePermission).
			SetFix(crm.Fix{Steps: []string{"Open Setup."}, Who: "Salesforce administrator"})
		for _, one := range change {
			one(create)
		}
		made, err = create.Save(ctx)
		return err
	})
	return made
}

func (f *fixture) resolve(row *ent.Alert) {
	f.t.Helper()
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Alert.UpdateOneID(row.ID).SetState(crm.AlertResolved).ClearOpenKey().SetResolvedAt(tx.Now()).SetResolution(crm.ResolvedRestored).Exec(ctx)
	})
}

// days lists "date lost resolved recipients" of the digests, oldest first.
func (f *fixture) days() []string {
	f.t.Helper()
	list := []string{}
	for _, row := range f.store.Read().Digest.Query().Order(entdigest.ByCreatedAt()).AllX(f.ctx) {
		list = append(list, fmt.Sprintf("%s %d %d %d", row.LocalDate, row.Lost, row.Resolved, row.Recipients))
	}
	return list
}

func (f *fixture) setTime(wall, zone string) error {
	f.used++
	return f.service.SetTime(f.ctx, digest.SetTimeInput{IdempotencyKey: fmt.Sprint("set ", f.used), Time: wall, Zone: zone})
}

// each starts on 1 March 2026 at noon UTC.
func each(t *testing.T, body func(t *testing.T, f *fixture)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		clock.Advance(time.Date(2027, time.March, 1, 12, 0, 0, 0, time.UTC).Sub(clock.Now()))
		body(t, newFixture(t, s, clock))
	})
}

// Requirement K3, scenario 15: one digest a day while something is lost, none else; a
// row each day.
func TestEachDayHasADigestAndOnlyLossesAreMailed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		i := f.integration("Acme", crm.IntegrationActive)
		require.Empty(t, f.days(), "nothing is owed for the day before the first")
		f.until("2027-03-02T07:00:00Z")
		row := f.lose(i, crm.RuleStandardFieldLost, "Contact", "Email")
		for _, at := range []string{"2027-03-03T06:59:00Z", "2027-03-03T07:00:00Z", "2027-03-03T07:01:00Z", "2027-03-04T07:00:30Z", "2027-03-05T07:00:00Z"} {
			f.until(at)
		}
		f.resolve(row)
		f.until("2027-03-06T07:00:00Z")
		f.until("2027-03-07T07:00:00Z")
		require.Equal(t, []string{
			"2027-03-02 0 0 0", "2027-03-03 1 0 3", "2027-03-04 1 0 3", "2027-03-05 1 0 3", "2027-03-06 0 1 0", "2027-03-07 0 0 0",
		}, f.days())
		require.Len(t, f.post.keys(), 9)
		require.Contains(t, f.post.keys(), "digest|2027-03-04|ops@acme.example")
	})
}

// After downtime one late digest stands for all days, as for runs.
func TestDowntimeIsMadeUpForOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Email")
		f.until("2027-03-05T15:00:00Z")
		f.until("2027-03-05T15:01:00Z")
		f.until("2027-03-06T07:00:00Z")
		require.Equal(t, []string{"2027-03-05 1 0 3", "2027-03-06 1 0 3"}, f.days())
	})
}

func TestTwoNodesRunItOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Email")
		f.clock.Advance(24 * time.Hour)
		var nodes sync.WaitGroup
		failures := make([]error, 4)
		for n := range failures {
			nodes.Go(func() { failures[n] = f.service.RunDue(principal.AllWorkspaces(context.Background(), "test")) })
		}
		nodes.Wait()
		require.NoError(t, errors.Join(failures...))
		require.Equal(t, []string{"2027-03-02 1 0 3"}, f.days())
		require.Len(t, f.post.batches, 1)
	})
}

// Clocks in Berlin skip 02:30 on 28 March and show it twice on 31 October 2027.
func TestClockChangesNeitherLoseNorDoubleADay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.setTime("02:30", "Europe/Berlin"))
		for _, around := range [][2]string{{"2027-03-26T12:00:00Z", "2027-03-29T12:00:00Z"}, {"2027-10-29T12:00:00Z", "2027-11-01T12:00:00Z"}} {
			f.until(around[0])
			before := len(f.days())
			end, err := time.Parse(time.RFC3339, around[1])
			require.NoError(t, err)
			for f.clock.Now().Before(end) {
				f.clock.Advance(15 * time.Minute)
				f.look()
			}
			require.Len(t, f.days(), before+3)
		}
	})
}

func TestTheTimeCanBeSetAndNothingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Email")
		f.until("2027-03-02T07:00:00Z")
		require.NoError(t, f.setTime("16:00", ""))
		f.until("2027-03-02T16:00:00Z")
		require.Len(t, f.days(), 1, "today has had its digest")
		settings, err := f.service.Settings(f.ctx)
		require.NoError(t, err)
		require.Equal(t, "2027-03-03T16:00:00Z", settings.NextAt.Format(time.RFC3339))
		require.Equal(t, "2027-03-02T07:00:00Z", settings.LastAt.Format(time.RFC3339))
		require.Equal(t, "UTC", settings.Zone)
		require.Len(t, settings.Addresses, 3)
		require.True(t, settings.MailConfigured)
		// To an earlier time, that has passed: tomorrow's is not owed yet, today's is.
		f.until("2027-03-03T10:00:00Z")
		require.NoError(t, f.setTime("09:00", "Europe/Berlin"))
		f.look()
		require.Equal(t, []string{"2027-03-02 1 0 3", "2027-03-03 1 0 3"}, f.days())
		for _, bad := range [][2]string{{"24:00", "UTC"}, {"7:00", "UTC"}, {"", "UTC"}, {"07:00", "Local"}, {"07:00", "+02:00"}, {"07:00", "Mars/Olympus"}} {
			require.Equal(t, fault.BadInput, fault.CodeOf(f.setTime(bad[0], bad[1])), bad)
		}
		require.Equal(t, 2, f.store.Read().AuditEntry.Query().Where(auditentry.Action("setDigestTime")).CountX(f.ctx))
		viewer := principal.With(f.ctx, principal.Principal{Kind: principal.KindMember, ID: "m", WorkspaceID: f.found.ID, Role: principal.RoleViewer})
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.service.SetTime(viewer, digest.SetTimeInput{IdempotencyKey: "k", Time: "07:00"})))
		_, err = f.service.SendNow(viewer, "k")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	})
}

func TestSentNowIsTodaysDigest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Email")
		f.until("2027-03-02T05:00:00Z")
		id, err := f.service.SendNow(f.ctx, "first")
		require.NoError(t, err)
		again, err := f.service.SendNow(f.ctx, "second")
		require.NoError(t, err)
		require.Equal(t, id, again)
		f.until("2027-03-02T07:00:00Z")
		f.until("2027-03-03T07:00:00Z")
		require.Equal(t, []string{"2027-03-02 1 0 3", "2027-03-03 1 0 3"}, f.days())
		require.Equal(t, 2, f.store.Read().AuditEntry.Query().Where(auditentry.Action("sendDigestNow")).CountX(f.ctx))
	})
}

// Readings 1b.6 to 1b.9: what the digest tells, and what it does not.
func TestWhatADigestTells(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		beta, acme := f.integration("Beta", crm.IntegrationPaused), f.integration("Acme", crm.IntegrationActive)
		fresh := f.integration("Fresh", crm.IntegrationOnboarding)
		f.lose(acme, crm.RuleStandardFieldLost, "Contact", "Phone", func(c *ent.AlertCreate) {
			c.SetState(crm.AlertSnoozed).SetSnoozedUntil(f.clock.Now().Add(20 * 24 * time.Hour))
		})
		f.lose(acme, crm.RuleMissingAtStandardization, "Contact", "Email", func(c *ent.AlertCreate) {
			c.SetState(crm.AlertAcknowledged).SetAcknowledgedBy("somebody").SetNote("on it").SetStandardField("contact.email")
		})
		f.lose(acme, crm.RuleRequiredObjectLost, "Lead", "")
		f.lose(acme, crm.RuleStandardFieldLost, "Lead", "Status", func(c *ent.AlertCreate) { c.SetFolded(true) })
		f.lose(beta, crm.RuleObjectAccessMissing, "Account", "")
		f.lose(fresh, crm.RuleObjectAccessMissing, "Account", "")
		f.lose(acme, crm.RuleCredentialExpired, "", "")
		f.resolve(f.lose(acme, crm.RuleStandardFieldLost, "Account", "Industry"))
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			for _, name := range []string{"Status", "Company"} {
				err := tx.Ent().Mapping.Create().SetWorkspaceID(f.found.ID).SetCreatedAt(tx.Now()).SetIntegrationID(acme.ID).
					SetObjectName("Lead").SetCrmField(name).SetStandardField("lead." + name).SetOrigin(crm.MappingAdmin).SetCreatedBy("test").Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		other := newFixture(t, f.store, f.clock)
		other.lose(other.integration("Secret", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Hidden")

		f.clock.Advance(time.Minute)
		mail, sends, err := f.service.Preview(f.ctx)
		require.NoError(t, err)
		require.True(t, sends)
		f.until("2027-03-02T07:00:00Z")
		require.Equal(t, []string{"2027-03-02 4 1 3"}, f.days())
		row := f.store.Read().Digest.Query().OnlyX(f.ctx)
		var content mailview.DigestContent
		require.NoError(t, json.Unmarshal(row.Content, &content))
		require.Equal(t, 2, content.LostObjects)
		require.Equal(t, 2, content.LostFields)
		require.Len(t, content.Integrations, 2)
		require.Equal(t, []string{"Salesforce Acme", "Salesforce Beta"}, []string{content.Integrations[0].Name(), content.Integrations[1].Name()})
		objects := content.Integrations[0].Objects
		require.Equal(t, []string{"Contact", "Lead"}, []string{objects[0].Name, objects[1].Name})
		require.Equal(t, []string{"Email", "Phone"}, []string{objects[0].Fields[0].Field, objects[0].Fields[1].Field})
		require.Equal(t, "https://fieldwarden.example/integrations/"+acme.ID+"/data-sync/Contact?field=Email", objects[0].Fields[0].PageURL)
		require.Equal(t, []string{"Company", "Status"}, objects[1].Folded)
		require.NotNil(t, objects[1].Problem)
		require.Equal(t, "Industry", content.Restored[0].Field)
		for _, said := range []string{"acknowledged by somebody; on it", "put off until", "Company, Status", "Account.Industry", "Open Setup.", "Salesforce administrator"} {
			require.Contains(t, mail.Text, said)
		}
		require.NotContains(t, mail.Text, "Fresh")
		require.NotContains(t, mail.Text, "Hidden")
		sent, err := digest.Mail(row)
		require.NoError(t, err)
		require.Equal(t, mail.Subject, sent.Subject)
	})
}

// Without a mail server the digest still runs and is kept.
func TestWithoutAMailServerTheRowSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.post.absent = true
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleStandardFieldLost, "Contact", "Email")
		f.until("2027-03-02T07:00:00Z")
		require.Equal(t, []string{"2027-03-02 1 0 0"}, f.days())
		require.Empty(t, f.post.batches)
	})
}

// Thousands of losses stay a bounded row, and all are counted.
func TestThousandsOfLossesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		i := f.integration("Acme", crm.IntegrationActive)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			creates := make([]*ent.AlertCreate, 900)
			for n := range creates {
				creates[n] = tx.Ent().Alert.Create().SetWorkspaceID(f.found.ID).SetCreatedAt(tx.Now()).SetIntegrationID(i.ID).
					SetRule(crm.RuleStandardFieldLost).SetSeverity(crm.SeverityWarning).SetObjectName("Contact").SetFieldName(fmt.Sprintf("F%03d", n)).
					SetTitle("lost").SetMessage("lost").SetOpenKey(fmt.Sprint(n)).SetLastSeenAt(tx.Now()).SetFix(crm.Fix{Steps: []string{"Open Setup."}})
			}
			return tx.Ent().Alert.CreateBulk(creates...).Exec(ctx)
		})
		f.until("2027-03-02T07:00:00Z")
		row := f.store.Read().Digest.Query().OnlyX(f.ctx)
		require.Equal(t, 900, row.Lost)
		require.Less(t, len(row.Content), 150<<10)
		mail, err := digest.Mail(row)
		require.NoError(t, err)
		require.Equal(t, "900 fields cannot be read - "+f.found.Name, mail.Subject)
	})
}

// TestNodesShareADay: of several nodes that look at once, over days, one makes the
// digest of a day, and nobody is mailed twice.
func TestNodesShareADay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.lose(f.integration("Acme", crm.IntegrationActive), crm.RuleRequiredObjectLost, "Lead", "")
		nodes := []*digest.Service{f.service}
		for range 3 {
			node, err := digest.New(digest.Config{
				Store: s, Mails: f.post, Connectors: titles{}, Logger: slog.New(slog.DiscardHandler), PublicURL: "https://fieldwarden.example",
				Now: func(context.Context) (time.Time, error) { return clock.Now(), nil },
			})
			require.NoError(t, err)
			nodes = append(nodes, node)
		}
		const days = 3
		for range days {
			clock.Advance(24 * time.Hour)
			var all sync.WaitGroup
			failures := make(chan error, 2*len(nodes))
			for range 2 {
				for _, node := range nodes {
					all.Go(func() { failures <- node.RunDue(principal.AllWorkspaces(context.Background(), "test")) })
				}
			}
			all.Wait()
			close(failures)
			for err := range failures {
				require.NoError(t, err)
			}
		}
		require.Equal(t, days, s.Read().Digest.Query().CountX(f.ctx))
		require.Len(t, f.post.batches, days)
		keys := map[string]bool{}
		for _, key := range f.post.keys() {
			keys[key] = true
		}
		require.Len(t, keys, 3*days, "each of three gets one a day")
		require.Len(t, f.post.keys(), 3*days)
	})
}
