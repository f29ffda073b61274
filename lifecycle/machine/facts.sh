# Print what a machine has, each section after a line with the mark $1 and its name. What is not there prints nothing.
# No program is needed but a shell and cat; each section that needs more is left out without it.
section() { printf '\n%s %s\n' "$mark" "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }
mark=$1
exec 2>/dev/null
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
section environ; cat /proc/$$/environ
section own; cat /proc/sys/kernel/hostname; cat /etc/hostname /sys/class/net/*/address
section fib; cat /proc/net/fib_trie
section passwd; cat /etc/passwd
section group; cat /etc/group
if have dpkg-query; then
	section dpkg; dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\n' |
		while read -r status package version; do [ "$status" = ii ] && echo "$package $version"; done
fi
if have rpm; then section rpm; rpm -qa --qf '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}\n'; fi
for db in /lib/apk/db/installed /usr/lib/apk/db/installed; do
	if [ -f $db ]; then section apk; cat $db; break; fi
done
if have systemctl; then
	if [ -d /run/systemd/system ]; then
		section units; systemctl list-units --type=service --state=running --no-legend --no-pager --plain
	fi
	section enabled; systemctl list-unit-files --type=service --state=enabled --no-legend --no-pager
fi
section tcp; cat /proc/net/tcp /proc/net/tcp6
section udp; cat /proc/net/udp /proc/net/udp6
section mounts; cat /proc/self/mounts
if have grep; then
	section sysctl; grep -s '' /proc/sys/kernel/domainname /proc/sys/kernel/msg* /proc/sys/kernel/sem /proc/sys/kernel/shm* \
		/proc/sys/fs/mqueue/* /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/* /proc/sys/net/ipv4/conf/all/* \
		/proc/sys/net/ipv6/conf/all/* /proc/sys/user/max_*
fi
section limits; cat /proc/self/limits
exit 0
