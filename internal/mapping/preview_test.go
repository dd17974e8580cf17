package mapping_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// deleted is the value of a record that the CRM reports as deleted.
const deleted = `"deleted"`

// records is a CRM that answers reads with batches of one field's values, as JSON. It
// counts the batches that somebody looked at.
type records struct {
	batches [][]string
	failure error
	asked   crm.ReadRequest
	calls   int
	looked  int
}

func (r *records) Call(ctx context.Context, _ string, do func(ctx context.Context, connector string, target crm.Target) error) error {
	r.calls++
	return do(ctx, "salesforce", crm.Target{})
}

func (r *records) Read(_ context.Context, _ string, _ crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error {
	r.asked = request
	if r.failure != nil {
		return r.failure
	}
	for _, values := range r.batches {
		r.looked++
		batch := crm.Batch{}
		for i, value := range values {
			batch.Records = append(batch.Records, crm.Record{
				ID: fmt.Sprint(i), Deleted: value == deleted, Data: json.RawMessage(fmt.Sprintf(`{%q: %s}`, request.Fields[0], value)),
			})
		}
		if err := yield(batch); err != nil {
			return fmt.Errorf("the connector was told to stop: %w", err)
		}
	}
	return nil
}

func (f *fixture) previewer(org *records) *mapping.Previewer {
	f.t.Helper()
	previews, err := mapping.NewPreviewer(mapping.PreviewConfig{
		Store: f.store, Caller: org, Reader: org,
		Packages: snapshot.Packages(func(string, string, int) (crm.Package, error) { return testPackage(), nil }),
	})
	require.NoError(f.t, err)
	return previews
}

// Requirement H7: five values that somebody can read, from one batch.
func TestAPreviewShowsFiveRealValues(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		for name, c := range map[string]struct {
			batches [][]string
			want    mapping.Preview
			looked  int
		}{
			"stops at the fifth": {
				[][]string{{`"a"`, `null`, `" b "`, `""`, `7`, `true`, `{"x": 1}`, `"sixth"`}, {`"never"`}},
				mapping.Preview{Values: []string{"a", "b", "7", "true", `{"x": 1}`}, Records: 7},
				1,
			},
			"looks at one batch": {
				[][]string{{`"a"`}, {`"b"`}}, mapping.Preview{Values: []string{"a"}, Records: 1}, 1,
			},
			"passes over deleted records and batches without any": {
				[][]string{{}, {deleted}, {`"a"`}}, mapping.Preview{Values: []string{"a"}, Records: 1}, 3,
			},
			"cuts what is long": {
				[][]string{{`"` + strings.Repeat("é", 300) + `"`}}, mapping.Preview{Values: []string{strings.Repeat("é", 200)}, Records: 1}, 1,
			},
			"says that all are empty": {
				[][]string{{`null`, `""`}},
				mapping.Preview{Values: []string{}, Records: 2, Note: "Email is empty in all 2 records that were looked at; others may have a value."},
				1,
			},
			"says that there is no record": {
				nil, mapping.Preview{Values: []string{}, Note: "Contact has no record that the integration user can see."}, 0,
			},
		} {
			org := &records{batches: c.batches}
			seen, err := f.previewer(org).Read(f.ctx, f.integration.ID, "Contact", "Email")
			require.NoError(t, err, name)
			require.Equal(t, c.want, seen, name)
			require.Equal(t, c.looked, org.looked, name)
			require.Equal(t, crm.ReadRequest{Object: "Contact", Fields: []string{"Email"}, BatchSize: org.asked.BatchSize}, org.asked, name)
		}
		require.Empty(t, f.history())
		require.Zero(t, s.Read().AuditEntry.Query().CountX(f.ctx), "what was seen is neither stored nor logged")
	})
}

// What cannot be read is refused before the CRM is asked.
func TestAPreviewRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.lose("Phone")
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			missing := f.addObject(ctx, tx, "Account", crm.ObjectPermissionMissing)
			f.addFields(ctx, tx, missing, "Id")
			f.addFields(ctx, tx, tx.Ent().CrmObject.Query().Where(crmobject.Name("Lead")).OnlyX(ctx), "Email")
			return nil
		})
		org := &records{}
		previews := f.previewer(org)
		read := func(ctx context.Context, id, object, field string) fault.Code {
			_, err := previews.Read(ctx, id, object, field)
			return fault.CodeOf(err)
		}
		require.Equal(t, fault.NotFound, read(f.ctx, "int_nothing", "Contact", "Email"))
		require.Equal(t, fault.NotFound, read(newFixture(t, s).ctx, f.integration.ID, "Contact", "Email"), "of another workspace")
		require.Equal(t, fault.BadInput, read(f.ctx, f.integration.ID, "Account", "Id"), "no object of the package")
		require.Equal(t, fault.NotFound, read(f.ctx, f.integration.ID, "Contact", "Nickname"))
		require.Equal(t, fault.CRMFieldDenied, read(f.ctx, f.integration.ID, "Contact", "Phone"))
		require.Equal(t, fault.CRMObjectDenied, read(f.ctx, f.integration.ID, "Lead", "Email"))
		p, _ := principal.From(f.ctx)
		p.Role = principal.RoleViewer
		require.Equal(t, fault.Forbidden, read(principal.With(t.Context(), p), f.integration.ID, "Contact", "Email"))
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(crm.IntegrationPaused).Exec(ctx)
		})
		require.Equal(t, fault.IntegrationState, read(f.ctx, f.integration.ID, "Contact", "Email"))
		require.Zero(t, org.calls)
	})
}

func TestAPreviewTellsWhyTheCRMDidNotAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		limited := fault.New(fault.CRMRateLimited, "Too many calls.")
		_, err := f.previewer(&records{failure: limited}).Read(f.ctx, f.integration.ID, "Contact", "Email")
		require.Equal(t, fault.CRMRateLimited, fault.CodeOf(err))
		ended, cancel := context.WithCancelCause(f.ctx)
		cancel(errors.New("the client hung up"))
		_, err = f.previewer(&records{failure: limited}).Read(ended, f.integration.ID, "Contact", "Email")
		require.Error(t, err)
		require.NotEqual(t, fault.CRMTimeout, fault.CodeOf(err))
	})
}
