package execmark

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKillCommand: it ends the marked process and a descendant that has lost the mark, and no others.
func TestKillCommand(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the command is for containers, and reads /proc")
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	mark := hex.EncodeToString(id)
	marked := start(t, append(os.Environ(), Var+"="+mark+".1"), "env -i sleep 1000 & echo ready; wait")
	bystander := start(t, append(os.Environ(), Var+"="+mark+"0"), "echo ready; read word; echo $word")

	argv := KillCommand(mark)
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Regexp(t, "^"+strconv.Itoa(marked.cmd.Process.Pid)+` \d+\n`, string(out))

	var exit *exec.ExitError
	require.ErrorAs(t, marked.cmd.Wait(), &exit)
	_, err = marked.out.ReadByte()
	require.ErrorIs(t, err, io.EOF, "the pipe ends with its last writer, and that is the descendant")

	_, err = io.WriteString(bystander.in, "alive\n")
	require.NoError(t, err)
	line, err := bystander.out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "alive\n", line)
	require.NoError(t, bystander.cmd.Wait())
}

type started struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// start runs a script and waits until it says that it is ready.
func start(t *testing.T, env []string, script string) started {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = read.Close() })
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Env, cmd.Stdout = env, write
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	out := bufio.NewReader(read)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return started{cmd, in, out}
}
