// Package dynamics365 is the Dynamics 365 connector, reading side: it speaks the
// Dataverse Web API, tests a connection, tells which organization a token belongs
// to, lists tables, columns and choices, reads the effective rights of the
// integration user, and reads records.
//
// Invariants:
//
//   - Metadata says what exists and never who may read it: rights come from the
//     platform's own answers about the user (privileges by name, column security),
//     never from adding up role rows. Privilege names come from metadata, never
//     from the name of a table.
//   - An answer that does not speak about permission (expired token, limit, outage,
//     timeout, broken body) is a failed check, never a lost right. The rule is the
//     pure function decide (decide.go) over classify (errors.go).
//   - A secured column that the user may not read comes back as null with status
//     200. Its values are therefore never trusted on their own: every page of a
//     read is verified in the same call that fetched it (read.go).
//   - The token goes to the target's endpoint and nowhere else: redirects are not
//     followed, and links that Dataverse sends back are used, verbatim, only when
//     they stay on that endpoint.
//   - Reading loses nothing: see position.go for the reasoning.
//
// The connector is stateless and safe for concurrent use. What it wants to know
// again at the next check is in the memo (memo.go), which is a cache only.
package dynamics365

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// APIVersion is the version of the Dataverse Web API that this build speaks. It
// is recorded in every Identity and ObjectCheck.
const APIVersion = "9.2"

// dataPath is the root of the Web API.
const dataPath = "/api/data/v" + APIVersion

// Connector talks to Dataverse. Make one with New.
type Connector struct {
	http *http.Client
	// pause waits before a repeated call; tests replace it.
	pause func(ctx context.Context, attempt int) error
	// maxAnswer bounds one answer, in bytes after decompression.
	maxAnswer int64
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
	return &Connector{http: newHTTPClient(), pause: backoff, maxAnswer: 64 << 20}
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
