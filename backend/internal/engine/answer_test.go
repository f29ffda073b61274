package engine

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestReadStatusError(t *testing.T) {
	for body, want := range map[string]string{
		`{"cause":"x","message":"no such container","response":404}`: "no such container",
		"Not Found\n": "Not Found",
		"":            "404 Not Found",
	} {
		err := ReadStatusError(&http.Response{StatusCode: http.StatusNotFound, Status: "404 Not Found",
			Body: io.NopCloser(strings.NewReader(body))})
		require.Equal(t, &StatusError{Status: http.StatusNotFound, Message: want}, err)
	}
	broken := func(text string, by error) error {
		return ReadStatusError(&http.Response{StatusCode: http.StatusNotFound, Status: "404 Not Found",
			Body: io.NopCloser(io.MultiReader(strings.NewReader(text), iotest.ErrReader(by)))})
	}
	for text, want := range map[string]string{"no such": "no such", "": "404 Not Found", `{"message":"no such con`: "no such con"} {
		require.Equal(t, &StatusError{Status: http.StatusNotFound, Message: want}, broken(text, io.ErrUnexpectedEOF))
	}
	require.ErrorIs(t, broken("no such", context.Canceled), context.Canceled)
	var slow *SlowError
	require.ErrorAs(t, broken("no such", &SlowError{}), &slow)
}

// What a registry says without an end is cut off, and still says what went wrong.
func TestWrapLongWords(t *testing.T) {
	long := "manifest unknown " + strings.Repeat("a secret ", 1<<20)
	w := Words{}
	for _, err := range []error{
		w.Wrap("pull x", &StatusError{Status: http.StatusInternalServerError, Message: long}),
		w.BuildError("build x", &StatusError{Message: long}, func(*StatusError) bool { return false }),
	} {
		require.Less(t, len(err.Error()), maxWords+200)
		require.Regexp(t, `(a|secret) \.\.\. \(\d+ more bytes\)`, err.Error(), "words are whole")
	}
	require.ErrorIs(t, w.Wrap("pull x", &StatusError{Message: long}), backend.ErrNotFound)
}
