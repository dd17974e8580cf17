// Package usage counts what connector calls cost against the CRM's API limits, by
// integration, API and local day, and says what may still be spent (requirements G5,
// D17).
//
// A Meter stands between the use cases and the connector host and looks like the
// host: no use case can call a connector without being counted, and none of them
// knows of it. Each call is saved in a transaction of its own, unless the caller
// holds a Tally: a run saves its calls together with the step that made them.
//
// Answers that do not tell their cost count by the connector's manifest. What a call
// cost that failed is known as far as its answers came. A process that is killed
// between an answer and its saving loses the count of that one step.
package usage

import (
	"context"
	"errors"
	"log/slog"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Host is what of the connector host is counted.
type Host interface {
	Catalogue
	Asker
	Reader
}

// Catalogue describes connectors; that costs nothing.
type Catalogue interface {
	Describe(name string) (crm.Manifest, error)
}

// Asker answers questions about an instance.
type Asker interface {
	Identify(ctx context.Context, name string, target crm.Target) (crm.Identity, error)
	Checklist(ctx context.Context, name string, target crm.Target, objects []string) ([]crm.ChecklistItem, error)
	CheckPermissions(ctx context.Context, name string, target crm.Target, request crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error)
	ListPicklist(ctx context.Context, name string, target crm.Target, source crm.PicklistSource) ([]crm.Choice, error)
}

// Reader reads records.
type Reader interface {
	Read(ctx context.Context, name string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error
	ReadRecords(ctx context.Context, name string, target crm.Target, request crm.ReadRecordsRequest, yield func(crm.Batch) error) error
}

// Config is what a Meter is made of; all of it is required.
type Config struct {
	Store  *store.Store
	Host   Host
	Logger *slog.Logger
}

// Meter is a connector host whose calls are counted. It is safe for concurrent use.
type Meter struct {
	store *store.Store
	host  Host
	log   *slog.Logger
}

// New makes a Meter.
func New(c Config) (*Meter, error) {
	if c.Store == nil || c.Host == nil || c.Logger == nil {
		return nil, errors.New("usage: incomplete config")
	}
	return &Meter{store: c.Store, host: c.Host, log: c.Logger}, nil
}

// Describe is the host's.
func (m *Meter) Describe(name string) (crm.Manifest, error) { return m.host.Describe(name) }

// Identify is the host's, counted.
func (m *Meter) Identify(ctx context.Context, name string, target crm.Target) (crm.Identity, error) {
	identity, err := m.host.Identify(ctx, name, target)
	m.count(ctx, target, m.declared(name, "Identify", 0, err))
	return identity, err
}

// Checklist is the host's, counted.
func (m *Meter) Checklist(ctx context.Context, name string, target crm.Target, objects []string) ([]crm.ChecklistItem, error) {
	items, err := m.host.Checklist(ctx, name, target, objects)
	m.count(ctx, target, m.declared(name, "Checklist", len(objects), err))
	return items, err
}

// CheckPermissions is the host's, counted.
func (m *Meter) CheckPermissions(ctx context.Context, name string, target crm.Target, request crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	checks, outcome, err := m.host.CheckPermissions(ctx, name, target, request)
	m.count(ctx, target, outcome.Stats)
	return checks, outcome, err
}

// ListPicklist is the host's, counted.
func (m *Meter) ListPicklist(ctx context.Context, name string, target crm.Target, source crm.PicklistSource) ([]crm.Choice, error) {
	choices, err := m.host.ListPicklist(ctx, name, target, source)
	m.count(ctx, target, m.declared(name, "ListPicklist", 1, err))
	return choices, err
}

// Read is the host's, counted.
func (m *Meter) Read(ctx context.Context, name string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error {
	var spent crm.CallStats
	err := m.host.Read(ctx, name, target, request, summing(&spent, yield))
	m.count(ctx, target, spent)
	return err
}

// ReadRecords is the host's, counted.
func (m *Meter) ReadRecords(ctx context.Context, name string, target crm.Target, request crm.ReadRecordsRequest, yield func(crm.Batch) error) error {
	var spent crm.CallStats
	err := m.host.ReadRecords(ctx, name, target, request, summing(&spent, yield))
	m.count(ctx, target, spent)
	return err
}

func summing(spent *crm.CallStats, yield func(crm.Batch) error) func(crm.Batch) error {
	return func(batch crm.Batch) error {
		*spent = spent.Plus(batch.Stats)
		return yield(batch)
	}
}

// declared is the cost by the manifest of a verb whose answers do not tell. A call
// that failed anywhere before the CRM cost nothing.
func (m *Meter) declared(name, verb string, objects int, failure error) crm.CallStats {
	if failure != nil && !atTheCRM(failure) {
		return crm.CallStats{}
	}
	manifest, err := m.host.Describe(name)
	if err != nil {
		return crm.CallStats{}
	}
	return manifest.Cost(verb, objects)
}
