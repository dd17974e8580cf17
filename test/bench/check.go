package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// checkAll tests the connection and checks all objects.
func (s *stand) checkAll(ctx context.Context, key string) error {
	return s.integration.Client.Do(ctx, `mutation($id: ID!, $key: String!) {
		checkIntegration(input: {idempotencyKey: $key, integrationId: $id}) { userErrors { code message field } }
	}`, map[string]any{"id": s.integration.ID, "key": key}, nil)
}

// check counts the CRM calls of one check of all objects, apart from those of the
// connection test beside it.
func (s *stand) check(ctx context.Context) error {
	after := s.lastRequest().Seq
	started := time.Now()
	if err := s.checkAll(ctx, "check"); err != nil {
		return err
	}
	took := time.Since(started)
	checks, metered, objects := 0, 0, 0
	for _, request := range s.crm.Requests(after) {
		if request.Counted {
			metered++
		}
		if describes(request) > 0 {
			checks++
			objects += describes(request)
		}
	}
	s.row("check of rights", "%d CRM call for %d objects (%d metered with the connection test), %s", checks, objects, metered, took.Round(time.Millisecond))
	return nil
}

// describes counts the objects whose rights a request asks for.
func describes(request salesforce.Request) (objects int) {
	for _, part := range request.Parts {
		if part.Endpoint == "describe" {
			objects++
		}
	}
	return objects
}

func (s *stand) lastRequest() salesforce.Request {
	all := s.crm.Requests(0)
	return all[len(all)-1]
}

// latency times from the CRM's answer that confirms a loss to the alert at a
// subscriber's socket.
func (s *stand) latency(ctx context.Context) error {
	const object, field = "Contact", "Email"
	subscription, err := s.integration.Client.Subscribe(ctx, `subscription($id: ID!) {
		alertEvents(integrationId: $id) { event alert { fieldName } }
	}`, map[string]any{"id": s.integration.ID})
	if err != nil {
		return err
	}
	defer subscription.Close()
	await := func(event string) error {
		for {
			var got struct{ AlertEvents struct{ Event string } }
			if err := subscription.Next(ctx, &got); err != nil {
				return err
			}
			if slices.Contains([]string{event, "RE" + event}, got.AlertEvents.Event) {
				return nil
			}
		}
	}
	var took []time.Duration
	for i := range s.losses {
		if err := s.crm.SetField(object, field, salesforce.FieldSwitch{Read: salesforce.Off()}); err != nil {
			return err
		}
		if err := s.integration.RecheckFields(ctx, object, fmt.Sprintf("lost-%d", i)); err != nil {
			return err
		}
		if err := await("OPENED"); err != nil {
			return fmt.Errorf("waiting for alert %d: %w", i, err)
		}
		took = append(took, time.Since(s.lastRequest().Time))
		if err := s.crm.SetField(object, field, salesforce.FieldSwitch{Read: salesforce.On()}); err != nil {
			return err
		}
		if err := s.integration.RecheckFields(ctx, object, fmt.Sprintf("restored-%d", i)); err != nil {
			return err
		}
		if err := await("RESOLVED"); err != nil {
			return fmt.Errorf("waiting for the end of alert %d: %w", i, err)
		}
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	s.row("loss seen by a check → subscriber", "p50 %s, p99 %s, most %s (%d losses, from the CRM's confirming answer)",
		percentile(took, 50).Round(100*time.Microsecond), percentile(took, 99).Round(100*time.Microsecond),
		took[len(took)-1].Round(100*time.Microsecond), len(took))
	return nil
}

// percentile of sorted values: the least that p percent do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

// memory reads what the processes hold after all that.
func (s *stand) memory(context.Context) error {
	host := rig.MemoryOf(s.server.PID())
	if host.RSS == 0 {
		s.row("memory", "not known on this system")
		return nil
	}
	s.row("memory of the server", "RSS %d MiB, PSS %d MiB, peak %d MiB", host.RSS>>10, host.PSS>>10, host.Peak>>10)
	for _, pid := range rig.ProcessesBelow(s.site.Config.DataDir) {
		name := "shim"
		if program := rig.ProgramOf(pid); len(program) > len(s.site.Config.DataDir) && program[:len(s.site.Config.DataDir)] == s.site.Config.DataDir {
			name = "connector"
		}
		held := rig.MemoryOf(pid)
		s.row("memory of the "+name, "RSS %d MiB, PSS %d MiB, peak %d MiB", held.RSS>>10, held.PSS>>10, held.Peak>>10)
	}
	return nil
}
