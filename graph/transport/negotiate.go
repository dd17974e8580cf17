package transport

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
	mediaEvents   = "text/event-stream"
)

// negotiate chooses the media type of the answer from Accept headers; false
// when they allow neither. Without a header, or with a wildcard, it is
// application/json, as clients expect that came before the newer type. Of two
// equal wishes the newer type wins.
func negotiate(accept []string) (string, bool) {
	if len(accept) == 0 || len(accept) == 1 && strings.TrimSpace(accept[0]) == "" {
		return mediaJSON, true
	}
	wish := wishes(accept)
	response, asked := wish[mediaResponse]
	if !asked {
		response = 0 // a wildcard means the older type
	}
	plain, ok := wish[mediaJSON]
	if !ok {
		plain, ok = wish["application/*"]
	}
	if !ok {
		plain = wish["*/*"]
	}
	switch {
	case response <= 0 && plain <= 0:
		return mediaJSON, false
	case response >= plain:
		return mediaResponse, true
	default:
		return mediaJSON, true
	}
}

// wantsEvents reports whether Accept headers wish for a stream of events more than
// for a single answer. Of two equal wishes the one that stands first wins: clients
// that take both name them in the order in which they like them.
func wantsEvents(accept []string) bool {
	wish := wishes(accept)
	events := wish[mediaEvents]
	if events <= 0 {
		return false
	}
	for _, single := range []string{mediaResponse, mediaJSON, "application/*", "*/*"} {
		if wish[single] > events || wish[single] == events && standsBefore(accept, single, mediaEvents) {
			return false
		}
	}
	return true
}

func standsBefore(accept []string, one, other string) bool {
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		switch media, _, _ := mime.ParseMediaType(part); media {
		case one:
			return true
		case other:
			return false
		}
	}
	return false
}

// wishes returns the quality of each media range that can mean us.
func wishes(accept []string) map[string]float64 {
	found := map[string]float64{}
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if charset, given := params["charset"]; given && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		quality := 1.0
		if q, given := params["q"]; given {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		found[media] = max(found[media], quality)
	}
	return found
}

// isJSON reports whether a request's body is application/json in UTF-8, not
// encoded in any way.
func isJSON(header http.Header) bool {
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return false
	}
	if charset, given := params["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	encoding := header.Get("Content-Encoding")
	return encoding == "" || strings.EqualFold(encoding, "identity")
}

// preflightHeader may not be sent cross-site without a preflight.
const preflightHeader = "GraphQL-Require-Preflight"

// isForeign reports whether a browser says that another site, which is not
// among the allowed origins, made it send this request without a preflight.
func (c *Config) isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	if r.Header.Get(preflightHeader) != "" {
		return false
	}
	return !c.allowsOrigin(r.Header.Get("Origin"))
}

// allowsOrigin matches an origin as the websocket library does.
func (c *Config) allowsOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	for _, pattern := range c.AllowedOrigins {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(target)); err == nil && ok {
			return true
		}
	}
	return false
}
