package integration

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// A slot is a place for one integration of a connector and environment in a
// workspace. There is one of each kind unless the operator allows more
// (requirement C2). An integration takes a slot when it is started and gives it
// back when it is disconnected; the column is unique in the workspace, so of two
// that want the last place one gets it.

// Slot names the kind of slot of a connector and environment, and the first slot of
// that kind: "salesforce:PRODUCTION".
func Slot(connector string, environment crm.Environment) string {
	return connector + ":" + string(environment)
}

// numberedSlot is the slot of a number from 1: "salesforce:SANDBOX",
// "salesforce:SANDBOX#2".
func numberedSlot(kind string, number int) string {
	if number == 1 {
		return kind
	}
	return kind + "#" + strconv.Itoa(number)
}

// maxInstances is how many slots of a kind a workspace has.
func (s *Service) maxInstances(kind string) int {
	return max(1, s.c.MaxInstances[kind])
}

// checkMaxInstances refuses limits that are none.
func checkMaxInstances(limits map[string]int) error {
	for kind, limit := range limits {
		connector, environment, ok := strings.Cut(kind, ":")
		if !ok || connector == "" || !slices.Contains(crm.Environment("").Values(), environment) {
			return fault.New(fault.ConfigInvalid, fmt.Sprintf("instances.max: %q is not connector:ENVIRONMENT.", kind), fault.Field("instances", "max", kind))
		}
		if limit < 1 {
			return fault.New(fault.ConfigInvalid, fmt.Sprintf("instances.max.%s: must be at least 1.", kind), fault.Field("instances", "max", kind))
		}
	}
	return nil
}

// holders lists the integrations that hold the slots of a kind, the oldest first.
func holders(ctx context.Context, client *ent.Client, connector string, environment crm.Environment) ([]*ent.Integration, error) {
	rows, err := client.Integration.Query().
		Where(integration.Connector(connector), integration.EnvironmentEQ(environment), integration.SlotNotNil()).
		Order(integration.ByCreatedAt(), integration.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for taken slots: %w", err)
	}
	return rows, nil
}

// freeSlot is the first slot of a kind that none of the holders has; false when all
// are taken.
func (s *Service) freeSlot(kind string, holders []*ent.Integration) (string, bool) {
	for number := 1; number <= s.maxInstances(kind); number++ {
		slot := numberedSlot(kind, number)
		if !slices.ContainsFunc(holders, func(row *ent.Integration) bool { return *row.Slot == slot }) {
			return slot, true
		}
	}
	return "", false
}

// resumable is the holder whose sign-in a new start of its kind goes on with: one
// that nobody has signed in to yet, else, where no other place is free, one that
// lost its credential. Nil means that a start needs a place of its own.
func (s *Service) resumable(kind string, holders []*ent.Integration) *ent.Integration {
	for _, row := range holders {
		if row.State == crm.IntegrationDraft || row.State == crm.IntegrationAuthorizing {
			return row
		}
	}
	if _, free := s.freeSlot(kind, holders); free {
		return nil
	}
	for _, row := range holders {
		if _, open := transition(row.State, signInStarted); open {
			return row
		}
	}
	return nil
}

// errInstanceLimit names the integration that is in the way the longest.
func errInstanceLimit(holders []*ent.Integration) error {
	row, which := holders[0], holders[0].ID
	if row.InstanceName != "" {
		which = row.InstanceName + " (" + row.ID + ")"
	}
	return fault.New(fault.InstanceLimit,
		fmt.Sprintf("The workspace has an integration for %s, %s, already: %s. It is %s.", row.Connector, row.Environment, which, row.State),
		fault.Field("environment"), fault.Detail("integrationId", row.ID), fault.Detail("state", string(row.State)))
}
