package docker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// TestClassify: the messages are those that Docker 20.10.24 and 26.1.5 gave, with
// their status; 0 is one that came inside a stream.
func TestClassify(t *testing.T) {
	tests := []struct {
		status  int
		message string
		want    error
	}{
		{404, `No such image: nosuchimage:latest`, backend.ErrNotFound},
		{404, `No such image: sha256:0000000000000000000000000000000000000000000000000000000000000000`,
			backend.ErrNotFound},
		{404, `no such image: nosuchimage: No such image: nosuchimage:latest`, backend.ErrNotFound},
		{400, `no such image: UPPER: invalid reference format: repository name must be lowercase`, backend.ErrInvalid},
		{400, `invalid reference format: repository name (library/UPPER) must be lowercase`, backend.ErrInvalid},
		{500, `the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`, backend.ErrUnsupported},
		{404, `No such container: nosuch`, backend.ErrNotFound},
		{400, `No such container: nosuch`, backend.ErrNotFound}, // of VolumesFrom
		{404, `network nosuchnet not found`, backend.ErrNotFound},
		{404, `Could not find the file /nosuchdir in container m2`, backend.ErrNotFound},
		{500, `extraction point is not a directory`, backend.ErrInvalid},
		{404, `manifest for 127.0.0.1:5000/nosuch:latest not found: manifest unknown: manifest unknown`,
			backend.ErrNotFound},

		{409, `Conflict. The container name "/m1" is already in use by container "24aba12e3e0b". You have to remove (or rename) that container to be able to reuse that name.`, backend.ErrConflict},
		{409, `conflict: unable to remove repository reference "busybox" (must force) - container 98b9817f6896 is using its referenced image 8ae3fca0b91c`, backend.ErrConflict},
		{409, `network with name mnet already exists`, backend.ErrConflict},
		{403, `error while removing network: network mnet id a3004e4d1fe0 has active endpoints`, backend.ErrConflict},
		{403, `Pool overlaps with other one on this address space`, backend.ErrConflict},
		{404, `could not find an available, non-overlapping IPv6 address pool among the defaults to assign to the network`, backend.ErrConflict},
		{403, `cannot create network 0123 (br-4567): conflicts with network 89ab (br-4567): networks have same bridge name`, backend.ErrConflict},
		{400, `network dokken is ambiguous (2 matches found on name)`, backend.ErrConflict},

		{409, `Container 83df3b93e909615e62d86287574291a8c3182a628e73e36a2715b9d19281ec9a is not running`,
			backend.ErrNotRunning},
		{409, `container 8fd99f530b7197e4933d89043db44507cafff9da183a5f4643384260554cc166 is not running`,
			backend.ErrNotRunning},
		{409, `Container p1 is paused, unpause the container before exec`, backend.ErrNotRunning},
		{404, `No such exec instance: 4761086c59fbde3ec05db00bcd0f555bade0d88848ee272bfbfe2d2b7cb1f09b`,
			backend.ErrNotRunning},

		{500, `driver failed programming external connectivity on endpoint m3 (701f02d847b9): Bind for 0.0.0.0:18080 failed: port is already allocated`, backend.ErrPortTaken},
		{500, `driver failed programming external connectivity on endpoint m3 (701f02d847b9): Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use`, backend.ErrPortTaken},
		{500, `write /var/lib/docker/tmp/x: no space left on device`, backend.ErrNoSpace},

		{404, `image with reference busybox was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64`, backend.ErrWrongPlatform},
		{404, `no matching manifest for linux/s390x in the manifest list entries`, backend.ErrWrongPlatform},

		{500, `Head "http://127.0.0.1:5001/v2/busybox/manifests/latest": no basic auth credentials`,
			backend.ErrUnauthorized},
		{500, `Head "http://127.0.0.1:5001/v2/busybox/manifests/latest": unauthorized: authentication required`,
			backend.ErrUnauthorized},
		{404, `pull access denied for nosuchxyz, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`, backend.ErrUnauthorized},
		{500, `Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 192.0.2.53:53: no such host`, backend.ErrUnreachable},
		{500, `Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused`,
			backend.ErrUnreachable},
		{500, `Get "https://registry.example:5000/v2/": http: server gave HTTP response to HTTPS client`,
			backend.ErrUnreachable},

		{400, `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH: unknown`, backend.ErrInvalid},
		{400, `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown`, backend.ErrInvalid},
		{500, `unable to find user nouser: no matching entries in passwd file`, backend.ErrInvalid},
		{500, `failed to create shim task: OCI runtime create failed: runc create failed: sysctl "kernel.nope" is not in a separate kernel namespace: unknown`, backend.ErrInvalid},
		{500, `error gathering device information while adding custom device "/dev/nope": no such file or directory`,
			backend.ErrInvalid},
		{500, `invalid volume specification: '/tmp:relative': invalid mount config for type "bind": invalid mount path: 'relative' mount path must be absolute`, backend.ErrInvalid},
		{400, `invalid mount config for type "bind": bind source path does not exist: /nosuchdir`,
			backend.ErrMountSource},
		{400, `invalid mount config for type "bind": stat /home/other/sandbox: permission denied`, backend.ErrMountSource},
		{400, `Minimum memory limit allowed is 6MB`, backend.ErrInvalid},
		{400, `NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted`,
			backend.ErrInvalid},
		{400, `invalid CapAdd: unknown capability: "CAP_NOPE"`, backend.ErrInvalid},
		{400, `conflicting options: hostname and the network mode`, backend.ErrInvalid},
		{500, `could not select device driver "" with capabilities: [[gpu]]`, backend.ErrUnsupported},
		{400, `user specified IP address is supported only when connecting to networks with user configured subnets`,
			backend.ErrUnsupported},

		{400, `Client sent an HTTP request to an HTTPS server.`, backend.ErrUnreachable},
		{401, `who are you`, backend.ErrUnauthorized},
		{503, `later`, backend.ErrUnreachable},
		{500, `it broke`, nil},
		{0, `The command '/bin/sh -c false' returned a non-zero code: 1`, nil},
	}
	for _, test := range tests {
		t.Run(test.message, func(t *testing.T) {
			_, kind := words().Classify(test.status, test.message)
			require.Equal(t, test.want, kind)
		})
	}
}

// TestPullFailure: the messages are those that Docker 20.10.24 and 26.1.5 gave for a registry that answered with this
// status, or closed the connection, to a request for a manifest or for a layer.
func TestPullFailure(t *testing.T) {
	for _, test := range []struct {
		failure engine.StatusError
		want    error
	}{
		{engine.StatusError{Status: 500, Message: `toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `toomanyrequests: plain words`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `error parsing HTTP 429 response body: invalid character 'p' looking for beginning of value: "plain words"`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `received unexpected HTTP status: 500 Internal Server Error`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `received unexpected HTTP status: 503 Service Unavailable`}, backend.ErrBusy},
		{engine.StatusError{Status: 503, Message: `received unexpected HTTP status: 503 Service Unavailable`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `Head "https://127.0.0.1:34661/v2/galley/m-cut/manifests/1": EOF`}, backend.ErrBusy},
		{engine.StatusError{Status: 500, Message: `unknown: failed to resolve reference "127.0.0.1:39029/galley/x:1": unexpected status ` +
			`from HEAD request to https://127.0.0.1:39029/v2/galley/x/manifests/1: 503 Service Unavailable`}, backend.ErrBusy},
		{engine.StatusError{Message: `received unexpected HTTP status: 502 Bad Gateway`, Begun: true, Retried: true},
			backend.ErrUnreachable},
		{engine.StatusError{Message: `EOF`, Begun: true, Retried: true}, backend.ErrUnreachable},
		{engine.StatusError{Message: `unexpected EOF`, Begun: true, Retried: true}, backend.ErrUnreachable},

		{engine.StatusError{Status: 500, Message: `Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused`}, backend.ErrUnreachable},
		{engine.StatusError{Status: 404, Message: `pull access denied for 127.0.0.1:34661/galley/m-403, repository does not exist or may require 'docker login': denied: plain words`}, backend.ErrUnauthorized},
		{engine.StatusError{Status: 500, Message: `unauthorized:`}, backend.ErrUnauthorized},
		{engine.StatusError{Status: 500, Message: `error parsing HTTP 403 response body: invalid character 'p' looking for beginning of value: "plain words"`}, nil},
		{engine.StatusError{Status: 500, Message: `unknown: plain words`}, nil},
		{engine.StatusError{Status: 404, Message: `manifest for 127.0.0.1:34661/galley/x:1 not found: manifest unknown: manifest unknown`}, backend.ErrNotFound},
		{engine.StatusError{Message: `unknown blob`}, nil},
		{engine.StatusError{Message: `write /var/lib/docker/tmp/x: no space left on device: unexpected EOF`, Begun: true},
			backend.ErrNoSpace},
		{engine.StatusError{Status: 404, Message: `no matching manifest for linux/s390x in the manifest list entries`}, backend.ErrWrongPlatform},
	} {
		var e *backend.Error
		require.ErrorAs(t, pullFailure("pull x", &test.failure), &e)
		require.Equal(t, test.want, e.Kind, test.failure.Message)
	}
	require.ErrorIs(t, pullFailure("pull x", opaqueError{io.ErrUnexpectedEOF}), backend.ErrUnreachable)
	require.NotErrorIs(t, pullFailure("pull x", opaqueError{io.ErrUnexpectedEOF}), backend.ErrBusy)
	require.ErrorIs(t, pullFailure("pull x", context.Canceled), context.Canceled)
}

// TestRulesReachable: a rule whose text contains that of an earlier one is dead.
func TestRulesReachable(t *testing.T) {
	for _, r := range words().All() {
		for _, text := range r.Texts {
			remedy, kind := words().Classify(http.StatusTeapot, text)
			require.Equal(t, engine.Rule{Kind: r.Kind, Remedy: r.Remedy}, engine.Rule{Kind: kind, Remedy: remedy}, text)
		}
	}
}

func TestWrap(t *testing.T) {
	require.NoError(t, wrap("try", nil))

	answer := fmt.Errorf("client: %w", opaqueError{&engine.StatusError{Status: http.StatusConflict, Message: "it is odd"}})
	var e *backend.Error
	require.ErrorAs(t, wrap("create container web", answer), &e)
	require.Equal(t, "create container web: it is odd", e.Error())
	require.ErrorIs(t, e, backend.ErrConflict)

	require.ErrorAs(t, wrap("try", &engine.StatusError{Status: http.StatusNotFound, Message: "gone"}), &e)
	require.Equal(t, "try: gone", e.Error())
	require.ErrorIs(t, e, backend.ErrNotFound)

	dialled := &backend.Error{Op: "connect to unix:///x", Kind: backend.ErrPermission, Detail: "you may not"}
	err := wrap("try", fmt.Errorf("client: %w", opaqueError{dialled}))
	require.ErrorIs(t, err, backend.ErrPermission)
	require.Equal(t, "try: connect to unix:///x: you may not", err.Error())

	err = wrap("try", fmt.Errorf("client: %w", opaqueError{&engine.BrokenError{Err: io.ErrUnexpectedEOF}}))
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "try: the connection to the engine broke: unexpected EOF")

	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		err = wrap("try", fmt.Errorf(`Get "http://odd/": %w`, cause))
		require.ErrorIs(t, err, cause)
		require.Equal(t, "try: "+cause.Error(), err.Error())
	}
}
