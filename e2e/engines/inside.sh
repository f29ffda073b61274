# shellcheck shell=bash
# Part of engines.sh: what runs as pid 1 in an engine's own namespaces, up to its daemon.

# __init NAME: build the file system that the engine sees, and move into it.
cmd___init() {
	local name=$1 d=$ENGINES_DIR/$1 root='' x uid
	uid=$(uid_of "$name")
	mount --make-rprivate /
	# /run is a fresh tmpfs; what a private /etc or a private system changes goes there too
	mount -t tmpfs -o mode=755 tmpfs /run
	if is_trixie "$name"; then
		root=/run/root
		mkdir -p $root /run/private/{upper,work}
		mount -t overlay overlay -o "lowerdir=$ENGINES_DIR/trees/trixie,upperdir=/run/private/upper,workdir=/run/private/work" $root
		bind_host_directories $root
		copy_host_settings $root
		! is_built "$name" || take_built_programs "$name" $root
	else
		mkdir -p /run/private/{upper,work}
		mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/private/upper,workdir=/run/private/work /etc
	fi
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount_cgroups "$name" "$root/sys/fs/cgroup"
	[ -z "$root" ] || mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mkdir -p "$root"/run/{lock,sshd,podman,netns,dev} "$root/run/user/$uid"
	chmod 1777 "$root/run/lock"
	chmod 700 "$root/run/user/$uid"
	chown "$uid" "$root/run/user/$uid"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	# rootless engines must get at these two; the host's own nodes stay as they are
	mknod -m 666 "$root/run/dev/tun" c 10 200
	mknod -m 666 "$root/run/dev/fuse" c 10 229
	for x in net/tun fuse; do
		[ ! -e "$root/dev/$x" ] || mount --bind "$root/run/dev/${x##*/}" "$root/dev/$x"
	done
	if [ -n "$root" ]; then
		mkdir -p "$root/.old"
		cd "$root" || exit
		pivot_root . .old
		exec chroot . /bin/bash -c "cd /; umount -l /.old; rmdir /.old; exec /bin/bash '$SELF' __main $name"
	fi
	exec "$BASH" "$SELF" __main "$name"
}

# bind_host_directories ROOT: whatever is not part of the system is the host's.
bind_host_directories() {
	local x
	for x in /*; do
		case $x in
			/bin | /lib* | /sbin | /usr | /etc | /var | /run | /proc | /sys | /lost+found) ;;
			*)
				if [ -d "$x" ] && [ ! -L "$x" ]; then
					mkdir -p "$1$x"
					mount --rbind "$x" "$1$x"
				fi
				;;
		esac
	done
	mkdir -p "$1"/{proc,sys,run}
	case $ENGINES_DIR/ in
		/var/* | /usr/* | /etc/*)
			mkdir -p "$1$ENGINES_DIR"
			mount --rbind "$ENGINES_DIR" "$1$ENGINES_DIR"
			;;
	esac
}

# copy_host_settings ROOT: users, names, time zone and certificates.
copy_host_settings() {
	local x
	for x in passwd group shadow gshadow subuid subgid hosts hostname resolv.conf nsswitch.conf localtime; do
		[ ! -e /etc/$x ] || cp -L /etc/$x "$1/etc/$x"
	done
	mkdir -p "$1/etc/ssl"
	[ ! -d /etc/ssl/certs ] || cp -aL /etc/ssl/certs "$1/etc/ssl/" 2> /dev/null || true # some links dangle
}

# take_built_programs NAME ROOT: they stand where Debian 13's stood, for whoever looks there.
take_built_programs() {
	local program
	for program in "$(built_tree "$1")"/*; do
		ln -sf "$program" "$(find "$2"/usr/{bin,sbin,libexec} -name "${program##*/}" ! -type d | head -n 1)"
	done
	[[ $1 == podman6* ]] || return 0
	mv "$2/usr/lib/podman/netavark" "$2/usr/lib/podman/netavark-1"
	cp "$ENGINES_DIR/wrap/netavark" "$2/usr/lib/podman/netavark"
}

mount_cgroups() { # NAME MOUNTPOINT
	local ctrl m=$2
	if [ "$(< "$ENGINES_DIR/$1/cgroup-mode")" = v2 ]; then
		mount -t cgroup2 cgroup2 "$m"
		mkdir -p "$m/init"
		return
	fi
	mount -t tmpfs -o mode=755 tmpfs "$m"
	while read -r ctrl _; do
		case $ctrl in
			v2) ;;
			name=*) mkdir "$m/${ctrl#name=}" && mount -t cgroup -o "none,$ctrl" cgroup "$m/${ctrl#name=}" ;;
			*) mkdir "$m/$ctrl" && mount -t cgroup -o "$ctrl" cgroup "$m/$ctrl" ;;
		esac
	done < "$ENGINES_DIR/$1/cgroups"
	# lets systemd run in rootless containers; no more is delegated on v1
	if is_rootless "$1" && [ -d "$m/systemd" ]; then
		chown "$ROOTLESS_UID" "$m/systemd" "$m"/systemd/{cgroup.procs,tasks}
	fi
}

# __main NAME: still pid 1, now in the final root.
cmd___main() {
	local name=$1 d=$ENGINES_DIR/$1 port
	PATH=$(path_of "$name")
	export PATH HOME=/root
	mount --make-rshared /
	ip link set lo up
	echo 1 > /proc/sys/net/ipv4/ip_forward
	echo "$name" > /proc/sys/kernel/hostname
	[ "$(< "$d/cgroup-mode")" = v1 ] || delegate_cgroups "$name"
	add_users "$name"
	start_sshd "$name"
	# the host's registries, under the same address
	for port in "$REGISTRY_PORT" "$REGISTRY_AUTH_PORT"; do
		socat "TCP4-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "TCP4:$NET.2:$port" < /dev/null &
	done
	mkdir -p "$d"/{data,etc-containers,etc-docker} /etc/containers /etc/docker
	mount --bind "$d/etc-containers" /etc/containers
	mount --bind "$d/etc-docker" /etc/docker
	"main_$(kind_of "$name")" "$name"
}

# delegate_cgroups NAME: pass the controllers on. That is possible once no process is left
# in the subtree's root; the last one there is the outer unshare, which up_one moves.
delegate_cgroups() {
	local i p c=/sys/fs/cgroup
	for ((i = 0; i < 100; i++)); do
		while read -r p; do echo "$p" > $c/init/cgroup.procs || true; done < $c/cgroup.procs
		sed 's/[^ ]*/+&/g' $c/cgroup.controllers | tee $c/cgroup.subtree_control > /dev/null && break
		sleep 0.05
	done 2> /dev/null
	# to the rootless user, as systemd does
	! is_rootless "$1" || chown "$ROOTLESS_UID" $c{,/init} $c{,/init}/cgroup.{procs,threads,subtree_control}
}

# add_users NAME: in this engine's own /etc.
add_users() {
	if is_rootless "$1"; then
		sed -i "/^$ROOTLESS_USER:/d" /etc/{passwd,group,shadow,subuid,subgid}
		echo "$ROOTLESS_USER:x:$ROOTLESS_UID:$ROOTLESS_UID::$(home_of "$1"):/bin/sh" >> /etc/passwd
		echo "$ROOTLESS_USER:x:$ROOTLESS_UID:" >> /etc/group
		echo "$ROOTLESS_USER:*:::::::" >> /etc/shadow
		echo "$ROOTLESS_USER:2000000:65536" | tee -a /etc/subuid >> /etc/subgid
	else
		sed -i 's/^root:[!*]*:/root:*:/' /etc/shadow # sshd lets no locked account in
		echo containers:1000000:1048576 | tee -a /etc/subuid >> /etc/subgid # Podman's --userns=auto
	fi
	if [ "$1" = docker-userns ] && ! grep -q ^dockremap: /etc/passwd; then
		echo dockremap:x:994:994::/nonexistent:/bin/false >> /etc/passwd
		echo dockremap:x:994: >> /etc/group
	fi
	[ "$1" != docker-userns ] || echo dockremap:231072:65536 | tee -a /etc/subuid >> /etc/subgid
}

# start_sshd NAME: the engine's world, seen as a remote host.
start_sshd() {
	cat > /run/sshd_config <<-END
		Port 22
		ListenAddress 0.0.0.0
		HostKey $ENGINES_DIR/ssh/hostkey
		AuthorizedKeysFile $ENGINES_DIR/ssh/authorized_keys
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
		AllowStreamLocalForwarding yes
		PidFile /run/sshd.pid
		Subsystem sftp internal-sftp
		SetEnv XDG_RUNTIME_DIR=/run/user/$(uid_of "$1")
	END
	/usr/sbin/sshd -f /run/sshd_config -E "$ENGINES_DIR/$1/sshd.log" || echo "sshd did not start: ssh:// will not work" >&2
}

# main_docker_rootless NAME: in a user, mount and network namespace of rootlesskit's; 10.0.2.2 is this one's loopback.
main_docker_rootless() {
	local name=$1 d=$ENGINES_DIR/$1 uid driver=overlay2
	uid=$(uid_of "$name")
	[ "$(< "$d/storage")" = overlay ] || driver=vfs
	mkdir -p "$(home_of "$name")"
	chown -R "$uid:$uid" "$(home_of "$name")"
	chown "$uid:$uid" "$d/data" "$d/sock"
	rm -f "$d/sock/docker.sock"
	ln -sfn "$d/sock/docker.sock" "/run/user/$uid/docker.sock"
	cat > /run/dockerd-rootless <<-END
		rm -f /run/docker /run/containerd /run/xtables.lock
		for port in $REGISTRY_PORT $REGISTRY_AUTH_PORT; do
			socat TCP-LISTEN:\$port,bind=127.0.0.1,fork,reuseaddr TCP:10.0.2.2:\$port &
		done
		exec dockerd --rootless --data-root $d/data --exec-root /run/user/$uid/docker -H unix://$d/sock/docker.sock \\
			--storage-driver $driver --shutdown-timeout 2 --log-level warn
	END
	exec tini -s -- "$BASH" "$SELF" __user "$name" rootlesskit --state-dir="/run/user/$uid/rootlesskit" --net=slirp4netns \
		--mtu=1500 --slirp4netns-sandbox=false --slirp4netns-seccomp=false --port-driver=builtin --copy-up=/etc --copy-up=/run \
		--propagation=rslave sh /run/dockerd-rootless
}

main_docker() {
	! is_rootless "$1" || main_docker_rootless "$1"
	local name=$1 d=$ENGINES_DIR/$1 more='' driver=overlay2
	[ "$(< "$d/storage")" = overlay ] || driver=vfs
	case $name in
		docker-userns) more='"userns-remap": "default",' ;;
		docker29) # of itself it keeps images in containerd, whose drivers have other names
			more='"features": { "time-namespaces": false },' # which Debian 13's runc does not know
			if [ $driver = vfs ]; then driver=native; else driver=overlayfs; fi
			;;
		docker29-classic) more='"features": { "time-namespaces": false, "containerd-snapshotter": false },' ;;
	esac
	mkdir -p /var/lib/docker
	mount --bind "$d/data" /var/lib/docker
	mount --make-shared /var/lib/docker
	cat > /etc/docker/daemon.json <<-END
		{ $more
		  "hosts": ["unix:///run/docker.sock", "unix://$d/sock/docker.sock", "tcp://0.0.0.0:2376"],
		  "group": "root", "storage-driver": "$driver", "exec-opts": ["native.cgroupdriver=cgroupfs"],
		  "tls": true, "tlsverify": true, "tlscacert": "$ENGINES_DIR/tls/ca.pem",
		  "tlscert": "$ENGINES_DIR/tls/server.pem", "tlskey": "$ENGINES_DIR/tls/server-key.pem",
		  "shutdown-timeout": 2, "log-level": "warn" }
	END
	# first in PATH, so that the default runtime is still called runc
	if [[ $name == docker29* ]] || lacks_sys_resource; then PATH=$ENGINES_DIR/wrap:$PATH; fi
	exec env -i PATH="$PATH" HOME=/root tini -s -- dockerd
}

main_podman() {
	local name=$1 d=$ENGINES_DIR/$1 uid graph=/var/lib/containers runtimes='' pids='' roots seccomp='' x
	uid=$(uid_of "$name")
	if is_rootless "$name"; then
		graph=$(home_of "$name")/.local/share/containers
		mkdir -p "$graph"
		chown -R "$uid:$uid" "$(home_of "$name")"
		chown "$uid:$uid" "$d/data" "$d/sock"
	elif lacks_sys_resource; then
		# in a rootless engine's new user namespace all capabilities are there again
		runtimes="[engine.runtimes]"$'\n'"crun = [\"$ENGINES_DIR/wrap/crun\"]"$'\n'"runc = [\"$ENGINES_DIR/wrap/runc\"]"
	fi
	mkdir -p "$graph" /etc/containers/registries.conf.d
	mount --bind "$d/data" "$graph"
	if [[ $name == podman6* ]]; then # it mounts overlays in /var/tmp, which is on one already
		mkdir -p "$d/tmp"
		chmod 1777 "$d/tmp"
		mount --bind "$d/tmp" /var/tmp
	fi
	[ "$(< "$d/cgroup-mode")" = v1 ] || grep -qw pids /sys/fs/cgroup/cgroup.controllers || pids='pids_limit = 0'
	[[ $name != podman6* ]] || seccomp='seccomp_profile = "unconfined"' # it is built without libseccomp
	# default_ulimits: Podman's own may be above the hard limits here
	cat > /etc/containers/containers.conf <<-END
		[containers]
		$pids
		$seccomp
		default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hu):$(ulimit -Hu)"]
		log_driver = "k8s-file"
		[network]
		network_backend = "netavark"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "crun"
		$runtimes
	END
	roots='runroot = "/run/containers/storage"'$'\n''graphroot = "/var/lib/containers/storage"'
	[ "$name" != podman6-rootless ] || roots='' # it would take them for a plain user's too
	cat > /etc/containers/storage.conf <<-END
		[storage]
		driver = "$(< "$d/storage")"
		$roots
	END
	[ -e /etc/containers/policy.json ] || echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json
	{
		echo 'unqualified-search-registries = ["docker.io"]'
		for x in "$REGISTRY_PORT" "$REGISTRY_AUTH_PORT"; do
			printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$x"
		done
	} > /etc/containers/registries.conf
	# the usual path leads to the socket that the host can reach
	rm -f "$d/sock/podman.sock"
	x=/run/podman
	! is_rootless "$name" || x=/run/user/$uid/podman
	mkdir -p "$x"
	ln -s "$d/sock/podman.sock" "$x/podman.sock"
	chown -hR "$uid" "$x"
	exec tini -s -- "$BASH" "$SELF" __user "$name" podman --log-level=warn system service --time=0 "unix://$d/sock/podman.sock"
}

# __user NAME CMD...: CMD as the engine's user, in this namespace.
cmd___user() {
	local name=$1 uid host=''
	uid=$(uid_of "$name")
	[ "$name" != docker20-rootless ] || host="DOCKER_HOST=unix://$(sock_of "$name")"
	shift
	# shellcheck disable=SC2086 # nothing or one word
	exec env -i $host HOME="$(home_of "$name")" USER="$(user_of "$name")" LOGNAME="$(user_of "$name")" PATH="$(path_of "$name")" \
		LANG=C.UTF-8 TERM="${TERM:-dumb}" XDG_RUNTIME_DIR="/run/user/$uid" \
		setpriv --reuid="$uid" --regid="$uid" --init-groups "$@"
}
