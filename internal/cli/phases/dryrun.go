package phases

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

// checkDryRun fails for what --dry-run cannot do, and for what is said of it without it.
func (o *Options) checkDryRun() error {
	switch {
	case o.JSON && !o.DryRun:
		return errors.New("--json is for --dry-run; for a run, write --report ndjson=FILE or --report json=FILE")
	case o.DryRun && o.AutoInit:
		return errors.New("--auto-init writes a kitchen.yml, and --dry-run writes nothing: run `galley init` first")
	case o.DryRun && o.Orphans:
		return errors.New("--orphans has no --dry-run: `galley list --orphans` shows what it would remove")
	}
	return nil
}

// preview prints what the action would do to instances.
func (o *Options) preview(ctx context.Context, ro lifecycle.Options, instances []config.Instance) error {
	return cmdutil.WithRun(ro, func(r *lifecycle.Run) error {
		list, err := r.Previews(ctx, o.Action, instances)
		if err != nil {
			return err
		}
		for _, p := range list { // whose commands may have secrets
			for n := range p.Steps {
				s := &p.Steps[n]
				s.What, s.Why = o.Secrets.String(s.What), o.Secrets.String(s.Why)
			}
		}
		if o.JSON {
			return cmdutil.PrintJSON(o.Out, list)
		}
		for n, p := range list {
			if n > 0 {
				fmt.Fprintln(o.Out)
			}
			o.print(p)
		}
		return nil
	})
}

// print shows a preview to people: a line for each step, the phase before its first.
func (o *Options) print(p lifecycle.Preview) {
	fmt.Fprint(o.Out, o.Clean(p.Instance))
	if p.Engine != "" {
		fmt.Fprint(o.Out, ", on ", o.Clean(p.Engine))
	}
	fmt.Fprintln(o.Out)
	for n, s := range p.Steps {
		phase := string(s.Phase)
		if n > 0 && p.Steps[n-1].Phase == s.Phase {
			phase = ""
		}
		line := fmt.Sprintf("  %-9s %-8s %s", phase, s.Do, firstLine(o.Clean(s.What)))
		if s.Step != "" {
			line += ", step " + o.Clean(s.Step)
		}
		if s.Why != "" {
			line += "  (" + firstLine(o.Clean(s.Why)) + ")"
		}
		fmt.Fprintln(o.Out, line)
	}
	for _, u := range p.Unknown {
		fmt.Fprintln(o.Out, "  not known:", firstLine(o.Clean(u)))
	}
}

// firstLine is the first line of a text, with a mark where there is more.
func firstLine(s string) string {
	s = strings.TrimSpace(s)
	if first := text.First(s); first != s {
		return first + " …"
	}
	return s
}
