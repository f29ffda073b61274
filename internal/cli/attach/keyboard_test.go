package attach

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Readers take turns: a closed one takes nothing that is typed later.
func TestKeyboard(t *testing.T) {
	in, typed := io.Pipe()
	k := &Keyboard{In: in}
	shell := k.Reader()
	go func() { _, _ = typed.Write([]byte("exit\n")) }()
	text := make([]byte, 5)
	_, err := io.ReadFull(shell, text)
	require.NoError(t, err)
	go func() { _ = shell.Close() }()
	_, err = shell.Read(text)
	require.ErrorIs(t, err, io.EOF)

	go func() {
		_, _ = typed.Write([]byte(" retry \nno"))
		_ = typed.Close()
	}()
	line, err := k.Line()
	require.NoError(t, err)
	require.Equal(t, "retry", line)
	line, err = k.Line()
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "no", line)

	k = &Keyboard{In: strings.NewReader("ab")}
	r := k.Reader()
	one := make([]byte, 1)
	_, err = r.Read(one)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	all, err := io.ReadAll(k.Reader())
	require.NoError(t, err)
	require.Equal(t, "b", string(all))
}
