package transport_test

import (
	"net/http/httptest"
	"testing"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
	"github.com/fieldwarden/fieldwarden/graph/transport/transporttest"
)

func TestHTTPAudits(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{}))
	defer server.Close()
	transporttest.RunHTTPAudits(t, server.URL)
}
