// Package hubspot is the HubSpot connector, reading side: it tests a connection,
// tells which portal a token belongs to, lists objects, properties and choices,
// tells what the app may read and why not, and reads records.
//
// HubSpot hides problems: asking for a property that does not exist is answered
// with 200 and without it, and one sensitive property without its scope fails the
// request for all. So rights are never guessed from records.
//
// Invariants:
//
//   - Objects are judged by the scopes of the token's introspection, properties by
//     the lists of definitions. The rules are in check.go and explain.go.
//   - An answer that does not speak about permission (expired token, limit, lock,
//     outage, timeout, broken body) is a failed check, never a lost right; see
//     classify in errors.go.
//   - The token goes to the target's endpoint and nowhere else, in the
//     Authorization header only, never in a URL; redirects are not followed.
//   - Reading loses nothing: see position.go for the reasoning.
//
// Names are HubSpot's own: objects by their plural ("contacts", or the type id or
// full name of a custom object), fields by property name. Beside properties every
// record has the fields id, createdAt and updatedAt, and pseudo-fields such as
// associations.companies; owners (the people who use HubSpot) are an object too.
//
// The connector is stateless and safe for concurrent use.
package hubspot

import (
	"context"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Connector talks to HubSpot. Make one with New.
type Connector struct {
	http *http.Client
	// wait waits between calls or until ctx ends; tests replace it.
	wait func(ctx context.Context, d time.Duration) error
	// maxAnswer bounds one answer, in bytes after decompression. The definitions
	// of a thousand properties have about one MiB, a page of records a few.
	maxAnswer int64
}

// The optional interfaces that this connector implements.
var (
	_ sdk.ObjectLister      = (*Connector)(nil)
	_ sdk.FieldLister       = (*Connector)(nil)
	_ sdk.PermissionChecker = (*Connector)(nil)
	_ sdk.PicklistLister    = (*Connector)(nil)
	_ sdk.Reader            = (*Connector)(nil)
	_ sdk.RecordReader      = (*Connector)(nil)
)

// New returns a connector with an HTTP client of its own.
func New() *Connector {
	return &Connector{http: newHTTPClient(), wait: wait, maxAnswer: 32 << 20}
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
