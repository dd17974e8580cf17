package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/internal/demo"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/server"
)

type demoCommand struct {
	Records int  `help:"How many records the simulated CRM has." default:"20000"`
	Keep    bool `help:"Leave the temporary folder behind."`
}

// Run plays the story; a step that does not hold is an error.
func (c *demoCommand) Run(r *run) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this binary: %w", err)
	}
	return demo.Play(r.ctx, demo.Options{
		Binary: self, Records: c.Records, Out: r.out, Keep: c.Keep,
		Configure: func(config *server.Config, simulator string) error {
			bundled, err := bundledConnector()
			if err != nil {
				return err
			}
			config.Connectors = append(config.Connectors, bundled)
			key := strings.TrimPrefix(config.Key, "file:")
			if err := os.MkdirAll(filepath.Dir(key), 0o700); err != nil {
				return fmt.Errorf("making the data folder: %w", err)
			}
			if err := secret.Generate(key); err != nil {
				return err
			}
			address, err := net.ResolveTCPAddr("tcp", simulator)
			if err != nil {
				return fmt.Errorf("the simulator's address: %w", err)
			}
			return pointAt(config, address)
		},
	})
}
