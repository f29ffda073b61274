# shellcheck shell=bash
# Part of engines.sh: starting, reaching and stopping engines from the host.

# --- cgroups ---------------------------------------------------------------------
# host_cgroups: "controllers mountpoint path" of this process in every mounted hierarchy.
host_cgroups() {
	local id ctrl path mnt
	while IFS=: read -r id ctrl path; do
		[ -n "$id" ] || continue
		mnt=$(awk -v c="$ctrl" '{
			for (i = 7; i <= NF && $i != "-"; i++);
			if (c == "" ? $(i+1) == "cgroup2" : $(i+1) == "cgroup" && index("," $(i+3) ",", "," c ",")) { print $5; exit }
		}' /proc/self/mountinfo)
		[ -z "$mnt" ] || echo "${ctrl:-v2} $mnt ${path%/}"
	done < /proc/self/cgroup
}

# make_cgroups NAME: a subtree below our own cgroup in every hierarchy (limits on us hold
# for the engine too); their paths go to the file cgroups.
make_cgroups() {
	local d=$ENGINES_DIR/$1 ctrl mnt path dir f
	: > "$d/cgroups"
	while read -r ctrl mnt path; do
		dir=$mnt$path/galley-engines-$ENGINES_PORT_BASE-$1
		mkdir -p "$dir" 2> /dev/null || continue
		case $ctrl in
			v2)
				# Podman 4 wants to enable at least one controller below
				for f in $(< "$mnt$path/cgroup.controllers"); do
					grep -qw "$f" "$mnt$path/cgroup.subtree_control" && continue
					if echo "+$f" > "$mnt$path/cgroup.subtree_control"; then echo "$f $mnt$path" >> "$ENGINES_DIR/controllers"; fi 2> /dev/null
				done
				;;
			cpuset)
				for f in cpuset.cpus cpuset.mems; do cat "$mnt$path/$f" > "$dir/$f"; done
				echo 1 > "$dir/cgroup.clone_children"
				;;
		esac
		echo "$ctrl $dir" >> "$d/cgroups"
	done < <(host_cgroups)
}

# join_cgroups NAME PID: move PID there; true once the v2 subtree has its leaf.
join_cgroups() {
	local ctrl dir status=0
	while read -r ctrl dir; do
		if [ "$ctrl" = v2 ]; then
			if [ -d "$dir/init" ]; then dir=$dir/init; elif [ "$(< "$ENGINES_DIR/$1/cgroup-mode")" = v2 ]; then status=1; fi
		fi
		echo "$2" > "$dir/cgroup.procs" || true
	done < "$ENGINES_DIR/$1/cgroups" 2> /dev/null
	return $status
}

# remove_cgroups NAME: deepest first. The kernel may take a moment to empty them.
remove_cgroups() {
	local ctrl dir i
	[ -e "$ENGINES_DIR/$1/cgroups" ] || return 0
	while read -r ctrl dir; do
		for ((i = 0; i < 100; i++)); do
			[ -d "$dir" ] || break
			find "$dir" -depth -type d -exec rmdir {} + 2> /dev/null || sleep 0.05
		done
		[ ! -d "$dir" ] || echo "engines.sh: $1: the cgroup $dir is still in use" >&2
	done < "$ENGINES_DIR/$1/cgroups"
	rm "$ENGINES_DIR/$1/cgroups"
}

# return_controllers: undo what make_cgroups enabled on the host, where nobody uses it.
return_controllers() {
	local f dir
	[ -e "$ENGINES_DIR/controllers" ] || return 0
	while read -r f dir; do
		echo "-$f" > "$dir/cgroup.subtree_control" || true
	done < "$ENGINES_DIR/controllers" 2> /dev/null
	rm "$ENGINES_DIR/controllers"
}

# --- up ----------------------------------------------------------------------------
cmd_up() {
	local n names status worst=0
	names=$(expand "$@")
	for n in $names; do
		if is_up "$n"; then
			[ "$n" = registry ] || same_mode "$n"
			continue
		fi
		become_root up "$@"
		status=0
		locked __up "$n" || status=$?
		case $status in
			0) ;;
			3) [ $worst != 0 ] || worst=3 ;;
			*) worst=1 ;;
		esac
	done
	return $worst
}

# same_mode NAME: a test must not run in one mode and report the other, nor look for an
# engine behind ports that it does not have.
same_mode() {
	local d=$ENGINES_DIR/$1
	[ ! -e "$d/port-base" ] || [ "$(< "$d/port-base")" = "$ENGINES_PORT_BASE" ] ||
		die "$1 is up with ENGINES_PORT_BASE=$(< "$d/port-base"): stop it first, or use that"
	[ "${ENGINES_CGROUP:-$(< "$d/cgroup-mode")} ${ENGINES_STORAGE:-$(< "$d/storage")}" = "$(< "$d/cgroup-mode") $(< "$d/storage")" ] ||
		die "$1 is up with cgroup $(< "$d/cgroup-mode") and storage $(< "$d/storage"): stop it first, with --purge if the storage shall change"
}

cmd___up() {
	local lacks
	if is_up "$1"; then return; fi # another process was faster
	prepare_dir
	lacks=$(missing_for "$1")
	[ -z "$lacks" ] || unavailable "$1" "$lacks"
	if [ "$1" = registry ]; then
		up_registry
	else
		stop_engine "$1" # what is left of one that died
		up_engine "$1"
	fi
	rm -f "$ENGINES_DIR/reasons/$1"
}

up_engine() {
	local name=$1 d=$ENGINES_DIR/$1 outer init='' i
	[[ $name != podman6* || ${ENGINES_CGROUP:-v2} = v2 ]] || unavailable "$name" "Podman 6 needs cgroup v2, and ENGINES_CGROUP asks for v1"
	make_tls
	make_ssh
	copy_self
	mkdir -p "$d/sock"
	chmod 755 "$d" "$d/sock"
	echo "${ENGINES_CGROUP:-v2}" > "$d/cgroup-mode"
	echo "${ENGINES_STORAGE:-overlay}" > "$d/storage"
	echo "$ENGINES_PORT_BASE" > "$d/port-base"
	make_cgroups "$name"
	(
		join_cgroups "$name" "$BASHPID" || true
		cd / # Podman starts nothing once the directory that it was started in is gone
		exec setsid unshare --mount --net --pid --fork --ipc --uts --cgroup \
			/bin/bash "$ENGINES_DIR/lib/engines.sh" __init "$name" < /dev/null > "$d/log" 2>&1
	) &
	outer=$!
	for ((i = 0; i < 200; i++)); do
		init=$(cat "/proc/$outer/task/$outer/children" 2> /dev/null) && [ -n "$init" ] && break
		[ -e "/proc/$outer" ] || break
		sleep 0.05
	done
	init=${init%% *}
	[ -n "$init" ] || unavailable "$name" "namespaces cannot be made: $(last_words "$d/log")"
	write_pid "$d/pid" "$init"
	for ((i = 0; i < 100; i++)); do join_cgroups "$name" "$outer" && break; sleep 0.05; done
	rm -f "$d/slirp.sock"
	setsid slirp4netns --configure --mtu=1500 --cidr="$NET.0/24" --netns-type=path --api-socket "$d/slirp.sock" \
		"/proc/$init/ns/net" tap0 < /dev/null > "$d/slirp.log" 2>&1 &
	write_pid "$d/slirp.pid" $!
	for ((i = 0; i < 1200; i++)); do
		live_pid "$d/pid" > /dev/null || break
		[ -S "$d/slirp.sock" ] && api_ping "$name" && break
		sleep 0.05
	done
	if ! api_ping "$name"; then
		stop_engine "$name"
		unavailable "$name" "the engine does not start: $(last_words "$d/log")"
	fi
	chmod 666 "$(sock_of "$name")"
	forward_port "$name" "$(ssh_port "$name")" 22
	[ "$(kind_of "$name")" = podman ] || is_rootless "$name" || forward_port "$name" "$(tls_port "$name")" 2376
}

last_words() { grep -v '^$' "$1" | tail -n 3 | tr '\n' ' ' | cut -c1-400; }

# copy_self: this script where every engine sees it, however it sees the checkout.
copy_self() {
	local lib=$ENGINES_DIR/lib r
	rm -rf "$lib.new"
	mkdir -p "$lib.new" "$ENGINES_DIR/wrap"
	cp "$SELF" "$lib.new/engines.sh"
	cp -r "$LIB" "$lib.new/engines"
	rm -rf "$lib"
	mv "$lib.new" "$lib"
	(cd "$LIB/ociwrapper" &&
		CGO_ENABLED=0 GOFLAGS='' "$(find_go)" build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$ENGINES_DIR/wrap/new" .)
	for r in runc crun; do
		cp "$ENGINES_DIR/wrap/new" "$ENGINES_DIR/wrap/$r.new"
		mv "$ENGINES_DIR/wrap/$r.new" "$ENGINES_DIR/wrap/$r" # containers of other engines may be starting
	done
	cp "$LIB/netavark" "$ENGINES_DIR/wrap/"
}

forward_port() { # NAME HOSTPORT PORT
	local answer
	answer=$(printf '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"127.0.0.1","host_port":%d,"guest_addr":"%s.100","guest_port":%d}}' "$2" "$NET" "$3" |
		socat -t 5 - "UNIX-CONNECT:$ENGINES_DIR/$1/slirp.sock")
	case $answer in
		*'"error"'*) die "$1: 127.0.0.1:$2 cannot lead to its port $3 (set another ENGINES_PORT_BASE if the port is taken): $answer" ;;
	esac
}

cmd_forward() {
	[ $# -ge 2 ] || usage
	known "$1"
	need_up "$1"
	forward_port "$1" "$2" "${3:-$2}"
}

# --- down --------------------------------------------------------------------------
cmd_down() {
	local n names file pid purge='' args=()
	for n in "$@"; do
		case $n in
			--purge) purge=--purge ;;
			all) args+=(all newest) ;;
			*) args+=("$n") ;;
		esac
	done
	[ -e "$ENGINES_DIR" ] || return 0
	if [ ${#args[@]} = 0 ]; then names=$(expand all newest); else names=$(expand "${args[@]}"); fi
	# all at once: each may take a few seconds to end
	for n in $names; do
		for file in "$ENGINES_DIR/$n"/*pid; do
			if pid=$(live_pid "$file"); then kill -TERM "$pid" || true; fi
		done
	done
	for n in $names; do locked __down "$n" $purge; done
	if [ -n "$purge" ] && [ ${#args[@]} = 0 ]; then
		return_controllers
		rm -rf --one-file-system "$ENGINES_DIR"
	fi
}

cmd___down() {
	if [ "$1" = registry ]; then stop_registry; else stop_engine "$1"; fi
	[ "${2:-}" != --purge ] || rm -rf --one-file-system "${ENGINES_DIR:?}/$1" "$ENGINES_DIR/reasons/$1" "$ENGINES_DIR/ran/$1"
}

# tini hands TERM on to the daemon and ends with it; the end of the namespace's init takes
# everything else along.
stop_engine() {
	[ -d "$ENGINES_DIR/$1" ] || return 0
	stop_pidfile "$ENGINES_DIR/$1/pid"
	stop_pidfile "$ENGINES_DIR/$1/slirp.pid"
	remove_cgroups "$1"
}

# --- env, exec, status ---------------------------------------------------------------
cmd_env() {
	[ $# -gt 0 ] || usage
	local name=$1 how=${2:-} sock path
	known "$name"
	path=$(tr : '\n' <<< "$PATH" | grep -v "^$ENGINES_DIR/" | paste -sd:)
	case $(kind_of "$name")$how in
		registry)
			echo "export REGISTRY=127.0.0.1:$REGISTRY_PORT REGISTRY_AUTH=127.0.0.1:$REGISTRY_AUTH_PORT REGISTRY_USER=$REGISTRY_USER REGISTRY_PASSWORD=$REGISTRY_PASSWORD"
			return
			;;
		docker)
			echo "unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT CONTAINER_HOST CONTAINER_CONNECTION"
			echo "export DOCKER_HOST=unix://$(sock_of "$name")"
			;;
		docker--tls)
			! is_rootless "$name" || unavailable_here "docker: the rootless one listens on its socket alone"
			echo "export DOCKER_HOST=tcp://127.0.0.1:$(tls_port "$name") DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$ENGINES_DIR/tls"
			;;
		docker--ssh)
			path=$ENGINES_DIR/ssh/bin:$path # clients run plain `ssh`
			echo "unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH"
			echo "export DOCKER_HOST=ssh://$(user_of "$name")@127.0.0.1:$(ssh_port "$name")"
			;;
		podman)
			echo "unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT DOCKER_HOST CONTAINER_CONNECTION CONTAINER_SSHKEY"
			echo "export CONTAINER_HOST=unix://$(sock_of "$name")"
			;;
		podman--ssh)
			sock=/run/podman/podman.sock
			! is_rootless "$name" || sock=/run/user/$ROOTLESS_UID/podman/podman.sock
			echo "export CONTAINER_HOST=ssh://$(user_of "$name")@127.0.0.1:$(ssh_port "$name")$sock CONTAINER_SSHKEY=$ENGINES_DIR/ssh/id"
			;;
		podman--tls) unavailable_here "podman: its service has no TLS before version 5.6" ;;
		*) usage ;;
	esac
	echo "export PATH='$path'"
}

unavailable_here() { echo "engines.sh: $*" >&2; exit 3; }

cmd_exec() {
	[ $# -gt 0 ] || usage
	local name=$1 pid as_user=1
	shift
	known "$name"
	if [ "${1:-}" = --root ]; then as_user=''; shift; fi
	if [ "${1:-}" = -- ]; then shift; fi
	[ $# -gt 0 ] || set -- bash
	need_up "$name"
	pid=$(live_pid "$ENGINES_DIR/$name/pid")
	join_cgroups "$name" "$BASHPID"
	if [ -n "$as_user" ]; then
		set -- /bin/bash "$ENGINES_DIR/lib/engines.sh" __user "$name" "$@"
	fi
	# clients in there find this engine by themselves, whatever the caller's environment says
	unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH CONTAINER_HOST CONTAINER_CONNECTION CONTAINER_SSHKEY
	PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
	# shellcheck disable=SC2016 # expanded inside
	exec nsenter -t "$pid" -m -n -p -i -u -C -r /bin/bash -c 'cd "$0" 2> /dev/null || cd /; export PATH=$1; shift; exec "$@"' \
		"$PWD" "$(path_of "$name")" "$@"
}

cmd_status() {
	local n
	for n in "${EVERY[@]}" registry; do
		if is_up "$n"; then
			case $n in
				registry) printf '%-17s up           127.0.0.1:%s and, with a password, 127.0.0.1:%s\n' "$n" "$REGISTRY_PORT" "$REGISTRY_AUTH_PORT" ;;
				*) printf '%-17s up           %s, version %s\n' "$n" "unix://$(sock_of "$n")" "$(api_version "$n")" ;;
			esac
		elif [ -e "$ENGINES_DIR/reasons/$n" ]; then
			printf '%-17s unavailable  %s\n' "$n" "$(< "$ENGINES_DIR/reasons/$n")"
		else
			printf '%-17s down\n' "$n"
		fi
	done
}

api_version() { curl -fsS -m 5 --unix-socket "$(sock_of "$1")" http://d/version | jq -r .Version; }
