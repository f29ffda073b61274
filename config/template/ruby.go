package template

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/process"
)

// ErrNoRuby means that there is no ruby to evaluate a file.
var ErrNoRuby = errors.New("there is no ruby")

const (
	// rubyLimit bounds one run of a ruby.
	rubyLimit = 10 * time.Minute
	// grace is how long a ruby or a command may take to end when it is asked to.
	grace = 2 * time.Second
)

// RubyProgram is one run of a ruby.
type RubyProgram struct {
	// Args stand behind the name of the ruby.
	Args []string
	// Dir is the working directory, which is that of the project.
	Dir string
	// Env is the whole environment, as KEY=value.
	Env []string
	// Stdin is what the program reads.
	Stdin []byte
	// Stderr takes what it prints beside its result.
	Stderr io.Writer
}

// ImageRuby runs a program with the ruby of an image that the project uses, and returns
// what it writes to its standard output. template is the text of the file that needs
// it. An error that wraps ErrNoRuby says why there is no such image.
type ImageRuby func(ctx context.Context, template []byte, p RubyProgram) ([]byte, error)

// file is a template.
type file struct {
	Name   string `json:"name"`
	Source []byte `json:"src"`
}

// result is what a ruby made of the last of the files.
type result struct {
	// Out is the text.
	Out []byte `json:"out"`
	// Class, when it is not empty, and Msg are the exception that was raised instead, in Line of File.
	Class string `json:"class"`
	Msg   string `json:"msg"`
	Line  int    `json:"line"`
	File  string `json:"file"`
	// Ran are the commands that the files ran.
	Ran []erb.Ran `json:"ran"`
}

// driver is the program that renders files: see its head.
//
//go:embed driver.rb
var driver string

// runRuby renders files one after the other in one process, with the ruby of this machine, else that of an image. The
// commands that ran before are answered from what they said. The error wraps ErrNoRuby when there is no ruby.
func (s *Session) runRuby(ctx context.Context, files []file) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, rubyLimit)
	defer cancel()
	input, err := json.Marshal(map[string]any{"files": files, "ran": append([]erb.Ran{}, s.ran...)})
	if err != nil {
		return result{}, fmt.Errorf("preparing the input of ruby: %w", err)
	}
	var tail bytes.Buffer
	p := RubyProgram{Args: append([]string{"-EUTF-8", "-e", driver, "--"}, s.opts.Args...),
		Dir: s.opts.Dir, Env: s.opts.Env, Stdin: input, Stderr: &tail}
	if s.opts.Stdout != nil {
		p.Stderr = io.MultiWriter(s.opts.Stdout, &tail)
	}
	out, err := s.runProgram(ctx, files[len(files)-1].Source, p)
	if err == nil && len(out) == 0 {
		err = errors.New("the ruby gave no result")
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(tail.String()), "\n")
		if last := lines[len(lines)-1]; last != "" {
			err = fmt.Errorf("%w: %s", err, strconv.Quote(last))
		}
		return result{}, err
	}
	var answer result
	if err := json.Unmarshal(out, &answer); err != nil {
		return result{}, fmt.Errorf("reading the answer of ruby: %w", err)
	}
	return answer, nil
}

// runProgram runs a program to its end with the first ruby that there is.
func (s *Session) runProgram(ctx context.Context, template []byte, p RubyProgram) ([]byte, error) {
	ruby := s.findRuby()
	if ruby == "" {
		where := fmt.Errorf("%w on the PATH nor in an installed Workstation, Chef or Cinc", ErrNoRuby)
		if s.opts.ImageRuby == nil {
			return nil, where
		}
		out, err := s.opts.ImageRuby(ctx, template, p)
		if errors.Is(err, ErrNoRuby) {
			return nil, fmt.Errorf("%w; in an image: %w", where, err)
		} else if err != nil {
			return nil, fmt.Errorf("running the ruby of an image: %w", err)
		}
		return out, nil
	}
	cmd := process.Command(ctx, grace, ruby, p.Args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = p.Dir, p.Env, bytes.NewReader(p.Stdin), p.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", ruby, err)
	}
	return out, nil
}

// findRuby is the path of a ruby on this machine, the first on the PATH, else that of an installed Workstation, Chef or
// Cinc; "" without one.
func (s *Session) findRuby() string {
	var candidates []string
	for _, kv := range s.opts.Env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			for _, dir := range filepath.SplitList(path) {
				if filepath.IsAbs(dir) { // never run what lies in the project
					candidates = append(candidates, filepath.Join(dir, "ruby"))
				}
			}
		}
	}
	for _, pattern := range []string{
		"opt/*-workstation/embedded/bin/ruby", "opt/*/embedded/bin/ruby", "hab/pkgs/core/ruby*/*/*/bin/ruby",
		"opscode/*/embedded/bin/ruby.exe", "cinc-project/*/embedded/bin/ruby.exe",
	} {
		found, _ := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(pattern))) // the patterns are well-formed
		slices.SortFunc(found, func(a, b string) int { return strings.Compare(padded(b), padded(a)) })
		candidates = append(candidates, found...)
	}
	for _, c := range candidates {
		if p, err := exec.LookPath(c); err == nil {
			return p
		}
	}
	return ""
}

// digits matches the numbers in a path.
var digits = lazyregexp.New(`\d+`)

// padded is a path whose numbers, those of versions, sort as numbers.
func padded(path string) string {
	return digits().ReplaceAllStringFunc(path, func(n string) string { return fmt.Sprintf("%020s", n) })
}
