package auth

import (
	"net/http"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Middleware puts the principal and the session of the request's bearer token
// (RFC 6750, header only) in its context. A request without a token passes with
// nobody in its context: what needs somebody refuses it, and a websocket may
// still present a token in its first message. A token that is not valid, or more
// than one, is refused at once: refuse writes the answer.
func (s *Service) Middleware(refuse func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			headers := r.Header.Values("Authorization")
			if len(headers) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			token, ok := BearerToken(headers[0])
			if !ok || len(headers) > 1 {
				refuse(w, r, errUnauthenticated())
				return
			}
			who, session, err := s.Authenticate(r.Context(), token)
			if err != nil {
				refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(With(r.Context(), who, session)))
		})
	}
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
