package salesforce

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
)

// userText reads a text field of a login's User record.
func (s *Simulator) userText(who login, name string) string {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.tables["User"]
	text, _ := s.store.sibling(t, t.rows[who], name).(string)
	return text
}

func (s *Simulator) userModified(who login) time.Time {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	return s.store.tables["User"].rows[who].modified
}

func userID(who login) string { return recordIDOf("005", int(who)) }

func (s *Simulator) identityURL(r *http.Request, who login) string {
	return baseURL(r) + "/id/" + s.config.OrgID + "/" + userID(who)
}

// badToken is what the identity service says instead of the data API's JSON 401.
func badToken() reply { return textReply(http.StatusForbidden, "text/plain", "Bad_OAuth_Token") }

// serviceURLs are the API roots that userinfo and the identity URL list, with a literal {version}.
func (s *Simulator) serviceURLs(base string, who login) map[string]string {
	soap, rest := "/{version}/"+s.config.OrgID[:15], base+"/services/data/v{version}/"
	return map[string]string{
		"enterprise": base + "/services/Soap/c" + soap, "metadata": base + "/services/Soap/m" + soap,
		"partner": base + "/services/Soap/u" + soap, "rest": rest, "sobjects": rest + "sobjects/",
		"search": rest + "search/", "query": rest + "query/", "recent": rest + "recent/",
		"tooling_soap": base + "/services/Soap/T" + soap, "tooling_rest": rest + "tooling/",
		"profile": base + "/" + userID(who), "feeds": rest + "chatter/feeds", "groups": rest + "chatter/groups",
		"users": rest + "chatter/users", "feed_items": rest + "chatter/feed-items",
		"feed_elements": rest + "chatter/feed-elements", "custom_domain": base,
	}
}

// userinfo serves GET /services/oauth2/userinfo (OpenID Connect).
func (s *Simulator) userinfo(r *http.Request) reply {
	granted, ok := s.authorizations.session(bearer(r))
	if !ok {
		return badToken()
	}
	who, base := granted.login, baseURL(r)
	picture := base + "/profilephoto/005/F"
	return jsonReply(http.StatusOK, map[string]any{
		"sub": s.identityURL(r, who), "user_id": userID(who), "organization_id": s.config.OrgID,
		"preferred_username": s.userText(who, "Username"), "nickname": s.userText(who, "CommunityNickname"),
		"name": s.userText(who, "Name"), "email": s.userText(who, "Email"), "email_verified": true,
		"given_name": s.userText(who, "FirstName"), "family_name": s.userText(who, "LastName"),
		"zoneinfo": s.userText(who, "TimeZoneSidKey"), "profile": base + "/" + userID(who), "picture": picture,
		"photos":  map[string]string{"picture": picture, "thumbnail": base + "/profilephoto/005/T"},
		"address": map[string]string{}, "is_salesforce_integration_user": false, "urls": s.serviceURLs(base, who),
		"active": true, "user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": s.utcOffset(who),
		"updated_at": s.userModified(who).UTC().Format(time.RFC3339),
	})
}

// identity serves GET /id/{org}/{user}, the URL that comes with every token.
func (s *Simulator) identity(r *http.Request) reply {
	value := bearer(r)
	if value == "" {
		value = r.URL.Query().Get("oauth_token")
	}
	granted, ok := s.authorizations.session(value)
	if !ok {
		return badToken()
	}
	who := granted.login
	if id, ok := id15Of(chi.URLParam(r, "org")); !ok || id != s.config.OrgID[:15] {
		return textReply(http.StatusForbidden, "text/plain", "Wrong_Org")
	}
	if id, ok := id15Of(chi.URLParam(r, "user")); !ok || id != userID(who)[:15] {
		return textReply(http.StatusNotFound, "text/plain", "Bad_Id")
	}
	base := baseURL(r)
	return jsonReply(http.StatusOK, map[string]any{
		"id": s.identityURL(r, who), "asserted_user": true, "user_id": userID(who), "organization_id": s.config.OrgID,
		"username": s.userText(who, "Username"), "nick_name": s.userText(who, "CommunityNickname"),
		"display_name": s.userText(who, "Name"), "email": s.userText(who, "Email"), "email_verified": true,
		"first_name": s.userText(who, "FirstName"), "last_name": s.userText(who, "LastName"),
		"timezone": s.userText(who, "TimeZoneSidKey"), "addr_street": nil, "addr_city": nil, "addr_state": nil,
		"addr_country": nil, "addr_zip": nil, "mobile_phone": nil, "mobile_phone_verified": false,
		"photos": map[string]string{"picture": base + "/profilephoto/005/F", "thumbnail": base + "/profilephoto/005/T"},
		"status": map[string]any{"created_date": nil, "body": nil}, "urls": s.serviceURLs(base, who), "active": true,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": s.utcOffset(who),
		"last_modified_date": timestamp(s.userModified(who)), "is_app_installed": true,
	})
}

// utcOffset is the user's standard offset in milliseconds; an unknown zone counts as UTC.
func (s *Simulator) utcOffset(who login) int {
	zone, err := time.LoadLocation(s.userText(who, "TimeZoneSidKey"))
	if err != nil {
		return 0
	}
	_, seconds := time.Date(2026, time.January, 1, 0, 0, 0, 0, zone).Zone()
	return seconds * 1000
}
