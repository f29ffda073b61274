package diff

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/glob"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/report/console"
)

// The bounds of what --content reads and prints. What is beyond them is told.
const (
	maxFile  = 256 << 10
	maxFiles = 500
	maxAll   = 8 << 20
)

// contents prints how the text files that are asked for differ.
func (o *Options) contents(ctx context.Context, c lifecycle.Comparison) error {
	if len(o.Content) == 0 {
		return nil
	}
	files, size, left := 0, 0, 0
	for _, change := range c.Changes {
		if !o.compared(change) {
			continue
		}
		if files++; files > maxFiles || size > maxAll {
			left++
			continue
		}
		shown, err := o.content(ctx, c, change)
		if err != nil {
			return err
		}
		size += len(shown)
		if err := o.print(shown); err != nil {
			return err
		}
	}
	switch {
	case files == 0:
		return o.print("\nno file that changed has a name that --content asks for\n")
	case left > 0:
		return o.print(fmt.Sprintf("\n%d more files are not shown: this is too much\n"+
			"Name fewer files, by --content=PATTERN\n", left))
	}
	return nil
}

// compared reports whether the content of a change is asked for.
func (o *Options) compared(c changes.Change) bool {
	file := func(e *changes.Entry) bool { return e != nil && e.Type == changes.File }
	touched := c.Kind == backend.ChangeModified && !slices.Contains(c.Parts, changes.PartContent) &&
		!slices.Contains(c.Parts, changes.PartType)
	if c.Noise != "" && !o.All || touched || !file(c.Old) && !file(c.New) {
		return false
	}
	return slices.ContainsFunc(o.Content, func(pattern string) bool {
		pattern, p := strings.Trim(pattern, "/"), c.Path[1:]
		return strings.HasPrefix(p, pattern+"/") || slices.ContainsFunc(glob.Expand(pattern), func(one string) bool {
			if rest, ok := strings.CutSuffix(one, "/**"); ok {
				one = rest + "/**/*"
			}
			return glob.Match(one, p)
		})
	})
}

// content is the difference of one file, as it is printed.
func (o *Options) content(ctx context.Context, c lifecycle.Comparison, change changes.Change) (string, error) {
	name := o.name(change.Path)
	old, now, err := c.Contents(ctx, change, maxFile)
	switch {
	case errors.Is(err, lifecycle.ErrTooLarge):
		return fmt.Sprintf("\n%s is larger than %d KiB\n", name, maxFile>>10), nil
	case errors.Is(err, backend.ErrNotFound):
		return fmt.Sprintf("\n%s is gone meanwhile\n", name), nil
	case err != nil:
		return "", fmt.Errorf("compare %s: %w", name, err)
	case isBinary(old) || isBinary(now):
		return fmt.Sprintf("\n%s is not text\n", name), nil
	case len(old) == 0 && len(now) == 0:
		return fmt.Sprintf("\n%s is empty\n", name), nil
	}
	// Secrets may be of several lines, which the signs of a difference would tear apart.
	maskedOld, maskedNow := []byte(o.Secrets.String(string(old))), []byte(o.Secrets.String(string(now)))
	if bytes.Equal(maskedOld, maskedNow) {
		return fmt.Sprintf("\n%s differs in secrets only\n", name), nil
	}
	from, to := o.name("image"+change.Path), o.name("runner"+change.Path)
	if old == nil {
		from = "/dev/null"
	}
	if now == nil {
		to = "/dev/null"
	}
	var b strings.Builder
	_, text, _ := strings.Cut(string(diff.Diff(from, maskedOld, to, maskedNow)), "\n") // without the line "diff from to"
	for line := range strings.Lines(text) {
		b.WriteString(o.diffLine(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return "\n" + b.String(), nil
}

// diffLine is a line of a difference as it is shown.
func (o *Options) diffLine(line string) string {
	color := 0
	switch {
	case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		color = console.Bold
	case strings.HasPrefix(line, "@@"):
		color = console.Cyan
	case strings.HasPrefix(line, "+"):
		color = console.Green
	case strings.HasPrefix(line, "-"):
		color = console.Red
	}
	if cmdutil.Seen(o.Out) {
		line = o.Clean(line)
	}
	return o.colors.Paint(color, line)
}

// isBinary reports whether a content is no text.
func isBinary(content []byte) bool { return bytes.IndexByte(content, 0) >= 0 || !utf8.Valid(content) }
