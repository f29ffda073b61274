package backend

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainReason(t *testing.T) {
	const runc = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
	for text, want := range map[string]string{
		runc + `exec: "/nope": stat /nope: no such file or directory: unknown`:                                                                     "the container has no program /nope",
		runc + `exec: "nope": executable file not found in $PATH: unknown`:                                                                         "there is no program nope in the container's PATH",
		runc + `exec: "/etc": is a directory: unknown: permission denied`:                                                                          "/etc is a directory in the container, not a program",
		runc + `exec: "/etc/passwd": permission denied: unknown`:                                                                                   "/etc/passwd may not be executed by this user",
		runc + `chdir to cwd ("/no") set in config.json failed: no such file or dir`:                                                               "the container has no directory /no to work in",
		"exec /bin/x: no such file or directory":                                                                                                   "/bin/x is there, but its interpreter or a library that it needs is not",
		"exec /bin/x: exec format error":                                                                                                           "/bin/x is no program for this platform, or a script without a first line that names its interpreter",
		"crun: executable file `/nope` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found":         "the container has no program /nope",
		"crun: executable file `nope` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found": "there is no program nope in the container's PATH",
		"crun: the path `/etc` is not a regular file: Operation not permitted: OCI permission denied":                                              "/etc is a directory in the container, not a program",
		"crun: the path `/etc/passwd` exists but it is not executable: Operation not permitted: OCI permission denied":                             "/etc/passwd may not be executed by this user",
		"crun: chdir to `/no`: No such file or directory: OCI runtime attempted to invoke a command that was not found":                            "the container has no directory /no to work in",
		"{\"msg\":\"exec container process (missing dynamic library?) `/bin/x`: No such file or directory\",\"level\":\"error\"}":                  "/bin/x is there, but its interpreter or a library that it needs is not",
		"I exec /bin/x: no such file or directory":                                                                                                 "I exec /bin/x: no such file or directory",
		"port is already allocated": "port is already allocated",
		"":                          "",
	} {
		require.Equal(t, want, PlainReason(text), text)
	}
}
