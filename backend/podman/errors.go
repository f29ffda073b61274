package podman

import (
	"errors"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

func wrap(op string, err error) error { return words().Wrap(op, err) }

// The remedies that several texts share.
const (
	remedyLow = "Publish on a host port from 1024 up, or let users have lower ones: " +
		"sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
	remedyPart = "A part of an image that the container mounts is not there: " +
		"check that the image has what image-subpath names."
	remedyUID = "Give the engine's user more subordinate ids in /etc/subuid and /etc/subgid, " +
		"then run podman system migrate."
)

// words are those of Podman 4.3 to 5.4 and of the runtimes crun and runc.
func words() engine.Words {
	means := engine.Means
	return engine.Words{
		Program: "podman", Restart: "systemctl restart podman",
		Rules: []engine.Rule{
			means(backend.ErrInvalid, remedyLow, "cannot expose privileged port",
				"(permission denied) for option '-"),

			means(backend.ErrWrongPlatform, "Choose a platform that the image is built for.",
				"no image found in manifest list", "no image found in image index"),

			means(backend.ErrUnauthorized, engine.RemedyLogin, "invalid username/password"),
			means(backend.ErrUnreachable, engine.RemedyNet, "connection refused",
				"temporary failure in name resolution", "server misbehaving", "network is unreachable",
				"no route to host"),
			means(backend.ErrUnreachable,
				"The registry has no TLS: declare it insecure in registries.conf on the engine's host.",
				"gave http response to https client"),
			means(backend.ErrUnreachable,
				"Put the registry's authority into /etc/containers/certs.d/HOST/ca.crt on the engine's host.",
				"certificate signed by unknown authority"),

			means(backend.ErrConflict, "", nameTaken()...),
			means(backend.ErrConflict, "", "in use by a container", "has associated containers", "is being used"),
			means(backend.ErrConflict, "Remove the containers that use its namespaces first.",
				"has dependent containers"),
			means(backend.ErrConflict, "", "network already exists"),
			means(backend.ErrConflict, "Choose another subnet, or remove the network that has it.",
				"is already used on the host"),
			means(backend.ErrConflict, "", "with more than one tag"),
			means(backend.ErrConflict, "An image was removed while it was looked at: try again.", "layer not known"),

			means(backend.ErrNotFound, "", "image not known", "network not found", "no such exec session"),

			means(backend.ErrNotRunning, "", "on running containers", "container is not running",
				"container that is not running", "container state improper"),

			means(backend.ErrInvalid, "Check that the image has this command.",
				"attempted to invoke a command that was not found"),
			means(backend.ErrInvalid, "Check that the command may be executed, and by this user.",
				"oci permission denied"),
			means(backend.ErrInvalid, remedyUID, "cannot find mappings for user", "enough available ids",
				"cannot find an available range of ids", "not enough unused ids"),
			means(backend.ErrInvalid,
				"Install the GPU's container toolkit on the engine's host: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
				"unresolvable cdi devices"),
			means(backend.ErrInvalid, "Install catatonit on the engine's host.", "container-init binary not found"),
			means(backend.ErrMountSource,
				"Make the directory on the engine's host first, where its user may read it.", "statfs "),
			means(backend.ErrInvalid, "Set this sysctl on the engine's host.", "is not namespaced"),
			means(backend.ErrInvalid, "Ask for no more than the limits of the engine itself.", "setrlimit"),
			means(backend.ErrInvalid, "", "apparmor is not enabled", "unknown capability", "invalid mount option"),
			means(backend.ErrInvalid, engine.RemedyArchive, "supported image formats"),
		},
		Last: []engine.Rule{
			means(backend.ErrInvalid, "", "no such file or directory", "no such device", "invalid argument",
				"invalid configuration", "invalid config provided", "oci runtime error"),
		},
	}
}

// nameTaken are what the engine says of a container whose name another one has.
func nameTaken() []string {
	return []string{"already in use", "unique constraint failed: containerconfig.name"}
}

// isRuntimeRefusal reports whether a container's command was all that could not be
// had: everything before it had been done.
func isRuntimeRefusal(err error) bool {
	return engine.Says(err, "attempted to invoke a command that was not found", "oci permission denied",
		"oci runtime error")
}

// isImageUnmounted reports whether a container did not start since a part of a mounted image was not there, or went
// before it was bound. Podman 5.4 says so in the first two ways, Podman 6 in the last two.
func isImageUnmounted(err error) bool {
	var e *backend.Error
	return engine.Says(err, "is outside of the volume", "securejoin.openinroot") ||
		errors.As(err, &e) && (e.Detail == "no such file or directory" || e.Detail == "invalid argument")
}

// pullFailure is the wrapped error of a pull by Podman v. By itself Podman asks a registry that has too many requests
// five times, and before it could be told not to, four times one to which the connection broke.
func pullFailure(err error, v version) error {
	return engine.PullError(err, engine.Says(err, "toomanyrequests", "too many requests", "http 429 response") ||
		!v.atLeast(pullRetry) && engine.Says(err, ": eof", "connection reset by peer"))
}

// buildFailure is wrap for a build, whose failed command Podman tells only in words.
func buildFailure(op string, err error) error {
	return words().BuildError(op, err, func(s *engine.StatusError) bool {
		return strings.Contains(s.Message, "building at STEP \"RUN")
	})
}
