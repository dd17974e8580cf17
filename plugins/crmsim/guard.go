package crmsim

import (
	"mime"
	"net"
	"net/http"
	"strings"
)

// ControlHeader may accompany a control request without a JSON body (DELETE). Browsers never send it across origins
// without asking first, and a simulator never allows that.
const ControlHeader = "X-Simulator-Control"

// IsLoopbackHost reports whether host (no port) names this machine only: localhost, a name under .localhost, or a
// loopback address.
func IsLoopbackHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// GuardPages protects pages that act for the person in front of them (consent, control): the Host header must be
// loopback, which stops DNS rebinding, and unsafe methods must not come from another origin.
func GuardPages(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !IsLoopbackHost(host) {
			http.Error(w, "this simulator answers only under a loopback name such as 127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		sameOrigin.ServeHTTP(w, r)
	})
}

// GuardControl protects a control API: everything GuardPages does, and every unsafe method must carry a JSON content
// type or ControlHeader, neither of which a plain cross-site form can send.
func GuardControl(next http.Handler) http.Handler {
	return GuardPages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Header.Get(ControlHeader) != "" {
			next.ServeHTTP(w, r)
			return
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			http.Error(w, "control requests need Content-Type: application/json or the header "+ControlHeader+": 1",
				http.StatusUnsupportedMediaType)
			return
		}
		next.ServeHTTP(w, r)
	}))
}
