package hubspot

import (
	"encoding/json"
	"strconv"
	"strings"
)

// grant is what the introspection of the token tells: which portal, who installed
// the app, which scopes. Every part may be unknown; the token answer itself is
// never asked, because HubSpot leaves scopes out of it at times.
type grant struct {
	scopes map[string]bool // nil: not known
	// ended: the token is not active.
	ended     bool
	portal    string
	userID    string
	user      string
	domain    string
	userLevel *bool // the token acts for one user; nil: not known
}

// parseGrant reads an introspection. What is missing, or not as expected, is
// unknown; only the word false ends a grant.
func parseGrant(introspection json.RawMessage) grant {
	var reply struct {
		Active *bool    `json:"active"`
		Hub    number   `json:"hub_id"`
		UserID number   `json:"user_id"`
		User   string   `json:"user"`
		Domain string   `json:"hub_domain"`
		Scopes []string `json:"scopes"`
		// Signed is optional, and a host may have taken it for a token.
		Signed json.RawMessage `json:"signed_access_token"`
	}
	if len(introspection) == 0 || json.Unmarshal(introspection, &reply) != nil {
		return grant{}
	}
	if reply.Active != nil && !*reply.Active {
		return grant{ended: true}
	}
	g := grant{
		portal: string(reply.Hub), userID: string(reply.UserID), user: oneLine(reply.User), domain: oneLine(reply.Domain),
	}
	var signed struct {
		IsUserLevel *bool `json:"isUserLevel"`
	}
	if json.Unmarshal(reply.Signed, &signed) == nil {
		g.userLevel = signed.IsUserLevel
	}
	if len(reply.Scopes) > 0 { // a token has at least one: none is no answer
		g.scopes = make(map[string]bool, len(reply.Scopes))
		for _, scope := range reply.Scopes {
			g.scopes[plainScope(scope)] = true
		}
	}
	return g
}

// known reports whether the token's scopes are known.
func (g grant) known() bool { return g.scopes != nil }

// holds reports whether the token has a scope, in either spelling.
func (g grant) holds(scope string) bool { return g.scopes[plainScope(scope)] }

// actsForUser reports whether the token is known to act for one user only.
func (g grant) actsForUser() bool { return g.userLevel != nil && *g.userLevel }

// number is an id that HubSpot writes as a number here and as a text there. It is
// empty when it is neither.
type number string

// UnmarshalJSON takes a whole number, as such or in quotes.
func (n *number) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		text = ""
	}
	*n = number(text)
	return nil
}
