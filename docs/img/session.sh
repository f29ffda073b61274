#!/usr/bin/env bash
# session.sh PICTURE [COLUMNS [ROWS]]: record a first session with galley, from nothing to a red and then a green test, as an SVG
# that plays itself, on the engine that galley finds. Needs bash, tmux and go, and the image dokken/debian-12 on the engine or a
# registry.
#
#   RUN_AS  a command before the shell that is recorded, such as `setpriv --reuid=1000 --clear-groups`
#   HOME_DIRECTORY  where it begins, an empty directory; one of its own without it
#   THEME   light or dark, in place of the reader's own
#   FRAMES  where the screens are kept, to look at single ones
set -euo pipefail
picture=$(realpath -m "${1:?session.sh PICTURE [COLUMNS [ROWS]]}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
tmux=(tmux -L "galley-session-$$" -f /dev/null)
cleanup() {
	touch "$work/stop"
	wait
	"${tmux[@]}" kill-server 2> /dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

home=${HOME_DIRECTORY:-$work/home}
mkdir -p "$work"/{bin,frames} "$home"
mkfifo "$work/prompt"
chmod -R a+rwX "$work"
CGO_ENABLED=0 go build -C "$here/../.." -ldflags '-s -w' -o "$work/bin/galley" ./cmd/galley
cat > "$work/rc" <<RC
PS1='\$ '
PROMPT_COMMAND='echo > $work/prompt'
PATH=$work/bin:$PATH HOME=$home
cd
RC
"${tmux[@]}" new-session -d -x "${2:-100}" -y "${3:-28}" "${RUN_AS:-} env TERM=xterm-256color bash --noprofile --rcfile $work/rc -i"
"${tmux[@]}" set-option -g status off
read -r < "$work/prompt" || true

# one picture of the screen after the other, named by the time in milliseconds
while [ ! -e "$work/stop" ]; do
	if "${tmux[@]}" capture-pane -e -p > "$work/now"; then mv "$work/now" "$work/frames/$(date +%s%3N)"; fi
	sleep 0.1
done &

enter() { # LINE: typed as a person would, and waited for
	local i
	for ((i = 0; i < ${#1}; i++)); do
		"${tmux[@]}" send-keys -l -- "${1:i:1}"
		sleep 0.03
	done
	sleep 0.4
	"${tmux[@]}" send-keys Enter
	read -r < "$work/prompt" || true
	sleep 1.2
}
enter 'mkdir motd && cd motd && galley init --provisioner shell'
enter '# the test first'
enter "sed -i 's/command: .*/command: grep \"welcome aboard\" \\/etc\\/motd/' kitchen.yml"
enter 'galley verify debian'
enter "sed -i 's/converged by galley/welcome aboard/' bootstrap.sh"
enter 'galley converge debian && galley verify debian'
enter 'galley diff debian'
enter 'clear && galley test debian'
touch "$work/stop"
wait
[ -z "${FRAMES:-}" ] || cp -r "$work/frames" "$FRAMES"
go run "$here/session" -theme "${THEME:-}" "$work/frames" > "$work/svg"
mv "$work/svg" "$picture"
