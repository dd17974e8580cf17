package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
)

// vendors times the first sync of the other CRMs and counts the calls of a check.
// Their rate limits are off: the figure tells of Fieldwarden, not of a quota.
func (s *stand) vendors(ctx context.Context) error {
	for _, one := range s.others.CRMs {
		if err := s.vendor(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", one.Name, err)
		}
	}
	return nil
}

func (s *stand) vendor(ctx context.Context, one *simulated.CRM) error {
	integration, err := drive.Onboard(ctx, s.integration.Client, one.Name, one.Config)
	if err != nil {
		return err
	}
	run, err := integration.RunEnds(ctx, 1)
	if err != nil {
		return err
	}
	objects, err := integration.Objects(ctx)
	if err != nil {
		return err
	}
	if all := one.Records(objects...); run.Status != "SUCCEEDED" || run.Counters.Created != all {
		return fmt.Errorf("the run is %s (%s) with %d of %d records", run.Status, run.Reason, run.Counters.Created, all)
	}
	s.row("first sync of "+one.Title(), "%d records, %.0f records/s, %d CRM calls, without rate limits", run.Counters.Created, rate(run), run.CRMCalls)
	introspections := one.Panel.Journal.Count().Named["introspections"]
	err = integration.Client.Do(ctx, `mutation($id: ID!, $key: String!) {
		checkIntegration(input: {idempotencyKey: $key, integrationId: $id}) { userErrors { code message field } }
	}`, map[string]any{"id": integration.ID, "key": "bench-" + one.Name}, nil)
	if err != nil {
		return err
	}
	calls := checkCalls.FindAllStringSubmatch(s.site.Log(100_000), -1)
	if len(calls) == 0 {
		return fmt.Errorf("the server logged no check")
	}
	// The connection test beside the check is introspected, too.
	introspected := min(1, one.Panel.Journal.Count().Named["introspections"]-introspections)
	s.row("check of rights of "+one.Title(), "%s CRM calls and %d introspection for %d objects", calls[len(calls)-1][1], introspected, len(objects))
	return nil
}

// checkCalls finds what the server logs of a check.
var checkCalls = regexp.MustCompile(`permissions asked for.* crmCalls=(\d+)`)
