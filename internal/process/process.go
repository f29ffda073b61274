// Package process starts programs of this machine in such a way that they can be ended together with what they started.
//
// A program runs in a process group of its own. When its context ends, the group and, on Linux, every descendant that
// has left it (setsid) are asked to end with SIGTERM; what is still there after the grace period is killed with
// SIGKILL. Not reached is a descendant that left the group and whose parent had ended before: nothing ties it to the
// program any more, and a daemon that was started on purpose looks the same. On Windows the tree of processes is ended
// at once with taskkill, since there is no way to ask. A program that ends by itself may leave processes behind.
package process

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

const (
	// pollInterval is how often a process group that ends is looked at: nothing tells when the last process of a group
	// has gone.
	pollInterval = 10 * time.Millisecond
	// killTime is how long processes may take to go after SIGKILL. Only the kernel can hold them up, for example in a
	// call to a file system that does not answer.
	killTime = 5 * time.Second
)

// Cmd is an [exec.Cmd] that ends together with what it started. Its Run, Wait and Output are those of this package;
// CombinedOutput must not be used.
type Cmd struct {
	*exec.Cmd
	ctx   context.Context // as exec.Cmd keeps it
	grace time.Duration
	// groupOnly leaves alone what has left the process group.
	groupOnly bool
	tree      *tree // set when the context ended before the program
	ended     time.Time
}

// Command returns a command like [exec.CommandContext]. When ctx ends, it and what it started have the grace period to
// end before they are killed. What the command leaves behind when it ends by itself may hold its output open for the
// grace period too.
func Command(ctx context.Context, grace time.Duration, name string, args ...string) *Cmd {
	c := &Cmd{Cmd: exec.CommandContext(ctx, name, args...), ctx: ctx, grace: grace}
	ownGroup(c.Cmd)
	c.WaitDelay = grace
	c.Cancel = func() error {
		c.tree, c.ended = newTree(c.Process, c.groupOnly), time.Now()
		return c.tree.terminate()
	}
	return c
}

// GroupOnly leaves alone the descendants that have left the process group, as those of a service that starts daemons on
// purpose.
func (c *Cmd) GroupOnly() { c.groupOnly = true }

// Run is Start and Wait.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Output is Run, and returns what was written to the standard output.
func (c *Cmd) Output() ([]byte, error) {
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	return out.Bytes(), err
}

// Wait waits for the command. If its context ended first, it returns when everything that the command started has gone.
// Errors: those of [exec.Cmd.Wait], and *StillRunningError.
func (c *Cmd) Wait() error {
	err := c.Cmd.Wait()
	if c.tree == nil {
		return err
	}
	if c.tree.awaitGone(c.grace - time.Since(c.ended)) {
		return err
	}
	if c.tree.kill(); !c.tree.awaitGone(killTime) {
		return &StillRunningError{Pid: c.Process.Pid, Err: err}
	}
	return err
}

// Interrupted reports whether the command was ended, or not even started, because its context had ended. It may be
// asked after Wait.
func (c *Cmd) Interrupted() bool { return c.tree != nil || c.Process == nil && c.ctx.Err() != nil }

// StillRunningError says that processes could not be ended, not even by SIGKILL: they belong to another user, or the
// kernel holds them.
type StillRunningError struct {
	// Pid is the number of the process group.
	Pid int
	// Err is how the command itself ended.
	Err error
}

// Error names the process group, for a person to look at.
func (e *StillRunningError) Error() string {
	return fmt.Sprintf("processes of group %d could not be ended: %v", e.Pid, e.Err)
}

// Unwrap returns how the command itself ended.
func (e *StillRunningError) Unwrap() error { return e.Err }

// awaitGone reports whether all processes of the tree have gone within limit.
func (t *tree) awaitGone(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); !t.gone(); time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
