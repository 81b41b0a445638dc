# Tributary. `make help` lists the targets.
SHELL := /bin/bash
GO ?= go
NPM ?= npm
GOLANGCI_VERSION := v2.15.0
BIN := bin/tributary
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TEST_FLAGS ?=
N ?= 25
DEMO_DIR ?= demo-data

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: tools
tools: ## Check that Go, Node.js and npm are there, in the versions needed
	@GO="$(GO)" NPM="$(NPM)" ./deploy/check-tools.sh

node_modules/.package-lock.json: package.json package-lock.json | tools
	$(NPM) ci --no-progress
	@# The lock holds the engine for Linux on x64; npm chooses another platform's by itself.
	@ls node_modules/@chdb/lib-*/libchdb.* >/dev/null 2>&1 || $(NPM) install --no-save --no-progress chdb@3.4.0
	@touch $@

.PHONY: engine
engine: node_modules/.package-lock.json ## Fetch the embedded ClickHouse engine (npm, locked version)

WEB := api/web/dist/index.html
WEB_SOURCES := $(shell find api/web/app -type f -not -name schema.d.ts) api/web/build.mjs api/web/tsconfig.json api/openapi.yaml

$(WEB): $(WEB_SOURCES) node_modules/.package-lock.json
	node api/web/build.mjs

.PHONY: web
web: $(WEB) ## Build the dashboards, which the program embeds (npm, locked versions)

.PHONY: test-web
test-web: engine build ## Drive the dashboards in Chromium, on the program itself; ARGS go to Playwright
	node_modules/.bin/playwright test -c api/web/tests $(ARGS)

.PHONY: screenshots
screenshots: engine build ## Take the pictures of the dashboards that the README shows
	node api/web/screenshots.mjs

.PHONY: build
build: tools web ## Build bin/tributary (no cgo)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/tributary

.PHONY: demo
demo: engine build ## Start the server on loopback with a generated company in it
	@exec $(BIN) demo --data-dir $(DEMO_DIR)

.PHONY: test
test: engine ## Run every test, on the real embedded engine
	$(GO) test -timeout 40m $(TEST_FLAGS) $$($(GO) list ./... | grep -v /crashtest)
	@# The crash tests have the machine to themselves: they wait for real processes.
	$(GO) test -timeout 40m $(TEST_FLAGS) ./cmd/internal/crashtest

KAFKA := .tools/kafka
KAFKA_POM := ingest/stream/kafka/kafkatest/pom.xml
KAFKA_PACKAGES := ./ingest/stream/kafka/... ./ingest/connector/kafkatopic ./cmd/internal/crashtest

$(KAFKA)/.fetched: $(KAFKA_POM)
	@for tool in java mvn; do command -v $$tool >/dev/null || { \
	  echo "make: $$tool is not there: tests on Kafka need Java 17 and Maven (apt-get install openjdk-17-jre-headless maven)" >&2; exit 1; }; done
	@java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])' || { \
	  echo "make: tests on Kafka need Java 17 or newer; this is $$(java -version 2>&1 | head -1)" >&2; exit 1; }
	@rm -rf $(KAFKA)
	@mvn -q -B -f $(KAFKA_POM) org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA) || { \
	  echo "make: Maven could not fetch Apache Kafka ($(KAFKA_POM)); nothing was tested" >&2; exit 1; }
	@touch $@

.PHONY: kafka
kafka: $(KAFKA)/.fetched ## Fetch Apache Kafka for tests (Maven)

.PHONY: test-kafka
test-kafka: engine kafka ## Run the tests that need Apache Kafka itself
	@command -v kcat >/dev/null || { apt-get update -qq && apt-get install -y -qq kcat; } >/dev/null || { \
	  echo "make: kcat is not there, and apt-get could not install it" >&2; exit 1; }
	$(GO) test -tags kafka -timeout 20m -p 1 -run Kafka $(TEST_FLAGS) $(KAFKA_PACKAGES)

.PHONY: bench-kafka
bench-kafka: engine build kafka ## Measure with the log on Kafka, beside the embedded one
	$(GO) run ./ingest/stream/kafka/kafkatest/withkafka $(BIN) bench --only kafka --kafka {} $(BENCH_FLAGS)

.PHONY: test-databases
test-databases: ## Test reading tables on PostgreSQL and MariaDB (Debian: apt-get install postgresql mariadb-server)
	$(GO) test -tags databases -count=1 -timeout 10m $(TEST_FLAGS) ./ingest/connector/table

FORMATS := .tools/formats
FORMATS_LIST := journeys/analyst/formats/requirements.txt

$(FORMATS)/.fetched: $(FORMATS_LIST)
	@python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: tests of formats need Python 3.11 or newer with venv (apt-get install python3-venv)" >&2; exit 1; }
	@rm -rf $(FORMATS)
	@python3 -m venv $(FORMATS)
	@$(FORMATS)/bin/pip install -q -r $(FORMATS_LIST) || { \
	  echo "make: pip could not fetch what reads formats ($(FORMATS_LIST)); nothing was tested" >&2; exit 1; }
	@touch $@

.PHONY: test-formats
test-formats: engine $(FORMATS)/.fetched ## Read results by pyarrow, pandas, polars and DuckDB (Python 3.11 with venv)
	TRIBUTARY_PYTHON=$(CURDIR)/$(FORMATS)/bin/python $(GO) test -tags formats -count=1 -timeout 10m -run Formats $(TEST_FLAGS) ./journeys/analyst

.PHONY: race
race: engine ## Run every test under the race detector (the programs that tests start are not)
	$(GO) test -race -short -timeout 40m $(TEST_FLAGS) $$($(GO) list ./... | grep -v -e /crashtest -e /bench)

.PHONY: crash
crash: engine ## Kill the program N times while events come in (N=25), then check every one
	$(GO) test -timeout 6h -count=1 -v -run '^TestCrash' ./cmd/internal/crashtest -args -kills=$(N)

.PHONY: soak
SOAK ?= 1m
soak: engine ## Read from and write to the engine under the race detector for SOAK (1m), its process killed meanwhile
	TRIBUTARY_SOAK=$(SOAK) $(GO) test -race -count=1 -timeout 30m -run ^TestSoak -v ./sql/chdb

.PHONY: check-deploy
check-deploy: engine build ## Check Dockerfile, compose file and the image's contents, without Docker
	./deploy/check.sh

.PHONY: bench-journeys
bench-journeys: engine ## Measure the reports over ROWS events, beside the same without identity
	ROWS=$(or $(ROWS),100000) $(GO) test -p 1 -timeout 3h -run xxx -bench 'Reports|Metrics' -benchtime $(or $(TIMES),5)x ./journeys/flow ./journeys/cx

.PHONY: bench-web
bench-web: engine web ## Measure the overview in Chromium over ROWS events
	ROWS=$(or $(ROWS),100000) $(GO) test -timeout 2h -run xxx -bench Overview -benchtime 1x ./cmd/internal/node

.PHONY: bench
bench: engine build ## Measure, and print a table of figures beside what they are compared to
	$(BIN) bench $(BENCH_FLAGS)

.PHONY: fuzz
FUZZTIME ?= 20s
fuzz: ## Run every fuzz test for FUZZTIME (20s) each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg 2>/dev/null | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$pkg; \
	  done; \
	done

.PHONY: lint
lint: ## Run golangci-lint (fetched as a Go module) and gofmt
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) run ./...

.PHONY: generate
generate: ## Write the generated files anew
	$(GO) generate ./...

.PHONY: verify
verify: generate ## Fail when generated files, go.mod or go.sum are stale
	$(GO) mod tidy
	git diff --exit-code

.PHONY: clean
clean: ## Remove what was built (not your data)
	rm -rf bin
