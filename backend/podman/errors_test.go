package podman

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// TestClassify: the messages are those that Podman 4.3.1 and 5.4.2 gave, with their
// status; 0 is one that came inside a stream.
func TestClassify(t *testing.T) {
	tests := []struct {
		status  int
		message string
		want    error
	}{
		{404, `failed to find image docker.io/library/nosuch:1: docker.io/library/nosuch:1: image not known`,
			backend.ErrNotFound},
		{500, `docker.io/library/nosuch:1: image not known`, backend.ErrNotFound},
		{404, `no such image: docker.io/library/nosuch:1: image not known`, backend.ErrNotFound},
		{404, `no container with name or ID "nosuch" found: no such container`, backend.ErrNotFound},
		{500, `looking up container "nosuch" for volumes-from: no container with name or ID "nosuch" found: no such container`, backend.ErrNotFound},
		{500, `unable to find network with name or ID nonet: network not found`, backend.ErrNotFound},
		{404, `network not found`, backend.ErrNotFound},
		{404, `"/no/such/file" could not be found on container web: no such file or directory`, backend.ErrNotFound},
		{404, `404 Not Found`, backend.ErrNotFound},

		{500, `creating container storage: the container name "g1" is already in use by d295672aab2686985135b18a6c5eb5b15dde7c7e4eea36a85bba3925053c2bb4. You have to remove that container to be able to reuse that name: that name is already in use`, backend.ErrConflict},
		{409, `image used by b1e1b913815530d34533d75953a2bcff7dc53eaf679edeab04cb388da10f10ae: image is in use by a container: consider listing external containers and force-removing image`, backend.ErrConflict},
		{500, `unable to delete image "8ae3fca0b91c" by ID with more than one tag ([docker.io/library/busybox:latest docker.io/library/bb2:1]): please force removal`, backend.ErrConflict},
		{500, `renaming container d1e3934795ac: updating container config table with new configuration for container d1e3934795ac: UNIQUE constraint failed: ContainerConfig.Name`, backend.ErrConflict},
		{500, `unable to delete image "9aaf4d6ee964" by digest with more than one tag ([docker.io/library/x:two docker.io/library/x:one]): please force removal`, backend.ErrConflict},
		{409, `network name na already used: network already exists`, backend.ErrConflict},
		{500, `subnet fd00:aa::/64 is already used on the host or by another config`, backend.ErrConflict},
		{500, `"na" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used`, backend.ErrConflict},
		{500, `container c3510192eacc has dependent containers which must be removed before it: 8b6fa70d1dd9: container already exists`, backend.ErrConflict},

		{500, `can only create exec sessions on running containers: container state improper`, backend.ErrNotRunning},
		{409, `cannot exec in a container that is not running; container 419dcdcaa8e9 is exited`,
			backend.ErrNotRunning},
		{409, `cannot create exec session as container 419dcdcaa8e9 is paused`, backend.ErrNotRunning},

		{500, `cannot listen on the TCP port: listen tcp4 :18080: bind: address already in use`, backend.ErrPortTaken},
		{500, "pasta failed with exit code 1:\nFailed to bind port 18080 (Address already in use) for option '-t 18080-18080:80-80'\n", backend.ErrPortTaken},
		{500, "pasta failed with exit code 1:\nFailed to bind port 80 (Permission denied) for option '-t 80-80:80-80'\n", backend.ErrInvalid},
		{500, `rootlessport cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or choose a larger port number (>= 1024): listen tcp 0.0.0.0:80: bind: permission denied`, backend.ErrInvalid},
		{500, `writing blob: storing blob to file "/var/tmp/x": write /var/tmp/x: no space left on device`,
			backend.ErrNoSpace},

		{401, `unauthorized: authentication required`, backend.ErrUnauthorized},
		{0, `initializing source docker://127.0.0.1:5001/busybox:latest: reading manifest latest in 127.0.0.1:5001/busybox: authentication required`, backend.ErrUnauthorized},
		{0, `initializing source docker://127.0.0.1:5000/absent:latest: reading manifest latest in 127.0.0.1:5000/absent: manifest unknown: manifest unknown`, backend.ErrNotFound},
		{0, `initializing source docker://127.0.0.1:1/absent:latest: pinging container registry 127.0.0.1:1: Get "https://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused`, backend.ErrUnreachable},
		{0, `Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host`,
			backend.ErrUnreachable},
		{0, `pinging container registry 127.0.0.1:5000: Get "https://127.0.0.1:5000/v2/": http: server gave HTTP response to HTTPS client`, backend.ErrUnreachable},
		{0, `choosing an image from manifest list docker://busybox:latest: no image found in manifest list for architecture s390x, variant "", OS linux`, backend.ErrWrongPlatform},
		{0, `no image found in image index for architecture "s390x", variant "", OS "linux"`, backend.ErrWrongPlatform},

		{500, `statfs /nosuch: no such file or directory`, backend.ErrMountSource},
		{500, `crun: executable file ` + "`/nosuch`" +
			` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found`, backend.ErrInvalid},
		{500, `crun: open executable: Permission denied: OCI permission denied`, backend.ErrInvalid},
		{500, `crun: the path ` + "`/etc/passwd`" +
			` exists but it is not executable: Operation not permitted: OCI permission denied`, backend.ErrInvalid},
		{500, `unable to find user nosuch: no matching entries in passwd file`, backend.ErrInvalid},
		{500, `"CAP_FOO": unknown capability`, backend.ErrInvalid},
		{500, `apparmor profile "nosuch" specified, but Apparmor is not enabled on this system`, backend.ErrInvalid},
		{500, `opening seccomp profile failed: open /nosuch: no such file or directory`, backend.ErrInvalid},
		{500, `running container create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument`,
			backend.ErrInvalid},
		{500, `unknown mount option "foo": invalid mount option`, backend.ErrInvalid},
		{500, `stat /dev/nosuch: no such file or directory`, backend.ErrInvalid},
		{500, `setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all`, backend.ErrInvalid},
		{500, `crun: the sysctl ` + "`kernel.foo`" + ` is not namespaced: OCI runtime error`, backend.ErrInvalid},
		{500, `creating container storage: could not find enough available IDs`, backend.ErrInvalid},
		{400, `environment variable "FOO" badly formed, must be key=value`, backend.ErrInvalid},

		{503, `later`, backend.ErrUnreachable},
		{500, `something that is not known`, nil},
	}
	for _, test := range tests {
		_, kind := words().Classify(test.status, test.message)
		require.Equal(t, test.want, kind, "%d %s", test.status, test.message)
	}
}

func TestWrap(t *testing.T) {
	require.NoError(t, wrap("nothing", nil))

	err := wrap("start web", &engine.StatusError{Status: 500, Message: "listen tcp4 :80: bind: address already in use"})
	require.EqualError(t, err, "start web: listen tcp4 :80: bind: address already in use\n"+engine.RemedyPort)

	require.ErrorIs(t, wrap("pull", &engine.StatusError{Message: "unauthorized: authentication required"}),
		backend.ErrUnauthorized)
	require.ErrorIs(t, wrap("wait", context.Canceled), context.Canceled)
	require.ErrorIs(t, wrap("list", io.ErrUnexpectedEOF), backend.ErrUnreachable)

	known := &backend.Error{Op: "connect to unix:///s", Kind: backend.ErrPermission}
	require.ErrorIs(t, wrap("list", known), backend.ErrPermission)
	require.EqualError(t, wrap("list", errors.New("odd")), "list: odd")
}

// TestPullFailure: the messages are those that Podman 4.3.1 and 5.4.2 gave for a registry that answered with a status,
// or closed the connection, to a request for a manifest or for a layer. Podman tries some of it again by itself.
func TestPullFailure(t *testing.T) {
	again, old := []error{backend.ErrBusy, backend.ErrBusy}, []error{backend.ErrUnreachable, backend.ErrBusy}
	never := func(kind error) []error { return []error{kind, kind} }
	for _, test := range []struct {
		message string
		begun   bool
		want    []error // of 4.3 and of 5.4
	}{
		{`initializing source docker://127.0.0.1:36353/galley/m-500:1: reading manifest 1 in 127.0.0.1:36353/galley/m-500: received unexpected HTTP status: 500 Internal Server Error`, false, again},
		{`received unexpected HTTP status: 503 Service Unavailable`, true, again},
		{`reading blob sha256:8f990ba0b577: Error fetching blob: invalid status code from registry 503 (Service Unavailable)`, true, again},
		{`writing blob: storing blob to file "/var/tmp/storage23756977/1": happened during read: unexpected EOF`, true, again},
		{`writing blob: storing blob to file "/var/tmp/container_images_storage1882280298/1": happened during read: unexpected EOF (after reconnecting, server did not process a Range: header, status 200)`, true, again},
		{`EOF`, false, again},
		{`initializing source docker://127.0.0.1:36353/galley/m-cut:1: Get "https://127.0.0.1:36353/v2/galley/m-cut/manifests/1": EOF`, false, old},
		{`connection refused`, true, again},

		{`toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`, false, never(backend.ErrUnreachable)},
		{`error parsing HTTP 429 response body: invalid character 'p' looking for beginning of value: "plain words"`, false, never(backend.ErrUnreachable)},
		{`connection refused`, false, never(backend.ErrUnreachable)},
		{`unauthorized: authentication required`, false, never(backend.ErrUnauthorized)},
		{`initializing source docker://127.0.0.1:36353/galley/m-403:1: reading manifest 1 in 127.0.0.1:36353/galley/m-403: StatusCode: 403, plain words`, false, never(nil)},
		{`error parsing HTTP 404 response body: invalid character 'p' looking for beginning of value: "plain words"`, false, never(nil)},
		{`reading blob sha256:8f990ba0b577: Error fetching blob: invalid status code from registry 404 (Not Found)`, true, never(nil)},
		{`writing blob: storing blob to file "/var/tmp/x": write /var/tmp/x: no space left on device`, true, never(backend.ErrNoSpace)},
		{`no image found in image index for architecture "s390x", variant "", OS "linux"`, false, never(backend.ErrWrongPlatform)},
	} {
		for i, v := range []version{{4, 3}, {5, 4}} {
			var e *backend.Error
			failure := &engine.StatusError{Message: test.message, Begun: test.begun}
			require.ErrorAs(t, pullFailure(wrap("pull x", failure), v), &e)
			require.Equal(t, test.want[i], e.Kind, "%v %s", v, test.message)
		}
	}
	require.NotErrorIs(t, pullFailure(wrap("pull x", io.ErrUnexpectedEOF), version{5, 4}), backend.ErrBusy)
}

// TestBuildFailure: a step's own words may be any, and do not count.
func TestBuildFailure(t *testing.T) {
	step := &engine.StatusError{
		Message: `building at STEP "RUN echo unauthorized; exit 3": while running runtime: exit status 3`,
		Output:  "STEP 2/2: RUN …\nunauthorized\n",
	}
	err := buildFailure("build image x", step)
	require.ErrorIs(t, err, backend.ErrBuildFailed)
	require.NotErrorIs(t, err, backend.ErrUnauthorized)
	require.ErrorContains(t, err, "exit status 3\nSTEP 2/2")

	base := &engine.StatusError{Message: "initializing source docker://x: authentication required"}
	require.ErrorIs(t, buildFailure("build image x", base), backend.ErrUnauthorized)
	require.ErrorIs(t, buildFailure("build image x", io.ErrUnexpectedEOF), backend.ErrUnreachable)

	race := &engine.StatusError{
		Message: "checking if cached image exists from a previous build: getting top layer info: layer not known",
		Output:  "STEP 2/2: RUN true\n",
	}
	require.ErrorIs(t, buildFailure("build image x", race), backend.ErrConflict)
}
