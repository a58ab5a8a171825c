# Orion box. `make demo` and `make test` need nothing but a Debian 12: each installs what is missing and says so.

GO      := .ci/go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
STAMP   := -ldflags "-X main.version=$(VERSION)"
# all but the tests' own tools, and cmd/orionbox, whose tests drive the built program: there the detector sees nothing
RACED    = $(shell $(GO) list ./... | grep -v -e /siptest -e /audiotest -e /cmd/orionbox)
ARM64    = GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
FUZZTIME = 20s
IMAGE_SCRIPTS = $(filter-out %.txt,$(wildcard image/build image/base image/configure image/namespace image/overlay image/firmware \
	image/disk image/licences image/flash image/root/usr/lib/orionbox/*))

NFPM     = $(GO) run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

.PHONY: help demo test check bench build cross deb clips fuzz lab image test-image clean deps deps-test deps-image

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: deps build ## install what is missing, build, and let three boxes play a session on this machine
	bin/orionbox demo $(DEMO)

test: deps-test lab ## install what is missing and run all tests, against a real Asterisk, baresip and PulseAudio
	$(GO) test -count=1 -p 2 -timeout 20m ./...

check: deps-test lab cross ## format, vet, staticcheck, tests under the race detector, arm64 build
	@bad=$$(gofmt=$$($(GO) env GOROOT)/bin/gofmt; $$gofmt -l .); [ -z "$$bad" ] || { echo "gofmt -w these: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race -p 2 -timeout 10m $(RACED)

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...

build: ## build bin/orionbox
	$(GO) build $(STAMP) -o bin/orionbox ./cmd/orionbox

cross: ## build bin/orionbox-arm64, for a Raspberry Pi
	$(ARM64) $(GO) build $(STAMP) -o bin/orionbox-arm64 ./cmd/orionbox

deb: ## build bin/orionbox_VERSION_arm64.deb, for a Raspberry Pi with a Debian on it
	$(ARM64) $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/deb-arm64/orionbox ./cmd/orionbox
	DEB_ARCH=arm64 DEB_VERSION=0~$$(git log -1 --format=%cd --date=format:%Y%m%d%H%M%S)+$$(git rev-parse --short HEAD) \
		SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(NFPM) package -f systemd/nfpm.yaml -p deb -t bin

image: deps-image deb ## build bin/orionbox-VERSION.img.xz, a card for a Raspberry Pi (as root)
	ORIONBOX_IMAGE_RAW=1 image/build $(VERSION) "$$(ls -t bin/orionbox_*_arm64.deb | head -n 1)"

test-image: image ## start that image in a virtual machine, and cut its power
	shellcheck -S warning $(IMAGE_SCRIPTS)
	ORIONBOX_IMAGE=$(CURDIR)/bin/orionbox-$(VERSION).img $(GO) test -count=1 -v -timeout 60m \
		-tags=image,nolibopusfile,nomsgpack ./image/boot

clips: ## speak audio/cue/words.txt anew, by espeak-ng and sox, after a change of it; commit what comes out
	audio/cue/clips.sh

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

deps-image:
	.ci/deps image
