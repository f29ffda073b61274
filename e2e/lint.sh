#!/usr/bin/env bash
# lint.sh: what "make lint" does. Takes the golangci-lint on PATH or in bin/, else builds
# the pinned one into bin/, else does with go vet and staticcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${GOLANGCI_VERSION:?run it by make lint}" "${STATICCHECK_VERSION:?run it by make lint}"

unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "not gofmt'ed: $unformatted" >&2; exit 1; }
go vet ./...

PATH=$PWD/bin:$PATH
if command -v golangci-lint > /dev/null ||
	GOBIN=$PWD/bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$GOLANGCI_VERSION"; then
	golangci-lint run ./...
else
	echo "golangci-lint cannot be built here: staticcheck instead" >&2
	go run "honnef.co/go/tools/cmd/staticcheck@$STATICCHECK_VERSION" ./...
fi

if command -v shellcheck > /dev/null; then
	git ls-files -z -- '*.sh' .ci/run e2e/engines/netavark | xargs -0 -r shellcheck
else
	echo "shellcheck is not installed: the shell scripts were not checked" >&2
fi
