package server

import (
	"cmp"
	"context"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/ratelimit"
)

// guard stands before everything that a browser or an API client reaches: who asks,
// from where, and how often.
type guard struct {
	auth    *auth.Service
	origins origins
	proxies []netip.Prefix
	// csrf refuses what a page of another site made a browser send.
	csrf *http.CrossOriginProtection
	cors *cors.Cors
	// principals and addresses bound the requests of each principal, and of each
	// client address to the sign-in pages.
	principals, addresses *ratelimit.Limiter
}

func newGuard(config Config, authService *auth.Service, now func() time.Time) (*guard, error) {
	allowed, err := parseOrigins(config.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	proxies, err := parseProxies(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	limits := config.RateLimits
	if err := limits.check(); err != nil {
		return nil, err
	}
	g := &guard{
		auth: authService, origins: allowed, proxies: proxies, csrf: http.NewCrossOriginProtection(),
		principals: ratelimit.New(limits.PerPrincipalPerSecond, limits.Burst, now),
		addresses:  ratelimit.New(float64(limits.SignInPerMinute)/60, limits.SignInPerMinute, now),
		cors: cors.New(cors.Options{
			AllowOriginFunc:  allowed.allow,
			AllowCredentials: true,
			AllowedMethods:   []string{http.MethodGet, http.MethodPost},
			AllowedHeaders:   []string{"Accept", "Authorization", "Content-Type", "GraphQL-Require-Preflight", "Last-Event-ID", auth.WorkspaceHeader},
			ExposedHeaders:   []string{"Retry-After", "X-Request-Id"},
			MaxAge:           600,
		}),
	}
	// A proxy may give the server another host than browsers see.
	if u, err := url.Parse(config.PublicURL); err == nil && u.Host != "" {
		if err := g.csrf.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fault.New(fault.ConfigInvalid, "publicUrl: must be a scheme and a host.", fault.Field("publicUrl"), fault.Cause(err))
		}
	}
	return g, nil
}

// api is the chain before the API: name says over which interface, for the audit. In
// this order a preflight asks for no credential, and a foreign page learns nothing of
// the session of the browser it runs in.
func (g *guard) api(name string) []func(http.Handler) http.Handler {
	return []func(http.Handler) http.Handler{g.origin(name), g.cors.Handler, g.sameSite, g.auth.Middleware(refuse), g.throttle}
}

// pages is the chain before the sign-in pages.
func (g *guard) pages() []func(http.Handler) http.Handler {
	return []func(http.Handler) http.Handler{g.origin(auth.InterfaceSignIn), g.sameSitePages, g.throttleAddress}
}

func (g *guard) origin(name string) func(http.Handler) http.Handler {
	return auth.Origin(name, g.clientAddress, func(r *http.Request) string { return obs.RequestID(r.Context()) })
}

// sameSite refuses what another site's page makes a browser send with the session
// cookie, and every socket that such a page opens: a socket is not bound by the
// browser's same-origin rule.
func (g *guard) sameSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket := strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
		if (socket && g.foreignSocket(r)) || (g.auth.ByCookie(r) && g.foreign(r)) {
			refuse(w, r, errOrigin())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameSitePages is sameSite for forms: they change who is signed in, cookie or not.
func (g *guard) sameSitePages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.csrf.Check(r); err != nil {
			refuse(w, r, errOrigin())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *guard) foreign(r *http.Request) bool {
	return g.csrf.Check(r) != nil && !g.origins.allow(r.Header.Get("Origin"))
}

// foreignSocket reports whether a page of a site that is not allowed opens a socket.
// A program that is no browser sends no Origin.
func (g *guard) foreignSocket(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host) && !g.origins.allow(origin)
}

func errOrigin() error {
	return fault.New(fault.OriginRefused, "This request comes from a page of another site.")
}

// throttle bounds the requests of each principal, and of each address that presents
// no credential.
func (g *guard) throttle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.allow(r.Context()); err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allow takes one request of whoever acts.
func (g *guard) allow(ctx context.Context) error {
	key := "address:" + principal.OriginFrom(ctx).Address
	if p, ok := principal.From(ctx); ok {
		key = p.ID
	}
	return permit(g.principals, key)
}

// allowOnSocket counts the operations of a socket, whose HTTP request was one.
func (g *guard) allowOnSocket(ctx context.Context) error {
	if !isOnSocket(ctx) {
		return nil
	}
	return g.allow(ctx)
}

// throttleAddress bounds the requests of each client address.
func (g *guard) throttleAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := permit(g.addresses, principal.OriginFrom(r.Context()).Address); err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func permit(limiter *ratelimit.Limiter, key string) error {
	wait, ok := limiter.Allow(key)
	if ok {
		return nil
	}
	seconds := retrySeconds(wait)
	return fault.New(fault.TooManyRequests, "These are too many requests.", fault.RetryAfter(wait), fault.Detail("retryAfter", strconv.Itoa(seconds)))
}

// retrySeconds is a wait as the header Retry-After tells it: whole seconds, at least
// one.
func retrySeconds(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }

// clientAddress is the IP address that a request comes from. X-Forwarded-For is
// believed only as far as trusted proxies wrote it: from its end, up to the first
// address that is no trusted proxy.
func (g *guard) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	address, bad := netip.ParseAddr(cmp.Or(host, r.RemoteAddr))
	if err != nil || bad != nil {
		return ""
	}
	address = address.Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !g.trusted(address) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = before.Unmap().WithZone("")
	}
	return address.String()
}

func (g *guard) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(g.proxies, func(network netip.Prefix) bool { return network.Contains(address) })
}
