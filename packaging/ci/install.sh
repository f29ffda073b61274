#!/usr/bin/env bash
# install.sh DIRECTORY: galley in DIRECTORY, from a release whose checksum is compared, or built from this source.
#
#   GALLEY_VERSION  a release such as 0.1.0, "latest" (the default), or "source", which needs Go
#   GALLEY_BASE     where releases are: https://github.com/galley-kitchen/galley/releases
#   GALLEY_TOKEN    sent to GITHUB_API_URL when it is asked for the latest release
#   GITHUB_PATH, GITHUB_OUTPUT  as GitHub Actions sets them; DIRECTORY and the version are written there
set -euo pipefail
directory=${1:?install.sh DIRECTORY}
version=${GALLEY_VERSION:-latest}
base=${GALLEY_BASE:-https://github.com/galley-kitchen/galley/releases}
fail() { echo "install.sh: $*" >&2; exit 1; }
fetch() { curl -fsSL --retry 3 --proto '=https,http,file' "$@"; }

mkdir -p "$directory"
case $(uname -s) in
	Linux) os=linux ;;
	Darwin) os=darwin ;;
	MINGW* | MSYS* | CYGWIN*) os=windows ;;
	*) fail "there is no galley for $(uname -s)" ;;
esac
case $(uname -m) in
	x86_64 | amd64) arch=amd64 ;;
	aarch64 | arm64) arch=arm64 ;;
	*) fail "there is no galley for $(uname -m)" ;;
esac
program=galley
[ $os != windows ] || program=galley.exe

if [ "$version" = source ]; then
	command -v go > /dev/null || fail "building from source needs Go"
	CGO_ENABLED=0 go build -C "$(dirname "${BASH_SOURCE[0]}")/../.." -trimpath -ldflags '-s -w' -o "$directory/$program" ./cmd/galley
else
	if [ "$version" = latest ]; then
		version=$(fetch ${GALLEY_TOKEN:+-H "Authorization: Bearer $GALLEY_TOKEN"} \
			"${GITHUB_API_URL:-https://api.github.com}/repos/galley-kitchen/galley/releases/latest" | sed -n 's/^ *"tag_name": *"v\{0,1\}\([^"]*\)".*/\1/p') || version=''
		[ -n "$version" ] || fail "the latest release cannot be found: name a version, or source"
	fi
	version=${version#v}
	archive=galley_${version}_${os}_$arch.tar.gz
	[ $os != windows ] || archive=${archive%.tar.gz}.zip
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	fetch -o "$work/$archive" "$base/download/v$version/$archive" || fail "no $archive at $base"
	fetch -o "$work/SHA256SUMS" "$base/download/v$version/SHA256SUMS" || fail "no SHA256SUMS at $base"
	want=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
	[ -n "$want" ] || fail "SHA256SUMS has no line for $archive"
	if command -v sha256sum > /dev/null; then have=$(sha256sum < "$work/$archive"); else have=$(shasum -a 256 < "$work/$archive"); fi
	[ "${have%% *}" = "$want" ] || fail "$archive has the checksum ${have%% *}, and SHA256SUMS says $want"
	case $archive in
		*.zip) unzip -q -o "$work/$archive" "$program" -d "$directory" ;;
		*) tar -xzf "$work/$archive" -C "$directory" "$program" ;;
	esac
fi
installed=$("$directory/$program" version)
echo "$installed"
[ -z "${GITHUB_PATH:-}" ] || echo "$directory" >> "$GITHUB_PATH"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "version=${installed#galley }" >> "$GITHUB_OUTPUT"
