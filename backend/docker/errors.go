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
			means(backend.ErrPortTaken, engine.RemedyPort, "ports are not available"),

			means(backend.ErrWrongPlatform, remedyPlat, "does not match the specified platform",
				"no matching manifest for", "no match for platform in manifest",
				"does not provide the specified platform"),

			means(backend.ErrUnauthorized, engine.RemedyLogin, "pull access denied",
				"incorrect username or password"),
			means(backend.ErrUnreachable,
				"The registry has no TLS: declare it in insecure-registries of the engine's daemon.json.",
				"gave http response to https client"),
			means(backend.ErrUnreachable,
				"Put the registry's authority into /etc/docker/certs.d/HOST/ca.crt on the engine's host.",
				"certificate signed by unknown authority"),
			means(backend.ErrUnreachable, "The engine wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH.",
				"http request to an https server"),
			means(backend.ErrUnreachable, engine.RemedyNet, "dial tcp", "client.timeout exceeded",
				"request canceled while waiting for connection"),

			means(backend.ErrConflict, "", nameTaken),
			means(backend.ErrConflict, "Remove the containers that use it first.", "conflict: unable to"),
			means(backend.ErrConflict, remedyRace, "unable to find image", "layer does not exist"),
			means(backend.ErrConflict, "Remove the containers that are on it first.", "has active endpoints"),
			means(backend.ErrConflict,
				"Several networks have this name: remove all but one with docker network rm ID.", "is ambiguous"),
			means(backend.ErrConflict, "Choose another subnet, or remove the network that has it.",
				"pool overlaps with other one"),
			means(backend.ErrConflict, "Remove the network that has this bridge.", sameBridge),
			means(backend.ErrConflict, remedyPools, "available, non-overlapping",
				"address pools have been fully subnetted"),

			means(backend.ErrNotRunning, "The container stopped while the command ran.", "no such exec instance"),
			means(backend.ErrNotRunning, "", "is not running", "is restarting"),

			means(backend.ErrUnsupported, remedyKit, "option requires buildkit"),

			means(backend.ErrNotFound, "", "could not find the file"),

			means(backend.ErrInvalid, "Check that the command may be executed, and by this user.",
				"permission denied: unknown"),
			means(backend.ErrInvalid, "Check that the image has this command.",
				"unable to start container process: exec: ", "executable file not found"),
			means(backend.ErrMountSource, "Make the directory on the engine's host first.",
				"bind source path does not exist"),
			means(backend.ErrMountSource,
				"Let the engine's own user reach the directory: a rootless Docker is that user.",
				"invalid mount config for type \"bind\": stat"),
			means(backend.ErrMountSource,
				"Share the directory with the virtual machine: Docker Desktop, Settings, Resources, File sharing.",
				"mounts denied"),
			means(backend.ErrUnsupported,
				"Install the GPU's container toolkit on the engine's host: nvidia-ctk runtime configure --runtime=docker",
				"could not select device driver"),
			means(backend.ErrUnsupported, remedySubnet, "user specified ip address is supported"),
			means(backend.ErrInvalid, "Name a device that the engine's host has.",
				"error gathering device information"),
			means(backend.ErrInvalid, "Set this sysctl on the engine's host.",
				"is not in a separate kernel namespace"),
			means(backend.ErrInvalid, "Leave the limit out, or boot the engine's host with this cgroup controller.",
				"as your kernel does not support"),
			means(backend.ErrInvalid, "Ask for no more than the limits of the engine itself.",
				"error setting rlimit"),
			means(backend.ErrInvalid, "", "invalid volume specification"),
			means(backend.ErrInvalid, engine.RemedyArchive, "/docker-import-", "invalid tar header",
				"unrecognized image format"),
			means(backend.ErrInvalid, "", "extraction point is not a directory", "oci runtime create failed"),
		},
	}
}

// nameTaken is what the engine says of a container whose name another one has.
const nameTaken = "is already in use by container"

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
