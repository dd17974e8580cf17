package main

import (
	"os"

	"github.com/fieldwarden/fieldwarden/server"
)

// configFlags say where a command's configuration is; each flag goes before the
// environment, and that before the file.
type configFlags struct {
	Config    string `help:"Configuration file (YAML)." type:"existingfile" env:"FIELDWARDEN_CONFIG"`
	Listen    string `help:"TCP address of the HTTP server."`
	PublicURL string `help:"Where browsers reach the server." name:"public-url"`
	Database  string `help:"sqlite:FOLDER or postgres://user@host/database."`
	Key       string `help:"Where the encryption key is: file:PATH or env:NAME."`
	DataDir   string `help:"Folder of what is this machine's own: the admin socket among it."`
}

// load reads the configuration from all its sources.
func (c configFlags) load() (server.LoadedConfig, error) {
	return server.LoadConfig(server.ConfigSources{
		File: c.Config, Environ: os.Environ(),
		Flags: map[string]string{
			"listen": c.Listen, "publicUrl": c.PublicURL, "database": c.Database, "key": c.Key, "dataDir": c.DataDir,
		},
	})
}

type configCommand struct {
	Print configPrint `cmd:"" help:"Print the configuration that holds, with the source of each value and without secrets."`
}

type configPrint struct {
	configFlags
	Variables bool `help:"Print every key with its environment variable instead."`
}

// Run prints the configuration.
func (c *configPrint) Run(r *run) error {
	if c.Variables {
		return server.PrintVariables(r.out)
	}
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return loaded.Print(r.out)
}
