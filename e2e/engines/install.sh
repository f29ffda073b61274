# shellcheck shell=bash
# Part of engines.sh: what has to be installed before an engine can start.

# Component, command, Debian's package, Fedora's package.
TOOLS='
base     unshare         util-linux       util-linux
base     setpriv         util-linux       util-linux
base     ip              iproute2         iproute
base     iptables        iptables         iptables-nft
base     slirp4netns     slirp4netns      slirp4netns
base     tini            tini             tini
base     jq              jq               jq
base     socat           socat            socat
base     curl            curl             curl
base     openssl         openssl          openssl
base     sshd            openssh-server   openssh-server
base     ssh-keygen      openssh-client   openssh-clients
base     busybox         busybox-static   busybox
docker   dockerd         docker.io        moby-engine
docker   runc            runc             runc
podman   podman          podman           podman
podman   crun            crun             crun
podman   conmon          conmon           conmon
podman   netavark        netavark         netavark
podman   aardvark-dns    aardvark-dns     aardvark-dns
podman   catatonit       catatonit        catatonit
podman   newuidmap       uidmap           shadow-utils
rootless rootlesskit     rootlesskit      rootlesskit
rootless newuidmap       uidmap           shadow-utils
registry docker-registry docker-registry  docker-distribution
'

# Unpacked beside the system, so dependencies that a full Debian has anyway are named too.
TRIXIE_PACKAGES=(docker.io docker-cli podman crun runc iptables nftables slirp4netns
	passt uidmap netavark aardvark-dns catatonit conmon tini openssh-server
	ca-certificates bash dash coreutils findutils grep sed mawk gzip xz-utils tar iproute2
	util-linux mount procps socat jq curl base-passwd login.defs libc-bin ubuntu-archive-keyring)

# What no distribution here has, by the name of the tree it goes to: module, version, whether C
# is in it, and the programs, which take the place of Debian 13's ones.
BUILT='
docker29 github.com/moby/moby/v2 v2.0.0-beta.24 0 dockerd docker-proxy
podman6  go.podman.io/podman/v6  v6.0.2         1 podman rootlessport
'

find_tool() {
	local name=$1
	if PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/podman:/usr/libexec/podman command -v "$name"; then return; fi
	[ "$name" = docker-registry ] && command -v registry # Fedora's name for it
}

# missing_tools COMPONENT: print the TOOLS lines whose command is not there.
missing_tools() {
	local component tool deb rpm
	while read -r component tool deb rpm; do
		[ "$component" = "$1" ] || continue
		find_tool "$tool" > /dev/null || echo "$component $tool $deb $rpm"
	done <<< "$TOOLS"
}

# install_component COMPONENT: install its missing tools with the system's package manager.
install_component() {
	local missing packages
	missing=$(missing_tools "$1")
	[ -n "$missing" ] || return 0
	if command -v apt-get > /dev/null; then
		mapfile -t packages < <(cut -d' ' -f3 <<< "$missing" | sort -u)
		apt_install "${packages[@]}"
	elif command -v dnf > /dev/null; then
		mapfile -t packages < <(cut -d' ' -f4 <<< "$missing" | sort -u)
		dnf -q -y install --setopt=install_weak_deps=False "${packages[@]}"
	else
		die "neither apt-get nor dnf here: install by hand what gives these commands: $(cut -d' ' -f2 <<< "$missing" | xargs)"
	fi
}

apt_install() {
	# No package may start a service: the engines here are not the system's.
	local policy=/usr/sbin/policy-rc.d mine='' status=0
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' > $policy
		chmod +x $policy
		mine=1
	fi
	{
		apt-get -qq -o DPkg::Lock::Timeout=600 update &&
			DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 \
				install --no-install-recommends --no-remove "$@" > /dev/null
	} < /dev/null || status=$?
	[ -z "$mine" ] || rm -f $policy
	return $status
}

# install_engine NAME: true when all is there that NAME needs.
install_engine() {
	install_component base
	case $1 in
		registry) install_component registry ;;
		docker29* | podman6*)
			unpack_trixie "$1"
			build_programs "$1"
			;;
		docker26 | podman5*) unpack_trixie "$1" ;;
		docker20-rootless)
			install_component docker
			install_component rootless
			;;
		*) install_component "$(kind_of "$1")" ;;
	esac
}

# missing_for NAME: print in words what NAME still lacks, or nothing.
missing_for() {
	local lines
	lines=$(
		missing_tools base
		is_trixie "$1" || missing_tools "$(kind_of "$1")"
		[ "$1" != docker20-rootless ] || missing_tools rootless
	)
	if [ -n "$lines" ]; then
		echo "not installed: $(cut -d' ' -f2 <<< "$lines" | sort -u | xargs); run 'e2e/engines.sh install $1'"
	elif is_trixie "$1" && ! have_trixie; then
		echo "Debian 13's programs are not unpacked; run 'e2e/engines.sh install $1'"
	elif is_built "$1" && ! have_built "$1"; then
		echo "its programs are not built; run 'e2e/engines.sh install $1'"
	fi
}

cmd___install() {
	local n names worst=0
	[ $# -gt 0 ] || set -- all
	names=$(expand "$@")
	prepare_dir
	for n in $names; do
		# set -e does not reach into a command that is tested: hence a shell of its own
		set +e
		(set -e; install_engine "$n")
		case $? in
			0) ;;
			3) worst=3 ;; # unavailable() has said why
			*)
				echo "engines.sh: $n: its packages could not be installed (the package manager's words are above)" >&2
				[ $worst != 0 ] || worst=1
				;;
		esac
		set -e
	done
	return $worst
}

# prepare_dir: make ENGINES_DIR with what all engines share.
prepare_dir() {
	local p=$ENGINES_DIR
	mkdir -p "$ENGINES_DIR"/{ran,tmp}
	chmod 755 "$ENGINES_DIR"
	[ -e "$ENGINES_DIR/users" ] || (umask 0 && : > "$ENGINES_DIR/users") # test processes lock it while they use engines
	chmod 1777 "$ENGINES_DIR"/{ran,tmp} # for the tests, whoever runs them: a note of what they used, and their files
	while [ "$p" != / ]; do
		[[ $(stat -L -c %A "$p") == *[xt] ]] || die "$p must be open to every user: the rootless engines have to get to $ENGINES_DIR (set ENGINES_DIR to another place)"
		p=$(dirname "$p")
	done
	# a socket's path may have at most 107 characters
	[ ${#ENGINES_DIR} -le 70 ] || die "the path $ENGINES_DIR is too long for sockets below it: set ENGINES_DIR to a shorter one"
}

# --- Debian 13's engines on Debian 12 ----------------------------------------------
# trixie_sources FILE: this machine's own sources of Debian 12, with the suite renamed.
trixie_sources() {
	local f
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -e "$f" ] || continue
		awk 'BEGIN { RS = ""; FS = "\n" }
			/(^|\n)Suites:[^\n]*bookworm( |\n|$)/ {
				for (i = 1; i <= NF; i++) {
					if ($i ~ /^#/) continue
					print ($i ~ /^Suites:/) ? "Suites: trixie" : $i
				}
				exit
			}' "$f" > "$1.sources"
		if [ -s "$1.sources" ]; then return 0; fi
		rm "$1.sources"
	done
	if [ -e /etc/apt/sources.list ]; then
		sed -n 's/^\(deb .*\) bookworm main.*/\1 trixie main/p' /etc/apt/sources.list | sed -n 1p > "$1.list"
		if [ -s "$1.list" ]; then return 0; fi
		rm "$1.list"
	fi
	return 1
}

# have_trixie: true when all of Debian 13's packages are there.
have_trixie() { [ "$(cat "$ENGINES_DIR/trees/trixie/.complete" 2> /dev/null)" = "${TRIXIE_PACKAGES[*]}" ]; }

# unpack_trixie NAME: download Debian 13's packages with all they need, by showing apt an
# empty dpkg status file, and unpack them without running their scripts.
unpack_trixie() {
	local tree=$ENGINES_DIR/trees/trixie a=$ENGINES_DIR/apt deb x
	! have_trixie || return 0
	command -v apt-get > /dev/null || unavailable "$1" "is unpacked from Debian 13 with apt-get, which this machine has not"
	rm -rf "$tree" "$a"
	mkdir -p "$tree" "$a"/{etc,lists/partial,cache/archives/partial}
	: > "$a/status"
	trixie_sources "$a/etc/trixie" || unavailable "$1" "is unpacked from Debian 13, whose address is derived from the apt sources of a Debian 12: there are none here"
	cat > "$a/apt.conf" <<-END
		Dir::Etc::sourcelist "$a/etc/trixie.list";
		Dir::Etc::sourceparts "$a/etc";
		Dir::State::lists "$a/lists";
		Dir::State::status "$a/status";
		Dir::Cache "$a/cache";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
	END
	{
		APT_CONFIG=$a/apt.conf apt-get -qq update &&
			APT_CONFIG=$a/apt.conf apt-get -qq -y install --download-only "${TRIXIE_PACKAGES[@]}"
	} < /dev/null > "$a/log" 2>&1 || unavailable "$1" "Debian 13's packages cannot be fetched: $(tail -n 1 "$a/log")"
	for deb in "$a"/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -p -C "$tree" --keep-directory-symlink \
			--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
	done
	rm -rf "$a"
	# What the packages' scripts would have done.
	for x in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -sf xtables-nft-multi "$tree/usr/sbin/$x"
	done
	ln -sf mawk "$tree/usr/bin/awk"
	ln -sf which.debianutils "$tree/usr/bin/which"
	[ -e "$tree/usr/bin/sh" ] || ln -s dash "$tree/usr/bin/sh"
	rm -rf "$tree/var/run" "$tree/var/lock"
	ln -s /run "$tree/var/run"
	ln -s /run/lock "$tree/var/lock"
	chmod u+s "$tree"/usr/bin/new[ug]idmap
	mkdir -p "$tree"/{tmp,proc,sys,dev,run}
	chmod 1777 "$tree/tmp"
	echo "${TRIXIE_PACKAGES[*]}" > "$tree/.complete"
}

# --- programs built from source ------------------------------------------------------
# built_tree NAME: where they are; a rootless engine and one with the classic store are of the same programs.
built_tree() { echo "$ENGINES_DIR/trees/${1%%-*}"; }

# built_line NAME: what is said of them above: module, version, C, programs.
built_line() { awk -v tree="${1%%-*}" '$1 == tree { $1 = ""; print }' <<< "$BUILT"; }

have_built() { [ "$(cat "$(built_tree "$1")/.complete" 2> /dev/null)" = "$(built_line "$1")" ]; }

# build_programs NAME: one package at a time, behind whatever else this machine does. Go keeps
# what it downloads and compiles in its own caches.
build_programs() {
	local tree module version cgo programs dir log=$ENGINES_DIR/build.log
	! have_built "$1" || return 0
	tree=$(built_tree "$1")
	read -r module version cgo programs <<< "$(built_line "$1")"
	command -v go > /dev/null || unavailable "$1" "is built from $module, and there is no go in PATH"
	rm -rf "$tree"
	mkdir -p "$tree"
	# in the module's own directory, so with the versions that it was released with
	# shellcheck disable=SC2046,SC2086 # several words
	(
		dir=$(cd / && GOFLAGS='' go mod download -json "$module@$version" | jq -r '.Error // .Dir') || { echo "$dir"; exit 1; }
		cd "$dir" &&
			env -u GOOS -u GOARCH GOFLAGS=-p=1 GOWORK=off CGO_ENABLED="$cgo" nice -n 10 \
				go build -trimpath -buildvcs=false -tags containers_image_openpgp,exclude_graphdriver_btrfs \
				-ldflags "-s -w -X $module/dockerversion.Version=${version#v}" -o "$tree/" $(printf './cmd/%s ' $programs)
	) > "$log" 2>&1 < /dev/null || unavailable "$1" "$module $version cannot be built: $(last_words "$log")"
	built_line "$1" > "$tree/.complete"
}

# --- keys --------------------------------------------------------------------------
# One authority with a server's and a client's certificate, under the names that
# DOCKER_CERT_PATH wants.
make_tls() {
	local p=$ENGINES_DIR/tls role ext
	[ ! -e "$p/.complete" ] || return 0
	rm -rf "$p"
	mkdir -p "$p"
	(
		cd "$p"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
			-subj /CN=galley-test-ca -keyout ca-key.pem -out ca.pem
		for role in server client; do
			ext='extendedKeyUsage=clientAuth'
			[ $role = client ] || ext="subjectAltName=IP:127.0.0.1,IP:$NET.100,DNS:localhost"$'\nextendedKeyUsage=serverAuth'
			openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$role" -keyout $role-key.pem -out $role.csr
			openssl x509 -req -in $role.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -extfile <(echo "$ext") -out $role.pem
		done
		mv client-key.pem key.pem
		mv client.pem cert.pem
	) < /dev/null > "$p/log" 2>&1 || die "openssl failed: $(tail -n 1 "$p/log")"
	chmod 644 "$p"/*.pem
	: > "$p/.complete"
}

# A key pair, a configuration whose host aliases are the engines' names, and a `ssh` that
# uses it: a client that runs plain `ssh` gets it by putting ssh/bin first in PATH. The keys
# stay, since sshds that run have read theirs; what names ports, and whose the private key
# is, is made anew for whoever calls with other ports or as another user.
make_ssh() {
	local s=$ENGINES_DIR/ssh e
	if [ ! -e "$s/.complete" ]; then
		rm -rf "$s"
		mkdir -p "$s/bin"
		ssh-keygen -q -t ed25519 -N '' -C galley-test -f "$s/id"
		ssh-keygen -q -t ed25519 -N '' -C galley-test -f "$s/hostkey"
		cp "$s/id.pub" "$s/authorized_keys"
		chmod 644 "$s/authorized_keys"
		: > "$s/.complete"
	fi
	# ssh refuses a private key that is not the caller's own
	chown "${SUDO_UID:-$(id -u)}" "$s/id"
	for e in "${EVERY[@]}"; do
		echo "[127.0.0.1]:$(ssh_port "$e") $(cut -d' ' -f1,2 "$s/hostkey.pub")"
	done > "$s/known_hosts.new"
	{
		for e in "${EVERY[@]}"; do
			printf 'Host %s\n\tHostName 127.0.0.1\n\tPort %s\n\tUser %s\n' "$e" "$(ssh_port "$e")" "$(user_of "$e")"
		done
		printf 'Host *\n\tIdentityFile %s\n\tIdentitiesOnly yes\n\tUserKnownHostsFile %s\n\tBatchMode yes\n\tLogLevel ERROR\n' \
			"$s/id" "$s/known_hosts"
	} > "$s/config.new"
	printf '#!/bin/sh\nexec /usr/bin/ssh -F %s "$@"\n' "$s/config" > "$s/bin/ssh.new"
	chmod +x "$s/bin/ssh.new"
	for e in known_hosts config bin/ssh; do mv "$s/$e.new" "$s/$e"; done # another test may be reading them
}
