package lifecycle

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// soakVar is how many instances TestSoak tests.
const soakVar = "GALLEY_TEST_SOAK"

// Many instances, 32 side by side, leave no goroutine, no open file, no temporary file, nothing on the engine and no
// memory behind.
func TestSoak(t *testing.T) {
	count, err := strconv.Atoi(cmp.Or(os.Getenv(soakVar), "64"))
	require.NoError(t, err, soakVar)
	t.Setenv("TMPDIR", t.TempDir())
	k := newKitchen(t)
	k.change = func(o *Options) { o.Concurrency, o.Sink = 32, discard{} }
	var instances []config.Instance
	for n := range count {
		instances = append(instances, chefInstance(fmt.Sprintf("i%d", n)))
	}
	require.NoError(t, k.do(ActionTest, instances[:32]...)) // what is made once is there
	k.fake.ForgetCalls()
	goroutines, files, memory := runtime.NumGoroutine(), openFiles(t), heap()
	begun := time.Now()
	require.NoError(t, k.do(ActionTest, instances...))
	t.Logf("%d instances in %s", count, time.Since(begun).Round(time.Millisecond))
	k.fake.ForgetCalls()
	require.Eventually(t, func() bool {
		return runtime.NumGoroutine() <= goroutines+1 // the one that asks
	}, 10*time.Second, 10*time.Millisecond)
	require.LessOrEqual(t, openFiles(t), files)
	grown := int64(heap()) - int64(memory)
	t.Logf("goroutines %d, then %d; open files %d, then %d; memory grew by %d KiB", goroutines, runtime.NumGoroutine(),
		files, openFiles(t), grown>>10)
	require.Less(t, grown, int64(16<<20))
	require.Empty(t, k.runners())
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

// discard is a sink that keeps nothing.
type discard struct{}

// Handle forgets an event.
func (discard) Handle(Event) {}

// openFiles is how many files this process has open, 0 where that cannot be told.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("open files are not counted: %v", err)
		return 0
	}
	return len(list)
}

// heap is how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
