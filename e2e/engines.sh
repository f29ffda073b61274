#!/usr/bin/env bash
# engines.sh: real container engines for galley's tests, side by side on one machine.
#
#   engines.sh install [NAME...]              install what is missing (default: all)
#   engines.sh up      NAME...|all|newest     start engines; wait until they answer
#   engines.sh down    [NAME...|all] [--purge]  stop them; --purge also deletes their data
#                                             (--purge without a NAME: all of ENGINES_DIR)
#   engines.sh env     NAME [--tls|--ssh]     print export lines for a client on this host
#   engines.sh exec    NAME [--root] -- CMD   run CMD where the engine runs, as its user
#   engines.sh status                         one line per engine
#   engines.sh image   IMAGE...               build once; print "TARBALL TAG ID" of each
#   engines.sh load    NAME IMAGE...          load such images into an engine
#   engines.sh forward NAME HOSTPORT [PORT]   127.0.0.1:HOSTPORT -> PORT where the engine runs
#
# NAME:  docker20 docker-userns      the distribution's Docker; the same with userns-remap
#        podman4 podman4-rootless    the distribution's Podman, as root and as a plain user
#        docker26 podman5 podman5-rootless   Debian 13's, unpacked (on Debian 12 only)
#        docker20-rootless           the distribution's Docker as a plain user
#        docker29 podman6 podman6-rootless   built with Go from the newest sources, which takes
#                                    minutes; the rest of them is Debian 13's
#        docker29-classic            the same Docker with images in its own store, not containerd's.
#                                    "newest" names these four, and "all" the others
#        registry                    one store behind two ports: anonymous, and htpasswd
# IMAGE: busybox tool tool-scratch cinc cinc15 platform-with-chef debian systemd puppet ansible testers goss
#
# Environment:
#   ENGINES_DIR        everything lives below it (default ${TMPDIR:-/tmp}/galley-engines);
#                      every user must be able to reach it
#   ENGINES_PORT_BASE  first of the 1000 ports that this set may use (default 23000); give
#                      each set of engines its own directory and its own ports
#   ENGINES_CGROUP     v2 (default) or v1: what the engine finds on /sys/fs/cgroup
#   ENGINES_STORAGE    overlay (default) or vfs, for a directory that cannot hold overlays
#
# Exit codes: 0 done, 1 failed, 2 usage, 3 this machine cannot do it (reason on stderr).
#
# For tests only: sockets and keys are open to every local user.
#
# Each engine lives in its own mount, pid, net, ipc, uts and cgroup namespace, as root of
# the initial user namespace, because
#   net     two dockerds in one namespace flush each other's firewall chains; here none
#           touches the host's, and slirp4netns connects it to the outside;
#   pid     the end of the namespace's init ends every shim, conmon and container with it;
#   cgroup  it sees one clean hierarchy, whatever mixture the host has;
#   mount   / is shared as Podman wants it, /etc a private overlay, /run a private tmpfs.
# All other paths are the host's own, so that bind mounts mean what they say.
set -euo pipefail
[ "$(uname -s)" = Linux ] || { echo "engines.sh: needs Linux; this is $(uname -s)" >&2; exit 3; }
shopt -s inherit_errexit

SELF=$(readlink -f "${BASH_SOURCE[0]}")
LIB=${SELF%.sh}
ENGINES_DIR=${ENGINES_DIR:-${TMPDIR:-/tmp}/galley-engines}
ENGINES_PORT_BASE=${ENGINES_PORT_BASE:-23000}
ENGINES_CGROUP=${ENGINES_CGROUP:-}
ENGINES_STORAGE=${ENGINES_STORAGE:-}
export ENGINES_DIR ENGINES_PORT_BASE ENGINES_CGROUP ENGINES_STORAGE

ALL=(docker20 docker-userns podman4 podman4-rootless docker26 podman5 podman5-rootless docker20-rootless)
NEWEST=(docker29 podman6 podman6-rootless docker29-classic)
# each has its ports by its place here
EVERY=(docker20 docker-userns podman4 podman4-rootless docker26 podman5 podman5-rootless docker29 podman6 podman6-rootless
	docker20-rootless docker29-classic)
# shellcheck disable=SC2034 # the parts use them
NET=10.213.0 # in there .2 is the host's loopback and .100 the engine itself
ROOTLESS_USER=galley # exists in the engine's own /etc only
ROOTLESS_UID=29213
REGISTRY_PORT=$((ENGINES_PORT_BASE + 500))
REGISTRY_AUTH_PORT=$((ENGINES_PORT_BASE + 501))

die() { echo "engines.sh: $*" >&2; exit 1; }
usage() { sed -n '3,/^# Exit codes/s/^# \{0,1\}//p' "$SELF" >&2; exit 2; }

# unavailable NAME REASON: remember for `status` why NAME cannot run here, and give up.
unavailable() {
	mkdir -p "$ENGINES_DIR/reasons"
	echo "$2" > "$ENGINES_DIR/reasons/$1"
	echo "engines.sh: $1: $2" >&2
	exit 3
}

# --- the table of engines ------------------------------------------------------
known() { [ "$1" = registry ] || index_of "$1" > /dev/null; }
index_of() {
	local i
	for i in "${!EVERY[@]}"; do
		if [ "${EVERY[$i]}" = "$1" ]; then echo $((i + 1)); return; fi
	done
	echo "engines.sh: unknown engine '$1': choose from ${EVERY[*]} registry" >&2
	return 2
}
kind_of() { case $1 in docker*) echo docker ;; podman*) echo podman ;; registry) echo registry ;; esac; }
is_rootless() { [[ $1 == *-rootless ]]; }
is_built() { [[ " ${NEWEST[*]} " == *" $1 "* ]]; }
is_trixie() { [[ $1 == docker26 || $1 == podman5* ]] || is_built "$1"; }
user_of() { if is_rootless "$1"; then echo "$ROOTLESS_USER"; else echo root; fi; }
uid_of() { if is_rootless "$1"; then echo "$ROOTLESS_UID"; else echo 0; fi; }
home_of() { if is_rootless "$1"; then echo "$ENGINES_DIR/$1/home"; else echo /root; fi; }
sock_of() { echo "$ENGINES_DIR/$1/sock/$(kind_of "$1").sock"; }
ssh_port() { echo $((ENGINES_PORT_BASE + $(index_of "$1"))); }
tls_port() { echo $((ENGINES_PORT_BASE + 100 + $(index_of "$1"))); }
path_of() { if is_trixie "$1"; then echo /usr/sbin:/usr/bin:/sbin:/bin; else echo /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; fi; }

# expand NAME...: "all" becomes the distributions' engines and the registry.
expand() {
	local n
	for n in "$@"; do
		case $n in
			all) printf '%s\n' registry "${ALL[@]}" ;;
			newest) printf '%s\n' "${NEWEST[@]}" ;;
			*)
				known "$n" || return 2
				echo "$n"
				;;
		esac
	done
}

# The sandboxes that CI jobs run in may lack CAP_SYS_RESOURCE (bit 24) even for root.
lacks_sys_resource() { (((0x$(awk '/^CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1) == 0)); }

# --- processes -------------------------------------------------------------------
# A pid file holds "pid starttime", so that a recycled pid is never signalled.
starttime() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d' ' -f20; }
write_pid() { echo "$2 $(starttime "$2")" > "$1"; }
live_pid() { # FILE: print the pid if that very process still runs
	local pid start
	read -r pid start 2> /dev/null < "$1" || return 1
	[ -n "$start" ] && [ "$(starttime "$pid")" = "$start" ] && echo "$pid"
}
stop_pidfile() { # FILE: TERM, then KILL, 10 s for each
	local pid sig i
	for sig in TERM KILL; do
		pid=$(live_pid "$1") || break
		kill "-$sig" "$pid" 2> /dev/null || true
		for ((i = 0; i < 200; i++)); do live_pid "$1" > /dev/null || break 2; sleep 0.05; done
	done
	rm -f "$1"
}
is_up() {
	if [ "$1" = registry ]; then
		live_pid "$ENGINES_DIR/registry/$REGISTRY_PORT.pid" > /dev/null && live_pid "$ENGINES_DIR/registry/$REGISTRY_AUTH_PORT.pid" > /dev/null
	else
		live_pid "$ENGINES_DIR/$1/pid" > /dev/null && api_ping "$1"
	fi
}
need_up() { is_up "$1" || die "$1 is not running: start it with 'engines.sh up $1'"; }
api_ping() { curl -fsS -m 5 --unix-socket "$(sock_of "$1")" http://d/_ping > /dev/null 2>&1; }

# locked CMD...: one at a time over all processes that share ENGINES_DIR. -o: what is
# started below must not inherit the lock.
locked() {
	mkdir -p "$ENGINES_DIR"
	flock -o "$ENGINES_DIR/.lock" "$BASH" "$SELF" "$@"
}

# become_root ARGS...: run again as root, where sudo lets us without a question.
become_root() {
	[ "$(id -u)" != 0 ] || return 0
	if ! sudo -n true 2> /dev/null; then
		echo "engines.sh: starting engines needs root, and sudo wants a password here: run 'sudo $SELF $1' yourself" >&2
		exit 3
	fi
	exec sudo -n -H env PATH="$PATH" ENGINES_DIR="$ENGINES_DIR" ENGINES_PORT_BASE="$ENGINES_PORT_BASE" \
		ENGINES_CGROUP="$ENGINES_CGROUP" ENGINES_STORAGE="$ENGINES_STORAGE" "$BASH" "$SELF" "$@"
}

# --- main ------------------------------------------------------------------------
for part in install inside outside registry images; do
	# shellcheck source=/dev/null
	. "$LIB/$part.sh"
done

[ $# -gt 0 ] || usage
cmd=$1
shift
case $cmd in
	env | status) "cmd_$cmd" "$@" ;;
	up)
		[ $# -gt 0 ] || usage
		cmd_up "$@"
		;;
	install | image | load)
		become_root "$cmd" "$@"
		locked "__$cmd" "$@"
		;;
	down | exec | forward)
		become_root "$cmd" "$@"
		"cmd_$cmd" "$@"
		;;
	__install | __image | __load | __up | __down | __init | __main | __user) "cmd_$cmd" "$@" ;;
	*) usage ;;
esac
