package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// previewValues and previewLength bound what a preview shows.
	previewValues = 5
	previewLength = 200
	// previewBatch is how many records the connector is asked for at once.
	previewBatch = 100
	// previewTimeout is how long somebody waits for values.
	previewTimeout = 10 * time.Second
)

// Caller runs do with a fresh access token of an integration; integration.Service
// implements it.
type Caller interface {
	Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, target crm.Target) error) error
}

// Reader reads records of the CRM; usage.Meter implements it and counts the calls.
type Reader interface {
	Read(ctx context.Context, connector string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error
}

// PreviewConfig is what a Previewer is made of; all of it is required.
type PreviewConfig struct {
	Store    *store.Store
	Caller   Caller
	Reader   Reader
	Packages snapshot.Packages
}

// Previewer shows real values of a CRM field before it is mapped (requirement H7).
// What it reads is for the one who asks: it is neither stored nor logged. It is safe
// for concurrent use.
type Previewer struct{ c PreviewConfig }

// NewPreviewer makes a Previewer.
func NewPreviewer(c PreviewConfig) (*Previewer, error) {
	if c.Store == nil || c.Caller == nil || c.Reader == nil || c.Packages == nil {
		return nil, errors.New("mapping: incomplete config of previews")
	}
	return &Previewer{c}, nil
}

// Preview is what was found.
type Preview struct {
	// Values are at most five that are not empty, as text, each at most 200 characters
	// long.
	Values []string
	// Records is how many records were looked at.
	Records int
	// Note says why there is no value; empty when there is one.
	Note string
}

// errSeenEnough ends a read.
var errSeenEnough = errors.New("mapping: enough was seen for a preview")

// Read reads values of a field of one of the package's objects from the CRM now. It
// looks at one batch of records, stops at the fifth value, and gives up after ten
// seconds (CRM_TIMEOUT).
//
// Errors: FORBIDDEN for whoever is no admin; NOT_FOUND for an integration, or a field
// that no check has seen; INTEGRATION_STATE unless the integration is in ONBOARDING or
// ACTIVE; CRM_OBJECT_DENIED and CRM_FIELD_DENIED for what the integration user cannot
// read; those of the call.
func (p *Previewer) Read(ctx context.Context, integrationID, object, field string) (Preview, error) {
	if _, err := admin(ctx); err != nil {
		return Preview{}, err
	}
	if err := p.readable(ctx, integrationID, object, field); err != nil {
		return Preview{}, err
	}
	memo, err := snapshot.Memo(ctx, p.c.Store.Read(), integrationID)
	if err != nil {
		return Preview{}, err
	}
	// By the machine's clock: the wait is a person's.
	within, cancel := context.WithTimeout(ctx, previewTimeout)
	defer cancel()
	seen := Preview{Values: []string{}}
	request := crm.ReadRequest{Object: object, Fields: []string{field}, BatchSize: previewBatch}
	err = p.c.Caller.Call(within, integrationID, func(ctx context.Context, connector string, target crm.Target) error {
		target.Memo = memo
		seen = Preview{Values: []string{}}
		return p.c.Reader.Read(ctx, connector, target, request, func(batch crm.Batch) error { return seen.look(batch, field) })
	})
	switch {
	case err == nil, errors.Is(err, errSeenEnough):
	case ctx.Err() == nil && within.Err() != nil:
		return Preview{}, fault.New(fault.CRMTimeout, fmt.Sprintf("The CRM gave no values within %.0f seconds.", previewTimeout.Seconds()), fault.Cause(err))
	default:
		return Preview{}, err
	}
	switch {
	case len(seen.Values) > 0:
	case seen.Records == 0:
		seen.Note = fmt.Sprintf("%s has no record that the integration user can see.", object)
	default:
		seen.Note = fmt.Sprintf("%s is empty in all %d records that were looked at; others may have a value.", field, seen.Records)
	}
	return seen, nil
}

// readable refuses what cannot be read, before the CRM is asked.
func (p *Previewer) readable(ctx context.Context, integrationID, object, field string) error {
	client := p.c.Store.Read()
	integration, err := snapshot.Find(ctx, client, integrationID)
	if err != nil {
		return err
	}
	if integration.State != crm.IntegrationOnboarding && integration.State != crm.IntegrationActive {
		return fault.New(fault.IntegrationState, "Values can be looked at while the integration is connected and not paused.",
			fault.Detail("state", string(integration.State)))
	}
	pkg, _, err := p.c.Packages.Of(ctx, client, integration)
	if err != nil {
		return err
	}
	if _, known := pkg.Object(object); !known {
		return fault.New(fault.BadInput, fmt.Sprintf("%q is not an object of the package.", crm.Shorten(object, 120)), fault.Field("object"))
	}
	row, err := client.CrmField.Query().
		Where(crmfield.IntegrationID(integrationID), crmfield.Name(field), crmfield.HasObjectWith(crmobject.Name(object))).WithObject().Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, fmt.Sprintf("No check has seen a field %s.%s.", object, crm.Shorten(field, 120)), fault.Field("crmField"))
	}
	if err != nil {
		return fmt.Errorf("mapping: field: %w", err)
	}
	switch {
	case row.Edges.Object.Status != crm.ObjectOK:
		return fault.New(fault.CRMObjectDenied, fmt.Sprintf("The integration user cannot read %s.", object), fault.Field("object"))
	case !row.Readable:
		return fault.New(fault.CRMFieldDenied, fmt.Sprintf("The integration user cannot read %s.%s.", object, field), fault.Field("crmField"))
	default:
		return nil
	}
}

// look takes the values of a batch and ends the read when that is enough.
func (p *Preview) look(batch crm.Batch, field string) error {
	for _, record := range batch.Records {
		if record.Deleted {
			continue
		}
		p.Records++
		if value := textOf(record.Data, field); value != "" {
			p.Values = append(p.Values, value)
		}
		if len(p.Values) == previewValues {
			return errSeenEnough
		}
	}
	if p.Records > 0 {
		return errSeenEnough
	}
	return nil
}

// textOf is one value of a record as a person reads it; empty for none. A record that
// is no object has no values: what is wrong with it is for the run to say.
func textOf(data json.RawMessage, field string) string {
	var values map[string]json.RawMessage
	if json.Unmarshal(data, &values) != nil {
		return ""
	}
	raw := bytes.TrimSpace(values[field])
	var text string
	switch {
	case len(raw) == 0, bytes.Equal(raw, []byte("null")):
		return ""
	case json.Unmarshal(raw, &text) == nil:
	default:
		text = string(raw)
	}
	if runes := []rune(strings.TrimSpace(text)); len(runes) > previewLength {
		return string(runes[:previewLength])
	}
	return strings.TrimSpace(text)
}
