//go:build !windows

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// page collects the tables, and prints each row as it comes.
type page struct {
	tables []*table
	notes  []string
}

type table struct {
	title   string
	columns []string
	rows    [][]string
}

func (p *page) table(title string, columns ...string) *table {
	t := &table{title: title, columns: columns}
	p.tables = append(p.tables, t)
	fmt.Printf("\n%s\n%s\n", title, strings.Join(columns, "\t"))
	return t
}

func (p *page) note(text string) {
	fmt.Println(text)
	p.notes = append(p.notes, text)
}

// row adds a row; a time of 0 was not measured.
func (t *table) row(cells ...any) {
	var row []string
	for _, c := range cells {
		text := fmt.Sprint(c)
		if d, ok := c.(time.Duration); ok {
			text = fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
			if d >= 999500*time.Microsecond { // which %.3g writes as 1e+03 ms
				text = fmt.Sprintf("%.2f s", d.Seconds())
			} else if d == 0 {
				text = ""
			}
		}
		row = append(row, text)
	}
	t.rows = append(t.rows, row)
	fmt.Println(strings.Join(row, "\t"))
}

// head is what the page says before its tables.
const head = `# Performance

Written by ` + "`make bench`" + `, which anyone can repeat. **floor** is a bare program that does what a test cannot do without: ping, a container
with the directories of provisioner and verifier mounted, start, converge, verify, remove; with a tool also its image and its files. It has no
project, state, log, report, or hook, and waits for nothing but the engine's answers. **galley** is ` + "`galley test`" + ` with its default settings,
warm: what runs share is there. **kitchen** is ` + "`kitchen test`" + ` with kitchen-dokken, where that is installed. **reused** starts from a
checkpoint on the engine, **pulled** from one that a registry has and the engine has not, as another CI machine would. They take turns within each
round; times are medians, and ratios are medians of the rounds' ratios with the least and the greatest. **cold** is the first ` + "`galley test`" + ` after
` + "`galley prune`" + `, with the images there. N instances run side by side, as N floors do. All run as the user of the engine's socket. Loads: ` + "`no-op`" + ` runs ` + "`true`, `2-seconds` runs `sleep 2`, `cinc`" + `
is a real Cinc Client 15 with one resource. What costs the seconds of a run of yours: [reports](reports.md#where-the-time-went).

`

// write writes the page.
func (p *page) write(file, galley, kitchen string) error {
	var b strings.Builder
	b.WriteString(head)
	for _, f := range [][2]string{
		{"When", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"Machine", machine()},
		{"galley", firstLine(galley, "version")},
		{"Go", runtime.Version()},
		{"kitchen", firstLine(kitchen, "version")},
		{"Command", command()},
	} {
		if f[1] != "" {
			fmt.Fprintf(&b, "- %s: %s\n", f[0], f[1])
		}
	}
	for _, n := range p.notes {
		b.WriteString("- " + n + "\n")
	}
	for _, t := range p.tables {
		if len(t.rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|%s\n", t.title,
			strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
		for _, row := range t.rows {
			b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// command is how the same is measured again.
func command() string {
	var words []string
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "GALLEY_BENCH_") && !strings.HasPrefix(kv, "GALLEY_BENCH_REGISTRY=") { // make sets that
			name, value, _ := strings.Cut(kv, "=")
			words = append(words, fmt.Sprintf("%s='%s'", name, value))
		}
	}
	return "`" + strings.Join(append(words, "make bench"), " ") + "`"
}

func firstLine(program string, args ...string) string {
	if program == "" {
		return ""
	}
	out, _ := exec.Command(program, args...).Output() // what it said is enough
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// machine is the processor, the memory and the load.
func machine() string {
	read := func(file, before string) string {
		text, _ := os.ReadFile(file) // nothing where it is not there
		_, rest, _ := strings.Cut(string(text), before)
		line, _, _ := strings.Cut(rest, "\n")
		return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), ":"))
	}
	parts := []string{fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	if model := read("/proc/cpuinfo", "model name"); model != "" {
		parts = append(parts, model)
	}
	if memory := read("/proc/meminfo", "MemTotal"); memory != "" {
		parts = append(parts, memory+" of memory")
	}
	if kernel := read("/proc/sys/kernel/osrelease", ""); kernel != "" {
		parts = append(parts, "kernel "+kernel)
	}
	if load := read("/proc/loadavg", ""); load != "" {
		parts = append(parts, "load at the end "+strings.Join(strings.Fields(load)[:3], " "))
	}
	return strings.Join(parts, "; ")
}
