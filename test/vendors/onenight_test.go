package vendors

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// lostWhole are the objects that are lost as a whole, hiddenBy is how a CRM hides a
// field; empty is by the right to read it.
func lostWhole() map[string]string {
	return map[string]string{"salesforce": "Lead", "hubspot": "leads"}
}

func hiddenBy(crm string) string {
	return map[string]string{"hubspot": "archived", "dynamics365": "secured"}[crm]
}

// TestOneNight: 3 integrations lose 40 fields of readable objects and 2 whole objects.
// That is 42 alerts, the fields of the lost objects folded, and one digest for each
// recipient that names all. When all is given back, all is resolved at once and the
// digest is silent (requirements K2, K3, K10, K14).
func TestOneNight(t *testing.T) {
	mails := sink.SMTP(t)
	h := newHouse(t, 60, func(c *server.Config) {
		c.Mail = server.MailConfig{Server: mails.Address, Security: "NONE", From: "alerts@fieldwarden.example", AllowPrivate: true}
	})
	client := h.integrations["salesforce"].Client
	recipients := map[string]string{"csm@vendor.example": "INTERNAL", "ops@customer.example": "EXTERNAL"}
	for address, class := range recipients {
		require.NoError(t, client.Do(t.Context(), `mutation($address: String!, $class: RecipientClass!) {
			addRecipients(input: {idempotencyKey: $address, addresses: $address, class: $class}) { userErrors { code message field } }
		}`, map[string]any{"address": address, "class": class}, nil))
	}
	night := h.plan(t, 40)
	h.happen(night, true)

	folded, total := 0, 0
	for name := range h.integrations {
		h.until(name, func(ctx context.Context, i drive.Integration) (bool, error) {
			open, err := losses(ctx, i)
			return len(open) == len(night[name]), err
		})
		open, err := losses(t.Context(), h.integrations[name])
		require.NoError(t, err)
		total += len(open)
		for _, one := range open {
			if one.FieldName == "" {
				folded += len(h.standardized(t, name, one.ObjectName))
			}
			require.False(t, one.Folded)
		}
	}
	require.Equal(t, 42, total)
	require.Positive(t, folded)

	var sent struct {
		SendDigestNow struct {
			Digest struct{ Lost, Recipients int }
		}
	}
	require.NoError(t, client.Do(t.Context(), `mutation { sendDigestNow(input: {idempotencyKey: "night"}) { digest { lost recipients } userErrors { code message field } } }`, nil, &sent))
	require.Equal(t, 42, sent.SendDigestNow.Digest.Lost)
	require.Equal(t, 2, sent.SendDigestNow.Digest.Recipients)
	mails.Wait(t, 2, patience)
	for address := range recipients {
		got := mails.To(address)
		require.Len(t, got, 1, "one mail for each recipient")
		text, html, err := got[0].Parts()
		require.NoError(t, err)
		for name, losses := range night {
			for _, l := range losses {
				if l.field == "" {
					for _, gone := range h.standardized(t, name, l.object) {
						require.Contains(t, text, gone, "it goes with %s", l.object)
					}
					continue
				}
				require.Contains(t, text, l.field)
				require.Contains(t, html, l.field)
			}
		}
		require.Equal(t, 2, strings.Count(text, "The whole object"))
		require.NotContains(t, text, "do not fit this mail")
		t.Logf("digest to %s: %q, %d bytes of HTML, %d of text", address, got[0].Header("Subject"), len(html), len(text))
	}

	h.happen(night, false)
	for name := range h.integrations {
		h.until(name, func(ctx context.Context, i drive.Integration) (bool, error) {
			open, err := losses(ctx, i)
			return len(open) == 0, err
		})
	}
	var preview struct{ DigestPreview struct{ Sends bool } }
	require.NoError(t, client.Do(t.Context(), `{ digestPreview { sends } }`, nil, &preview))
	require.False(t, preview.DigestPreview.Sends)
	require.Len(t, mails.Mails(), 2)
}

// plan says what is lost in the night, by CRM: the whole objects, and so many
// standardized fields of other objects, the CRMs in turn.
func (h *house) plan(t *testing.T, fields int) map[string][]loss {
	t.Helper()
	night, candidates := map[string][]loss{}, map[string][]loss{}
	for name, integration := range h.integrations {
		whole := lostWhole()[name]
		if whole != "" {
			night[name] = append(night[name], loss{what: name + " loses " + whole, object: whole})
		}
		objects, err := integration.Objects(t.Context())
		require.NoError(t, err)
		for _, object := range objects {
			if object == whole {
				continue
			}
			for _, field := range h.standardized(t, name, object) {
				candidates[name] = append(candidates[name], loss{what: name + " hides " + object + "." + field, object: object, field: field, condition: hiddenBy(name)})
			}
		}
	}
	for n := 0; fields > 0; n++ {
		before := fields
		for name, some := range candidates {
			if n < len(some) && fields > 0 {
				night[name] = append(night[name], some[n])
				fields--
			}
		}
		require.Less(t, fields, before, "there are too few fields to lose")
	}
	return night
}

// happen does or undoes the night and checks everything.
func (h *house) happen(night map[string][]loss, lost bool) {
	h.t.Helper()
	for name, losses := range night {
		for _, l := range losses {
			l.set(h.t, h.board(name), lost)
		}
		h.check(name)
	}
}

// standardized are the standardized fields of an object that its CRM can hide.
func (h *house) standardized(t *testing.T, name, object string) (names []string) {
	t.Helper()
	var found struct {
		Integration struct {
			Object struct {
				Fields struct {
					Edges []struct {
						Node struct {
							Name, StandardField string
							Hideable            bool
						}
					}
				}
			}
		}
	}
	require.NoError(t, h.integrations[name].Client.Do(t.Context(), `query($id: ID!, $object: String!) { integration(id: $id) { object(name: $object) {
		fields(first: 100, statuses: [ACTIVE_STANDARDIZED, ERROR_STANDARDIZED]) { edges { node { name standardField hideable } } } } } }`,
		map[string]any{"id": h.integrations[name].ID, "object": object}, &found), "%s %s", name, object)
	for _, edge := range found.Integration.Object.Fields.Edges {
		if edge.Node.Hideable && edge.Node.StandardField != "" {
			names = append(names, edge.Node.Name)
		}
	}
	return names
}

// lostThing is an open alert on lost access.
type lostThing struct {
	ObjectName, FieldName string
	Folded                bool
}

// losses are an integration's open alerts on lost access.
func losses(ctx context.Context, i drive.Integration) ([]lostThing, error) {
	var found struct {
		Integration struct {
			Alerts struct{ Edges []struct{ Node lostThing } }
		}
	}
	err := i.Client.Do(ctx, `query($id: ID!) { integration(id: $id) { alerts(first: 100, filter: {states: [OPEN, REOPENED], rules: [STANDARD_FIELD_ACCESS_LOST, REQUIRED_OBJECT_ACCESS_LOST]}) {
		edges { node { objectName fieldName folded } } } } }`, map[string]any{"id": i.ID}, &found)
	open := make([]lostThing, len(found.Integration.Alerts.Edges))
	for n, edge := range found.Integration.Alerts.Edges {
		open[n] = edge.Node
	}
	if err != nil {
		return nil, fmt.Errorf("open losses: %w", err)
	}
	return open, nil
}
