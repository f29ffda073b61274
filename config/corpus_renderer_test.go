package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

type rubyR struct {
	dir   string
	env   map[string]string
	files []string
	t     *testing.T
}

func corpusRenderer(t *testing.T, dir string, env map[string]string) Renderer {
	return &rubyR{dir: dir, env: env, t: t}
}
func (r *rubyR) Render(ctx context.Context, name string, src []byte) ([]byte, error) {
	f := filepath.Join(r.t.TempDir(), fmt.Sprint(len(r.files)))
	os.WriteFile(f, src, 0o644)
	r.files = append(r.files, f, name)
	script := "require 'erb';require 'yaml';require 'json'\n o=nil; ARGV.each_slice(2){|f,n| t=ERB.new(File.read(f, encoding:'utf-8')); t.filename=n; o=t.result }; File.binwrite(ENV['OUTF'] || '/dev/fd/3', o)"
	c := exec.CommandContext(ctx, "ruby", append([]string{"-rpathname", "-e", script}, r.files...)...)
	c.Dir = r.dir
	for k, v := range r.env {
		c.Env = append(c.Env, k+"="+v)
	}
	pr, pw, _ := os.Pipe()
	c.ExtraFiles = []*os.File{pw}
	var eb bytes.Buffer
	c.Stderr = &eb
	done := make(chan []byte)
	go func() { var b bytes.Buffer; b.ReadFrom(pr); done <- b.Bytes() }()
	err := c.Run()
	pw.Close()
	out := <-done
	if err != nil {
		return nil, fmt.Errorf("ruby: %v %s", err, eb.String())
	}
	return out, nil
}
