package docker

import (
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

func wrap(op string, err error) error { return words().Wrap(op, err) }

// The remedies that several texts share.
const (
	remedyPools = "Remove networks that no container uses: docker network prune"
	remedyPlat  = "Choose a platform that the image is built for, or pull the image again for this one."
	remedyKit   = "galley did not see that this needs BuildKit: write the option right behind its instruction, " +
		"or build the image with docker build and name it in driver.image."
	remedyRace   = "An image was removed while it was looked at: try again."
	remedySubnet = "Make a network with docker network create --subnet 10.5.0.0/24 NAME, and name it in network_mode."
)

// words are those of Docker 20.10 to 29.
func words() engine.Words {
	means := engine.Means
	return engine.Words{
		Program: "docker", Restart: "systemctl restart docker",
		Rules: []engine.Rule{
			means("ports are not available", backend.ErrPortTaken, engine.RemedyPort),

			means("does not match the specified platform", backend.ErrWrongPlatform, remedyPlat),
			means("no matching manifest for", backend.ErrWrongPlatform, remedyPlat),
			means("no match for platform in manifest", backend.ErrWrongPlatform, remedyPlat),
			means("does not provide the specified platform", backend.ErrWrongPlatform, remedyPlat),

			means("pull access denied", backend.ErrUnauthorized, engine.RemedyLogin),
			means("incorrect username or password", backend.ErrUnauthorized, engine.RemedyLogin),
			means("gave http response to https client", backend.ErrUnreachable,
				"The registry has no TLS: declare it in insecure-registries of the engine's daemon.json."),
			means("certificate signed by unknown authority", backend.ErrUnreachable,
				"Put the registry's authority into /etc/docker/certs.d/HOST/ca.crt on the engine's host."),
			means("http request to an https server", backend.ErrUnreachable,
				"The engine wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH."),
			means("dial tcp", backend.ErrUnreachable, engine.RemedyNet),
			means("client.timeout exceeded", backend.ErrUnreachable, engine.RemedyNet),
			means("request canceled while waiting for connection", backend.ErrUnreachable, engine.RemedyNet),

			means("is already in use by container", backend.ErrConflict, ""),
			means("conflict: unable to", backend.ErrConflict, "Remove the containers that use it first."),
			means("unable to find image", backend.ErrConflict, remedyRace),
			means("layer does not exist", backend.ErrConflict, remedyRace),
			means("has active endpoints", backend.ErrConflict, "Remove the containers that are on it first."),
			means("is ambiguous", backend.ErrConflict,
				"Several networks have this name: remove all but one with docker network rm ID."),
			means("pool overlaps with other one", backend.ErrConflict,
				"Choose another subnet, or remove the network that has it."),
			means(sameBridge, backend.ErrConflict, "Remove the network that has this bridge."),
			means("available, non-overlapping", backend.ErrConflict, remedyPools),
			means("address pools have been fully subnetted", backend.ErrConflict, remedyPools),

			means("no such exec instance", backend.ErrNotRunning, "The container stopped while the command ran."),
			means("is not running", backend.ErrNotRunning, ""),
			means("is restarting", backend.ErrNotRunning, ""),

			means("option requires buildkit", backend.ErrUnsupported, remedyKit),

			means("could not find the file", backend.ErrNotFound, ""),

			means("permission denied: unknown", backend.ErrInvalid, "Check that the command may be executed, and by this user."),
			means("unable to start container process: exec: ", backend.ErrInvalid, "Check that the image has this command."),
			means("executable file not found", backend.ErrInvalid, "Check that the image has this command."),
			means("bind source path does not exist", backend.ErrMountSource, "Make the directory on the engine's host first."),
			means("invalid mount config for type \"bind\": stat", backend.ErrMountSource,
				"Let the engine's own user reach the directory: a rootless Docker is that user."),
			means("mounts denied", backend.ErrMountSource,
				"Share the directory with the virtual machine: Docker Desktop, Settings, Resources, File sharing."),
			means("could not select device driver", backend.ErrUnsupported,
				"Install the GPU's container toolkit on the engine's host: nvidia-ctk runtime configure --runtime=docker"),
			means("user specified ip address is supported", backend.ErrUnsupported, remedySubnet),
			means("error gathering device information", backend.ErrInvalid, "Name a device that the engine's host has."),
			means("is not in a separate kernel namespace", backend.ErrInvalid, "Set this sysctl on the engine's host."),
			means("as your kernel does not support", backend.ErrInvalid,
				"Leave the limit out, or boot the engine's host with this cgroup controller."),
			means("error setting rlimit", backend.ErrInvalid, "Ask for no more than the limits of the engine itself."),
			means("invalid volume specification", backend.ErrInvalid, ""),
			means("/docker-import-", backend.ErrInvalid, engine.RemedyArchive),
			means("invalid tar header", backend.ErrInvalid, engine.RemedyArchive),
			means("unrecognized image format", backend.ErrInvalid, engine.RemedyArchive),
			means("extraction point is not a directory", backend.ErrInvalid, ""),
			means("oci runtime create failed", backend.ErrInvalid, ""),
		},
	}
}

// sameBridge is what the engine says of a network whose bridge another one has.
const sameBridge = "networks have same bridge name"

// pullFailure is wrap for a pull. The engine asks for a manifest once. For a layer it asks five times, which its stream
// tells, unless the answer was that it asks too often.
func pullFailure(op string, err error) error { return engine.PullError(wrap(op, err), false) }

// buildFailure is wrap for a build.
func buildFailure(op string, err error) error {
	return words().BuildError(op, err, func(s *engine.StatusError) bool {
		return s.Code != 0 || strings.Contains(s.Message, "did not complete successfully") // BuildKit gives no code
	})
}
