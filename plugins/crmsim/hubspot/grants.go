package hubspot

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// grant is one installation of an app: what was agreed to on the consent page, or a private app.
type grant struct {
	portal  int64 // 0 for client-credentials tokens, which belong to no portal
	user    int64
	scopes  []string
	private bool
	dead    bool // uninstalled: its access tokens are dead too
}

// session is an access token at work.
type session struct {
	grant   *grant
	expires time.Time // zero: never
}

type code struct {
	scopes                 []string
	redirectURI, challenge string
	expires                time.Time
	used                   bool
}

// issued is what a token request brought.
type issued struct {
	access, refresh string
	grant           *grant
}

// grants keeps codes and tokens. Tokens are random and leave this type only in answers to whoever asked for them.
type grants struct {
	clock    clockwork.Clock
	journal  *control.Journal
	portal   int64
	tokenTTL time.Duration
	codeTTL  time.Duration

	mu      sync.Mutex
	rotate  bool
	codes   map[string]*code
	access  map[string]session
	refresh map[string]*grant
	retired map[string]bool // refresh tokens that were replaced
	// withdrawn are scopes taken from the installed apps; agreeing to them again on the consent page gives them back.
	withdrawn []string
	// ungrantable are scopes that the portal's subscription does not include: nobody can grant them.
	ungrantable []string
}

func newGrants(config Config, journal *control.Journal) *grants {
	g := &grants{
		clock: config.Clock, journal: journal, portal: config.PortalID, tokenTTL: config.AccessTokenTTL,
		codeTTL: config.CodeTTL, rotate: config.RotateRefreshTokens, codes: map[string]*code{},
		access: map[string]session{}, refresh: map[string]*grant{}, retired: map[string]bool{},
	}
	g.access[config.PrivateAppToken] = session{grant: &grant{
		portal: config.PortalID, user: installerID, scopes: DefaultScopes(), private: true,
	}}
	return g
}

// installerID is the HubSpot user who installs every app.
const installerID = 1_000_001

// opaque makes a random token after a fixed beginning.
func opaque(prefix string, bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// refreshToken looks like HubSpot's: a region and a UUID.
func refreshToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	text := hex.EncodeToString(b[:])
	return "na1-" + strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16], text[16:]}, "-")
}

// grantable drops the scopes that the portal cannot grant.
func (g *grants) grantable(scopes []string) (ok, refused []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range scopes {
		if holds(g.ungrantable, one) {
			refused = append(refused, one)
		} else {
			ok = append(ok, one)
		}
	}
	return ok, refused
}

// issueCode ends a consent. Scopes that were withdrawn before come back with it.
func (g *grants) issueCode(scopes []string, redirectURI, challenge string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.withdrawn = slices.DeleteFunc(g.withdrawn, func(one string) bool { return holds(scopes, one) })
	value := opaque("na1-", 18)
	g.codes[value] = &code{
		scopes: scopes, redirectURI: redirectURI, challenge: challenge, expires: g.clock.Now().Add(g.codeTTL),
	}
	return value
}

// redeem exchanges a code for tokens.
func (g *grants) redeem(value, redirectURI, verifier string) (issued, *oauthError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.codes[value]
	switch {
	case !ok || c.used:
		return issued{}, &oauthError{"invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code"}
	case g.clock.Now().After(c.expires):
		return issued{}, &oauthError{"invalid_grant", "EXPIRED_AUTH_CODE", "auth code has expired"}
	case c.redirectURI != redirectURI:
		return issued{}, &oauthError{"invalid_grant", "BAD_REDIRECT_URI", "missing or invalid redirect uri"}
	case !verifies(c.challenge, verifier):
		return issued{}, &oauthError{"invalid_grant", "BAD_CODE_VERIFIER", "missing or invalid code verifier"}
	}
	c.used = true
	g.journal.Bump(control.CountCodesRedeemed)
	made := &grant{portal: g.portal, user: installerID, scopes: c.scopes}
	refresh := refreshToken()
	g.refresh[refresh] = made
	return issued{access: g.newAccess(made), refresh: refresh, grant: made}, nil
}

// verifies checks a PKCE verifier against an S256 challenge. Without a challenge nothing needs to be shown.
func verifies(challenge, verifier string) bool {
	if challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// renew exchanges a refresh token for an access token.
func (g *grants) renew(value string) (issued, *oauthError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held, ok := g.refresh[value]
	if !ok {
		if g.retired[value] {
			g.journal.Bump(control.CountRefreshTokenReuses)
		}
		return issued{}, badRefreshToken()
	}
	g.journal.Bump(control.CountTokenRefreshes)
	if g.rotate {
		delete(g.refresh, value)
		g.retired[value] = true
		value = refreshToken()
		g.refresh[value] = held
	}
	return issued{access: g.newAccess(held), refresh: value, grant: held}, nil
}

// clientCredentials gives a token that belongs to the app and to no portal.
func (g *grants) clientCredentials(scopes []string) issued {
	g.mu.Lock()
	defer g.mu.Unlock()
	made := &grant{scopes: scopes}
	return issued{access: g.newAccess(made), grant: made}
}

func (g *grants) newAccess(held *grant) string {
	now := g.clock.Now()
	if len(g.access) > 4096 {
		for value, s := range g.access {
			// Expired tokens are kept for a day: they are answered with the moment they expired.
			if !s.expires.IsZero() && now.After(s.expires.Add(24*time.Hour)) {
				delete(g.access, value)
			}
		}
	}
	value := opaque("C", 150)
	g.access[value] = session{held, now.Add(g.tokenTTL)}
	return value
}

// authenticate finds the session of a request.
func (s *Simulator) authenticate(r *http.Request) (session, *reply) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		answer := noCredentials()
		return session{}, &answer
	}
	found, ok := s.grants.session(strings.TrimSpace(value))
	if !ok {
		answer := noCredentials()
		return session{}, &answer
	}
	if now := s.config.Clock.Now(); !found.expires.IsZero() && now.After(found.expires) {
		answer := expiredToken(found.expires, now)
		return session{}, &answer
	}
	return found, nil
}

// session finds an access token, expired or not, unless its app was uninstalled.
func (g *grants) session(value string) (session, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.access[value]
	return s, ok && !s.grant.dead
}

// held finds the grant of a refresh token.
func (g *grants) held(refresh string) (*grant, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.refresh[refresh]
	return found, ok
}

// inForce are a grant's scopes less what was withdrawn or cannot be granted.
func (g *grants) inForce(held *grant) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var scopes []string
	for _, one := range held.scopes {
		if !holds(g.withdrawn, one) && !holds(g.ungrantable, one) {
			scopes = append(scopes, one)
		}
	}
	return scopes
}

// setScope withdraws a scope from the installed apps or gives it back, at once, as an administrator does with a
// private app.
func (g *grants) setScope(name string, on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.withdrawn = slices.DeleteFunc(g.withdrawn, func(one string) bool { return one == name })
	if !on {
		g.withdrawn = append(g.withdrawn, name)
	}
}

// lacks reports whether a scope is withdrawn or cannot be granted.
func (g *grants) lacks(name string) (withdrawn, ungrantable bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return holds(g.withdrawn, name), holds(g.ungrantable, name)
}

// setUngrantable replaces the scopes that the portal's subscription does not include.
func (g *grants) setUngrantable(scopes []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ungrantable = slices.Clone(scopes)
}

func (g *grants) ungrantableScopes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.ungrantable...)
}

// revokeRefresh makes a refresh token useless. Access tokens stay good until they expire, and the app stays installed.
func (g *grants) revokeRefresh(value string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.journal.Bump(control.CountRevokeCalls)
	_, ok := g.refresh[value]
	delete(g.refresh, value)
	return ok
}

// uninstall ends every OAuth installation in the portal: refreshing fails, and access tokens are dead. It returns how
// many installations there were.
func (g *grants) uninstall() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	ended := map[*grant]bool{}
	for _, held := range g.refresh {
		ended[held] = true
	}
	for _, s := range g.access {
		if !s.grant.private && s.grant.portal != 0 && !s.grant.dead {
			ended[s.grant] = true
		}
	}
	clear(g.refresh)
	for held := range ended {
		held.dead = true
		g.journal.Bump(control.CountAuthorizationsRevoked)
	}
	return len(ended)
}

// killAccess makes access tokens unknown; refresh tokens stay good. The private app's token is left alone.
func (g *grants) killAccess() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	killed := 0
	for value, s := range g.access {
		if !s.grant.private {
			delete(g.access, value)
			killed++
		}
	}
	return killed
}

// expireAccess lets every access token that can expire do so now.
func (g *grants) expireAccess() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, expired := g.clock.Now(), 0
	for value, s := range g.access {
		if !s.expires.IsZero() && s.expires.After(now) {
			s.expires = now.Add(-time.Second)
			g.access[value] = s
			expired++
		}
	}
	return expired
}

func (g *grants) setRotation(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rotate = on
}

func (g *grants) rotation() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rotate
}

// restore gives back every scope that was withdrawn or could not be granted.
func (g *grants) restore() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.withdrawn, g.ungrantable = nil, nil
}
