#!/usr/bin/env bash
# image.sh FILE: writes a tar of a root file system with nothing but busybox, to be given
# to `podman import` or `docker import`.
set -euo pipefail
out=${1:?image.sh FILE}

busybox=$(PATH=$PATH:/usr/sbin:/sbin command -v busybox) || { echo "image.sh: busybox is not installed" >&2; exit 1; }
if ldd "$busybox" > /dev/null 2>&1; then
	echo "image.sh: $busybox needs libraries: install a static one (package busybox-static)" >&2
	exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,etc,root,tmp,proc,sys,dev,usr/bin,usr/sbin,sbin,var/tmp}
chmod 755 "$root"
chmod 1777 "$root/tmp" "$root/var/tmp"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$out" .
