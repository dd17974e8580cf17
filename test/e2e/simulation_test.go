package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type simulation struct {
	ID, State, Identity string
	Problem             *struct{ Code string }
	Objects             []struct {
		Name                     string
		Rights                   struct{ Read, Create, Update bool }
		MissingFields            []string
		ReadableNow, CheckFailed bool
	}
	Settings []struct {
		Key             string
		Works, WorksNow bool
		Missing         []struct{ Object, Field, Right, Status string }
	}
}

const simulationFields = `id state identity problem { code } objects { name rights { read create update } missingFields readableNow checkFailed }
	settings { key works worksNow missing { object field right status } }`

// TestSimulatingAnotherLogin: an admin signs in as a colleague with fewer rights, sees
// what would not work, and nothing else has changed (requirement J7).
func TestSimulatingAnotherLogin(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(time.Now().UTC().Truncate(time.Second))
		s := newSite(t, url, siteOptions{clock: clock})
		i := s.connect(t, "PRODUCTION")
		i.decideAll(t)
		i.finish(t)
		require.Equal(t, "SUCCEEDED", i.runEnds(t, 1).Status)
		before, open := i.looksLike(t), s.crm.controls().OpenAuthorizations()

		started, link := i.simulate(t)
		require.Equal(t, "WAITING", started.State)
		page := signInAs(t, link, "colleague")
		require.Equal(t, http.StatusOK, page.Status, page.Body)
		require.Contains(t, page.Body, "The simulation is done")

		done := i.simulations(t)[0]
		require.Equal(t, started.ID, done.ID)
		require.Equal(t, "DONE", done.State)
		require.Nil(t, done.Problem)
		require.NotEmpty(t, done.Identity)
		require.NotEqual(t, before.IntegrationUser.Name, done.Identity)
		found := map[string]bool{}
		for _, object := range done.Objects {
			found[object.Name] = true
			require.False(t, object.CheckFailed, object.Name)
			require.True(t, object.ReadableNow, object.Name)
			require.False(t, object.Rights.Create, object.Name)
			require.Equal(t, object.Name != "Opportunity", object.Rights.Read, object.Name)
			require.Equal(t, object.Name == "Opportunity", len(object.MissingFields) > 0, object.Name)
		}
		require.True(t, found["Opportunity"])
		lost := 0
		for _, setting := range done.Settings {
			if setting.WorksNow && !setting.Works {
				lost++
				require.NotEmpty(t, setting.Missing, setting.Key)
			}
		}
		require.Positive(t, lost)

		// Nothing has changed, and the colleague's authorization has ended.
		require.Equal(t, before, i.looksLike(t))
		require.Equal(t, open, s.crm.controls().OpenAuthorizations())
		require.Empty(t, i.openAlerts(t))
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status, "the integration's own login goes on")

		i.simulatingOneselfKeepsTheAuthorization(t)
		i.deniedSimulationFails(t)
		i.simulationsExpire(t, clock)
	})
}

func (i *integration) simulatingOneselfKeepsTheAuthorization(t *testing.T) {
	t.Helper()
	_, link := i.simulate(t)
	require.Equal(t, http.StatusOK, signInAs(t, link, "").Status)
	newest := i.simulations(t)[0]
	require.Equal(t, "DONE", newest.State)
	for _, setting := range newest.Settings {
		require.Equal(t, setting.WorksNow, setting.Works, setting.Key)
	}
	require.Equal(t, "SUCCEEDED", i.runNow(t).Status)
}

func (i *integration) deniedSimulationFails(t *testing.T) {
	t.Helper()
	_, link := i.simulate(t)
	refusedWith(t, signIn(t, link, "deny"), "OAUTH_DENIED")
	newest := i.simulations(t)[0]
	require.Equal(t, "FAILED", newest.State)
	require.Equal(t, "OAUTH_DENIED", newest.Problem.Code)
	require.Empty(t, newest.Objects)
	require.Equal(t, "ACTIVE", i.looksLike(t).State)
}

// simulationsExpire: a newer one ends the one that waits, and time ends the last.
func (i *integration) simulationsExpire(t *testing.T, clock *clockwork.FakeClock) {
	t.Helper()
	_, link := i.simulate(t)
	_, _ = i.simulate(t)
	all := i.simulations(t)
	require.Equal(t, []string{"WAITING", "EXPIRED"}, []string{all[0].State, all[1].State})
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	page, err := browser.Open(within(t), link)
	require.NoError(t, err)
	refusedWith(t, page, "OAUTH_STATE_INVALID")
	i.passes(t, clock, 11*time.Minute, func() bool { return i.simulations(t)[0].State == "EXPIRED" })
}

// simulate starts a simulation and returns it with its sign-in link.
func (i *integration) simulate(t *testing.T) (simulation, string) {
	t.Helper()
	var started struct {
		Simulation simulation
		SignInURL  string
	}
	i.do(t, "startIdentitySimulation", "simulation { "+simulationFields+" } signInUrl", nil, &started)
	return started.Simulation, started.SignInURL
}

// simulations are the integration's simulations, newest first.
func (i *integration) simulations(t *testing.T) []simulation {
	t.Helper()
	var found struct {
		IdentitySimulations struct{ Edges []struct{ Node simulation } }
	}
	i.look(t, "identitySimulations(first: 20) { edges { node { "+simulationFields+" } } }", &found)
	all := make([]simulation, len(found.IdentitySimulations.Edges))
	for at, edge := range found.IdentitySimulations.Edges {
		all[at] = edge.Node
	}
	return all
}

// looks is what a simulation must leave alone.
type looks struct {
	State           string
	IntegrationUser struct{ Name string }
	Objects         struct {
		Edges []struct{ Node struct{ Name, Status string } }
	}
}

func (i *integration) looksLike(t *testing.T) looks {
	t.Helper()
	var found looks
	i.look(t, "state integrationUser { name } objects(first: 50) { edges { node { name status } } }", &found)
	return found
}

// signInAs approves the consent page as one of the org's users.
func signInAs(t *testing.T, link, login string) drive.Page {
	t.Helper()
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	consent, err := browser.Open(within(t), link)
	require.NoError(t, err)
	page, err := browser.Submit(within(t), consent, url.Values{"decision": {"approve"}, "login": {login}})
	require.NoError(t, err)
	return page
}
