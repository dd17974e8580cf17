package netguard_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
)

func get(t *testing.T, c *netguard.Client, url string) (*netguard.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return c.Do(req)
}

func client(t *testing.T, c netguard.Config) *netguard.Client {
	t.Helper()
	made, err := netguard.New(c)
	require.NoError(t, err)
	return made
}

func host(server *httptest.Server) string { return server.Listener.Addr().String() }

// TestForbiddenAddressesAreNeverDialled takes a listener for each address family
// that this machine has, and the well-known ones that it must not even try.
func TestForbiddenAddressesAreNeverDialled(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer server.Close()
	guarded := client(t, netguard.Config{Timeout: 5 * time.Second})
	_, port, err := net.SplitHostPort(host(server))
	require.NoError(t, err)
	for _, target := range []string{
		"127.0.0.1:" + port, "127.0.0.1", "localhost", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
		"169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
		"93.184.215.14:22", "93.184.215.14:8443",
	} {
		_, err := get(t, guarded, "https://"+target+"/latest?token=canary")
		require.Equal(t, fault.HostBlocked, fault.CodeOf(err), "%s: %v", target, err)
		require.ErrorContains(t, err, target)
		require.NotContains(t, err.Error(), "canary")
	}
	require.Zero(t, hits.Load())
}

func TestUnsafeURLsAreRefusedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	guarded := client(t, netguard.Config{Allow: []string{"127.0.0.1:9"}})
	for _, target := range []string{
		"http://93.184.215.14/", "http://login.example.com/", "ftp://127.0.0.1:9/", "https://", "//127.0.0.1:9/",
		"https://user:canary@login.example.com/", "http://127.0.0.1:8/",
	} {
		_, err := get(t, guarded, target)
		require.Equal(t, fault.HostBlocked, fault.CodeOf(err), target)
		require.NotContains(t, err.Error(), "canary")
	}
}

func TestAllowedHostIsReachedWithItsPortOnly(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	defer server.Close()
	answer, err := get(t, client(t, netguard.Config{Allow: []string{host(server)}}), server.URL)
	require.NoError(t, err)
	require.Equal(t, 200, answer.Status)
	require.Equal(t, "hello", string(answer.Body))

	_, err = get(t, client(t, netguard.Config{Allow: []string{"127.0.0.1:1"}}), server.URL)
	require.Equal(t, fault.HostBlocked, fault.CodeOf(err))

	_, err = netguard.New(netguard.Config{Allow: []string{"127.0.0.1"}})
	require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err))
}

// TestTheAddressIsJudgedAfterDNS is DNS rebinding: a harmless name whose answer
// changes to loopback. A look-up before the dial would have seen the first answer.
func TestTheAddressIsJudgedAfterDNS(t *testing.T) {
	t.Parallel()
	resolver, asked := fakeDNS(t, func(n int) net.IP {
		if n == 1 {
			return net.IPv4(93, 184, 215, 14)
		}
		return net.IPv4(127, 0, 0, 1)
	})
	_, err := resolver.LookupIP(context.Background(), "ip4", "rebind.example.com")
	require.NoError(t, err)
	_, err = get(t, client(t, netguard.Config{Resolver: resolver, Timeout: 5 * time.Second}), "https://rebind.example.com/")
	require.Equal(t, fault.HostBlocked, fault.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "rebind.example.com")
	require.Equal(t, int32(2), asked.Load(), "the dial resolved by itself")
}

func TestRedirectsAreReturnedNotFollowed(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	answer, err := get(t, client(t, netguard.Config{Allow: []string{host(server)}}), server.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, answer.Status)
	require.Equal(t, int32(1), hits.Load())
}

func TestAnswersOverTheSizeAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, strings.Repeat("x", 10), r.URL.Query().Get("more"))
	}))
	defer server.Close()
	limited := client(t, netguard.Config{Allow: []string{host(server)}, MaxResponse: 10})
	_, err := get(t, limited, server.URL)
	require.NoError(t, err)
	_, err = get(t, limited, server.URL+"?more=y")
	require.ErrorContains(t, err, "over 10 bytes")
	var failed *netguard.Error
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Sent)
}

// TestErrorsSayWhetherTheRequestMayHaveLeft: only a request that certainly did
// not leave may be repeated where repeating does harm.
func TestErrorsSayWhetherTheRequestMayHaveLeft(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	dropping := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = connection.Close()
		}
	}))
	defer dropping.Close()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(release)
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = nil
	defer untrusted.Close()
	for name, c := range map[string]struct {
		address       string
		sent, timeout bool
	}{
		"nobody listens":           {"http://" + closed.Addr().String(), false, false},
		"certificate not trusted":  {"https://" + host(untrusted), false, false},
		"closed without an answer": {dropping.URL, true, false},
		"no answer in time":        {silent.URL, true, true},
	} {
		address := c.address[strings.Index(c.address, "//")+2:]
		limit := 30 * time.Second
		if c.timeout {
			limit = 300 * time.Millisecond
		}
		_, err := get(t, client(t, netguard.Config{Allow: []string{address}, Timeout: limit}), c.address+"/token?secret=canary")
		var failed *netguard.Error
		require.ErrorAs(t, err, &failed, name)
		require.Equal(t, c.sent, failed.Sent, "%s: %v", name, err)
		require.Equal(t, c.timeout, failed.Timeout, "%s: %v", name, err)
		require.NotContains(t, err.Error(), "canary")
	}
}

func TestTLSNeedsACurrentVersion(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	_, err := get(t, client(t, netguard.Config{Allow: []string{host(server)}, RootCAs: roots}), server.URL)
	require.ErrorContains(t, err, "protocol version")
}

// fakeDNS serves A records over UDP on loopback; the n-th question gets answer(n).
func fakeDNS(t *testing.T, answer func(n int) net.IP) (*net.Resolver, *atomic.Int32) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	var asked atomic.Int32
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if reply := dnsReply(buffer[:n], func() net.IP { return answer(int(asked.Add(1))) }); reply != nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}
	return &net.Resolver{PreferGo: true, Dial: dial}, &asked
}

// dnsReply answers one question: A with an address, everything else with none.
func dnsReply(query []byte, address func() net.IP) []byte {
	const header = 12
	end := header
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root label, type and class
	if end > len(query) {
		return nil
	}
	reply := append([]byte{}, query[:end]...)
	copy(reply[2:header], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	if binary.BigEndian.Uint16(query[end-4:]) != 1 {
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(reply, address().To4()...)
}
