package observed_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/observed"
	"github.com/galley-kitchen/galley/internal/timing"
)

// recorded is a context whose spans are kept.
func recorded(t *testing.T) (context.Context, func() []timing.Span) {
	var mu sync.Mutex
	var spans []timing.Span
	ctx := timing.With(t.Context(), func(s timing.Span) {
		mu.Lock()
		defer mu.Unlock()
		spans = append(spans, s)
	})
	return ctx, func() []timing.Span {
		mu.Lock()
		defer mu.Unlock()
		return spans
	}
}

// Each method of the interface is told of, under its own name.
func TestEveryCall(t *testing.T) {
	ctx, spans := recorded(t)
	engine := fake.New()
	engine.FailOn(func(fake.Call) error { return errors.New("no") })
	be := reflect.ValueOf(observed.Backend(engine))
	want := 0
	methods := reflect.TypeFor[backend.ContainerBackend]()
	for n := range methods.NumMethod() {
		m := methods.Method(n)
		if m.Name == "Close" {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(ctx)}
		for a := 1; a < m.Type.NumIn() && !(m.Type.IsVariadic() && a == m.Type.NumIn()-1); a++ {
			args = append(args, reflect.Zero(m.Type.In(a)))
		}
		be.MethodByName(m.Name).Call(args)
		want++
		require.Len(t, spans(), want, "%s is not told of", m.Name)
		require.Equal(t, m.Name, spans()[want-1].Name)
	}
}

func TestSpans(t *testing.T) {
	ctx, spans := recorded(t)
	engine := fake.New(fake.ImageSpec{Ref: "docker.io/library/busybox:latest"})
	be := observed.Backend(engine)
	_, err := be.InspectImage(ctx, "docker.io/library/none:latest")
	require.ErrorIs(t, err, backend.ErrNotFound)
	c, err := be.CreateContainer(ctx, backend.ContainerSpec{Name: "c", Image: "docker.io/library/busybox:latest",
		Env: map[string]string{"TOKEN": "hidden"}})
	require.NoError(t, err)
	require.NoError(t, be.StartContainer(ctx, c.ID))
	_, err = be.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"echo", "hidden"}})
	require.NoError(t, err)
	all := spans()
	require.Len(t, all, 4)
	require.Equal(t, timing.Engine, all[0].Kind)
	require.Equal(t, "docker.io/library/none:latest", all[0].Detail)
	require.NotEmpty(t, all[0].Error)
	require.Equal(t, timing.Command, all[3].Kind, "its time is the command's")
	for _, s := range all {
		require.NotContains(t, s.Detail+s.Error, "hidden")
	}
}

// stream is an engine that copies, or fails to.
type stream struct {
	backend.ContainerBackend
	err error
}

func (s stream) CopyFrom(context.Context, string, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("tar")), s.err
}

// A stream takes until it is closed.
func TestStream(t *testing.T) {
	ctx, spans := recorded(t)
	r, err := observed.Backend(stream{}).CopyFrom(ctx, "c", "/x")
	require.NoError(t, err)
	require.Empty(t, spans())
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	require.Len(t, spans(), 1)
	_, err = observed.Backend(stream{err: errors.New("one\ntwo")}).CopyFrom(ctx, "c", "/x")
	require.Error(t, err)
	require.Equal(t, "one", spans()[1].Error)
}
