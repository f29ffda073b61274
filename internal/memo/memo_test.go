package memo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func TestMemo(t *testing.T) {
	var m Memo[int]
	var calls atomic.Int32
	var g errgroup.Group
	for range 20 {
		g.Go(func() error {
			n, err := m.Do("a", func() (int, error) { return int(calls.Add(1)), nil })
			if n != 1 {
				return errors.New("called again")
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
	failed := errors.New("no")
	for range 2 {
		_, err := m.Do("b", func() (int, error) { calls.Add(1); return 0, failed })
		require.ErrorIs(t, err, failed)
	}
	require.EqualValues(t, 2, calls.Load())
	require.Equal(t, []int{1}, m.Values())
}

// Values may be asked for while a call is under way, whose result it leaves out.
func TestValuesBesideDo(t *testing.T) {
	var m Memo[int]
	_, err := m.Do("outer", func() (int, error) { return len(m.Values()), nil })
	require.NoError(t, err)
	require.Equal(t, []int{0}, m.Values())
}

// One caller's time may be over before that of the others, who then call for themselves.
func TestEndOfOneCaller(t *testing.T) {
	var m Memo[string]
	begun, end := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := m.Do("key", func() (string, error) {
			close(begun)
			<-end
			return "", fmt.Errorf("pull: %w", context.DeadlineExceeded)
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
	<-begun
	wait.Go(func() {
		got, err := m.Do("key", func() (string, error) { return "mine", nil })
		assert.NoError(t, err)
		assert.Equal(t, "mine", got)
	})
	close(end)
	wait.Wait()
	got, err := m.Do("key", func() (string, error) { return "", errors.New("called again") })
	require.NoError(t, err)
	require.Equal(t, "mine", got)
}
