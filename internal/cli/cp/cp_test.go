package cp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseCopyPath(t *testing.T) {
	for _, tc := range []struct {
		arg, goos string
		want      copyPath
	}{
		{"default-debian-12:/etc/motd", "linux", copyPath{"default-debian-12", "/etc/motd"}},
		{"default:etc/motd", "linux", copyPath{"default", "/etc/motd"}},
		{"default:", "linux", copyPath{"default", "/"}},
		{"a:/x", "linux", copyPath{"a", "/x"}},
		{"default:/a:b", "linux", copyPath{"default", "/a:b"}},
		{"./a:b", "linux", copyPath{"", "./a:b"}},
		{"/tmp/a:b", "linux", copyPath{"", "/tmp/a:b"}},
		{":x", "linux", copyPath{"", ":x"}},
		{"file", "linux", copyPath{"", "file"}},
		{"-", "linux", copyPath{"", "-"}},
		{`C:\Users\me\x`, "windows", copyPath{"", `C:\Users\me\x`}},
		{"c:x", "windows", copyPath{"", "c:x"}},
		{`dir\a:b`, "windows", copyPath{"", `dir\a:b`}},
		{"default:/x", "windows", copyPath{"default", "/x"}},
	} {
		require.Equal(t, tc.want, parseCopyPath(tc.arg, tc.goos), tc.arg)
	}
}
