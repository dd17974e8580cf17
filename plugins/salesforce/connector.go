// Package salesforce is the Salesforce connector, reading side: it tests a
// connection, tells which org a token belongs to, lists objects and fields,
// reads the effective rights of the integration user, and reads records.
//
// Invariants:
//
//   - A describe call made as the integration user is the truth about its
//     rights; permission rows are never summed up by the connector.
//   - An answer that does not speak about permission (expired session, limit,
//     outage, timeout, broken body) is a failed check, never a lost right. The
//     rule is the pure function decide (decide.go) over classify (errors.go).
//   - The token goes to the target's endpoint and nowhere else: redirects are
//     not followed, and paths that Salesforce sends back are used only when they
//     stay on that endpoint.
//   - One API version per build, pinned and recorded (APIVersion): a describe of
//     another version shows other fields.
//   - Reading loses nothing: see position.go for the reasoning. A record looks the
//     same whether a query or a bulk job read it (value.go).
//
// The connector is stateless and safe for concurrent use.
package salesforce

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// APIVersion is the version of Salesforce's REST API that this build speaks
// (Spring '26). It is recorded in every Identity and ObjectCheck.
const APIVersion = "66.0"

// dataPath is the root of the data API, before "/sobjects", "/query", ….
const dataPath = "/services/data/v" + APIVersion

// Connector talks to Salesforce. Make one with New.
type Connector struct {
	http *http.Client
	// pause waits before a repeated call; tests replace it.
	pause func(ctx context.Context, attempt int) error
	// packTimeout is the longest wait for one composite call of a check.
	packTimeout time.Duration
	// maxAnswer bounds one answer, in bytes after decompression. Twenty-five
	// describes of large objects stay below 32 MiB; a pack that does not is
	// divided like a slow one.
	maxAnswer int64
	// bulkPage is the number of records in one page of a bulk job's result: about
	// what the host stores in one step, for a step begins with a page's start.
	bulkPage int
}

// The optional interfaces that this connector implements.
var (
	_ sdk.ObjectLister      = (*Connector)(nil)
	_ sdk.FieldLister       = (*Connector)(nil)
	_ sdk.PermissionChecker = (*Connector)(nil)
	_ sdk.Reader            = (*Connector)(nil)
	_ sdk.RecordReader      = (*Connector)(nil)
	_ sdk.PicklistLister    = (*Connector)(nil)
)

// New returns a connector with an HTTP client of its own.
func New() *Connector {
	return &Connector{http: newHTTPClient(), pause: backoff, packTimeout: 2 * time.Minute, maxAnswer: 32 << 20, bulkPage: 5000}
}

// backoff waits about half a second before the first repetition and twice that
// before the next, with jitter, or until ctx ends.
func backoff(ctx context.Context, attempt int) error {
	base := 250 * time.Millisecond << attempt
	timer := time.NewTimer(base + rand.N(base))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
