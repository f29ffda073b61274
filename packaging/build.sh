#!/usr/bin/env bash
# build.sh [OUTPUT]: the deb and the rpm of this commit in OUTPUT (default bin/packages). The same commit gives the same
# bytes.
#
#   GOARCH   the processor, default this machine's
#   VERSION  the version, default what galley says of itself
#   NFPM     an nfpm program, default the version below, by `go run`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.1
output=${1:-bin/packages}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
build() { CGO_ENABLED=0 go build -trimpath -ldflags "-s -w${VERSION:+ -X main.version=$VERSION}" -o "$1" ./cmd/galley; }
GOOS=linux build "$stage/galley"
GOARCH='' build "$stage/here"
mkdir -p "$stage/completions" "$stage/man" "$output"
for shell in bash zsh fish; do
	"$stage/here" completion "$shell" > "$stage/completions/galley.$shell"
done

VERSION=${VERSION:-$("$stage/here" version | sed 's/^galley //; s/-dev/~dev/')}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
ARCH=$(go env GOARCH)
MTIME=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
export VERSION SOURCE_DATE_EPOCH ARCH MTIME STAGE=$stage
GOARCH='' go run ./packaging/man "$VERSION" "$stage/man"
gzip -9n "$stage"/man/*
envsubst < packaging/nfpm.yaml > "$stage/nfpm.yaml"
unset GOARCH # of nfpm
for kind in deb rpm; do
	if [ -n "${NFPM:-}" ]; then
		"$NFPM" package --config "$stage/nfpm.yaml" --packager $kind --target "$output"
	else
		go run $nfpm package --config "$stage/nfpm.yaml" --packager $kind --target "$output"
	fi
done
