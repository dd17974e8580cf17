package transport

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jonboulle/clockwork"
)

// Config is what the transports need. Zero fields take the defaults named
// with them; Executor is required.
type Config struct {
	// Executor runs the operations; [NewExecutor] makes one with limits.
	Executor graphql.GraphExecutor
	// Logger gets what clients must not see. Default: discards.
	Logger *slog.Logger
	// RequestID returns the id that a middleware gave the request; default,
	// also when it returns "": a random one.
	RequestID func(context.Context) string
	// AllowedOrigins are the origins, beside the server's own, from which a
	// browser may open a socket or send a cross-site GET: patterns of
	// path.Match such as "https://*.example.com". A pattern without a scheme
	// matches the host alone.
	AllowedOrigins []string
	// MaxBodyBytes bounds a request body and a socket message. Default 1 MiB.
	MaxBodyBytes int64
	// OperationTimeout bounds a query or mutation. Default 30 s.
	OperationTimeout time.Duration

	// Authenticate decides who a socket acts as; nil accepts every socket
	// with the identity its HTTP request already had.
	Authenticate Authenticate
	// InitTimeout is how long a socket may take from its opening to its
	// acknowledgement, Authenticate included. Default 10 s.
	InitTimeout time.Duration
	// PingInterval is the time between pings, and between the comments that keep a
	// stream of events alive. Default 25 s.
	PingInterval time.Duration
	// WriteTimeout is how long one message may take to write. Default 10 s.
	WriteTimeout time.Duration
	// MaxOperationsPerSocket bounds the live operations of one socket.
	// Default 50.
	MaxOperationsPerSocket int
	// MaxSockets bounds the sockets of the server. Default 10,000.
	MaxSockets int

	// Ended tells when the credential that an HTTP request was made with ends: a
	// stream of events ends with it. nil, or a nil channel, never ends.
	Ended func(context.Context) <-chan struct{}
	// MaxStreams bounds the streams of events of the server. Default 10,000.
	MaxStreams int

	// Clock drives InitTimeout and PingInterval. Default: the real one.
	Clock clockwork.Clock
}

// Authenticate checks the payload of connection_init (nil when it has none).
// ctx carries the values of the socket's HTTP request and ends with the
// socket, so a goroutine that watches a credential may select on it.
//
// A [CloseError] closes the socket with its code. Any other error is logged
// and closes it with 1013, which clients retry.
type Authenticate func(ctx context.Context, payload map[string]any) (Session, error)

// Session is what an authenticated socket acts as.
type Session struct {
	// Context carries the identity for resolvers; nil means the context that
	// Authenticate was given.
	Context context.Context
	// Ended, once closed, closes the socket with 4401: the credential was
	// revoked or has expired. nil never ends.
	Ended <-chan struct{}
}

// withDefaults fills the zero fields of c; it panics without an executor,
// which is a mistake of the program.
func (c Config) withDefaults() Config {
	if c.Executor == nil {
		panic(errors.New("transport: Config.Executor is required"))
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.MaxBodyBytes == 0 {
		c.MaxBodyBytes = 1 << 20
	}
	setDefault(&c.OperationTimeout, 30*time.Second)
	setDefault(&c.InitTimeout, 10*time.Second)
	setDefault(&c.PingInterval, 25*time.Second)
	setDefault(&c.WriteTimeout, 10*time.Second)
	setDefault(&c.MaxOperationsPerSocket, 50)
	setDefault(&c.MaxSockets, 10_000)
	setDefault(&c.MaxStreams, 10_000)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
