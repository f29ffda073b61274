package podman

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServerWords(t *testing.T) {
	const (
		refused = "Error: crun: executable file `/nope` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found\n"
		denied  = "Error: crun: the path `/etc` is not a regular file: Operation not permitted: OCI permission denied\n"
		unread  = "Error: write unixpacket @->/run/x/attach: write: broken pipe\n"
		lost    = "galley: the command ended without reading all its input; Podman may have lost the end of its output\n"
	)
	for name, c := range map[string]struct {
		frames []string
		code   int
		want   string
	}{
		"nothing":                 {nil, 127, ""},
		"not found":               {[]string{refused}, 127, "the container has no program /nope\n"},
		"not found, with input":   {[]string{refused, unread}, 127, "the container has no program /nope\n"},
		"denied":                  {[]string{denied}, 126, "/etc is a directory in the container, not a program\n"},
		"a program's own words":   {[]string{refused}, 1, refused},
		"amid a program's output": {[]string{"a\n", refused, "b\n"}, 127, "a\n" + refused + "b\n"},
		"before its output":       {[]string{refused, "b\n"}, 127, refused + "b\n"},
		"input that is not read":  {[]string{"a\n", unread}, 0, "a\n" + lost},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			u := newServerWords(&out, false)
			for _, f := range c.frames {
				n, err := u.Write([]byte(f))
				require.NoError(t, err)
				require.Equal(t, len(f), n)
			}
			require.NoError(t, u.end(c.code))
			require.Equal(t, c.want, out.String())
		})
	}
}
