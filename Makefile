# What developers and CI run. `make help` lists the targets.

GO      ?= go
BIN     := bin
TOOLS   := .cache/tools
TOOL    = $(CURDIR)/$(TOOLS)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X main.version=$(VERSION)
# Tests print one line per package; failures are printed whole.
TESTFLAGS ?= -race -timeout 45m

.DEFAULT_GOAL := help
.PHONY: web web-check web-test web-dev help run demo build test test-long lint generate verify bench tools generate-check cross migration clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the server and the bundled connectors into ./bin.
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/fieldwarden ./plugins/*/cmd/fieldwarden-connector-*

run: build ## Start server, connectors and CRM simulators on embedded SQLite under ./data.
	./$(BIN)/fieldwarden serve --dev

demo: build ## Play the story of all CRMs against a real server; exits non-zero if a step fails.
	./$(BIN)/fieldwarden demo --crm all

test: web-test ## Run all tests, Go's with the race detector (about 55 minutes on 2 cores).
	$(GO) test $(TESTFLAGS) $$($(GO) list ./... | grep -v /test/)
	@# Whole servers, one package at a time: side by side they would starve each other.
	$(GO) test -p 1 $(TESTFLAGS) ./test/...

test-long: ## Run the tests that take longer too: more kills, more repetitions, npm clients.
	FIELDWARDEN_LONG_TESTS=1 FIELDWARDEN_NPM_TESTS=1 $(MAKE) test TESTFLAGS='-race -timeout 80m'
	@# A thousand days in forty zones, on both databases; under the race detector they would last for hours.
	FIELDWARDEN_LONG_TESTS=1 $(GO) test -v -timeout 80m -run TestOneRunPerLocalDayInFortyZones ./internal/schedule

bench: ## Print the figures: records/s, CRM calls, SQL statements, memory.
	$(GO) run ./test/bench

web: web/node_modules ## Build the Integration UI into web/dist, which is committed.
	npm --prefix web run generate
	npm --prefix web run build

web-check: web ## Fail when the built UI or its types are not what their sources give.
	npm --prefix web run check
	@test -z "$$(git status --porcelain -- web)" || { git status --short -- web; echo "the built UI differs: commit the result of 'make web'"; exit 1; }

# Without npm the UI's own tests are skipped, saying so; the rest needs no Node.
web-test:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web/node_modules && npm --prefix web test; \
	elif [ "$$CI" = true ]; then echo "no npm on this machine"; exit 1; \
	else echo "SKIPPED: the tests of the Integration UI: no npm on this machine"; fi

web-dev: web/node_modules ## Serve the Integration UI with hot reload, against the server of `make run`.
	npm --prefix web run dev

web/node_modules: web/package-lock.json
	npm --prefix web ci
	@touch $@

tools: $(TOOLS)/golangci-lint $(TOOLS)/buf ## Build the pinned tools of tools/go.mod into ./.cache.

$(TOOLS)/golangci-lint: PKG = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(TOOLS)/buf: PKG = github.com/bufbuild/buf/cmd/buf
$(TOOLS)/%: tools/go.mod
	cd tools && $(GO) build -o $(TOOL)/$* $(PKG)

generate: $(TOOLS)/buf ## Regenerate Ent, the GraphQL executor and the connector protocol.
	cd ent && $(GO) run entc.go
	$(GO) run ./graph/generate
	$(TOOL)/buf generate

generate-check: generate ## Fail when generated code is not what its sources give.
	@git diff --exit-code --stat -- ent graph plugins/proto || { echo "generated code differs: commit the result of 'make generate'"; exit 1; }

lint: $(TOOLS)/golangci-lint $(TOOLS)/buf ## Lint Go and the protocol.
	$(TOOL)/golangci-lint run ./...
	$(TOOL)/buf lint

cross: ## Check that everything compiles for macOS too.
	GOOS=darwin GOARCH=arm64 $(GO) build ./...

verify: generate-check lint cross test ## What CI runs.

migration: ## Write a migration for a changed Ent schema: make migration name=add_something
	$(GO) run ent/migrate/diff.go $(name)

clean: ## Remove what was built; ./data stays.
	rm -rf $(BIN) .cache
