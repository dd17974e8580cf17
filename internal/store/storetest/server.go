package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest/pgcluster"
)

const serverVariable = "FIELDWARDEN_TEST_POSTGRES_DSN"

// postgresServer finds or starts the server once per process and migrates the
// database that the tests' own ones are copies of. A cluster that it started
// ends with the process (see pgcluster).
var postgresServer = sync.OnceValues(func() (*server, error) {
	ctx := context.Background()
	s, err := findServer(ctx)
	if err != nil {
		return nil, err
	}
	s.template = randomName()
	if err := s.exec(ctx, "CREATE DATABASE "+s.template); err != nil {
		return nil, err
	}
	migrated, err := store.Open(ctx, store.Config{URL: s.dsn(s.template), TxTimeout: txTimeout})
	if err != nil {
		return nil, err
	}
	return s, migrated.Close()
})

func findServer(ctx context.Context) (*server, error) {
	if dsn := os.Getenv(serverVariable); dsn != "" {
		base, err := url.Parse(dsn)
		if err != nil {
			return nil, fmt.Errorf("%s is no URL", serverVariable)
		}
		return &server{admin: dsn, dsn: func(database string) string {
			u := *base
			u.Path = "/" + database
			return u.String()
		}}, nil
	}
	cluster, err := pgcluster.Start(ctx)
	if err != nil {
		return nil, err
	}
	return &server{admin: cluster.DSN("postgres"), dsn: cluster.DSN}, nil
}
