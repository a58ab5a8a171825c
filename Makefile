# Orion box. `make demo` and `make test` need nothing but a Debian 12: each installs what is missing and says so.

GO      := .ci/go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
STAMP   := -ldflags "-X main.version=$(VERSION)"
# packages whose tests start no foreign program: quick enough to run twice, the second time under the race detector
QUICK    = $(shell $(GO) list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... \
             | grep -v -e /siptest -e /audiotest/lab -e ^orionbox/audio/audiotest -e ^orionbox/cmd/orionbox | cut -d' ' -f1)
ARM64    = GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
FUZZTIME = 20s

.PHONY: help demo test check bench build cross fuzz lab clean deps deps-test

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: deps build ## install what is missing, build, and let three boxes play a session on this machine
	bin/orionbox demo $(DEMO)

test: deps-test lab ## install what is missing and run all tests, against a real Asterisk, baresip and PulseAudio
	$(GO) test -count=1 -p 2 -timeout 20m ./...

check: deps-test cross ## format, vet, staticcheck, quick tests under the race detector, arm64 build
	@bad=$$(gofmt=$$($(GO) env GOROOT)/bin/gofmt; $$gofmt -l .); [ -z "$$bad" ] || { echo "gofmt -w these: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race -timeout 10m $(QUICK)

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...

build: ## build bin/orionbox
	$(GO) build $(STAMP) -o bin/orionbox ./cmd/orionbox

cross: ## build bin/orionbox-arm64, for a Raspberry Pi
	$(ARM64) $(GO) build $(STAMP) -o bin/orionbox-arm64 ./cmd/orionbox

fuzz: ## fuzz every parser of outside bytes, FUZZTIME each
	@grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | while IFS=: read -r file _ name; do \
		echo "== $$file $${name#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${name#func }$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; done

lab: ## unpack the foreign programs that the tests talk to (once)
	.ci/lab

clean: ## remove what was built; the lab's cache stays
	rm -rf bin demo-session

deps:
	.ci/deps demo

deps-test:
	.ci/deps test
