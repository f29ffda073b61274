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
	remedyLow  = "Publish on a host port from 1024 up, or let users have lower ones: sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
	remedyPart = "A part of an image that the container mounts is not there: check that the image has what image-subpath names."
	remedyUID  = "Give the engine's user more subordinate ids in /etc/subuid and /etc/subgid, then run podman system migrate."
)

// words are those of Podman 4.3 to 5.4 and of the runtimes crun and runc.
func words() engine.Words {
	means := engine.Means
	return engine.Words{
		Program: "podman", Restart: "systemctl restart podman",
		Rules: []engine.Rule{
			means("cannot expose privileged port", backend.ErrInvalid, remedyLow),
			means("(permission denied) for option '-", backend.ErrInvalid, remedyLow),

			means("no image found in manifest list", backend.ErrWrongPlatform, "Choose a platform that the image is built for."),
			means("no image found in image index", backend.ErrWrongPlatform, "Choose a platform that the image is built for."),

			means("invalid username/password", backend.ErrUnauthorized, engine.RemedyLogin),
			means("connection refused", backend.ErrUnreachable, engine.RemedyNet),
			means("temporary failure in name resolution", backend.ErrUnreachable, engine.RemedyNet),
			means("server misbehaving", backend.ErrUnreachable, engine.RemedyNet),
			means("network is unreachable", backend.ErrUnreachable, engine.RemedyNet),
			means("no route to host", backend.ErrUnreachable, engine.RemedyNet),
			means("gave http response to https client", backend.ErrUnreachable,
				"The registry has no TLS: declare it insecure in registries.conf on the engine's host."),
			means("certificate signed by unknown authority", backend.ErrUnreachable,
				"Put the registry's authority into /etc/containers/certs.d/HOST/ca.crt on the engine's host."),

			means("already in use", backend.ErrConflict, ""),
			means("unique constraint failed: containerconfig.name", backend.ErrConflict, ""),
			means("in use by a container", backend.ErrConflict, ""),
			means("has associated containers", backend.ErrConflict, ""),
			means("is being used", backend.ErrConflict, ""),
			means("has dependent containers", backend.ErrConflict, "Remove the containers that use its namespaces first."),
			means("network already exists", backend.ErrConflict, ""),
			means("is already used on the host", backend.ErrConflict,
				"Choose another subnet, or remove the network that has it."),
			means("with more than one tag", backend.ErrConflict, ""),
			means("layer not known", backend.ErrConflict, "An image was removed while it was looked at: try again."),

			means("image not known", backend.ErrNotFound, ""),
			means("network not found", backend.ErrNotFound, ""),
			means("no such exec session", backend.ErrNotFound, ""),

			means("on running containers", backend.ErrNotRunning, ""),
			means("container is not running", backend.ErrNotRunning, ""),
			means("container that is not running", backend.ErrNotRunning, ""),
			means("container state improper", backend.ErrNotRunning, ""),

			means("attempted to invoke a command that was not found", backend.ErrInvalid,
				"Check that the image has this command."),
			means("oci permission denied", backend.ErrInvalid, "Check that the command may be executed, and by this user."),
			means("cannot find mappings for user", backend.ErrInvalid, remedyUID),
			means("enough available ids", backend.ErrInvalid, remedyUID),
			means("cannot find an available range of ids", backend.ErrInvalid, remedyUID),
			means("not enough unused ids", backend.ErrInvalid, remedyUID),
			means("unresolvable cdi devices", backend.ErrInvalid,
				"Install the GPU's container toolkit on the engine's host: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"),
			means("container-init binary not found", backend.ErrInvalid, "Install catatonit on the engine's host."),
			means("statfs ", backend.ErrMountSource,
				"Make the directory on the engine's host first, where its user may read it."),
			means("is not namespaced", backend.ErrInvalid, "Set this sysctl on the engine's host."),
			means("setrlimit", backend.ErrInvalid, "Ask for no more than the limits of the engine itself."),
			means("apparmor is not enabled", backend.ErrInvalid, ""),
			means("unknown capability", backend.ErrInvalid, ""),
			means("invalid mount option", backend.ErrInvalid, ""),
			means("supported image formats", backend.ErrInvalid, engine.RemedyArchive),
		},
		Last: []engine.Rule{
			means("no such file or directory", backend.ErrInvalid, ""),
			means("no such device", backend.ErrInvalid, ""),
			means("invalid argument", backend.ErrInvalid, ""),
			means("invalid configuration", backend.ErrInvalid, ""),
			means("invalid config provided", backend.ErrInvalid, ""),
			means("oci runtime error", backend.ErrInvalid, ""),
		},
	}
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
