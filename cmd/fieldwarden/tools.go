package main

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Issue a token; it is shown once."`
	List   tokenList   `cmd:"" help:"List tokens."`
	Revoke tokenRevoke `cmd:"" help:"Revoke a token; its live subscriptions end."`
}

// dataDir finds the admin socket of a running server.
type dataDir struct {
	DataDir string `help:"Data folder of the running server." default:"data" env:"FIELDWARDEN_DATA_DIR"`
}

type tokenCreate struct {
	dataDir
	Name string         `arg:"" help:"Name of the token."`
	Role principal.Role `help:"ADMIN or VIEWER." enum:"ADMIN,VIEWER" default:"VIEWER"`
	TTL  time.Duration  `help:"How long it is good; 0 means until it is revoked." default:"0"`
}

// Run issues a token.
func (c *tokenCreate) Run(r *run) error {
	issued, err := drive.NewAdmin(c.DataDir).IssueToken(r.ctx, c.Name, c.Role, c.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(r.out, issued.Token)
	return err
}

type tokenList struct{ dataDir }

// Run lists the tokens.
func (c *tokenList) Run(r *run) error {
	tokens, err := drive.NewAdmin(c.DataDir).Tokens(r.ctx)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		state := "live"
		switch {
		case token.RevokedAt != nil:
			state = "revoked " + token.RevokedAt.Format(time.RFC3339)
		case token.ExpiresAt != nil:
			state = "until " + token.ExpiresAt.Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(r.out, "%s  %-6s  %s  %s\n", token.ID, token.Role, token.Name, state); err != nil {
			return err
		}
	}
	return nil
}

type tokenRevoke struct {
	dataDir
	Name string `arg:"" help:"Name or id of the token."`
}

// Run revokes a token.
func (c *tokenRevoke) Run(r *run) error { return drive.NewAdmin(c.DataDir).RevokeToken(r.ctx, c.Name) }

type restartCommand struct {
	dataDir
	Name string `arg:"" help:"Name of the connector."`
}

// Run restarts a connector.
func (c *restartCommand) Run(r *run) error {
	return drive.NewAdmin(c.DataDir).RestartConnector(r.ctx, c.Name)
}

type keysCommand struct {
	Generate keysGenerate `cmd:"" help:"Make a key file, readable by you only."`
}

type keysGenerate struct {
	Path string `arg:"" help:"Where to write the key; it must not exist." type:"path"`
}

// Run makes a key.
func (c *keysGenerate) Run(*run) error { return secret.Generate(c.Path) }

type simulateCommand struct {
	Salesforce simulateSalesforce `cmd:"" help:"Simulate a Salesforce org."`
}

type simulateSalesforce struct {
	Listen  string         `help:"Loopback address." default:"127.0.0.1:8090"`
	Records map[string]int `help:"Records per object, for example Account=20000." mapsep:","`
	Seed    uint64         `help:"Another seed, another org." default:"1"`
	Sandbox bool           `help:"Be a sandbox org."`
	Rotate  bool           `help:"Rotate refresh tokens." default:"true" negatable:""`
}

// Run simulates until it is told to stop.
func (c *simulateSalesforce) Run(r *run) error {
	simulator, err := salesforce.New(salesforce.Config{
		Seed: c.Seed, Records: c.Records, Sandbox: c.Sandbox, RotateRefreshTokens: c.Rotate, Logger: r.logger,
	})
	if err != nil {
		return err
	}
	listener, err := crmsim.Listen(r.ctx, c.Listen)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "Salesforce simulator\n  control page   http://%[1]s/sim/\n  login URL      http://%[1]s\n  client id      %s\n  client secret  %s\n",
		listener.Addr(), salesforce.DefaultClientID, salesforce.DefaultClientSecret)
	if err != nil {
		return err
	}
	return crmsim.Serve(r.ctx, listener, simulator.Handler(), r.logger)
}
