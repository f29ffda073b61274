package docker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// wrap says what was tried when an error came, and turns the engine's answers
// into the errors of the interface. An error of the interface stays what it is, and so
// does a failure of this machine's: its words are not the engine's.
func wrap(op string, err error) error {
	op = backend.ShortIDs(op)
	var known *backend.Error
	var local *engine.LocalError
	var slow *engine.SlowError
	var silent unspoken
	switch {
	case err == nil:
		return nil
	case errors.As(err, &local):
		return fmt.Errorf("%s: %w", op, local)
	case errors.As(err, &known):
		return fmt.Errorf("%s: %w", op, known)
	case errors.As(err, &slow):
		return &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: slow.Error(), Remedy: remedyHangs, Err: err}
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", op, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, context.DeadlineExceeded)
	case errors.As(err, &silent):
		return broken(op, silent.err)
	case client.IsErrConnectionFailed(err):
		return broken(op, err)
	}
	var told *engine.StreamError
	status := statusOf(err)
	if status == 0 && !errors.As(err, &told) {
		switch {
		case engine.IsBroken(err):
			return broken(op, err)
		case engine.IsGarbage(err):
			return &backend.Error{Op: op, Detail: "the engine's answer makes no sense: " + err.Error(), Remedy: remedyWho, Err: err}
		}
		return fmt.Errorf("%s: %w", op, err)
	}
	e := &backend.Error{Op: op, Status: status, Detail: textOf(err), Err: err}
	e.Remedy, e.Kind = classify(e.Status, e.Detail)
	e.Detail = backend.PlainReason(e.Detail)
	return e
}

// broken is the error of a connection that was made and did not last.
func broken(op string, err error) error {
	e := &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: "the connection to the engine broke: " + err.Error(),
		Remedy: "Look whether the engine still runs: docker info, or systemctl status docker.", Err: err}
	if strings.Contains(err.Error(), "remote error: tls: ") {
		e.Detail = "the engine refuses this client: " + err.Error()
		e.Remedy = "Put a certificate that the engine trusts, with its key, where DOCKER_CERT_PATH points."
	}
	return e
}

// textOf is what the engine said, without what the client library puts before it.
func textOf(err error) string {
	return strings.TrimPrefix(strings.TrimSpace(err.Error()), "Error response from daemon: ")
}

// statusOf is the HTTP status of an answer; the client library keeps of it only
// the class. 0 is an error that did not come as an answer.
func statusOf(err error) int {
	var status *engine.StatusError
	switch {
	case errors.As(err, &status):
		return status.Status
	case errdefs.IsInvalidArgument(err):
		return http.StatusBadRequest
	case errdefs.IsUnauthorized(err):
		return http.StatusUnauthorized
	case errdefs.IsPermissionDenied(err):
		return http.StatusForbidden
	case errdefs.IsNotFound(err):
		return http.StatusNotFound
	case errdefs.IsConflict(err):
		return http.StatusConflict
	case errdefs.IsNotImplemented(err):
		return http.StatusNotImplemented
	case errdefs.IsUnavailable(err):
		return http.StatusServiceUnavailable
	case errdefs.IsInternal(err):
		return http.StatusInternalServerError
	}
	return 0
}

// rule says what a text in the engine's answer means.
type rule struct {
	text   string
	kind   error
	remedy string
}

// The remedies that several texts share.
const (
	remedyHangs  = "Look whether the engine hangs: docker info. If it does, restart it: systemctl restart docker"
	remedyWho    = "Look what answers at the engine's address: docker version"
	remedyPort   = "Choose another host port, or leave it out to get a free one."
	remedyPull   = "Check the image's name and tag."
	remedyLogin  = "Log in to the registry with docker login, and check the image's name and that you may read it."
	remedyNet    = "Check that the engine's host reaches the registry, and its proxy settings."
	remedySpace  = "Free some on the engine's host: docker system prune"
	remedyPools  = "Remove networks that nobody uses: docker network prune"
	remedyEmul   = "Install qemu-user-static on the engine's host, or choose its own platform."
	remedyPlat   = "Choose a platform that the image is built for, or pull the image again for this one."
	remedySource = "Make the directory on the engine's host first."
	remedyKit    = "galley uses the builder that every Docker has: leave the option out, or build the image with docker build and name it in driver.image."
	remedyUser   = "Name a user that the image has, or a number."
	remedyRace   = "An image was removed while it was looked at: try again."
	remedyCgroup = "Leave the limit out, or boot the engine's host with this cgroup controller."
)

// rules are tried in their order; the texts are those of Docker 20.10 to 28. The
// status alone is no guide: 400 can mean not found, 404 a full address pool.
func rules() []rule {
	return []rule{
		{"no space left on device", backend.ErrNoSpace, remedySpace},
		{"disk quota exceeded", backend.ErrNoSpace, remedySpace},
		{"port is already allocated", backend.ErrPortTaken, remedyPort},
		{"address already in use", backend.ErrPortTaken, remedyPort},
		{"ports are not available", backend.ErrPortTaken, remedyPort},

		{"does not match the specified platform", backend.ErrWrongPlatform, remedyPlat},
		{"no matching manifest for", backend.ErrWrongPlatform, remedyPlat},
		{"no match for platform in manifest", backend.ErrWrongPlatform, remedyPlat},
		{"does not provide the specified platform", backend.ErrWrongPlatform, remedyPlat},
		{"exec format error", backend.ErrWrongPlatform, remedyEmul},

		{"manifest unknown", backend.ErrNotFound, remedyPull},
		{"name unknown", backend.ErrNotFound, remedyPull},
		{"repository name not known", backend.ErrNotFound, remedyPull},
		{"no basic auth credentials", backend.ErrUnauthorized, remedyLogin},
		{"pull access denied", backend.ErrUnauthorized, remedyLogin},
		{"access to the resource is denied", backend.ErrUnauthorized, remedyLogin},
		{"unauthorized", backend.ErrUnauthorized, remedyLogin},
		{"authentication required", backend.ErrUnauthorized, remedyLogin},
		{"incorrect username or password", backend.ErrUnauthorized, remedyLogin},
		{"gave http response to https client", backend.ErrUnreachable,
			"The registry has no TLS: declare it in insecure-registries of the engine's daemon.json."},
		{"certificate signed by unknown authority", backend.ErrUnreachable,
			"Put the registry's authority into /etc/docker/certs.d/HOST/ca.crt on the engine's host."},
		{"http request to an https server", backend.ErrUnreachable, "The engine wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH."},
		{"dial tcp", backend.ErrUnreachable, remedyNet},
		{"no such host", backend.ErrUnreachable, remedyNet},
		{"i/o timeout", backend.ErrUnreachable, remedyNet},
		{"tls handshake timeout", backend.ErrUnreachable, remedyNet},
		{"client.timeout exceeded", backend.ErrUnreachable, remedyNet},
		{"request canceled while waiting for connection", backend.ErrUnreachable, remedyNet},

		{"is already in use by container", backend.ErrConflict, ""},
		{"conflict: unable to", backend.ErrConflict, "Remove the containers that use it first."},
		{"unable to find image", backend.ErrConflict, remedyRace},
		{"layer does not exist", backend.ErrConflict, remedyRace},
		{"has active endpoints", backend.ErrConflict, "Remove the containers that are on it first."},
		{"is ambiguous", backend.ErrConflict, "Several networks have this name: remove all but one with docker network rm ID."},
		{"pool overlaps with other one", backend.ErrConflict, "Choose another subnet, or remove the network that has it."},
		{sameBridge, backend.ErrConflict, "Remove the network that has this bridge."},
		{"available, non-overlapping", backend.ErrConflict, remedyPools},
		{"address pools have been fully subnetted", backend.ErrConflict, remedyPools},

		{"no such exec instance", backend.ErrNotRunning, "The container stopped while the command ran."},
		{"is not running", backend.ErrNotRunning, ""},
		{"is paused", backend.ErrNotRunning, "Let it go on with docker unpause."},
		{"is restarting", backend.ErrNotRunning, ""},

		{"option requires buildkit", backend.ErrUnsupported, remedyKit},

		{"invalid reference format", backend.ErrInvalid, remedyPull},
		{"no such image", backend.ErrNotFound, ""},
		{"no such container", backend.ErrNotFound, ""},
		{"no such network", backend.ErrNotFound, ""},
		{"could not find the file", backend.ErrNotFound, ""},

		{"permission denied: unknown", backend.ErrInvalid, "Check that the command may be executed, and by this user."},
		{"unable to start container process: exec: ", backend.ErrInvalid, "Check that the image has this command."},
		{"executable file not found", backend.ErrInvalid, "Check that the image has this command."},
		{"bind source path does not exist", backend.ErrMountSource, remedySource},
		{"mounts denied", backend.ErrMountSource, "Share the directory with the virtual machine: Docker Desktop, Settings, Resources, File sharing."},
		{"could not select device driver", backend.ErrUnsupported,
			"Install the GPU's container toolkit on the engine's host: nvidia-ctk runtime configure --runtime=docker"},
		{"user specified ip address is supported", backend.ErrUnsupported,
			"Make a network with docker network create --subnet 10.5.0.0/24 NAME, and name it in network_mode."},
		{"no matching entries in passwd file", backend.ErrInvalid, remedyUser},
		{"no matching entries in group file", backend.ErrInvalid, remedyUser},
		{"error gathering device information", backend.ErrInvalid, "Name a device that the engine's host has."},
		{"is not in a separate kernel namespace", backend.ErrInvalid, "Set this sysctl on the engine's host."},
		{"as your kernel does not support", backend.ErrInvalid, remedyCgroup},
		{"error setting rlimit", backend.ErrInvalid, "Ask for no more than the limits of the engine itself."},
		{"invalid volume specification", backend.ErrInvalid, ""},
		{"extraction point is not a directory", backend.ErrInvalid, ""},
		{"oci runtime create failed", backend.ErrInvalid, ""},
	}
}

// sameBridge is what the engine says of a network whose bridge another one has.
const sameBridge = "networks have same bridge name"

// isSameBridge tells whether a network was refused because of its bridge's name.
func isSameBridge(err error) bool {
	var e *backend.Error
	return errors.As(err, &e) && strings.Contains(e.Detail, sameBridge)
}

// classify finds which of the interface's errors an answer is, and what can be
// done. It is the only place that reads the engine's texts. The kind is nil where
// neither text nor status tell.
func classify(status int, message string) (remedy string, kind error) {
	text := strings.ToLower(message)
	for _, r := range rules() {
		if strings.Contains(text, r.text) {
			return r.remedy, r.kind
		}
	}
	switch status {
	case http.StatusBadRequest, http.StatusForbidden:
		return "", backend.ErrInvalid
	case http.StatusUnauthorized:
		return remedyLogin, backend.ErrUnauthorized
	case http.StatusConflict:
		return "", backend.ErrConflict
	case http.StatusNotFound:
		return "", backend.ErrNotFound
	case http.StatusNotImplemented:
		return "", backend.ErrUnsupported
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "", backend.ErrUnreachable
	}
	return "", nil
}

// ended is the context's error where that is what ended a stream, and else err.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
