package html

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimelineTicks(t *testing.T) {
	for in, want := range map[string]string{
		"1ms": "0", "36s": "0 10s 20s 30s", "75s": "0 15s 30s 45s 1m", "3m": "0 30s 1m 1m30s 2m 2m30s",
		"45m": "0 10m 20m 30m 40m", "5h": "0 1h00m 2h00m 3h00m 4h00m",
	} {
		all, err := time.ParseDuration(in)
		require.NoError(t, err)
		scale := timeScale{time.Unix(0, 0), all}
		var labels []string
		for _, tick := range scale.ticks() {
			labels = append(labels, tick.Label)
		}
		require.Equal(t, want, strings.Join(labels, " "), in)
	}
}
