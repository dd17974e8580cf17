package crmsim_test

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

func TestListenRefusesOtherMachines(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:80", "127.0.0.1.example.com:0"} {
		_, err := crmsim.Listen(t.Context(), addr)
		require.ErrorIs(t, err, crmsim.ErrNotLoopback, addr)
	}
	_, err := crmsim.Listen(t.Context(), "127.0.0.1")
	require.Error(t, err)
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		ctx, cancel := context.WithCancel(t.Context())
		listener, err := crmsim.Listen(ctx, addr)
		require.NoError(t, err)
		arrived := make(chan struct{})
		// A response that is held back ends with the server.
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
		})
		ended := make(chan error, 1)
		go func() { ended <- crmsim.Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
		go func() {
			response, err := http.Get("http://" + listener.Addr().String())
			if err == nil {
				_ = response.Body.Close()
			}
		}()
		<-arrived
		cancel()
		require.NoError(t, <-ended)
	}
}

func TestLoopbackHosts(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "sf.localhost": true, "127.0.0.1": true, "127.8.9.1": true, "[::1]": true, "::1": true,
		"": false, "localhost.example": false, "10.0.0.1": false, "notlocalhost": false, "0.0.0.0": false,
	} {
		require.Equal(t, want, crmsim.IsLoopbackHost(host), host)
	}
}

// TestMixSpreads: neighbouring positions and seeds give unrelated numbers, the same ones each time.
func TestMixSpreads(t *testing.T) {
	t.Parallel()
	names := crmsim.NewNames()
	rapid.Check(t, func(r *rapid.T) {
		seed, at := rapid.Uint64().Draw(r, "seed"), rapid.Uint64().Draw(r, "at")
		require.Equal(r, crmsim.Mix(seed, at), crmsim.Mix(seed, at))
		require.NotEqual(r, crmsim.Mix(seed, at), crmsim.Mix(seed, at+1))
		require.NotEqual(r, crmsim.Mix(seed, at), crmsim.Mix(seed+1, at))
		require.NotEmpty(r, names.First(at)+names.Last(at))
	})
}

// TestDistinctCompanies: the companies of one round have domains of their own.
func TestDistinctCompanies(t *testing.T) {
	t.Parallel()
	names, pattern := crmsim.NewNames(), regexp.MustCompile(`^[a-z]+\.example$`)
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		seen, rounds := map[string]bool{}, map[uint64]int{}
		for i := uint64(0); ; i++ {
			company, round := names.Distinct(seed, i)
			rounds[round]++
			if round == 1 {
				break
			}
			if seen[company.Domain()] || !pattern.MatchString(company.Domain()) || company.Name() == "" {
				r.Fatalf("company %d: %s, %s", i, company.Name(), company.Domain())
			}
			seen[company.Domain()] = true
		}
		require.Greater(r, rounds[0], 1000)
	})
}
