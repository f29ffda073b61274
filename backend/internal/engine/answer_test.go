package engine

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
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
	broken := io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	require.ErrorIs(t, ReadStatusError(&http.Response{StatusCode: http.StatusInternalServerError, Body: broken}),
		io.ErrUnexpectedEOF)
}
