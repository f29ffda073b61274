package backend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessagesHaveShortIDs(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string]string{
		"start container " + id:         "start container 0123456789ab",
		`"` + id + `": no`:              `"0123456789ab": no`,
		"image sha256:" + id:            "image sha256:0123456789ab",
		"pull debian@sha256:" + id:      "pull debian@sha256:" + id,
		"a file " + id + "ff of a user": "a file " + id + "ff of a user",
	} {
		require.Equal(t, want, (&Error{Op: text}).Error())
	}
}
