package e2e

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// screens are queries as front-end teams send them, one per screen (requirement
// 4.5), with the most statements that each may take. %d is the size of a page.
func screens() map[string]struct {
	query string
	most  int64
} {
	return map[string]struct {
		query string
		most  int64
	}{
		"home": {`{ integrations(first: %d) { totalCount edges { node { id state lastSyncedAt nextRunAt instance { name }
			alerts(filter: {states: [OPEN]}, first: 1) { totalCount } } } } }`, 5},
		"settings": {`query($id: ID!) { integration(id: $id) { id settings { version effective { dataSync } groups { title settings {
			key title help type value effectiveValue available unavailableMessage options { value label }
			requires { object field right status stale fix { steps } } updatedAt } } } settingChanges(first: 5) { totalCount edges { node { changedByName decisions { key before after } } } }
			objects(first: %d) { totalCount } } }`, 18},
		"fields": {`query($id: ID!) { integration(id: $id) { id object(name: "Contact") { id name status checkedAt stale
			fieldCounts { activeStandardized active errorStandardized inaccessible }
			fields(first: %d) { totalCount pageInfo { hasNextPage endCursor } edges { node { id name label dataType status standardField
				rights { read create update } cause evidence checkedAt stale staleReason } } } } } }`, 10},
		"rights": {`query($id: ID!) { integration(id: $id) { id object(name: "Contact") { id name accessed monitored missingRights
			neededBy { kind key title right met active } fix { steps } history(first: 5) { totalCount edges { node { change } } }
			matchCounts(search: "e") { active errorStandardized } emptySearch(search: "no such field") { message inaccessibleMatches }
			fields(first: %d, search: "e", includeInaccessible: true) { totalCount edges { node { id name status guidance accessed monitored
				missingRights neededBy { title met } fix { steps deepLink who } history(first: 3) { totalCount edges { node { change evidence } } } } } } } } }`, 18},
		"alerts": {`{ alerts(first: %d) { totalCount pageInfo { hasNextPage endCursor } edges { node { id severity state title
			message cause affected { title } fix { steps deepLink who } createdAt integration { id instance { name } } } } } }`, 4},
		"run": {`query($id: ID!) { integration(id: $id) { id runs(first: %d) { totalCount edges { node { id kind status reason
			counters { read created } objects { name status reason counters { read } } } } } } }`, 6},
		"runs": {`query($id: ID!) { integration(id: $id) { id activeRun { id objects { name } } syncVolume { date runs read failed }
			failedRecords(first: 1) { totalCount } runs(first: %d) { totalCount edges { node { id status problem { code } } } } } }`, 8},
		"workspaces": {`{ workspaces(first: %d) { totalCount edges { node { id name edition packageKey
			health { integrations states { state count } needAttention late stale openCritical openWarning lastSyncedAt } } } } }`, 6},
	}
}

// TestScreensTakeABoundedNumberOfStatements: each screen is one query of the API, and
// the number of its SQL statements does not grow with what it shows. Counted are
// Ent's queries through the reader, each of which is one statement.
func TestScreensTakeABoundedNumberOfStatements(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.AnyURL(t), siteOptions{})
	var counting atomic.Bool
	var statements atomic.Int64
	s.Store().Read().Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, query ent.Query) (ent.Value, error) {
			// Only what resolvers ask; the scheduler and jobs look about, too.
			if counting.Load() && graphql.HasOperationContext(ctx) {
				statements.Add(1)
			}
			return next.Query(ctx, query)
		})
	}))
	i := s.active(t)
	s.setRead(t, false, "Contact.Email", "Contact.Phone", "Contact.Title", "Account.Website", "Account.Industry", "Lead.Phone", "Lead.Title")
	i.check(t)
	eventually(t, "seven alerts", func() bool { return len(i.openAlerts(t)) == 7 })
	for range 3 {
		i.runNow(t)
	}
	counting.Store(true)
	count := func(query string, page int) int64 {
		t.Helper()
		fewest := int64(math.MaxInt64)
		// A busy machine may cut a loader's batch in two: the best of several counts.
		for range 10 {
			statements.Store(0)
			i.ask(t, fmt.Sprintf(query, page), vars{"id": i.id}, nil)
			fewest = min(fewest, statements.Load())
		}
		return fewest
	}
	for name, screen := range screens() {
		// A few rows rather than one: what only some rows have is among them.
		few, many := count(screen.query, 30), count(screen.query, 100)
		t.Logf("%s: %d statements for a few rows, %d for many", name, few, many)
		require.Positive(t, many, name)
		require.LessOrEqual(t, many, screen.most, name)
		// Some statements are only for what some rows have: a batch of fixes, of histories.
		require.LessOrEqual(t, many, few+2, "%s: the number grows with the rows", name)
	}
}
