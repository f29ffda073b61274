package dial

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

const (
	// remoteReady is the line by which the remote host says that the engine's own words follow. What a login shell
	// prints before it is skipped.
	remoteReady = "galley-ready"
	// remoteFailure begins the line on stderr that says why there is no engine.
	remoteFailure = "galley-failed "
)

// remoteScript connects its standard streams to the engine's socket on the remote host. It is called with the path of
// the socket, which may be empty, and the kind of engine to prefer, which may be too. It is for the plainest of shells,
// on one line and without a single quote, so that every login shell can hand it to sh.
//
// A host is entered without its profile, so the places where macOS keeps the engines' programs are named. socat and nc
// are no use: they cannot be told to go on when galley has sent its last word and to end with the engine's. Without a
// path, Docker's client is asked where it has something to go by (it knows contexts), and Podman for its socket.
var remoteScript = strings.Join([]string{
	`PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:/opt/podman/bin:$HOME/.docker/bin; export PATH`,
	`k=$2; u=$(id -u); r=${XDG_RUNTIME_DIR:-/run/user/$u}; m=; x=`,
	`f() { echo "` + remoteFailure + `$1 $2" >&2; exit 9; }`,
	`h() { command -v "$1" >/dev/null 2>&1; }`,
	`ready() { echo ` + remoteReady + `; }`,
	`podman_to() { h podman && ready && exec podman --remote --url "unix://$1" system dial-stdio; }`,
	`docker_to() { h docker && ready && exec docker -H "unix://$1" system dial-stdio; }`,
	`to() { [ -S "$1" ] || f missing "$1"; [ -r "$1" ] && [ -w "$1" ] || f denied "$1"; ` +
		`if [ "$k" = docker ]; then docker_to "$1"; podman_to "$1"; else podman_to "$1"; docker_to "$1"; fi; ` +
		`f noclient "$1"; }`,
	`own() { ready; exec docker system dial-stdio; }`,
	`docker_asked() { h docker || return 0; ` +
		`if [ -n "$DOCKER_HOST$DOCKER_CONTEXT" ] || [ -d "${DOCKER_CONFIG:-$HOME/.docker}/contexts/meta" ]; then own; fi; ` +
		`for s in /var/run/docker.sock "$r/docker.sock"; do [ -S "$s" ] || continue; ` +
		`if [ -w "$s" ]; then docker_to "$s"; fi; x=$s; done; }`,
	`podman_asked() { if [ "$u" = 0 ]; then m=/run/podman/podman.sock; else m=$r/podman/podman.sock; fi; ` +
		`if [ -S "$m" ]; then to "$m"; fi; h podman || return 0; ` +
		`s=$(podman info --format "{{.Host.RemoteSocket.Path}}" 2>/dev/null); s=${s#unix://}; ` +
		`if [ -S "$s" ]; then to "$s"; fi; }`,
	`if [ -n "$1" ]; then to "$1"; fi`,
	`if [ "$k" = podman ]; then podman_asked; docker_asked; else docker_asked; podman_asked; fi`,
	`if [ -n "$x" ]; then f denied "$x"; fi`,
	`if h podman; then f noservice "$m"; fi`,
	`if h docker; then own; fi`,
	`f noengine -`,
}, "; ")

// remoteCommand is the command line for the remote host's login shell, whichever that is.
func remoteCommand(socket string, prefer backend.Kind) string {
	return fmt.Sprintf("sh -c '%s' galley %s %s", remoteScript, quoted(socket), quoted(string(prefer)))
}

// quoted makes one word of any text, for all shells alike.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// remoteError reads the line that remoteScript ends with when there is no engine.
func remoteError(ep backend.Endpoint, line string) *backend.Error {
	what, path, _ := strings.Cut(strings.TrimPrefix(line, remoteFailure), " ")
	e := &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable}
	switch what {
	case "missing":
		e.Err = fs.ErrNotExist // as for a local one: the engine may be restarting
		e.Detail = "there is no socket at " + path + " on that host, or its user may not look there"
		e.Remedy = "Start the engine there, or leave the path out of the address to have it looked for."
	case "denied":
		e.Kind = backend.ErrPermission
		e.Detail = "on that host, its user may not open " + path
		e.Remedy = "Log in there as a user who may, add this one to the group of the socket, or use rootless Podman there."
	case "noclient":
		e.Detail = "that host has neither docker nor podman to reach " + path + " with"
		e.Remedy = "Install one of them there, where a login without a terminal finds it."
	case "noservice":
		e.Detail = "that host has Podman, but no service listens on " + path
		e.Remedy = "Start it there: systemctl --user enable --now podman.socket && loginctl enable-linger, " +
			"or as root systemctl enable --now podman.socket"
	default:
		e.Detail = "that host has no container engine that a login without a terminal finds"
		e.Remedy = "Install Podman or Docker there."
	}
	return e
}
