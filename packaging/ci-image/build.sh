#!/usr/bin/env bash
# build.sh [TAG]: the image of Containerfile, with the galley of this commit.
#
#   BASE     the image to build upon, of Debian 12 (docker.io/library/debian:12-slim) or newer
#   BUILDER  the command that builds: podman build, or docker build where there is no Podman
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
tag=${1:-localhost/galley-ci:latest}
if command -v podman > /dev/null; then builder='podman build'; else builder='docker build'; fi
read -r -a builder <<< "${BUILDER:-$builder}"

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp ./*.conf Containerfile "$context"
CGO_ENABLED=0 GOOS=linux go build -C ../.. -trimpath -ldflags '-s -w' -o "$context/galley" ./cmd/galley
chmod -R a+rX "$context"
"${builder[@]}" ${BASE:+--build-arg "BASE=$BASE"} -t "$tag" -f "$context/Containerfile" "$context"
