package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// TestScenario09OnboardingWithAnUnreadableObject: an object that the integration user
// cannot read is shown as missing as soon as the check of onboarding is over, and the
// customer's people and the owners are mailed within a minute; the vendor's are not
// (requirement K1).
func TestScenario09OnboardingWithAnUnreadableObject(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		post, hook := sink.SMTP(t), sink.Webhook(t)
		s := newSite(t, url, siteOptions{vendor: v, config: func(c *server.Config) {
			c.Mail = server.MailConfig{Server: post.Address, Security: "NONE", From: "Fieldwarden <alerts@vendor.example.com>", AllowPrivate: true}
			c.Webhooks.AllowedHosts = []string{hook.Host}
		}})
		ctx := principal.System(t.Context(), s.WorkspaceID(), "test")
		require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Member.Create().SetWorkspaceID(s.WorkspaceID()).SetCreatedAt(tx.Now()).
				SetEmail("owner@acme.example.com").SetEmailKey("owner@acme.example.com").SetRole(principal.RoleOwner).Exec(ctx)
		}))
		for class, addresses := range map[crm.RecipientClass]string{
			crm.RecipientExternal: "crm-admins@acme.example.com, ops@acme.example.com", crm.RecipientInternal: "csm@vendor.example.com",
		} {
			s.admin.change(t, "addRecipients", "", vars{"addresses": addresses, "class": class}, nil)
		}
		s.admin.change(t, "createChannel", "", vars{"kind": "WEBHOOK", "name": "ops", "url": hook.URL}, nil)
		s.setUnlicensed(t)
		began := time.Now()
		i := s.connect(t, "PRODUCTION")
		require.Equal(t, "PERMISSION_MISSING", i.objects(t)[v.unlicensed].Status)
		require.Equal(t, "OBJECT_ACCESS_MISSING", i.openAlerts(t)[v.unlicensed].Rule)

		mails := post.Wait(t, 3, time.Minute)
		require.Less(t, time.Since(began), patience)
		var to []string
		for _, mail := range mails {
			to = append(to, mail.To...)
			require.Contains(t, string(mail.Raw), v.unlicensed)
		}
		slices.Sort(to)
		require.Equal(t, []string{"crm-admins@acme.example.com", "ops@acme.example.com", "owner@acme.example.com"}, to)
		require.NotEmpty(t, hook.Wait(t, 1, time.Minute)[0].Header.Get("Webhook-Signature"))

		var log struct {
			Deliveries struct {
				TotalCount int
				Edges      []struct {
					Node struct {
						ID, Kind, State, Address string
						Channel                  *struct{ Name string }
					}
				}
			}
		}
		require.Eventually(t, func() bool {
			s.admin.ask(t, `{ deliveries(first: 20, filter: { states: [DELIVERED] }) { totalCount edges { node { id kind state address channel { name } } } } }`, nil, &log)
			return log.Deliveries.TotalCount == 4
		}, patience, 50*time.Millisecond)
		require.Empty(t, post.To("csm@vendor.example.com"))
	})
}
