package transport_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
	"github.com/fieldwarden/fieldwarden/graph/transport/transporttest"
)

func TestHTTPAudits(t *testing.T) {
	t.Parallel()
	graphql := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer audit" {
			http.Error(w, "the runner sends its headers along", http.StatusUnauthorized)
			return
		}
		graphql.ServeHTTP(w, r)
	}))
	defer server.Close()
	transporttest.RunHTTPAudits(t, server.URL, transporttest.Header{Name: "Authorization", Value: "Bearer audit"})
}
