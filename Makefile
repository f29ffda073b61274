# galley's tasks. "make" alone lists them; each recipe longer than a line is a script.

GO      ?= go
VERSION ?= # of a release; without it the binary tells the commit

GOLANGCI_VERSION    = v2.5.0
STATICCHECK_VERSION = v0.6.1
GOVULNCHECK_VERSION = v1.9.0

export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help build packages test test-all unit e2e netem crash outages soak fuzz bench demo lint vuln cover engines-up engines-down clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

build: ## ./bin/galley, one static binary
	$(GO) build -trimpath -ldflags '-s -w$(if $(VERSION), -X main.version=$(VERSION))' -o bin/galley ./cmd/galley

packages: ## bin/packages: the deb and the rpm, the same bytes for the same commit
	packaging/build.sh

test: ## all tests, on the newest Docker and the newest rootless Podman of distributions (GALLEY_TEST_ENGINES names others)
	e2e/test.sh

test-all: ## all tests, on every engine, also on those that are first built from the newest sources
	GALLEY_TEST_ENGINES=all,newest e2e/test.sh

unit: ## the tests that need no engine, as "make test" runs them
	GALLEY_TEST_ENGINES=none e2e/test.sh

e2e: ## only the tests on real engines
	e2e/test.sh ./e2e/... ./backend/...

netem: ## faults of the network, as root, in a virtual machine whose kernel has sch_netem; minutes, or half an hour without KVM
	e2e/machine.sh

crash: ## kill galley, and let calls fail and hang, wherever that can be
	e2e/reliability.sh crash

outages: ## take engines of its own away from under runs: restart, no socket, full disks, no networks
	e2e/reliability.sh outages

soak: ## many instances, and output without an end, on engines of its own: what do they leave?
	e2e/reliability.sh soak

fuzz: ## each fuzzer for FUZZTIME (30s); what it finds stays in testdata/fuzz, to be committed
	e2e/fuzz.sh

BENCH_ENGINES ?= docker20 docker26 podman4 podman5 podman5-rootless

bench: build ## measure beside a bare program, and kitchen where it is on PATH, and write docs/performance.md
	e2e/engines.sh install $(BENCH_ENGINES) || [ $$? = 3 ]
	for e in $(BENCH_ENGINES); do e2e/engines.sh up $$e && e2e/engines.sh load $$e busybox debian cinc15 || [ $$? = 3 ]; done
	e2e/engines.sh up registry || [ $$? = 3 ]
	GALLEY_BENCH_REGISTRY=$$(e2e/engines.sh status | sed -n 's#^registry  *up  *\([^ ]*\) .*#\1/galley-bench#p') \
	$(GO) run ./e2e/bench -page docs/performance.md \
		$$(for e in $(BENCH_ENGINES); do e2e/engines.sh status | sed -n "s#^$$e  *up  *\(unix://[^,]*\),.*#\1#p"; done)

demo: build ## converge and verify examples/hello on this machine
	examples/hello/demo.sh

lint: ## gofmt, go vet, golangci-lint (or staticcheck), shellcheck
	@GOLANGCI_VERSION=$(GOLANGCI_VERSION) STATICCHECK_VERSION=$(STATICCHECK_VERSION) e2e/lint.sh

vuln: ## known vulnerabilities that galley can reach and docs/security.md does not review
	@GOVULNCHECK_VERSION=$(GOVULNCHECK_VERSION) e2e/vuln.sh

cover: ## the unit tests' coverage, as bin/cover.html
	GALLEY_TEST_ENGINES=none $(GO) test -coverprofile=cover.out ./...
	@mkdir -p bin
	$(GO) tool cover -html=cover.out -o bin/cover.html
	$(GO) tool cover -func=cover.out | tail -n 1

engines-up: ## start the test bed's engines and leave them running
	e2e/engines.sh install || [ $$? = 3 ]
	e2e/engines.sh up all || [ $$? = 3 ]
	e2e/engines.sh status

engines-down: ## stop them and delete all that they made
	e2e/engines.sh down --purge

clean: ## what the other tasks left here
	rm -rf bin cover.out
