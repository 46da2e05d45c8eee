# make        everything that CI does: lint, tests, race, samples of the slow suites, cross builds
# make help   the other targets

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all

GO ?= go
PKGS ?= ./...
# The packages in which goroutines meet; `make race` takes all of them.
RACE_PKGS ?= . ./internal/sandbox ./internal/host/... ./internal/capability ./internal/sqlite ./vudotest
# Not these, which run other programs or count on one goroutine.
RACE_SKIP ?= InDocuments|Golden|CompileBomb
FUZZTIME ?= 20s
CI_FUZZTIME ?= 5s
TEST_TIMEOUT ?= 15m
TOOL := $(GO) tool -modfile=tools/go.mod

# Debian packages that the tests call where they find them: the text format's
# assembler, a second engine to compare fuel with, an emulator, compilers.
TEST_APT := gcc libc6-dev git make wabt qemu-user $(if $(shell command -v npm),,nodejs npm) bsdutils

.PHONY: all help test-tools tools lint generate build test unit race race-all long fuzz spec cross arm64 ci-slow fmt clean

all: ci-slow test ## everything that CI does

help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z0-9-]+):[^#]*## /\1\t/' | expand -t 16

-include mk/*.mk

# --- building ---

build: ## build/vudo for this machine
	CGO_ENABLED=0 $(GO) build -trimpath -o build/vudo ./cmd/vudo

CROSS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
cross: ## build and vet for each supported system, without cgo
	@for t in $(CROSS); do \
		echo "cross $$t"; \
		export CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/}; \
		$(GO) build -trimpath -o build/cross/$${t/\//-}/ ./...; \
		$(GO) vet $(PKGS); \
	done

# --- checking ---

tools: ## fetch the pinned linters and the modules; later runs need no network
	$(GO) mod download
	$(GO) -C tools mod download

lint: ## formatter, vet, staticcheck; the repository's own rules are tests
	@out=$$($(TOOL) gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
		if [ -n "$$out" ]; then echo "not formatted, run 'make fmt':"; echo "$$out"; exit 1; fi
	$(GO) vet $(PKGS)
	$(TOOL) staticcheck $(PKGS)

fmt: ## format the sources
	$(TOOL) gofumpt -w $$(git ls-files --cached --others --exclude-standard '*.go')

generate: ## rewrite the tables of docs/ that are made from code
	$(GO) test ./internal/lint -run 'TestGenerated' -update
	$(GO) test ./dol -run TestDiagnosticsTable -update

spec: ## print the statements of docs/spec that no test proves
	@$(GO) test -count=1 -v -run '^TestStatementsWithoutTest$$' ./internal/lint | sed -nE 's/^ +[a-z_]+_test\.go:[0-9]+: //p'

test: tools lint unit ## lint and unit tests, a short sample of the slow suites included

unit: ## the tests alone
	$(GO) test -timeout $(TEST_TIMEOUT) $(PKGS)

race: ## the race detector on the packages in which goroutines meet
	CGO_ENABLED=1 $(GO) test -race -timeout $(TEST_TIMEOUT) -skip '$(RACE_SKIP)' $(RACE_PKGS)

race-all: ## the race detector on everything
	CGO_ENABLED=1 $(GO) test -race -timeout 60m $(PKGS)

long: ## the slow suites in full
	VUDO_LONG=1 $(GO) test -timeout 10h $(PKGS)

# Go's coordinator can report the end of FUZZTIME itself as a failure, without an input
# (Go issue 75804, open in 1.26). Just that, and nothing else, is tried again.
fuzz: ## each fuzz target for FUZZTIME (default 20s)
	@mkdir -p build
	@grep -rE --include='*_test.go' '^func Fuzz' . | grep -v '^./bench/' | sort \
		| sed -E 's/^(.*)\/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*).*/\1 \2/' \
		| while read -r dir name; do \
			echo "fuzz $$dir $$name $(FUZZTIME)"; \
			for try in 1 2 3; do \
				if $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir </dev/null 2>&1 | tee build/fuzz.log; then break; fi; \
				if [ $$try = 3 ] || grep -q 'Failing input written' build/fuzz.log || ! grep -qx ' *context deadline exceeded' build/fuzz.log; then exit 1; fi; \
				echo "fuzz $$name again: its time was up, and that was reported as the failure"; \
			done; \
		done

# The committed totals, generated modules against naive counting, the depth of recursion.
ARM64_PKGS ?= . ./internal/fuel ./internal/sandbox
ARM64_RUN ?= TestGoldenFuelTotals|TestExactOnGeneratedModules|TestStackLimit
arm64: ## golden fuel totals under emulated arm64 (needs qemu-user)
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -exec "$$(command -v qemu-aarch64 || command -v qemu-aarch64-static || echo qemu-aarch64)" -timeout $(TEST_TIMEOUT) -run '$(ARM64_RUN)' $(ARM64_PKGS)

ci-slow: lang cross race arm64 ## what CI runs besides `make test`
	$(MAKE) fuzz FUZZTIME=$(CI_FUZZTIME)

test-tools: ## install what the tests call besides Go (Debian, as root)
	apt-get update -q
	apt-get install -y -q --no-install-recommends $(TEST_APT)

clean: ## remove build products
	rm -rf build bin
