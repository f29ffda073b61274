package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSELinuxOptions(t *testing.T) {
	require.Nil(t, SELinux{}.Options())
	require.Equal(t, []string{"disable", "nested", "user:u", "role:r", "type:t", "level:s0", "filetype:f"},
		SELinux{Disabled: true, Nested: true, User: "u", Role: "r", Type: "t", Level: "s0", FileType: "f"}.Options())
}

func TestUserNSString(t *testing.T) {
	id, root := uint32(1000), uint32(0)
	for want, u := range map[string]UserNS{
		"":                       {},
		"auto:size=65536":        {Mode: UserNSAuto, Size: 65536},
		"keep-id:uid=1000,gid=0": {Mode: UserNSKeepID, UID: &id, GID: &root},
	} {
		require.Equal(t, want, u.String())
	}
}
