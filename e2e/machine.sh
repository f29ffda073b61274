#!/usr/bin/env bash
# machine.sh [CMD...]: run a command under the distribution's own kernel, in a virtual machine. It sees the files of this
# machine where they are, and what it writes is gone at its end. Without CMD: the test of faults of the network that need
# sch_netem, on the engines of GALLEY_TEST_ENGINES (podman5,podman5-rootless,docker26).
#
# Exit codes: those of CMD; 3 where this machine cannot do it (reason on stderr). GALLEY_MACHINE_TIME (3600) is after how
# many seconds the machine is ended, GALLEY_MACHINE_MEMORY (4G) its size.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ENGINES_DIR=${ENGINES_DIR:-${TMPDIR:-/tmp}/galley-engines}
dir=$ENGINES_DIR/machine

unavailable() { echo "machine.sh: $*" >&2; exit 3; }
[ "$(uname -sm)" = "Linux x86_64" ] || unavailable "needs Linux on x86_64; this is $(uname -sm)"
[ "$(id -u)" = 0 ] || unavailable "needs root, to read all files of this machine: run it with sudo"
for program in qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs busybox:busybox-static apt-get:apt dpkg-deb:dpkg go:go; do
	command -v "${program%:*}" > /dev/null || unavailable "there is no ${program%:*}: install ${program#*:}"
done

# The newest kernel among Debian's packages, unpacked once.
kernel() {
	local package
	package=$(apt-cache depends linux-image-amd64 2> /dev/null | sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -n 1) || package=
	[ -n "$package" ] || unavailable "apt knows no package linux-image-amd64: run apt-get update, on Debian"
	[ ! -e "$dir/$package/done" ] || { echo "$dir/$package"; return; }
	rm -rf "$dir"
	mkdir -p "$dir/$package"
	(cd "$dir" && apt-get download -qq "$package" > log 2>&1) || unavailable "$package cannot be downloaded: $(tail -n 1 "$dir/log")"
	dpkg-deb -x "$dir/$package"_*.deb "$dir/$package"
	rm "$dir/$package"_*.deb
	modules "$dir/$package"
	touch "$dir/$package/done"
	echo "$dir/$package"
}

# modules ROOT: which of them needs which.
modules() { busybox depmod -b "$1" "$(ls "$1/lib/modules")"; }

# first KERNEL DIR: the file system that the kernel starts with: what it needs to see the files of this machine.
first() {
	local version name
	version=$(ls "$1/lib/modules")
	mkdir -p "$2"/{bin,proc,sys,dev,host,disk,root} "$2/lib/modules/$version"
	cp "$(command -v busybox)" "$2/bin/busybox"
	for name in 'virtio*' '9p*' netfs fscache ext4 jbd2 mbcache crc16 crc32c_generic libcrc32c overlay; do
		find "$1/lib/modules" -name "$name.ko*" -exec cp {} "$2/lib/modules/$version/" \;
	done
	modules "$2"
	cat > "$2/init" <<-END
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs devtmpfs /dev
		for m in virtio_pci virtio_blk 9pnet_virtio 9p ext4 crc32c_generic overlay; do modprobe \$m; done
		mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=1000000 host /host
		mount -t ext4 /dev/vda /disk
		mkdir -p /disk/upper /disk/work /disk/engines /disk/images /disk/iwork
		mount -t overlay -o lowerdir=/host,upperdir=/disk/upper,workdir=/disk/work overlay /root
		for d in proc sys dev; do mount --move /\$d /root/\$d; done
		mount -t tmpfs -o mode=755 tmpfs /root/run
		mkdir -p /root/usr/lib/modules
		mount --bind "/host$1/lib/modules" /root/usr/lib/modules
		[ -e /root/sbin/modprobe ] || cp /bin/busybox /root/sbin/modprobe
		# engines keep their layers on a file system that can hold them; what was built for engines before is there too
		e="$ENGINES_DIR"
		for d in trees images machine; do mkdir "/disk/engines/\$d"; mount --bind "/host\$e/\$d" "/disk/engines/\$d"; done
		mount -t overlay -o "lowerdir=/host\$e/images,upperdir=/disk/images,workdir=/disk/iwork" overlay /disk/engines/images
		mount --rbind /disk/engines "/root\$e"
		exec switch_root /root /bin/bash "$2/run"
	END
	chmod 755 "$2/init"
	(cd "$2" && find . | busybox cpio -o -H newc 2> /dev/null) > "$2.cpio"
}

# Without hardware that helps, ten times slower. A /dev/kvm without these flags is for kernels of its own kind.
accel=(-accel "tcg,thread=multi" -cpu max)
if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then accel=(-accel kvm -cpu host); fi
mkdir -p "$ENGINES_DIR"/{trees,images}
k=$(kernel)
work=$(mktemp -d "$dir/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
if [ $# = 0 ]; then
	standard=podman5,podman5-rootless
	[ "${accel[1]}" != kvm ] || standard+=,docker26 # whose containerd has 15 s to start
	export GALLEY_TEST_ENGINES=${GALLEY_TEST_ENGINES:-$standard} GALLEY_TEST_NETEM=1
	export GALLEY_REQUIRE_ENGINES=${GALLEY_REQUIRE_ENGINES:-$GALLEY_TEST_ENGINES}
	export CGO_ENABLED=0 GALLEY_TEST_BINARY=$work/galley
	# there is no network within
	IFS=, read -ra engines <<< "$GALLEY_TEST_ENGINES"
	e2e/engines.sh install "${engines[@]}"
	e2e/engines.sh image busybox tool tool-scratch cinc platform-with-chef nettools > /dev/null
	go build -o "$GALLEY_TEST_BINARY" ./cmd/galley
	go test -c -o "$work/e2e.test" ./e2e
	set -- sh -c "cd e2e && exec $work/e2e.test -test.v -test.run '^TestFaultsOfNetem$'"
fi
truncate -s 20G "$work/disk"
mkfs.ext4 -q -F "$work/disk"
mkdir "$work/first"
{
	for name in PATH HOME GOFLAGS GOPATH GOMODCACHE GOCACHE ENGINES_DIR "${!GALLEY_@}"; do
		[ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
	done
	cat <<-END
		set -o pipefail
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		mkdir -p /dev/shm /dev/pts
		mount -t devpts devpts /dev/pts
		mount -t tmpfs -o mode=1777 tmpfs /dev/shm
		ln -s /proc/self/fd /dev/fd
		for m in tun fuse; do modprobe \$m; done
		ip link set lo up
		cd $(printf %q "$PWD") || exit
		($(printf '%q ' "$@")) < /dev/null 2>&1 | cat > /dev/ttyS0
		echo \$? > /dev/ttyS1
		sync
		echo o > /proc/sysrq-trigger
		read -r < /dev/ttyS1
	END
} > "$work/first/run"
first "$k" "$work/first"
timeout "${GALLEY_MACHINE_TIME:-3600}" qemu-system-x86_64 "${accel[@]}" -smp "$(nproc)" -m "${GALLEY_MACHINE_MEMORY:-4G}" \
	-nodefaults -no-reboot -display none -kernel "$k"/boot/vmlinuz-* -initrd "$work/first.cpio" \
	-append "console=ttyS0 quiet panic=-1" \
	-serial stdio -serial "file:$work/code" -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap < /dev/null | sed -u 's|\r||'
code=$(tr -d '\r\n' < "$work/code")
exit "${code:-1}"
