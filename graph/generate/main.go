// Command generate writes the GraphQL executor from schema/ and gqlgen.yml; run
// it from the project's root. A schema with an operation that is missing from the
// table of access (internal/access) generates nothing.
package main

import (
	"fmt"
	"log"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2"

	"github.com/fieldwarden/fieldwarden/graph/guard"
	"github.com/fieldwarden/fieldwarden/internal/access"
)

func main() {
	if err := generate("gqlgen.yml"); err != nil {
		log.Fatalf("generate: %v", err)
	}
}

func generate(path string) error {
	cfg, err := config.LoadConfig(path)
	if err != nil {
		return err
	}
	schema, err := gqlparser.LoadSchema(cfg.Sources...)
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	if err := guard.Verify(schema, access.Table()); err != nil {
		return err
	}
	return api.Generate(cfg)
}
