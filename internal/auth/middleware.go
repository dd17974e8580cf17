package auth

import (
	"net/http"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// WorkspaceHeader names the workspace that a request is about, by its id; without
// it the request is about the caller's home. A websocket may name it in its first
// message instead.
const WorkspaceHeader = "Fieldwarden-Workspace"

// sessionCookie is the name of the cookie of a browser's session. Under https it has
// the prefix that keeps other hosts and plain http from setting it.
const sessionCookie = "fieldwarden_session"

// Middleware puts the principal and the session of the request's bearer token
// (RFC 6750, header only) or session cookie in its context. A bearer token goes
// before a cookie.
//
// A request without a token passes with nobody in its context, and so does one whose
// cookie has ended: what needs somebody refuses it, and a websocket may still present
// a token in its first message. A token that is not valid, more than one, or a
// workspace that the caller may not look into is refused at once: refuse writes the
// answer.
func (s *Service) Middleware(refuse func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			presented, err := s.presented(r)
			if err != nil {
				refuse(w, r, err)
				return
			}
			if presented.Bearer == "" && presented.Cookie == "" {
				next.ServeHTTP(w, r)
				return
			}
			who, session, err := s.Authenticate(r.Context(), presented)
			switch {
			case err == nil:
				r = r.WithContext(With(r.Context(), who, session))
			case presented.Bearer != "" || !fault.Is(err, fault.Unauthenticated):
				refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// presented reads the credentials of a request.
func (s *Service) presented(r *http.Request) (Credentials, error) {
	c := Credentials{Cookie: s.CookieOf(r), Workspace: r.Header.Get(WorkspaceHeader)}
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return c, nil
	}
	token, ok := BearerToken(headers[0])
	if !ok || len(headers) > 1 {
		return c, errUnauthenticated()
	}
	c.Bearer = token
	return c, nil
}

// BearerToken reads the value of an Authorization header, or of a member of that
// name in a websocket's first message; false when it is not "Bearer <token>".
func BearerToken(header string) (crm.Secret, bool) {
	scheme, token, found := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", false
	}
	return crm.Secret(token), true
}

// ByCookie reports whether a request acts by its session cookie alone, which a
// browser sends by itself: such a request must come from a page of our own.
func (s *Service) ByCookie(r *http.Request) bool {
	return len(r.Header.Values("Authorization")) == 0 && s.CookieOf(r) != ""
}

// CookieOf is the session cookie of a request; empty without one.
func (s *Service) CookieOf(r *http.Request) crm.Secret { return s.NamedCookie(r, sessionCookie) }

// SessionCookie is the cookie to send when somebody signed in.
func (s *Service) SessionCookie(in SignedIn) *http.Cookie {
	return s.Cookie(sessionCookie, in.Cookie, in.ExpiresAt.Sub(s.now()))
}

// EndedCookie makes the browser forget its session.
func (s *Service) EndedCookie() *http.Cookie { return s.Cookie(sessionCookie, "", -1) }

// Cookie makes a cookie that scripts cannot read and other sites cannot make a
// browser send, but for following a link to here; a negative life removes it.
func (s *Service) Cookie(name string, value crm.Secret, life time.Duration) *http.Cookie {
	seconds := int(life.Seconds())
	if life < 0 {
		seconds = -1
	}
	return &http.Cookie{ //nolint:gosec // not Secure only where the operator serves plain http
		Name: s.cookieName(name), Value: value.Reveal(), Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	}
}

// NamedCookie is the value of another cookie that Cookie made; empty without one.
func (s *Service) NamedCookie(r *http.Request, name string) crm.Secret {
	cookie, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return crm.Secret(cookie.Value)
}

func (s *Service) secure() bool { return strings.HasPrefix(s.publicURL, "https://") }

func (s *Service) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

// Interfaces of principal.Origin that requests over HTTP have.
const (
	InterfaceGraphQL = "graphql"
	InterfaceExport  = "export"
	InterfaceSignIn  = "sign-in"
)

// Origin is a middleware that says where a request came from, for the audit: over
// which interface, and from which client as address tells it.
func Origin(name string, address func(*http.Request) string, requestID func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(principal.WithOrigin(r.Context(), principal.Origin{
				Interface: name, Address: address(r), UserAgent: r.UserAgent(), RequestID: requestID(r),
			})))
		})
	}
}
