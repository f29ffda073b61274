package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a program in it, and a person who types.
type terminal struct {
	t      *testing.T
	master *os.File

	mu   sync.Mutex
	seen []byte
	from int // how much of seen was expected already
}

// newTerminal starts a program in a terminal of its own.
func newTerminal(t *testing.T, cmd *exec.Cmd, rows, columns uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, master.Close()) })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	term := &terminal{t: t, master: master}
	term.resize(rows, columns)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	require.NoError(t, cmd.Start())
	require.NoError(t, slave.Close())
	go term.watch()
	return term
}

// watch collects what the program prints until its terminal is gone.
func (x *terminal) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := x.master.Read(buf)
		x.mu.Lock()
		x.seen = append(x.seen, buf[:n]...)
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (x *terminal) resize(rows, columns uint16) {
	x.t.Helper()
	require.NoError(x.t, unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ,
		&unix.Winsize{Row: rows, Col: columns}))
}

// settings are the terminal's own: echo, line by line and so on.
func (x *terminal) settings() unix.Termios {
	x.t.Helper()
	s, err := unix.IoctlGetTermios(int(x.master.Fd()), unix.TCGETS)
	require.NoError(x.t, err)
	return *s
}

func (x *terminal) send(text string) {
	x.t.Helper()
	_, err := x.master.WriteString(text)
	require.NoError(x.t, err)
}

// expect waits until the program has printed what matches, after all that was expected before.
func (x *terminal) expect(pattern string) {
	x.t.Helper()
	re := regexp.MustCompile(pattern)
	ok := func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		at := re.FindIndex(x.seen[x.from:])
		if at != nil {
			x.from += at[1]
		}
		return at != nil
	}
	if !assertEventually(ok) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.t.Fatalf("the terminal does not show %q, but:\n%s", pattern, x.seen[x.from:])
	}
}

// assertEventually waits for something to come about; a minute is for ever.
func assertEventually(ok func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for !ok() {
		select {
		case <-end:
			return false
		case <-tick.C:
		}
	}
	return true
}
