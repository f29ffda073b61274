package podman

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// wrap says what was tried when an error came, and turns the engine's answers
// into the errors of the interface. An error of the interface stays what it is, and so
// does a failure of this machine's: its words are not the engine's.
func wrap(op string, err error) error {
	op = backend.ShortIDs(op)
	var known *backend.Error
	var status *engine.StatusError
	var stream *engine.StreamError
	var local *engine.LocalError
	var slow *engine.SlowError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &local):
		return fmt.Errorf("%s: %w", op, local)
	case errors.As(err, &slow):
		return &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: slow.Error(), Remedy: remedyHangs, Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &known):
		return fmt.Errorf("%s: %w", op, err)
	case errors.As(err, &status):
		remedy, kind := classify(status.Status, status.Message)
		return &backend.Error{Op: op, Kind: kind, Status: status.Status, Detail: backend.PlainReason(status.Message),
			Remedy: remedy, Err: err}
	case errors.As(err, &stream):
		remedy, kind := classify(0, stream.Message)
		return &backend.Error{Op: op, Kind: kind, Detail: strings.TrimSpace(stream.Message), Remedy: remedy, Err: err}
	case engine.IsBroken(err):
		return &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: "the connection to the engine broke: " + err.Error(),
			Remedy: "Look whether the Podman service still runs: podman system service, or systemctl status podman.", Err: err}
	case engine.IsGarbage(err):
		return &backend.Error{Op: op, Detail: "the engine's answer makes no sense: " + err.Error(), Remedy: remedyWho, Err: err}
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

// rule says what a text in the engine's answer means.
type rule struct {
	text   string
	kind   error
	remedy string
}

// The remedies that several texts share.
const (
	remedyHangs = "Look whether the Podman service hangs: podman info. If it does, restart it: systemctl restart podman"
	remedyWho   = "Look what answers at the engine's address: podman version"
	remedyPort  = "Choose another host port, or leave it out to get a free one."
	remedyLow   = "Publish on a host port from 1024 up, or let users have lower ones: sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
	remedyPull  = "Check the image's name and tag."
	remedyLogin = "Log in to the registry with podman login or docker login, and check that you may read the image."
	remedyNet   = "Check that the engine's host reaches the registry, and its proxy settings."
	remedySpace = "Free some on the engine's host: podman system prune"
	remedyUID   = "Give the engine's user more subordinate ids in /etc/subuid and /etc/subgid, then run podman system migrate."
	remedyEmul  = "Install qemu-user-static on the engine's host, or choose its own platform."
)

// rules are tried in their order; the texts are those of Podman 4.3 to 5.4 and of
// the runtimes crun and runc. The status tells little: Podman answers 500 to most.
func rules() []rule {
	return []rule{
		{"no space left on device", backend.ErrNoSpace, remedySpace},
		{"disk quota exceeded", backend.ErrNoSpace, remedySpace},
		{"address already in use", backend.ErrPortTaken, remedyPort},
		{"port is already allocated", backend.ErrPortTaken, remedyPort},
		{"cannot expose privileged port", backend.ErrInvalid, remedyLow},
		{"(permission denied) for option '-", backend.ErrInvalid, remedyLow},

		{"no image found in manifest list", backend.ErrWrongPlatform, "Choose a platform that the image is built for."},
		{"no image found in image index", backend.ErrWrongPlatform, "Choose a platform that the image is built for."},
		{"exec format error", backend.ErrWrongPlatform, remedyEmul},

		{"manifest unknown", backend.ErrNotFound, remedyPull},
		{"name unknown", backend.ErrNotFound, remedyPull},
		{"repository name not known", backend.ErrNotFound, remedyPull},
		{"unauthorized", backend.ErrUnauthorized, remedyLogin},
		{"authentication required", backend.ErrUnauthorized, remedyLogin},
		{"invalid username/password", backend.ErrUnauthorized, remedyLogin},
		{"access to the resource is denied", backend.ErrUnauthorized, remedyLogin},
		{"no basic auth credentials", backend.ErrUnauthorized, remedyLogin},
		{"connection refused", backend.ErrUnreachable, remedyNet},
		{"no such host", backend.ErrUnreachable, remedyNet},
		{"temporary failure in name resolution", backend.ErrUnreachable, remedyNet},
		{"server misbehaving", backend.ErrUnreachable, remedyNet},
		{"i/o timeout", backend.ErrUnreachable, remedyNet},
		{"network is unreachable", backend.ErrUnreachable, remedyNet},
		{"no route to host", backend.ErrUnreachable, remedyNet},
		{"tls handshake timeout", backend.ErrUnreachable, remedyNet},
		{"gave http response to https client", backend.ErrUnreachable,
			"The registry has no TLS: declare it insecure in registries.conf on the engine's host."},
		{"certificate signed by unknown authority", backend.ErrUnreachable,
			"Put the registry's authority into /etc/containers/certs.d/HOST/ca.crt on the engine's host."},

		{"already in use", backend.ErrConflict, ""},
		{"unique constraint failed: containerconfig.name", backend.ErrConflict, ""},
		{"in use by a container", backend.ErrConflict, ""},
		{"has associated containers", backend.ErrConflict, ""},
		{"is being used", backend.ErrConflict, ""},
		{"has dependent containers", backend.ErrConflict, "Remove the containers that use its namespaces first."},
		{"network already exists", backend.ErrConflict, ""},
		{"is already used on the host", backend.ErrConflict, "Choose another subnet, or remove the network that has it."},
		{"with more than one tag", backend.ErrConflict, ""},
		{"layer not known", backend.ErrConflict, "An image was removed while it was looked at: try again."},

		{"image not known", backend.ErrNotFound, ""},
		{"no such image", backend.ErrNotFound, ""},
		{"no such container", backend.ErrNotFound, ""},
		{"network not found", backend.ErrNotFound, ""},
		{"no such network", backend.ErrNotFound, ""},
		{"no such exec session", backend.ErrNotFound, ""},

		{"on running containers", backend.ErrNotRunning, ""},
		{"container is not running", backend.ErrNotRunning, ""},
		{"container that is not running", backend.ErrNotRunning, ""},
		{"container state improper", backend.ErrNotRunning, ""},
		{"is paused", backend.ErrNotRunning, ""},

		{"attempted to invoke a command that was not found", backend.ErrInvalid, "Check that the image has this command."},
		{"oci permission denied", backend.ErrInvalid, "Check that the command may be executed, and by this user."},
		{"no matching entries in passwd file", backend.ErrInvalid, "Name a user that the image has, or a number."},
		{"no matching entries in group file", backend.ErrInvalid, "Name a group that the image has, or a number."},
		{"cannot find mappings for user", backend.ErrInvalid, remedyUID},
		{"not enough available ids", backend.ErrInvalid, remedyUID},
		{"enough available ids", backend.ErrInvalid, remedyUID},
		{"cannot find an available range of ids", backend.ErrInvalid, remedyUID},
		{"not enough unused ids", backend.ErrInvalid, remedyUID},
		{"unresolvable cdi devices", backend.ErrInvalid,
			"Install the GPU's container toolkit on the engine's host: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"},
		{"container-init binary not found", backend.ErrInvalid, "Install catatonit on the engine's host."},
		{"statfs ", backend.ErrMountSource, "Make the directory on the engine's host first, where its user may read it."},
		{"is not namespaced", backend.ErrInvalid, "Set this sysctl on the engine's host."},
		{"setrlimit", backend.ErrInvalid, "Ask for no more than the limits of the engine itself."},
		{"apparmor is not enabled", backend.ErrInvalid, ""},
		{"unknown capability", backend.ErrInvalid, ""},
		{"invalid mount option", backend.ErrInvalid, ""},
		{"invalid reference format", backend.ErrInvalid, remedyPull},
	}
}

// lastRules are texts so general that a telling status comes first.
func lastRules() []rule {
	return []rule{
		{"no such file or directory", backend.ErrInvalid, ""},
		{"no such device", backend.ErrInvalid, ""},
		{"invalid argument", backend.ErrInvalid, ""},
		{"invalid configuration", backend.ErrInvalid, ""},
		{"invalid config provided", backend.ErrInvalid, ""},
		{"oci runtime error", backend.ErrInvalid, ""},
	}
}

// classify finds which of the interface's errors an answer is, and what can be
// done. The kind is nil where neither text nor status tell.
func classify(status int, message string) (remedy string, kind error) {
	text := strings.ToLower(message)
	if r, ok := match(rules(), text); ok {
		return r.remedy, r.kind
	}
	switch status {
	case http.StatusBadRequest:
		return "", backend.ErrInvalid
	case http.StatusUnauthorized, http.StatusForbidden:
		return remedyLogin, backend.ErrUnauthorized
	case http.StatusNotFound:
		return "", backend.ErrNotFound
	case http.StatusConflict:
		return "", backend.ErrConflict
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "", backend.ErrUnreachable
	}
	if r, ok := match(lastRules(), text); ok {
		return r.remedy, r.kind
	}
	return "", nil
}

func match(rules []rule, text string) (rule, bool) {
	for _, r := range rules {
		if strings.Contains(text, r.text) {
			return r, true
		}
	}
	return rule{}, false
}

// says tells whether the engine said one of these texts.
func says(err error, texts ...string) bool {
	var e *backend.Error
	if !errors.As(err, &e) {
		return false
	}
	said := strings.ToLower(e.Detail)
	var status *engine.StatusError
	if errors.As(err, &status) {
		said = strings.ToLower(status.Message)
	}
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) })
}

// isRuntimeRefusal tells whether a container's command was all that could not be
// had: everything before it had been done.
func isRuntimeRefusal(err error) bool {
	return says(err, "attempted to invoke a command that was not found", "oci permission denied", "oci runtime error")
}

// isImageUnmounted tells whether a container did not start since a part of a mounted
// image was not there. Podman 5.4 says so in these two ways.
func isImageUnmounted(err error) bool {
	var e *backend.Error
	return says(err, "is outside of the volume") || errors.As(err, &e) && e.Detail == "no such file or directory"
}

// isSharedImage tells whether an image was not removed because it has several
// names.
func isSharedImage(err error) bool {
	return says(err, "with more than one tag")
}

// isSubnetTaken tells whether another network has the subnet.
func isSubnetTaken(err error) bool {
	return says(err, "is already used on the host or by another config")
}

// buildFailure is wrap for a build's stream, whose message is mostly a command that
// failed and may hold any text.
func buildFailure(op string, err error) error {
	wrapped := wrap(op, err)
	var stream *engine.StreamError
	if !errors.As(err, &stream) {
		return wrapped
	}
	if !strings.Contains(stream.Message, "building at STEP \"RUN") {
		for _, kind := range []error{backend.ErrUnauthorized, backend.ErrUnreachable, backend.ErrNoSpace, backend.ErrWrongPlatform, backend.ErrConflict} {
			if errors.Is(wrapped, kind) {
				return wrapped
			}
		}
	}
	return engine.BuildFailed(op, stream)
}
