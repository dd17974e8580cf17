package e2e

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// openSQL opens a database behind the server's back.
func openSQL(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", url
	if !isPostgres(url) {
		driver, dsn = "sqlite", filepath.Join(strings.TrimPrefix(url, "sqlite:"), "fieldwarden.db")
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	return db
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	db := openSQL(t, url)
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// query returns the rows of a statement with one column of text.
func query(t *testing.T, url, statement string) []string {
	t.Helper()
	db := openSQL(t, url)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		all = append(all, text)
	}
	require.NoError(t, rows.Err())
	return all
}
