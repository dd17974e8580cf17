package simulated

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/server"
)

// Running are simulators that answer.
type Running struct {
	CRMs  []*CRM
	group *errgroup.Group
	stop  context.CancelFunc
}

// Start lets simulators answer on loopback until ctx ends or Close is called: the
// first on address, the others on the ports after it; with port 0 on free ports.
func Start(ctx context.Context, address string, logger *slog.Logger, crms ...*CRM) (*Running, error) {
	panels := make([]control.Panel, len(crms))
	for i, one := range crms {
		panels[i] = one.Panel
	}
	page := control.Handler(panels...)
	ctx, stop := context.WithCancel(ctx)
	r := &Running{CRMs: crms, group: &errgroup.Group{}, stop: stop}
	for i, one := range crms {
		listener, err := listen(ctx, address, i)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		one.Address = listener.Addr().String()
		mux := http.NewServeMux()
		mux.Handle("/sim", page)
		mux.Handle("/sim/", page)
		mux.Handle("/", one.API)
		mux.Handle("GET /{$}", http.RedirectHandler("/sim/", http.StatusFound))
		r.group.Go(func() error { return crmsim.Serve(ctx, listener, mux, logger) })
	}
	return r, nil
}

// listen opens the listener of the simulator with the number offset.
func listen(ctx context.Context, address string, offset int) (net.Listener, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("simulated: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("simulated: the port of %q: %w", address, err)
	}
	if port != 0 {
		port += uint64(offset)
	}
	return crmsim.Listen(ctx, net.JoinHostPort(host, strconv.FormatUint(port, 10)))
}

// Wait waits until the simulators have ended.
func (r *Running) Wait() error { return r.group.Wait() }

// Close ends the simulators.
func (r *Running) Close() error {
	r.stop()
	return r.group.Wait()
}

// PointAt makes a configuration use a simulator for both environments of its
// connector. The client secret is written to a file in folder, for a configuration
// takes references only.
func (c *CRM) PointAt(config *server.Config, folder string) error {
	secret := filepath.Join(folder, c.Name+"-simulator-secret")
	if err := os.WriteFile(secret, []byte(c.ClientSecret), 0o600); err != nil {
		return fmt.Errorf("simulated: %w", err)
	}
	if config.Endpoints == nil {
		config.Endpoints = map[string]string{}
	}
	if config.OAuthClients == nil {
		config.OAuthClients = map[string]server.OAuthClientConfig{}
	}
	for _, environment := range []crm.Environment{crm.Production, crm.Sandbox} {
		slot := integration.Slot(c.Name, environment)
		config.Endpoints[slot] = "http://" + c.Address
		config.OAuthClients[slot] = server.OAuthClientConfig{ID: c.ClientID, Secret: "file:" + secret}
	}
	return nil
}
