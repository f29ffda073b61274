// Package diff is `galley diff`.
package diff

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/text"
)

// Options are what diff is asked for.
type Options struct {
	*cmdutil.Factory
	// Stat prints numbers only, JSON all of it for a program.
	Stat, JSON bool
	// All leaves nothing out and puts nothing together.
	All bool
	// ExitCode has the exit code tell whether there are differences.
	ExitCode bool
	// Content are the patterns of the files of which the content is compared.
	Content   []string
	Instances []string

	colors console.Palette
}

// everything is the pattern of --content without one.
const everything = "**/*"

// NewCmdDiff tells what converge changed in runners. runF replaces the work in tests.
func NewCmdDiff(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "diff [INSTANCE|REGEXP|all]...", Short: "Show what converge changed in the file system of runners",
		ValidArgsFunction: f.CompleteInstances,
		Long: `Show in which files a runner, running or not, differs from the image that it was
made from. A new directory is one line, and so are the files that packages put
into one directory; what says nothing of the converge (temporary files, package
caches, logs, what galley and the engine mount) is counted in the last line.
--all shows each path on a line of its own.`,
		Example: `  galley diff default-debian-12
  galley diff debian --stat
  galley diff default-debian-12 --content='/etc/nginx/**' --content=/etc/hosts.allow`,
		RunE: cmdutil.Run(o, &o.Instances, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.Stat, "stat", "", "print how much changed in each directory at the top, and no paths")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON, with every change; noise is marked")
	settings.Bool(cmd.Flags(), &o.All, "all", "a", "show each path, and what is noise")
	settings.Bool(cmd.Flags(), &o.ExitCode, "exit-code", "", "exit with 1 when something changed, as git diff does")
	cmd.Flags().StringArrayVar(&o.Content, "content", nil,
		"show how text files differ; --content=PATTERN only those, may be given again")
	cmd.Flags().Lookup("content").NoOptDefVal = everything
	return cmd
}

func run(ctx context.Context, o *Options) error {
	if o.JSON && len(o.Content) > 0 {
		return errors.New("--content shows texts for people: leave out --json")
	}
	set, err := o.Settings()
	if err != nil {
		return err
	}
	o.colors.On = cmdutil.Color(set, console.IsTerminal(o.Out, os.Getenv))
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	instances, err := o.Load(ctx, o.Instances)
	if err != nil {
		return err
	}
	var doc document
	differ := false
	err = cmdutil.WithRun(ro, func(r *lifecycle.Run) error {
		for n, i := range instances {
			err := r.Compare(ctx, i, o.All || o.JSON, func(c lifecycle.Comparison) error {
				view := changes.Fold(c.Changes, o.All)
				differ = differ || len(view.Groups) > 0
				if o.JSON {
					doc.Instances = append(doc.Instances, o.instanceDocument(i.Name, c))
					return nil
				}
				heading := ""
				if len(instances) > 1 {
					heading = strings.Repeat("\n", min(n, 1)) + "-----> " + o.name(i.Name) + "\n"
				}
				if err := o.print(heading + o.text(view, c)); err != nil {
					return err
				}
				return o.contents(ctx, c)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && o.JSON {
		err = cmdutil.PrintJSON(o.Out, doc)
	}
	if err == nil && o.ExitCode && differ {
		return cmdutil.ExitCode(cmdutil.ExitUsage)
	}
	return err
}

func (o *Options) print(s string) error {
	_, err := o.Out.WriteString(s)
	return err
}

// kinds are the sign and the colour of each kind of change.
var kinds = map[backend.ChangeKind]struct {
	sign  string
	color int
}{
	backend.ChangeAdded: {"+", console.Green}, backend.ChangeModified: {"~", console.Yellow},
	backend.ChangeDeleted: {"-", console.Red},
}

// name makes a name of a runner safe to show.
func (o *Options) name(s string) string { return o.Clean(text.Name(o.Secrets.String(s))) }

// widest is how many columns a path may take before what follows it is moved to the right.
const widest = 56

// text is what a person reads of the changes of an instance.
func (o *Options) text(v changes.View, c lifecycle.Comparison) string {
	var b strings.Builder
	switch {
	case o.Stat:
		o.stat(&b, v)
	default:
		o.groups(&b, v)
		sum := v.Sum()
		if len(v.Groups) == 0 {
			fmt.Fprintf(&b, "nothing differs from %s\n", o.name(c.Image))
		} else {
			fmt.Fprintf(&b, "%s (%s), compared with %s\n", sum.Numbers(), text.Size(sum.Size), o.name(c.Image))
		}
	}
	if v.Noise > 0 {
		const most = 4
		reasons := strings.Join(v.Reasons[:min(most, len(v.Reasons))], ", ")
		if len(v.Reasons) > most {
			reasons += ", …"
		}
		b.WriteString(o.colors.Paint(console.Dim, fmt.Sprintf("%d more: %s; --all shows them", v.Noise, reasons)) + "\n")
	}
	if len(c.Hidden) > 0 {
		hidden := make([]string, len(c.Hidden))
		for n, p := range c.Hidden {
			hidden[n] = o.name(p)
		}
		b.WriteString(o.colors.Paint(console.Dim,
			"not compared, since something is mounted there: "+strings.Join(hidden, ", ")) + "\n")
	}
	return b.String()
}

// groups prints each change on a line, in columns.
func (o *Options) groups(b *strings.Builder, v changes.View) {
	var pathWidth, sizeWidth, modeWidth, ownerWidth int
	v = mask.Texts(v, o.name)
	for _, g := range v.Groups {
		for _, l := range g.Lines {
			pathWidth = max(pathWidth, min(text.Cells(l.Path), widest))
			sizeWidth, modeWidth = max(sizeWidth, len(l.Size)), max(modeWidth, len(l.Mode))
			ownerWidth = max(ownerWidth, len(l.Owner))
		}
	}
	for _, g := range v.Groups {
		fmt.Fprintf(b, "%s  %s\n", o.colors.Paint(console.Bold, g.Top), o.colors.Paint(console.Dim, g.Numbers()))
		for _, l := range g.Lines {
			kind := kinds[l.Kind]
			rest := fmt.Sprintf("  %*s  %-*s  %-*s  ", sizeWidth, l.Size, modeWidth, l.Mode, ownerWidth, l.Owner)
			line := o.colors.Paint(kind.color, kind.sign+" "+text.Pad(l.Path, pathWidth)) + rest + l.Text
			b.WriteString("  " + strings.TrimRight(line, " ") + "\n")
		}
	}
}

// stat prints how much changed in each directory at the top, and in all.
func (o *Options) stat(b *strings.Builder, v changes.View) {
	sum := v.Sum()
	sum.Top = "in all"
	rows := slices.Concat(mask.Texts(v, o.name).Groups, []changes.Group{sum})
	width := 0
	for _, g := range rows {
		width = max(width, text.Cells(g.Top))
	}
	for _, g := range rows {
		fmt.Fprintf(b, "%s  %s  %s  %s  %8s\n", text.Pad(g.Top, width),
			o.count(backend.ChangeAdded, g.Added), o.count(backend.ChangeModified, g.Modified),
			o.count(backend.ChangeDeleted, g.Deleted), text.Size(g.Size))
	}
}

func (o *Options) count(kind backend.ChangeKind, n int) string {
	k := kinds[kind]
	s := fmt.Sprintf("%7s", k.sign+strconv.Itoa(n))
	if n == 0 {
		return s
	}
	return o.colors.Paint(k.color, s)
}

// document is what --json prints.
type document struct {
	Instances []instanceDocument `json:"instances"`
}

type instanceDocument struct {
	Instance string           `json:"instance"`
	Image    string           `json:"image"`
	Changes  []changeDocument `json:"changes"`
	// NotCompared are places where something is mounted.
	NotCompared []string `json:"not_compared"`
}

type changeDocument struct {
	Path string             `json:"path"`
	Kind backend.ChangeKind `json:"kind"`
	// Parts are those in which a modified path differs.
	Parts []string       `json:"parts,omitempty"`
	Noise string         `json:"noise,omitempty"`
	Old   *entryDocument `json:"old,omitempty"`
	New   *entryDocument `json:"new,omitempty"`
	// Below is what was in a directory that was deleted.
	Below *belowDocument `json:"below,omitempty"`
}

type entryDocument struct {
	Type   changes.Type `json:"type"`
	Size   *int64       `json:"size,omitempty"`
	Mode   string       `json:"mode"`
	UID    int          `json:"uid"`
	GID    int          `json:"gid"`
	Target string       `json:"target,omitempty"`
}

type belowDocument struct {
	Files       int   `json:"files"`
	Directories int   `json:"directories"`
	Size        int64 `json:"size"`
	// Complete is false when there was more than could be counted.
	Complete bool `json:"complete"`
}

func (o *Options) instanceDocument(name string, c lifecycle.Comparison) instanceDocument {
	d := instanceDocument{Instance: name, Image: o.Secrets.String(c.Image), Changes: []changeDocument{},
		NotCompared: append([]string{}, c.Hidden...)}
	for _, change := range c.Changes {
		one := changeDocument{Path: o.Secrets.String(change.Path), Kind: change.Kind, Parts: change.Parts,
			Noise: change.Noise, Old: o.entryDocument(change.Old), New: o.entryDocument(change.New)}
		if b := change.Below; b != (changes.Total{}) {
			one.Below = &belowDocument{b.Files, b.Directories, b.Size, !b.More}
		}
		d.Changes = append(d.Changes, one)
	}
	return d
}

func (o *Options) entryDocument(e *changes.Entry) *entryDocument {
	if e == nil {
		return nil
	}
	d := &entryDocument{Type: e.Type, Mode: e.Permissions(), UID: e.UID, GID: e.GID, Target: o.Secrets.String(e.Target)}
	if e.Type == changes.File && e.Size >= 0 {
		d.Size = &e.Size
	}
	return d
}
