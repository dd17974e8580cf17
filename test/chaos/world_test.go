package chaos

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// objects are those of the package.
var objects = []string{"Account", "Contact", "Lead", "Opportunity", "User", "OpportunityContactRole", "Task", "UserRole"}

// world is a CRM and the folder of the servers that talk to it.
type world struct {
	crm    *rig.CRM
	folder string
}

func newWorld(t *testing.T, records int) *world {
	t.Helper()
	crm, err := rig.StartCRM(t.Context(), salesforce.Config{
		Records: salesforce.Spread(records), RotateRefreshTokens: true, RequirePKCE: true, DailyRequests: -1,
		// Small pages: whoever is killed leaves the CRM with half a page at most.
		MaxPageRows: 500,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, crm.Close()) })
	// Not t.TempDir: its path is too long for the sockets below it.
	folder, err := os.MkdirTemp("/tmp", "fwc-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return &world{crm: crm, folder: folder}
}

// node is one server of a world. It is up after newNode.
type node struct {
	*rig.Site
	t        *testing.T
	process  *drive.Process
	token    string
	database database
}

func (w *world) newNode(t *testing.T, name, databaseURL string, flags ...string) *node {
	t.Helper()
	return w.newNodeWith(t, name, databaseURL, func(*server.Config) {}, flags...)
}

// newNodeWith is newNode with a configuration of its own.
func (w *world) newNodeWith(t *testing.T, name, databaseURL string, configure func(*server.Config), flags ...string) *node {
	t.Helper()
	site, err := rig.NewSite(w.folder, name, databaseURL, programs, []*simulated.CRM{w.crm.CRM}, flags...)
	require.NoError(t, err)
	configure(&site.Config)
	n := &node{Site: site, t: t, database: database{url: site.Config.Database}}
	t.Cleanup(func() {
		n.process.Kill()
		if t.Failed() {
			t.Logf("the last log lines of %s:\n%s", name, site.Log(6000))
		}
		require.NoError(t, site.Close())
	})
	n.start()
	n.token, err = site.Token(t.Context())
	require.NoError(t, err)
	return n
}

func (n *node) start() {
	n.t.Helper()
	process, err := n.Start(n.t.Context())
	require.NoError(n.t, err)
	n.process = process
}

// integration returns the integration as seen through this node.
func (n *node) integration(id string) drive.Integration {
	return drive.Integration{Client: n.process.Client(n.token), ID: id}
}

// feedCursor is where the workspace's feed stands.
func (n *node) feedCursor() string {
	n.t.Helper()
	var found struct{ Workspace struct{ FeedCursor string } }
	require.NoError(n.t, n.client().Do(n.t.Context(), "{ workspace { feedCursor } }", nil, &found))
	return found.Workspace.FeedCursor
}

func (n *node) client() drive.Client { return n.process.Client(n.token) }

// database is looked into behind the servers' backs.
type database struct{ url string }

func (d database) sqlite() bool { return strings.HasPrefix(d.url, "sqlite:") }

// open opens the database; a SQLite one only while no server runs.
func (d database) open(t *testing.T) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", d.url
	if d.sqlite() {
		file := filepath.Join(strings.TrimPrefix(d.url, "sqlite:"), "fieldwarden.db")
		driver, dsn = "sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=rw&_time_format=sqlite&_timezone=UTC"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	return db
}

// look runs do with the database open.
func (d database) look(t *testing.T, do func(ctx context.Context, db *sql.DB)) {
	t.Helper()
	db := d.open(t)
	do(t.Context(), db)
	require.NoError(t, db.Close())
}

// storedRun is a run's row.
type storedRun struct {
	id, kind, date, status string
	active                 bool
	version                int
	counters               drive.Counters
}

// runs reads all runs, oldest first.
func (d database) runs(t *testing.T) (runs []storedRun) {
	t.Helper()
	d.look(t, func(ctx context.Context, db *sql.DB) {
		rows, err := db.QueryContext(ctx, "SELECT id, kind, local_date, status, active_key IS NOT NULL, version, coalesce(counters, '{}') FROM sync_runs ORDER BY created_at, id")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var run storedRun
			var counters []byte
			require.NoError(t, rows.Scan(&run.id, &run.kind, &run.date, &run.status, &run.active, &run.version, &counters))
			require.NoError(t, json.Unmarshal(counters, &run.counters))
			runs = append(runs, run)
		}
		require.NoError(t, rows.Err())
	})
	return runs
}

// schedule sets the daily time of every integration to that of daily, and its
// next run to next.
func (d database) schedule(t *testing.T, daily, next time.Time) {
	t.Helper()
	d.look(t, func(ctx context.Context, db *sql.DB) {
		_, err := db.ExecContext(ctx, "UPDATE integrations SET schedule_time = $1, schedule_zone = 'UTC', next_run_at = $2",
			daily.Format("15:04"), next.UTC().Truncate(time.Microsecond))
		require.NoError(t, err)
	})
}

// records is how many records the CRM has of the package's objects.
func (w *world) records() int { return w.crm.Records(objects...) }

// requireWhole holds the database's records to the CRM's: none lost, none
// doubled, none invented.
func (w *world) requireWhole(t *testing.T, d database) {
	t.Helper()
	want := map[string]int{}
	for _, object := range objects {
		ids, err := w.crm.RecordIDs(object)
		require.NoError(t, err)
		for _, id := range ids {
			want[object+"/"+id] = 1
		}
	}
	got := make(map[string]int, len(want))
	d.look(t, func(ctx context.Context, db *sql.DB) {
		if d.sqlite() {
			var verdict string
			require.NoError(t, db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict))
			require.Equal(t, "ok", verdict)
		}
		rows, err := db.QueryContext(ctx, "SELECT object_name, external_id FROM records WHERE NOT deleted")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var object, id string
			require.NoError(t, rows.Scan(&object, &id))
			got[object+"/"+id]++
		}
		require.NoError(t, rows.Err())
	})
	lost, doubled, invented := 0, 0, 0
	for key := range want {
		if got[key] == 0 {
			lost++
		}
	}
	for key, n := range got {
		if n > 1 {
			doubled++
		}
		if want[key] == 0 {
			invented++
		}
	}
	require.Equal(t, [3]int{}, [3]int{lost, doubled, invented}, "lost, doubled, invented of %d records", len(want))
	t.Logf("%d records in the CRM, %d here: 0 lost, 0 doubled", len(want), len(got))
}
