// Package execmark finds the processes of a command in a container, and kills them.
package execmark

// Var is the environment variable by which the processes of a command can be found in the container. No engine can
// signal an exec, and the process number that they tell is that of the host's namespace: the variable is what is left
// to find the command by, and its children inherit it.
const Var = "GALLEY_EXEC"

// KillCommand is a command that kills the processes whose Var is mark, or begins with it and a dot, with their
// descendants, and prints their numbers. It needs a shell with tail and tr in the container, and has to run with the
// user and the privileges of the command that it is meant for, since reading an environment takes as much.
func KillCommand(mark string) []string {
	return []string{"/bin/sh", "-c", killScript, "sh", Var + "=" + mark}
}

// killScript looks three times, since a process may fork while it looks. What it reads, it reads by as few programs as
// can be: a container may have hundreds of processes. tail puts the file's name before what is in it.
const killScript = `
for round in 1 2 3; do
	victims=" $(tail -n +1 /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | while read -r line; do
		case $line in
		"==> /proc/"*"/environ <==") pid=${line#"==> /proc/"} pid=${pid%%/*} ;;
		"$1" | "$1".*) [ "$pid" = 1 ] || echo "$pid" ;;
		esac
	done | tr '\n' ' ')"
	[ "$victims" = " " ] && exit 0
	parents=
	for dir in /proc/[0-9]*; do
		if { while read -r key value; do [ "$key" = PPid: ] && break; done <"$dir/status"; } 2>/dev/null; then
			parents="$parents ${dir#/proc/}:$value"
		fi
	done
	grown=yes
	while [ "$grown" ]; do
		grown=
		for pair in $parents; do
			pid=${pair%:*}
			case $victims in *" $pid "*) continue ;; esac
			case $victims in *" ${pair#*:} "*) victims="$victims$pid " grown=yes ;; esac
		done
	done
	kill -9 $victims 2>/dev/null
	echo $victims
done
exit 0
`
