package mapping_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// apply takes proposals, each a standard field and a CRM field.
func (f *fixture) apply(wanted ...[2]string) ([]string, error) {
	in := mapping.ProposalsInput{IntegrationID: f.integration.ID, IdempotencyKey: f.key()}
	for _, one := range wanted {
		in.Mappings = append(in.Mappings, mapping.Change{StandardField: one[0], CRMField: one[1]})
	}
	return f.mappings.ApplyProposals(f.ctx, in)
}

func TestProposalsAreTakenTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		first, err := f.apply([2]string{"contact.email", "Email"}, [2]string{"contact.title", "Work_Email__c"})
		require.NoError(t, err)
		require.Len(t, first, 2)
		require.Equal(t, "contact.email", s.Read().Mapping.GetX(f.ctx, first[0]).StandardField, "in the order of the input")
		require.Len(t, f.told(), 1, "subscribers are told once")
		require.Equal(t, mapping.Payload{Actions: map[crm.MappingAction]int{crm.MappingMapped: 2}, Objects: []string{"Contact"}}, f.told()[0])

		again, err := f.apply([2]string{"contact.title", "Work_Email__c"}, [2]string{"contact.email", "Email"})
		require.NoError(t, err)
		require.Equal(t, []string{first[1], first[0]}, again, "what is so already stays")
		require.Len(t, f.history(), 2)

		// Two standard fields change places.
		_, err = f.apply([2]string{"contact.email", "Work_Email__c"}, [2]string{"contact.title", "Email"})
		require.NoError(t, err)
		require.Equal(t, []string{"contact.email=Work_Email__c (ADMIN)", "contact.title=Email (ADMIN)"}, f.mapped())
		require.Equal(t, []string{
			"REMAPPED Contact contact.email: Email > Work_Email__c (ADMIN) ",
			"REMAPPED Contact contact.title: Work_Email__c > Email (ADMIN) ",
		}, f.history()[2:])
		require.Len(t, f.audited("mapField"), 4)
	})
}

// Requirement H5 in both directions, and every other refusal: all are named at once,
// and nothing is changed.
func TestProposalsAreTakenWholeOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			f.addFields(ctx, tx, f.contact, "Born__c")
			return nil
		})
		_, err := f.mapTo("contact.phone", "Phone")
		require.NoError(t, err)
		good := [2]string{"contact.id", "Id"}
		type refusal struct {
			code    fault.Code
			subject string
		}
		for name, c := range map[string]struct {
			wanted [][2]string
			want   []refusal
		}{
			"one CRM field for two standard fields": {
				[][2]string{good, {"contact.email", "Email"}, {"contact.title", "Email"}}, []refusal{{fault.MappingConflict, "contact.title"}},
			},
			"a CRM field that stands for another already": {
				[][2]string{good, {"contact.title", "Phone"}}, []refusal{{fault.MappingConflict, "contact.title"}},
			},
			"two CRM fields for one standard field": {
				[][2]string{good, {"contact.email", "Email"}, {"contact.email", "Work_Email__c"}}, []refusal{{fault.MappingConflict, "contact.email"}},
			},
			"fields that nobody has seen or that cannot carry the values": {
				[][2]string{good, {"contact.email", "Born__c"}, {"contact.title", "Nickname"}},
				[]refusal{{fault.BadInput, "contact.email"}, {fault.NotFound, "contact.title"}},
			},
			"standard fields that are none": {
				[][2]string{good, {"contact.shoe_size", "Email"}, {"", "Email"}},
				[]refusal{{fault.BadInput, "contact.shoe_size"}, {fault.BadInput, ""}},
			},
		} {
			_, err := f.apply(c.wanted...)
			var got []refusal
			for _, one := range leaves(err) {
				known, ok := fault.From(one)
				require.True(t, ok, "%s: %v", name, one)
				require.Equal(t, []string{"mappings"}, known.Field, name)
				got = append(got, refusal{known.Code, known.Details["subject"]})
			}
			require.Equal(t, c.want, got, "%s: %v", name, err)
		}
		var many [][2]string
		for i := range 201 {
			many = append(many, [2]string{fmt.Sprintf("contact.%d", i), "Email"})
		}
		for name, wanted := range map[string][][2]string{"none": nil, "too many": many, "no CRM field": {{"contact.email", ""}}} {
			_, err := f.apply(wanted...)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), name)
		}
		require.Equal(t, []string{"contact.phone=Phone (ADMIN)"}, f.mapped())
		require.Len(t, f.history(), 1)
		require.Len(t, f.audited("mapField"), 1)
	})
}

// leaves are the errors that were joined.
func leaves(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, leaves(one)...)
	}
	return all
}

// Requirement H8: whoever unmaps what the package requires sees first what stops
// working, and nothing has changed.
func TestUnmappingARequiredFieldIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.apply([2]string{"contact.email", "Email"}, [2]string{"contact.id", "Id"}, [2]string{"contact.phone", "Phone"})
		require.NoError(t, err)
		in := mapping.UnmapInput{IntegrationID: f.integration.ID, StandardField: "contact.email", Reason: "We write no mails", IdempotencyKey: f.key()}
		err = f.mappings.Unmap(f.ctx, in)
		require.Equal(t, fault.ConfirmRequired, fault.CodeOf(err))
		require.ErrorContains(t, err, "Mailing")
		require.Len(t, f.mapped(), 3)
		require.Len(t, f.history(), 3)
		require.Empty(t, f.audited("unmapField"))

		in.Confirm = true
		require.NoError(t, f.mappings.Unmap(f.ctx, in), "the refusal has not spent the key")
		require.Equal(t, []string{"contact.id=Id (ADMIN)", "contact.phone=Phone (ADMIN)"}, f.mapped())
		require.Equal(t, "UNMAPPED Contact contact.email: Email >  () We write no mails", f.history()[3])

		// What is not required goes at once.
		require.NoError(t, f.mappings.Unmap(f.ctx, mapping.UnmapInput{
			IntegrationID: f.integration.ID, StandardField: "contact.phone", Reason: "We call nobody", IdempotencyKey: f.key(),
		}))
		require.Equal(t, []string{"contact.id=Id (ADMIN)"}, f.mapped())
	})
}
