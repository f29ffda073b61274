package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkSyncUnchanged20000 brings a sandbox into line that is so already. The metric xwalk compares its fastest time
// with that of a walk of the same tree which looks at each file once.
func BenchmarkSyncUnchanged20000(b *testing.B) {
	from, to := b.TempDir(), b.TempDir()
	for d := range 200 {
		dir := filepath.Join(from, fmt.Sprintf("cookbook%d", d/10), fmt.Sprintf("files%d", d))
		require.NoError(b, os.MkdirAll(dir, 0o755))
		for f := range 100 {
			require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d.rb", f)), []byte("x"), 0o600))
		}
	}
	again := func() {
		files, err := Tree(from, "cookbooks", nil)
		require.NoError(b, err)
		require.Len(b, files, 20000)
		require.NoError(b, Sync(to, files, nil))
	}
	again()
	fastestWalk, fastestSync := time.Hour, time.Hour
	walk := func() {
		start, seen := time.Now(), 0
		require.NoError(b, filepath.WalkDir(from, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			seen++
			_, err = d.Info()
			return err
		}))
		fastestWalk = min(fastestWalk, time.Since(start))
		require.Greater(b, seen, 20000)
	}
	for b.Loop() {
		start := time.Now()
		again()
		fastestSync = min(fastestSync, time.Since(start))
		b.StopTimer()
		walk()
		b.StartTimer()
	}
	b.ReportMetric(float64(fastestSync)/float64(fastestWalk), "xwalk")
}
