package e2e

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/server"
)

// vendor is a CRM as the scenarios meet it: its names for what they take away, and how
// it takes away and breaks. Fields are "object.field".
type vendor struct {
	connector string

	account, contact, lead, opportunity string
	// These fields are standardized, contact.email is required.
	email, phone, title, website, industry, amount string
	// idle is a field that nothing is mapped to.
	idle string

	// unlicensed is an object that people may lack from the start: where signing in is
	// refused without the right, it is not part of what they bought.
	unlicensed string
	// hidden is the condition of a field that the integration user may not read; empty
	// where that is a right of its own.
	hidden string
	// serverError and throttled are faults of single requests, exhausted is one that
	// makes a run wait.
	serverError, throttled, exhausted string
}

func salesforceVendor() vendor {
	return vendor{
		connector: connectorName,
		account:   "Account", contact: "Contact", lead: "Lead", opportunity: "Opportunity",
		email: "Contact.Email", phone: "Contact.Phone", title: "Contact.Title",
		website: "Account.Website", industry: "Account.Industry", amount: "Opportunity.Amount",
		idle:        "Contact.Fax",
		unlicensed:  "Contact",
		serverError: "server_error", throttled: "too_many_requests", exhausted: "daily_limit",
	}
}

// vendors are the CRMs that we have connectors for.
func vendors() []vendor {
	return []vendor{
		salesforceVendor(),
		{
			connector: "hubspot",
			account:   "companies", contact: "contacts", lead: "leads", opportunity: "deals",
			email: "contacts.email", phone: "contacts.phone", title: "contacts.jobtitle",
			website: "companies.domain", industry: "companies.industry", amount: "deals.amount",
			idle:        "contacts.fax",
			unlicensed:  "leads",
			hidden:      "sensitive",
			serverError: "server_error", throttled: "ten_secondly_limit", exhausted: "daily_limit",
		},
		{
			connector: "dynamics365",
			account:   "account", contact: "contact", lead: "lead", opportunity: "opportunity",
			email: "contact.emailaddress1", phone: "contact.telephone1", title: "contact.jobtitle",
			website: "account.websiteurl", industry: "account.industrycode", amount: "opportunity.estimatedvalue",
			idle:        "contact.spousesname",
			unlicensed:  "contact",
			hidden:      "secured",
			serverError: "server_error", throttled: "concurrent_limit", exhausted: "request_limit",
		},
	}
}

// fieldOf is the field's own name of "object.field".
func fieldOf(subject string) string {
	_, name, _ := strings.Cut(subject, ".")
	return name
}

// eachVendor plays a scenario with every CRM: with Salesforce on both databases, with
// the others on one, and on both where long tests are wanted. What differs between
// databases does not differ between CRMs.
func eachVendor(t *testing.T, play func(t *testing.T, url string, v vendor)) {
	t.Helper()
	for _, v := range vendors() {
		t.Run(v.connector, func(t *testing.T) {
			t.Parallel()
			if v.connector != connectorName && os.Getenv("FIELDWARDEN_LONG_TESTS") == "" {
				t.Log("on one database; with FIELDWARDEN_LONG_TESTS=1 on both")
				play(t, storetest.AnyURL(t), v)
				return
			}
			storetest.EachURL(t, func(t *testing.T, url string) { play(t, url, v) })
		})
	}
}

// simulate serves a CRM on loopback until the test ends and makes the configuration use
// it in place of Salesforce.
func (v vendor) simulate(t *testing.T, config *server.Config) *simulated.CRM {
	t.Helper()
	one, err := simulated.New(v.connector, simulated.Options{Records: 200, Unlimited: true})
	require.NoError(t, err)
	running, err := simulated.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", slog.New(slog.DiscardHandler), one)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	path := filepath.Join(filepath.Dir(programs.connector), "fieldwarden-connector-"+v.connector)
	config.Connectors = []server.ConnectorConfig{{Name: v.connector, Path: path}}
	config.Endpoints, config.OAuthClients = nil, nil
	require.NoError(t, one.PointAt(config, config.DataDir))
	return one
}

// panel steers and watches the CRM that stands there now.
func (s *site) panel() control.Panel {
	if s.simulated != nil {
		return s.simulated.Panel
	}
	return s.crm.current.Load().Panel()
}

// breaks lets the CRM fail until the faults are cleared; object may be empty for all.
func (s *site) breaks(t *testing.T, kind, object string) {
	t.Helper()
	_, err := s.panel().Faults.Add(control.Fault{Kind: kind, Object: object})
	require.NoError(t, err)
}

// setRead switches read on or off for "Object" or "Object.Field" at the CRM.
func (s *site) setRead(t *testing.T, on bool, subjects ...string) {
	t.Helper()
	condition := s.vendor.hidden
	if on {
		condition = ""
	}
	for _, subject := range subjects {
		object, field, isField := strings.Cut(subject, ".")
		switch {
		case !isField:
			require.NoError(t, s.panel().Board.SetObject(object, control.ObjectChange{Read: &on}), subject)
		case s.vendor.hidden != "":
			require.NoError(t, s.panel().Board.SetField(object, field, control.FieldChange{Condition: &condition}), subject)
		default:
			require.NoError(t, s.panel().Board.SetField(object, field, control.FieldChange{Read: &on}), subject)
		}
	}
}

// setUnlicensed takes the vendor's object away that people may lack from the start.
func (s *site) setUnlicensed(t *testing.T) {
	t.Helper()
	change := control.ObjectChange{Read: new(bool)}
	if s.vendor.connector == "hubspot" { // whoever signs in grants what the app asks for and the portal has
		unavailable := "unavailable"
		change = control.ObjectChange{Condition: &unavailable}
	}
	require.NoError(t, s.panel().Board.SetObject(s.vendor.unlicensed, change))
}
