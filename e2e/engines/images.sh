# shellcheck shell=bash
# Part of engines.sh: test images, built here without a registry as docker-archive tarballs,
# which Docker and Podman both load. A tarball's name holds a digest of what went into it.

IMAGE_PATH_ENV='PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

image_tag() {
	case $1 in
		busybox) echo docker.io/library/busybox:latest ;;
		tool) echo docker.io/chef/chef:latest ;;
		tool-scratch) echo docker.io/chef/chef:scratch ;;
		cinc) echo docker.io/cincproject/cinc:latest ;;
		cinc15) echo docker.io/cincproject/cinc:15 ;;
		platform-with-chef) echo docker.io/library/platform-with-chef:latest ;;
		debian) echo docker.io/library/debian:latest ;;
		systemd) echo docker.io/library/systemd:latest ;;
		puppet) echo docker.io/library/puppet:latest ;;
		ansible) echo docker.io/library/ansible:latest ;;
		testers) echo docker.io/library/testers:latest ;;
		goss) echo docker.io/library/goss:latest ;;
		nettools) echo docker.io/library/nettools:latest ;;
		*)
			echo "engines.sh: unknown image '$1': choose from busybox tool tool-scratch cinc cinc15 platform-with-chef debian systemd puppet ansible testers goss nettools" >&2
			return 2
			;;
	esac
}

image_config() {
	case $1 in
		tool) echo '{"Cmd": ["true"], "Volumes": {"/opt/chef": {}}}' ;;
		tool-scratch) echo '{"Cmd": ["/opt/chef/bin/chef-client", "--version"], "Volumes": {"/opt/chef": {}}}' ;;
		cinc | cinc15) echo '{"Cmd": ["true"], "Volumes": {"/opt/cinc": {}}}' ;;
		goss) echo '{"Cmd": ["/opt/goss/bin/goss"], "Volumes": {"/opt/goss": {}}}' ;;
		debian | puppet | ansible | testers) echo '{"Cmd": ["bash"]}' ;;
		systemd) echo '{"Cmd": ["/sbin/init"], "Env": ["container=docker"], "StopSignal": "SIGRTMIN+3"}' ;;
		*) echo '{"Cmd": ["sh"]}' ;;
	esac
}

# image_inputs NAME: all that NAME is made of, as one stream to take a digest of.
image_inputs() {
	image_tag "$1"
	image_config "$1"
	declare -f make_archive "rootfs_${1//-/_}"
	case $1 in
		debian | systemd | puppet | ansible | testers)
			declare -f bootstrap slim
			cat /etc/os-release
			;;
		cinc15)
			declare -f unpack_ubuntu slim
			cat "$LIB/../images/cinc15.sh"
			;;
		goss)
			echo "$GOSS_VERSION"
			"$(find_go)" version
			;;
		*)
			declare -f rootfs_busybox
			cat "$(find_tool busybox)"
			;;
	esac
	case $1 in
		tool* | cinc)
			declare -f add_client
			"$(find_go)" version
			find "$LIB/../images/chef-client" -name '*.go' ! -name '*_test.go' -print0 | sort -z | xargs -0 cat
			;;
	esac
}

find_go() {
	command -v go || {
		echo "engines.sh: small Go programs are built: put 'go' into PATH" >&2
		return 1
	}
}

cmd___image() {
	[ $# -gt 0 ] || usage
	local name tag tar
	for name in "$@"; do
		tag=$(image_tag "$name")
		tar=$(image_tarball "$name")
		echo "$tar $tag $(< "${tar%.tar}.id")"
	done
}

# image_tarball NAME: build it unless there, and print where.
image_tarball() {
	local dir=$ENGINES_DIR/images tar old
	mkdir -p "$dir"
	[ -n "$(find_tool busybox)" ] || die "busybox is not installed: run 'e2e/engines.sh install'"
	tar=$dir/$1-$(image_inputs "$1" | sha256sum | cut -c1-12).tar
	if [ ! -e "$tar" ]; then
		rm -rf --one-file-system "$dir/root"
		mkdir "$dir/root"
		"rootfs_${1//-/_}" "$dir/root"
		make_archive "$1" "$dir/root" "$tar"
		rm -rf --one-file-system "$dir/root"
		for old in "$dir/$1"-????????????.{tar,id}; do
			[ "${old%.*}" = "${tar%.*}" ] || rm -f "$old"
		done
	fi
	echo "$tar"
}

# make_archive NAME ROOT TARBALL: the same bytes from the same files.
make_archive() {
	local root=$2 out=$3 w=$3.work id stable=(--numeric-owner --sort=name --mtime=@0 --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime')
	rm -rf "$w"
	mkdir "$w"
	tar "${stable[@]}" --xattrs --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -C "$root" -cf "$w/layer.tar" .
	jq -cn --arg layer "sha256:$(sha256sum "$w/layer.tar" | cut -d' ' -f1)" --arg arch "$(architecture)" \
		--arg path "$IMAGE_PATH_ENV" --argjson config "$(image_config "$1")" '
		{created: "1970-01-01T00:00:00Z", architecture: $arch, os: "linux",
		 config: ($config | .Env = [$path] + (.Env // [])),
		 rootfs: {type: "layers", diff_ids: [$layer]},
		 history: [{created: "1970-01-01T00:00:00Z", created_by: "engines.sh"}]}' > "$w/config"
	id=$(sha256sum "$w/config" | cut -d' ' -f1)
	mv "$w/config" "$w/$id.json"
	jq -cn --arg id "$id" --arg tag "$(image_tag "$1")" '[{Config: ($id + ".json"), RepoTags: [$tag], Layers: ["layer.tar"]}]' > "$w/manifest.json"
	tar "${stable[@]}" --owner=0 --group=0 --mode=0644 -C "$w" -cf "$out.new" manifest.json "$id.json" layer.tar
	echo "sha256:$id" > "${out%.tar}.id"
	mv "$out.new" "$out"
	rm -rf "$w"
}

architecture() {
	case $(uname -m) in
		x86_64) echo amd64 ;;
		aarch64) echo arm64 ;;
		*) uname -m ;;
	esac
}

# --- what is in them -----------------------------------------------------------------
rootfs_busybox() {
	local busybox applet
	busybox=$(find_tool busybox)
	! ldd "$busybox" > /dev/null 2>&1 || die "$busybox is linked dynamically: install the package busybox-static in its place"
	mkdir -p "$1"/{bin,etc,root,tmp,home,var/tmp,proc,sys,dev,usr/bin,usr/sbin,sbin}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	cp "$busybox" "$1/bin/busybox"
	for applet in $("$busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	ln -s /bin/env "$1/usr/bin/env"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' > "$1/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' > "$1/etc/group"
}

# rootfs_tool_scratch ROOT: nothing but the volume, as images of tools can be.
rootfs_tool_scratch() { add_client "$1/opt/chef" chef-client; }

rootfs_tool() {
	rootfs_busybox "$1"
	add_client "$1/opt/chef" chef-client
}

rootfs_cinc() {
	rootfs_busybox "$1"
	add_client "$1/opt/cinc" cinc-client
}

# rootfs_platform_with_chef ROOT: its own directory lies where the tool's volume goes.
rootfs_platform_with_chef() {
	rootfs_busybox "$1"
	mkdir -p "$1/opt/chef/bin"
	echo "this comes from the platform's image" > "$1/opt/chef/PLATFORM-IMAGE"
	printf '#!/bin/sh\necho "this chef-client belongs to the platform" >&2\nexit 99\n' > "$1/opt/chef/bin/chef-client"
	chmod +x "$1/opt/chef/bin/chef-client"
}

# add_client DIR NAME: the Go program of e2e/images/chef-client, and a mark beside it.
add_client() {
	mkdir -p "$1/bin"
	(
		cd "$LIB/../images/chef-client"
		CGO_ENABLED=0 GOFLAGS='' "$(find_go)" build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$1/bin/$2" .
	) >&2 || die "$2 does not build"
	echo "this comes from the tool's image" > "$1/TOOL-IMAGE"
}

# rootfs_nettools ROOT: this machine's own tc and iptables, with what they load, and a shell that does not prefer the tc
# that busybox has.
rootfs_nettools() {
	local program file
	rootfs_busybox "$1"
	for program in tc iptables dash; do
		file=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program") ||
			{ echo "engines.sh: this machine has no $program: install iproute2, iptables and dash" >&2; exit 3; }
		cp -L "$file" "$1/usr/sbin/$program"
		ldd "$file" | grep -o '/[^ ]*' | while read -r file; do
			mkdir -p "$1${file%/*}"
			cp -L "$file" "$1$file"
		done
	done
	ln -sf /usr/sbin/dash "$1/bin/sh"
	file=$(find /usr/lib -name libxt_statistic.so | sed -n 1p)
	mkdir -p "$1${file%/*}"
	cp "$file" "${file%/*}"/libxt_{standard,NFQUEUE}.so "$1${file%/*}"
}

rootfs_debian() { bootstrap "$1" ''; }

# The real tools from the distribution's own packages.
rootfs_puppet() { bootstrap "$1" --include=puppet-agent; }

rootfs_ansible() {
	local log=$ENGINES_DIR/images/apt.log
	bootstrap "$1" ''
	# debootstrap itself cannot put Python's packages into an order that works
	DEBIAN_FRONTEND=noninteractive chroot "$1" sh -c 'apt-get update && apt-get install -y --no-install-recommends ansible-core' < /dev/null > "$log" 2>&1 ||
		die "installing ansible-core failed: $(last_words "$log")"
	slim "$1"
}

# rootfs_testers ROOT: test tools that galley runs inside of runners.
rootfs_testers() { bootstrap "$1" --include=bats,python3-testinfra,ruby-serverspec; }

GOSS_VERSION=v0.4.9

# rootfs_goss ROOT: goss alone, as a tool volume. It is built in a module of its own,
# since that is how an exact version is fetched whatever versions a proxy lists.
rootfs_goss() {
	local w=$ENGINES_DIR/images/goss.work log=$ENGINES_DIR/images/goss.log go
	go=$(find_go)
	rm -rf "$w"
	mkdir -p "$w" "$1/opt/goss/bin"
	printf 'module goss.invalid/build\n\ngo 1.24.0\n' > "$w/go.mod"
	(cd "$w" && CGO_ENABLED=0 GOFLAGS='' "$go" get "github.com/goss-org/goss/cmd/goss@$GOSS_VERSION") > "$log" 2>&1 ||
		{ echo "engines.sh: goss cannot be fetched: $(last_words "$log")" >&2; exit 3; }
	(cd "$w" && CGO_ENABLED=0 GOFLAGS='' "$go" build -trimpath -ldflags '-s -w' -o "$1/opt/goss/bin/goss" github.com/goss-org/goss/cmd/goss) > "$log" 2>&1 ||
		die "goss does not build: $(last_words "$log")"
	rm -rf "$w"
}

# rootfs_cinc15 ROOT: a real Cinc Client 15 with its Ruby and all libraries that it needs,
# as a tool volume. Ubuntu 20.04 was the last to have it among its packages.
rootfs_cinc15() {
	local w=$ENGINES_DIR/images/cinc15.work tree=$1/opt/cinc/ubuntu name
	rm -rf "$w"
	unpack_ubuntu focal chef-bin "$w"
	mkdir -p "$1/opt/cinc/bin" "$tree"/{lib,usr/bin}
	mv "$w"/tree/usr/bin/{ruby2.7,cinc-client,ohai} "$tree/usr/bin/"
	mv "$w"/tree/usr/{lib,share} "$tree/usr/"
	mv "$w/tree/lib/$(uname -m)-linux-gnu" "$tree/lib/"
	rm -rf "$w" "$tree"/usr/lib/*-linux-gnu/{perl*,gconv} "$tree"/usr/share/perl*
	slim "$tree"
	for name in cinc-client ohai; do
		sed "s/@PROGRAM@/$name/g; s/@MACHINE@/$(uname -m)/g" "$LIB/../images/cinc15.sh" > "$1/opt/cinc/bin/$name"
		chmod 755 "$1/opt/cinc/bin/$name"
	done
}

# unpack_ubuntu SUITE PACKAGE DIR: PACKAGE with all it needs into DIR/tree, without running
# any script. Where Ubuntu keeps its packages is known to debootstrap.
unpack_ubuntu() {
	local log=$ENGINES_DIR/images/ubuntu.log keys=/usr/share/keyrings/ubuntu-archive-keyring.gpg deb
	command -v debootstrap > /dev/null || apt_install debootstrap
	[ -e "$keys" ] || keys=$ENGINES_DIR/trees/trixie$keys # Debian has it from 13 on
	[ -e "$keys" ] || { echo "engines.sh: the key of Ubuntu's packages is not here: install ubuntu-archive-keyring" >&2; exit 3; }
	timeout 300 debootstrap --download-only --variant=minbase --components=main,universe --include="$2" --keyring="$keys" "$1" "$3" < /dev/null > "$log" 2>&1 ||
		{ echo "engines.sh: Ubuntu's packages cannot be fetched: $(last_words "$log")" >&2; exit 3; }
	mkdir -p "$3/tree"
	for deb in "$3"/var/cache/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$3/tree" --keep-directory-symlink
	done
}

rootfs_systemd() {
	bootstrap "$1" --include=systemd,systemd-sysv,dbus,procps
	: > "$1/etc/machine-id"
	rm -f "$1"/lib/systemd/system/sysinit.target.wants/{sys-kernel-*,dev-hugepages*,dev-mqueue*,systemd-udev*}
	ln -sf /dev/null "$1/etc/systemd/system/getty.target"
	ln -sf /dev/null "$1/etc/systemd/system/console-getty.service"
	ln -sf /dev/null "$1/etc/systemd/system/proc-sys-fs-binfmt_misc.automount"
}

# bootstrap ROOT OPTION: a small Debian (or Ubuntu) of this machine's own release.
bootstrap() {
	local mirror suite log=$ENGINES_DIR/images/debootstrap.log
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	mirror=$(distribution_mirror "$suite")
	[ -n "$mirror" ] || { echo "engines.sh: this image is made with debootstrap, which takes the address of Debian's or Ubuntu's packages from this machine's apt sources: there is none for '$suite'" >&2; exit 3; }
	command -v debootstrap > /dev/null || apt_install debootstrap
	mkdir -p "$ENGINES_DIR/images/debs"
	unshare --mount debootstrap --variant=minbase --cache-dir="$ENGINES_DIR/images/debs" ${2:+"$2"} "$suite" "$1" "$mirror" < /dev/null > "$log" 2>&1 ||
		die "debootstrap failed: $(last_words "$log")"
	slim "$1"
}

# slim ROOT: away with what no test needs.
slim() {
	rm -rf "$1"/var/cache/apt/* "$1"/var/cache/ldconfig/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/usr/share/{doc,man,locale,info}/*
}

distribution_mirror() { # SUITE
	local f
	for f in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list; do
		[ -e "$f" ] || continue
		awk -v suite="$1" '
			/^URIs:/ { uri = $2 }
			/^Suites:/ { for (i = 2; i <= NF; i++) if ($i == suite) print uri }
			$1 == "deb" { for (i = 2; i < NF; i++) if ($(i+1) == suite) print $i }' "$f"
	done | sed -n 1p
}

# cmd___load NAME IMAGE...: through the engine's API, so that no client is needed.
cmd___load() {
	[ $# -gt 1 ] || usage
	local engine=$1 image tar answer
	known "$engine"
	need_up "$engine"
	shift
	for image in "$@"; do
		tar=$(image_tarball "$image")
		answer=$(curl -sS --fail-with-body --unix-socket "$(sock_of "$engine")" -X POST -H 'Content-Type: application/x-tar' \
			--data-binary "@$tar" http://d/images/load) || die "$engine: loading $image failed: $answer"
		# the engines answer 200 before they read the archive
		case $answer in *'"error'*) die "$engine: loading $image failed: $answer" ;; esac
	done
}
