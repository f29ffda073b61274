// Package doctor is `galley doctor`.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/report/text"
)

// Options are what doctor is asked for.
type Options struct {
	*cmdutil.Factory
	JSON bool
	// Program is galley for Linux, which the containers run; empty means this program.
	Program string
	// Systemd is an image whose systemd is booted, or empty.
	Systemd string
}

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	OK Verdict = "ok"
	// Limited means that galley works, and something that a kitchen may want does not.
	Limited Verdict = "limited"
	// Failed means that galley cannot work.
	Failed Verdict = "failed"
	// Skipped was not tried.
	Skipped Verdict = "skipped"
)

// Finding is what one check found.
type Finding struct {
	Check   string        `json:"check"`
	Verdict Verdict       `json:"verdict"`
	Took    time.Duration `json:"duration_ns"`
	// Detail is what was measured, or why it failed, Remedy what to do about that.
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// NewCmdDoctor tries what galley needs of this machine's engine. runF replaces the work in tests.
func NewCmdDoctor(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "doctor", Args: cobra.NoArgs, Short: "Try what galley needs of this machine's container engine",
		Long: `Try on the engine what kitchens need of it: a container, a build, volumes-from,
a bind mount, names of containers, a published port, systemd as PID 1, and a slow
network. Each line says how long it took and, where it failed, what to do on this
system. No registry is asked: the containers run galley itself. All that is made
is removed. Exit code 1 only when galley cannot work.`,
		Example: `  galley doctor
  galley doctor --systemd docker.io/dokken/debian-12    # boot this image too, which is there
  galley doctor --json
  galley doctor --program galley-linux-amd64            # on macOS and Windows`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON")
	cmd.Flags().StringVar(&o.Program, "program", "",
		"the `FILE` of galley for Linux that the containers run (default: this program)")
	cmd.Flags().StringVar(&o.Systemd, "systemd", "", "the `IMAGE`, which the engine has, whose systemd is booted")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	// `galley doctor | head` removes what it made as well.
	defer attach.SurviveBrokenPipe()()
	var found []Finding
	tell := func(f Finding) {
		found = append(found, f)
		if !o.JSON {
			o.print(f)
		}
	}
	err := o.examine(ctx, tell)
	if o.JSON {
		err = errors.Join(err, cmdutil.PrintJSON(o.Out, found))
	}
	for _, f := range found {
		if f.Verdict == Failed && err == nil {
			err = cmdutil.ExitCode(cmdutil.ExitUsage)
		}
	}
	return err
}

// print shows a finding: a line, and what to do below it.
func (o *Options) print(f Finding) {
	marks := map[Verdict]string{OK: "✓", Limited: "!", Failed: "✗", Skipped: "-"}
	took := ""
	if f.Verdict != Skipped {
		took = text.ShortDuration(f.Took)
	}
	fmt.Fprintln(o.Out, strings.TrimRight(fmt.Sprintf("%s %-14s %6s  %s", marks[f.Verdict], f.Check, took,
		o.Clean(text.First(f.Detail))), " "))
	if f.Remedy != "" {
		for line := range strings.SplitSeq(o.Clean(f.Remedy), "\n") {
			fmt.Fprintln(o.Out, "    "+line)
		}
	}
}

// examine opens the engine and does the checks. An error is that of an interrupt, or of what could not be removed.
func (o *Options) examine(ctx context.Context, tell func(Finding)) (err error) {
	start := time.Now()
	engine, endpoint, err := o.Open(ctx, "", "")
	if err != nil {
		tell(failed("engine", start, Failed, err, "`galley engines` says where engines were looked for"))
		return nil
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	info, err := engine.Info(ctx)
	if err != nil {
		tell(failed("engine", start, Failed, err, "`galley engines` says what answers where"))
		return nil
	}
	tell(Finding{"engine", OK, time.Since(start),
		fmt.Sprintf("%s %s at %s, cgroup v%d", endpoint.Kind, endpoint.EngineVersion, endpoint.URI, info.CgroupVersion), ""})
	x := newExamination(engine, o, thisHost(endpoint))
	defer func() { err = errors.Join(err, x.clear(ctx)) }()
	return x.all(ctx, tell)
}

// failed is the finding of a check that ended with an error. What the error itself says is to be done comes first.
func failed(check string, start time.Time, v Verdict, err error, remedy string) Finding {
	first, own, _ := strings.Cut(err.Error(), "\n")
	return Finding{check, v, time.Since(start), first, strings.TrimSpace(own + "\n" + remedy)}
}
