// Package netguard is the one HTTP client for addresses that a third party has a
// say in: OAuth endpoints now, webhooks later.
//
// It refuses whatever could turn the server against its own network
// (server-side request forgery): private, loopback, link-local and metadata
// addresses, judged on the address really dialled, after DNS; plain HTTP; ports
// other than 443; redirects; answers over a size. Only hosts that the operator
// names with their port are exempt: that is how simulators on loopback and CRM
// proxies inside a company are reached.
package netguard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Defaults of Config.
const (
	DefaultTimeout     = 20 * time.Second
	DefaultMaxResponse = 1 << 20
)

// Config sets up a Client.
type Config struct {
	// Allow are the hosts exempt from the guard, each as "host:port". They come
	// from the operator's configuration, never from a user or a connector.
	Allow []string
	// Timeout bounds a whole exchange; zero is DefaultTimeout.
	Timeout time.Duration
	// MaxResponse is the most bytes of a body; zero is DefaultMaxResponse.
	MaxResponse int64
	// RootCAs are the trusted authorities; nil means the system's.
	RootCAs *x509.CertPool
	// Resolver resolves names; nil means the system's.
	Resolver *net.Resolver
	// Ports may be reached; none means 443 only.
	Ports []uint16
	// CutResponse cuts a body that is over MaxResponse, or that does not end in time,
	// where an Error would say so: for whom the status is the answer.
	CutResponse bool
}

// Client sends requests under the guard. It is safe for concurrent use and keeps
// no connections open: each request is dialled, and so judged, anew.
type Client struct {
	http  *http.Client
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	judge func(network, address string) error
	allow map[string]bool
	max   int64
	cut   bool
}

// Response is a whole answer: a redirect is returned, never followed.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error is a request without a usable answer. Its text names the host only:
// neither path nor query, which may hold secrets.
type Error struct {
	Host string
	// Sent is false only if it is certain that no byte of the request left. It
	// decides whether a request that must not be repeated may be.
	Sent bool
	// Timeout says that the time ran out.
	Timeout bool
	cause   error
}

// Error says which host gave no answer, and why.
func (e *Error) Error() string { return fmt.Sprintf("request to %s: %v", e.Host, e.cause) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// New returns a Client; fault.ConfigInvalid for an allowed host without a port.
func New(c Config) (*Client, error) {
	allow := map[string]bool{}
	for _, entry := range c.Allow {
		host, port, err := net.SplitHostPort(entry)
		if err != nil || host == "" || port == "" {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The allowed host %q is not of the form host:port.", entry))
		}
		allow[net.JoinHostPort(strings.ToLower(host), port)] = true
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = DefaultMaxResponse
	}
	if len(c.Ports) == 0 {
		c.Ports = []uint16{443}
	}
	client := &Client{allow: allow, max: c.MaxResponse, cut: c.CutResponse}
	client.dial = client.dialer(c.Resolver, ssrf.New(ssrf.WithPorts(c.Ports...)))
	client.http = &http.Client{
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy: it would dial in our stead, past the guard.
			Proxy:                  nil,
			DialContext:            client.dial,
			DisableKeepAlives:      true,
			ForceAttemptHTTP2:      false,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
	return client, nil
}

// dialer returns the function that opens connections: guarded ones, except to
// the hosts that the operator allows.
func (c *Client) dialer(resolver *net.Resolver, guard *ssrf.Guardian) func(context.Context, string, string) (net.Conn, error) {
	c.judge = func(network, address string) error { return guard.Safe(network, address, nil) }
	guarded := &net.Dialer{Timeout: 10 * time.Second, Resolver: resolver, Control: guard.Safe}
	open := &net.Dialer{Timeout: 10 * time.Second, Resolver: resolver}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.allow[strings.ToLower(address)] {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
}

// Do sends a request and reads the whole answer, whatever its status. The error
// is a fault.HostBlocked for an address that is not allowed, else an *Error.
func (c *Client) Do(req *http.Request) (*Response, error) {
	if err := c.permit(req.URL); err != nil {
		return nil, err
	}
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	answer, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return nil, failure(req.URL, connected.Load(), err)
	}
	defer func() { _ = answer.Body.Close() }() // nothing was written to it
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.max+1))
	if c.cut {
		return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body[:min(int64(len(body)), c.max)]}, nil
	}
	if err == nil && int64(len(body)) > c.max {
		err = fmt.Errorf("the answer is over %d bytes", c.max)
	}
	if err != nil {
		return nil, failure(req.URL, true, err)
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// Dial opens a connection under the guard, for protocols other than HTTP. The error is
// a fault.HostBlocked for an address that is not allowed.
func (c *Client) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := c.dial(ctx, network, address)
	if err != nil && refusal(err) != nil {
		return nil, blockedHost(address, address, refusal(err))
	}
	return connection, err
}

// Permits judges a URL before anything is sent to it: its form, and its address where
// it names one. What a name resolves to is judged when it is dialled, each time. The
// error is a fault.HostBlocked.
func (c *Client) Permits(u *url.URL) error {
	if err := c.permit(u); err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	address := net.JoinHostPort(u.Hostname(), port)
	ip := net.ParseIP(u.Hostname())
	if ip == nil || c.allow[strings.ToLower(address)] {
		return nil
	}
	network := "tcp6"
	if ip.To4() != nil {
		network = "tcp4"
	}
	if err := c.judge(network, address); err != nil {
		return blocked(u, err)
	}
	return nil
}

// permit judges what can be judged before dialling.
func (c *Client) permit(u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	allowed := c.allow[net.JoinHostPort(strings.ToLower(u.Hostname()), port)]
	if u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && (u.Scheme != "http" || !allowed)) {
		return blocked(u, nil)
	}
	return nil
}

// failure turns an error of net/http into one of ours, without the URL.
func failure(u *url.URL, sent bool, err error) error {
	if refused := refusal(err); refused != nil {
		return blocked(u, refused)
	}
	var timeout interface{ Timeout() bool }
	e := &Error{Host: u.Host, Sent: sent, Timeout: errors.As(err, &timeout) && timeout.Timeout(), cause: err}
	var outer *url.Error
	if errors.As(err, &outer) {
		e.cause = outer.Err
	}
	return e
}

// refusal is the guard's reason in an error; nil when it was not the guard.
func refusal(err error) error {
	for _, reason := range []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return nil
}

func blocked(u *url.URL, cause error) error { return blockedHost(u.Scheme+"://"+u.Host, u.Host, cause) }

func blockedHost(shown, host string, cause error) error {
	return fault.New(fault.HostBlocked, fmt.Sprintf("The address %q must not be reached from this server.", shown),
		fault.Detail("host", host), fault.Cause(cause))
}
