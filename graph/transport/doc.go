// Package transport serves a gqlgen executor over HTTP, over server-sent events and
// over websockets.
//
// gqlgen's own transports fail parts of both protocols and leave sockets
// without bounds, so these are ours. They know no schema and none of our
// vocabulary: who may do what is decided outside (an HTTP middleware, the
// Authenticate hook of a socket), and what an error looks like is decided by
// the executor's error presenter.
//
// # HTTP
//
// [NewHTTP] follows GraphQL over HTTP as the audits of npm graphql-http check
// it; [transporttest.RunHTTPAudits] runs them. POST with application/json
// carries any query or mutation; GET carries queries only. Accept chooses
// between application/graphql-response+json, where a request that could not
// be executed answers 400, and application/json (the default), where it
// answers 200 once the HTTP request itself was well formed. A response to a
// request that was not executed has no data entry.
//
// Cross-site requests: POST needs application/json, which a browser sends
// cross-site only after a CORS preflight; CORS answers belong to a middleware
// outside. GET changes nothing and its answer cannot be read cross-site; all
// the same, a browser that says the GET is cross-site (Sec-Fetch-Site) is
// refused, unless its origin is allowed or it sent the header
// GraphQL-Require-Preflight, which forces a preflight.
//
// # Server-sent events
//
// [NewEventStreams] speaks the distinct connections mode of npm graphql-sse, with the
// requests of the HTTP transport and its rules for them; [ByAccept] sends requests
// there that wish for text/event-stream. Any operation may be asked for, a mutation
// by POST only. Once the request has been understood the answer is a stream, status
// 200: an event "next" for each answer, also one that has errors alone, and at the
// end "complete", with empty data. Comments keep it alive every
// Config.PingInterval.
//
// An event has the id that its producer gave it ([NextEventID]); a client that comes
// back sends the last one it saw ([LastEventID]), as a browser's EventSource does by
// itself.
//
// A stream ends with UNAUTHENTICATED and "complete" when its credential ends
// (Config.Ended), and without "complete" when the server shuts down, so that clients
// connect again. A reader that takes nothing for Config.WriteTimeout is cut off.
//
// # WebSocket
//
// [NewWebSocket] speaks graphql-transport-ws. Close codes:
//
//	1001  the server shuts down; connect again
//	1009  a message was larger than Config.MaxBodyBytes
//	1013  authentication could not be decided now; connect again later
//	4400  a message was not valid
//	4401  subscribe before acknowledgement, bad credential, or its end
//	4403  the Authenticate hook forbids the socket
//	4406  the client does not speak graphql-transport-ws
//	4408  no connection_init came in time
//	4409  an operation with this id is already running
//	4429  a second connection_init
//
// A peer that lets a write stall for Config.WriteTimeout, or sends nothing
// between two pings, is cut off without a code (it sees 1006). Nothing is
// queued per socket: an operation hands over one message at a time and waits
// until it is written, so backpressure reaches the resolver's channel, and
// the source of events decides when a reader is too slow ([EndWith]).
//
// An operation beyond Config.MaxOperationsPerSocket is answered with an error
// message of code TOO_MANY_OPERATIONS; the socket stays open.
//
// # Errors
//
// Every error has extensions code and requestId; a response has
// extensions.requestId and, when the operation passed the limits,
// extensions.cost. At most 20 errors are sent, the last of them saying how
// many were left out. An error that carries no code of its own is shown as
// INTERNAL without its text, which goes to the log ([NewPresenter]).
package transport
