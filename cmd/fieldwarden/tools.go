package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/rotation"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" aliases:"issue" help:"Issue a token; it is shown once."`
	List   tokenList   `cmd:"" help:"List tokens."`
	Revoke tokenRevoke `cmd:"" help:"Revoke a token; its live subscriptions end."`
}

// dataDir finds the admin socket of a running server.
type dataDir struct {
	DataDir string `help:"Data folder of the running server." default:"data" env:"FIELDWARDEN_DATA_DIR"`
}

type tokenCreate struct {
	dataDir
	Name  string        `arg:"" help:"Name of the token."`
	Role  string        `help:"admin, viewer, or csm for vendor-side staff, who read across workspaces." enum:"admin,viewer,csm,ADMIN,VIEWER,CSM" default:"viewer"`
	Scope []string      `help:"What it may do of that, such as READ or OPERATE; all of it when left out."`
	TTL   time.Duration `help:"How long it is good; 0 means until it is revoked." default:"0"`
}

// Run issues a token.
func (c *tokenCreate) Run(r *run) error {
	scopes := make([]principal.Scope, len(c.Scope))
	for i, scope := range c.Scope {
		scopes[i] = principal.Scope(strings.ToUpper(scope))
	}
	issued, err := drive.NewAdmin(c.DataDir).IssueToken(r.ctx, c.Name, principal.Role(strings.ToUpper(c.Role)), c.TTL, scopes...)
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

type signInLinkCommand struct {
	dataDir
	Member string `help:"E-mail address of the member whom the link signs in; without it whoever uses the link becomes the first owner." placeholder:"EMAIL"`
}

// Run makes a one-time sign-in link.
func (c *signInLinkCommand) Run(r *run) error {
	made, err := drive.NewAdmin(c.DataDir).SignInLink(r.ctx, c.Member)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(r.out, made.URL)
	return err
}

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
	Rotate   keysRotate   `cmd:"" help:"Make a new key and seal everything anew with it, while the server runs."`
	Prune    keysPrune    `cmd:"" help:"Remove the older keys once nothing is sealed by them."`
	Reload   keysReload   `cmd:"" help:"Make a running server read its key file again."`
}

type keysGenerate struct {
	Path string `arg:"" help:"Where to write the key; it must not exist." type:"path"`
}

// Run makes a key.
func (c *keysGenerate) Run(*run) error { return secret.Generate(c.Path) }

type keysRotate struct {
	dataDir
	Stage rotation.Stage `help:"all; or add first and reseal later, to bring the key file to other nodes in between." enum:"all,add,reseal" default:"all"`
}

// Run rotates the key and prints each step.
func (c *keysRotate) Run(r *run) error {
	var failed error
	err := drive.NewAdmin(c.DataDir).RotateKeys(r.ctx, c.Stage, func(p rotation.Progress) {
		if _, err := fmt.Fprintln(r.out, rotationLine(p)); err != nil {
			failed = err
		}
	})
	return errors.Join(err, failed)
}

func rotationLine(p rotation.Progress) string {
	switch p.Step {
	case "added":
		return fmt.Sprintf("key %d added: it opens, and does not seal yet", p.Key)
	case "promoted":
		return fmt.Sprintf("key %d seals from now on", p.Key)
	case "resumed":
		return "an earlier rotation was not finished: going on with it, without another key"
	case "resealed":
		return fmt.Sprintf("%s: %d sealed anew", p.Table, p.Resealed)
	default:
		return "nothing is sealed by an older key any more; \"fieldwarden keys prune\" removes them"
	}
}

type keysPrune struct{ dataDir }

// Run removes the older keys.
func (c *keysPrune) Run(r *run) error {
	removed, err := drive.NewAdmin(c.DataDir).PruneKeys(r.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "%s removed. Backups from before the rotation need a copy.\n", plural.Of(removed, "older key", "older keys"))
	return err
}

type keysReload struct{ dataDir }

// Run makes the server read its keys again.
func (c *keysReload) Run(r *run) error { return drive.NewAdmin(c.DataDir).ReloadKeys(r.ctx) }

type simulateCommand struct {
	CRM     string `arg:"" help:"salesforce, hubspot, dynamics365, or all three." enum:"salesforce,hubspot,dynamics365,all" default:"all"`
	Listen  string `help:"Loopback address of the first; the others take the ports after it." default:"127.0.0.1:8090"`
	Records int    `help:"How many records each has in all; 0 is a few thousand." default:"0"`
	Seed    uint64 `help:"Another seed, other companies and people." default:"1"`
	Sandbox bool   `help:"Be sandboxes."`
	Rotate  bool   `help:"Rotate refresh tokens, where the CRM does." default:"true" negatable:""`
}

// Run simulates until it is told to stop.
func (c *simulateCommand) Run(r *run) error {
	names := []string{c.CRM}
	if c.CRM == "all" {
		names = simulated.Names()
	}
	var crms []*simulated.CRM
	for _, name := range names {
		one, err := simulated.New(name, simulated.Options{
			Records: c.Records, Seed: c.Seed, Sandbox: c.Sandbox, KeepTokens: !c.Rotate, Logger: r.logger,
		})
		if err != nil {
			return err
		}
		crms = append(crms, one)
	}
	running, err := simulated.Start(r.ctx, c.Listen, r.logger, crms...)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(r.out, simulatorFacts(crms)); err != nil {
		return errors.Join(err, running.Close())
	}
	return running.Wait()
}

// simulatorFacts says where simulators are and what it takes to connect to them.
func simulatorFacts(crms []*simulated.CRM) string {
	var text strings.Builder
	fmt.Fprintf(&text, "control page     http://%s/sim/\n", crms[0].Address)
	for _, one := range crms {
		fmt.Fprintf(&text, "\n%s simulator\n  base URL       http://%s\n  client id      %s\n  client secret  %s\n",
			one.Title(), one.Address, one.ClientID, one.ClientSecret)
		if len(one.Config) > 0 {
			fmt.Fprintf(&text, "  config         %s\n", configLiteral(one.Config))
		}
	}
	return text.String()
}
