package console

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// stage is a console on a screen, under a clock that follows the events.
type stage struct {
	t       *testing.T
	screen  *screen
	err     bytes.Buffer
	console *Console
	now     time.Time
}

// newStage makes a console that redraws only when the test says so.
func newStage(t *testing.T, width, height int, o Options) *stage {
	s := &stage{t: t, screen: newScreen(width, height)}
	o.Now = func() time.Time { return s.now }
	o.Ticks = make(chan time.Time)
	s.console = New(s.screen, &s.err, o)
	return s
}

func (s *stage) play(events []lifecycle.Event) {
	for _, e := range events {
		s.console.mu.Lock()
		s.now = e.At().Time
		s.console.mu.Unlock()
		s.console.Handle(e)
	}
}

func (s *stage) draw() {
	s.console.draw(true)
}

// TestConsoleGolden draws after every event, and looks at the screen half way and at the end.
func TestConsoleGolden(t *testing.T) {
	for run, events := range map[string][]lifecycle.Event{
		"one": sample.One(), "green": sample.Green(), "red": sample.Red(), "many": sample.Many(),
		"hostile": sample.Hostile(), "interrupted": sample.Interrupted(20 * time.Second),
		"killed": sample.Killed(20 * time.Second),
	} {
		t.Run(run, func(t *testing.T) {
			s := newStage(t, 100, 24, Options{})
			var half string
			for n := range events {
				s.play(events[n : n+1])
				s.draw()
				if n == len(events)/2 {
					half = s.screen.String()
				}
			}
			require.NoError(t, s.console.Close())
			golden.Equal(t, filepath.Join("testdata", "console", run+".txt"),
				half+"=== the end ===\n"+s.screen.String()+"--- stderr ---\n"+s.err.String())
		})
	}
}

// However often it is redrawn, what stays on the screen is the same, and nothing of the live block is left.
func TestConsoleLeavesNoTraces(t *testing.T) {
	for run, events := range sample.Runs() {
		once := newStage(t, 80, 24, Options{})
		once.play(events)
		require.NoError(t, once.console.Close())

		often := newStage(t, 80, 24, Options{})
		for n := range events {
			often.play(events[n : n+1])
			often.draw()
			often.draw()
		}
		require.NoError(t, often.console.Close())
		require.Equal(t, once.screen.String(), often.screen.String(), run)
	}
}

// The window may be resized between any two redraws.
func TestConsoleSurvivesResize(t *testing.T) {
	events := sample.Many()
	steady := newStage(t, 200, 50, Options{})
	steady.play(events)
	require.NoError(t, steady.console.Close())

	s := newStage(t, 200, 50, Options{})
	for n := range events {
		s.play(events[n : n+1])
		s.draw()
		s.screen.resize(60+(n*37)%140, 10+(n*13)%40)
	}
	s.screen.resize(200, 50)
	require.NoError(t, s.console.Close())
	require.Equal(t, steady.screen.String(), s.screen.String())
}

func TestConsoleFitsTheWindow(t *testing.T) {
	for _, height := range []int{1, 2, 3, 5, 10} {
		for _, width := range []int{1, 5, 20, 80} {
			s := newStage(t, width, height, Options{})
			s.play(sample.Many()[:60])
			for _, l := range s.console.liveLines(width, height) {
				require.LessOrEqual(t, text.Cells(l.text), width, "%dx%d %q", width, height, l.text)
			}
			require.LessOrEqual(t, len(s.console.liveLines(width, height)), max(height-1, 1), "%dx%d", width, height)
			require.NoError(t, s.console.Close())
		}
	}
}

// A process that is killed between two redraws leaves the cursor and line wrap on.
func TestConsoleFramesAreComplete(t *testing.T) {
	s := newStage(t, 80, 24, Options{})
	for n, e := range sample.Green() {
		s.play([]lifecycle.Event{e})
		s.draw()
		require.True(t, s.screen.cursorShown && s.screen.wrap, "after event %d", n)
	}
	require.NoError(t, s.console.Close())
}

func TestConsoleIsQuietWhenNothingChanges(t *testing.T) {
	s := newStage(t, 80, 24, Options{})
	s.play(sample.Green()[:12])
	s.draw()
	written := s.screen.written
	s.draw()
	require.Equal(t, written, s.screen.written)
	require.NoError(t, s.console.Close())
}

// What failed is shown whatever the level.
func TestConsoleHidesNoFailure(t *testing.T) {
	for _, level := range []lifecycle.Level{lifecycle.LevelDebug, lifecycle.LevelInfo, lifecycle.LevelWarn,
		lifecycle.LevelError} {
		s := newStage(t, 300, 24, Options{Level: level})
		s.play(sample.Red())
		require.NoError(t, s.console.Close())
		for _, want := range []string{
			"✗ default-ubuntu-2404", "the command exited with 1", "Cinc Client failed",
			"Test failed: nginx: Port 80 is expected to be listening", ".kitchen/logs/default-almalinux-9.log",
		} {
			require.Contains(t, s.screen.String(), want, level)
		}
		require.Contains(t, s.err.String(), "2 of 4 instances failed")
	}
}

// What to type next depends on what failed, and on whether there still is a runner.
func TestNextCommands(t *testing.T) {
	phases := func(list ...lifecycle.Phase) (all []*run.Phase) {
		for _, p := range list {
			all = append(all, &run.Phase{Phase: p})
		}
		return all
	}
	const create, converge, destroy = lifecycle.PhaseCreate, lifecycle.PhaseConverge, lifecycle.PhaseDestroy
	for _, c := range []struct {
		failed lifecycle.Phase
		phases []*run.Phase
		want   []string
	}{
		{create, phases(create), []string{"galley create a"}},
		{converge, phases(destroy, create, converge), []string{"galley login a", "galley converge a"}},
		{converge, phases(destroy, create, converge, destroy), []string{"galley converge a"}},
		{destroy, phases(destroy), []string{"galley destroy a"}},
		{lifecycle.PhasePublish, phases(lifecycle.PhasePublish), nil},
		{"", nil, nil},
	} {
		i := &instance{Instance: &run.Instance{Name: "a", FailedPhase: c.failed, Phases: c.phases}}
		require.Equal(t, c.want, i.next())
	}
	v := view{instances: map[string]*instance{"a@x": {}, "a/web@x": {}, "ab": {}}}
	require.True(t, v.isGroup("a@x"), "which has no runner of its own")
	require.False(t, v.isGroup("ab"))
}

// Ticks redraw, without any event.
func TestConsoleDrawsAtTicks(t *testing.T) {
	ticks := make(chan time.Time)
	s := &slowTerminal{screen: newScreen(80, 24)}
	var err bytes.Buffer
	now := time.Unix(0, 0)
	c := New(s, &err, Options{Ticks: ticks, Now: func() time.Time { return now }})
	c.Handle(lifecycle.RunStarted{Stamp: lifecycle.Stamp{Time: now}, Instances: []string{"a"}})
	c.Handle(lifecycle.PhaseStarted{Stamp: lifecycle.Stamp{Time: now, Instance: "a"}, Phase: lifecycle.PhaseCreate})
	ticks <- now
	ticks <- now // taken only when the first has been drawn
	s.mu.Lock()
	shown := s.String()
	s.mu.Unlock()
	require.Contains(t, shown, "a  create       0s")
	require.NoError(t, c.Close())
}

// slowTerminal is a screen that takes nothing while mu is held, as after Ctrl-S.
type slowTerminal struct {
	*screen
	mu sync.Mutex
}

func (s *slowTerminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.Write(p)
}

// A terminal that takes nothing does not hold up the run. When it goes on, it shows
// what there is room for, and says what it left out.
func TestConsoleStoppedTerminal(t *testing.T) {
	const lines = 40000
	s := &slowTerminal{screen: newScreen(80, 24)}
	var err bytes.Buffer
	s.mu.Lock()
	c := New(s, &err, Options{})
	c.Handle(lifecycle.RunStarted{Instances: []string{"a"}})
	for n := range lines {
		c.Handle(lifecycle.Output{Stamp: lifecycle.Stamp{Instance: "a"},
			Text: fmt.Sprintf("line number %06d of many", n)})
	}
	c.mu.Lock()
	require.LessOrEqual(t, c.scroll.bytes, heldBytes+100)
	c.mu.Unlock()
	s.mu.Unlock()
	require.NoError(t, c.Close())
	shown := s.String()
	require.Contains(t, shown, fmt.Sprintf("line number %06d", lines-1))
	require.Regexp(t, `\(\d+ earlier lines are in the log only\)`, shown)
}

// While others have the terminal, nothing is drawn; what came meanwhile is shown when they give it back.
func TestConsolePauses(t *testing.T) {
	s := newStage(t, 80, 24, Options{})
	at := lifecycle.Stamp{Instance: "a"}
	notice := func(text string) lifecycle.Event {
		return lifecycle.Notice{Stamp: at, Level: lifecycle.LevelWarn, Text: text}
	}
	s.play([]lifecycle.Event{lifecycle.RunStarted{Instances: []string{"a", "b"}},
		lifecycle.InstanceStarted{Stamp: at}, notice("before")})
	resume := s.console.Pause()
	require.Contains(t, s.screen.String(), "before")
	require.NotContains(t, s.screen.String(), "running", "the live block is gone")
	s.play([]lifecycle.Event{notice("meanwhile")})
	require.NotContains(t, s.screen.String(), "meanwhile")
	resume()
	s.console.Pause() // taken only when all that came before has been drawn
	require.Contains(t, s.screen.String(), "meanwhile")
	require.NoError(t, s.console.Close(), "also while it pauses")
	s.console.Pause()()
}

// Two hundred instances that print at once are taken in while the screen is drawn, in little memory.
// GALLEY_TEST_OUTPUT=10000000 has each print 10 MB.
func TestConsoleManyInstancesPrintMuch(t *testing.T) {
	const instances, width = 200, 100
	output := 20_000
	if text := os.Getenv("GALLEY_TEST_OUTPUT"); text != "" {
		var err error
		output, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	s := &slowTerminal{screen: newScreen(80, 24)}
	var err bytes.Buffer
	ticks := make(chan time.Time)
	c := New(s, &err, Options{Ticks: ticks})
	var names []string
	for n := range instances {
		names = append(names, fmt.Sprintf("suite-%03d", n))
	}
	c.Handle(lifecycle.RunStarted{Instances: names})
	var all sync.WaitGroup
	for n, name := range names {
		all.Go(func() {
			at := lifecycle.Stamp{Instance: name}
			c.Handle(lifecycle.InstanceStarted{Stamp: at})
			c.Handle(lifecycle.PhaseStarted{Stamp: at, Phase: lifecycle.PhaseConverge})
			for line := range output / width {
				c.Handle(lifecycle.Output{Stamp: at, Text: fmt.Sprintf("%0*d", width, line)})
				if n%50 == 0 && line%100 == 0 {
					ticks <- time.Time{} // taken only by a console that draws
				}
			}
		})
	}
	all.Wait()
	ticks <- time.Time{}
	ticks <- time.Time{}
	s.mu.Lock()
	require.Contains(t, s.String(), "0 of 200 done · 200 running")
	require.Contains(t, s.String(), "converge")
	s.mu.Unlock()
	c.mu.Lock()
	require.LessOrEqual(t, c.scroll.bytes, heldBytes)
	c.mu.Unlock()
	require.NoError(t, c.Close())
}

func TestWorkText(t *testing.T) {
	for _, c := range []struct {
		in   run.Work
		want string
	}{
		{run.Work{What: "pull x"}, "pull x"},
		{run.Work{What: "pull x", Bytes: 1500}, "pull x 1.5kB"},
		{run.Work{What: "pull x", Bytes: 50, Total: 100, Detail: "Extracting"},
			"pull x [==========>         ] 50B/100B Extracting"},
		{run.Work{What: "pull x", Bytes: 200, Total: 100}, "pull x [====================] 200B/100B"},
		{run.Work{What: "p\x1b[2J", Detail: "\x07"}, "p ^G"},
	} {
		require.Equal(t, c.want, workText(&c.in))
	}
}
