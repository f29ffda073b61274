#!/usr/bin/env bash
# demo.sh: what "make demo" does. Runs `galley test` on this directory, start to end.
#
# Which engine: the one that GALLEY_HOST, CONTAINER_HOST or DOCKER_HOST names; else the
# Docker or Podman of this machine that can run a container. If there is none, Podman is
# installed with the system's package manager. In a sandbox that lets nobody run containers
# in the usual way (many CI jobs), the engines of e2e/engines.sh are the last resort.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
repository=$(cd ../.. && pwd)
galley=${GALLEY:-$repository/bin/galley}
engines=$repository/e2e/engines.sh
image=docker.io/library/galley-hello:latest
fallback=podman4

say() { printf '\n== %s\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() { # DEBIAN-NAME FEDORA-NAME
	say "installing $1"
	if command -v apt-get > /dev/null; then
		as_root apt-get -qq update
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install "$1"
	elif command -v dnf > /dev/null; then
		as_root dnf -q -y install "$2"
	else
		echo "demo: neither apt-get nor dnf here: install $1 yourself" >&2
		exit 1
	fi
}

work=$(mktemp -d)
started=''
cleanup() {
	rm -rf "$work"
	[ -z "$started" ] || "$engines" down "$started"
}
trap cleanup EXIT

make_rootfs() {
	PATH=$PATH:/usr/sbin:/sbin command -v busybox > /dev/null || install_packages busybox-static busybox
	./image.sh "$work/rootfs.tar"
}

# import_with CLI: the image into the engine that this command line talks to.
import_with() {
	if [ "$(uname -s)" = Linux ]; then
		"$1" import "$work/rootfs.tar" "$image" > /dev/null
	else
		# nothing on this machine would run in the engine's Linux
		"$1" pull docker.io/library/busybox:latest
		"$1" tag docker.io/library/busybox:latest "$image"
	fi
}

# import_to HOST: through the API, where a command line may be missing.
import_to() {
	case $1 in
		unix://*)
			curl -fsS --unix-socket "${1#unix://}" -X POST -H 'Content-Type: application/x-tar' --data-binary "@$work/rootfs.tar" \
				-o /dev/null "http://engine/images/create?fromSrc=-&repo=${image%:*}&tag=${image##*:}"
			;;
		*) echo "demo: $1 is no unix socket: the image $image has to be there already" ;;
	esac
}

# usable CLI: it can run a container, which is more than that it answers.
usable() {
	command -v "$1" > /dev/null && import_with "$1" 2> "$work/$1" && "$1" run --rm "$image" true 2>> "$work/$1"
}

if [ "$(uname -s)" = Linux ]; then make_rootfs; fi

host=${GALLEY_HOST:-${CONTAINER_HOST:-${DOCKER_HOST:-}}}
if [ -n "$host" ]; then
	say "using $host, as the environment says"
	import_to "$host"
else
	"$galley" engines || install_packages podman podman
	if usable docker; then
		export GALLEY_ENGINE=docker
	elif usable podman; then
		export GALLEY_ENGINE=podman
	else
		say "no engine here can run a container"
		sed 's/^/  /' "$work"/docker "$work"/podman 2> /dev/null || true
		say "falling back on the test bed's $fallback, which works in sandboxes too"
		"$engines" status | grep "^$fallback  *up" > /dev/null || started=$fallback
		"$engines" install "$fallback"
		"$engines" up "$fallback"
		GALLEY_HOST=$("$engines" status | sed -n "s#^$fallback  *up  *\(unix://[^,]*\),.*#\1#p")
		export GALLEY_HOST
		import_to "$GALLEY_HOST"
	fi
fi

say "galley test (in $PWD)"
"$galley" list
"$galley" test
