// Command generate writes the GraphQL executor from schema/ and gqlgen.yml; run
// it from the project's root.
package main

import (
	"log"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		log.Fatalf("generate: %v", err)
	}
	if err := api.Generate(cfg); err != nil {
		log.Fatalf("generate: %v", err)
	}
}
