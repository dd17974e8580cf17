package permission_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// With the real engine and the real clock: a sign-in leads to the onboarding check,
// and a loss seen once to its confirmation and to the alert, with nobody waiting.
func TestTheJobEnginePlaysOnboardingAndConfirmation(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, clockwork.NewRealClock())
		f := newFixture(t, s, nil)
		engine, err := job.New(job.Config{Store: s, Logger: slog.New(slog.DiscardHandler), NodeID: "test"})
		require.NoError(t, err)
		f.config.Jobs, f.config.ConfirmDelay = engine, 50*time.Millisecond
		f.permissions, err = permission.New(f.config)
		require.NoError(t, err)
		f.permissions.Register(engine)
		require.NoError(t, engine.Start(t.Context()))
		t.Cleanup(func() { require.NoError(t, engine.Stop(context.WithoutCancel(t.Context()))) })
		follower, err := s.Follow(f.ctx, f.integration.WorkspaceID, nil)
		require.NoError(t, err)
		t.Cleanup(follower.Close)

		for range 2 { // a second sign-in while the first check waits adds nothing
			require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
				return f.permissions.EnqueueOnboarding(ctx, tx, f.integration)
			}))
		}
		f.await(follower, "check")
		require.Equal(t, crm.FieldActiveStandardized, f.status("Contact", "Email"))
		f.standardize()

		f.crm.hide("Contact", "Email")
		f.check(permission.Normal)
		f.await(follower, "alert")
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
	})
}

// await reads the feed up to an entry of a kind.
func (f *fixture) await(follower *store.Follower, kind string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.ctx, 20*time.Second)
	defer cancel()
	for {
		entries, err := follower.Next(ctx)
		require.NoError(f.t, err)
		for _, entry := range entries {
			if entry.Kind == kind {
				return
			}
		}
	}
}

// Checks, confirmations and mappings at the same moment: each is applied whole, one
// after the other, and no alert is doubled or left behind.
func TestChecksAtTheSameMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.crm.hide("Account", "")
		f.check(permission.Normal)
		clock.Advance(confirmDelay)
		var group sync.WaitGroup
		for i := range 12 {
			group.Go(func() {
				switch i % 4 {
				case 0:
					f.unmapAny("contact.phone")
				case 1:
					f.mapAny("contact.phone", "Contact", "Phone")
				default:
					if _, err := f.permissions.Check(f.ctx, f.integration.ID, permission.CheckInput{Mode: permission.Confirm}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		require.Equal(t, []string{"REQUIRED_OBJECT_ACCESS_LOST Account", "STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		require.ElementsMatch(t, []string{"SUSPECTED Account", "SUSPECTED Contact.Email", "LOST Account", "LOST Contact.Email"}, f.changes())
		f.world()
	})
}
