// Package fastboot makes the Ruby programs of tools start faster: their files are compiled once, and what was found
// where is noted, in a helper container that has the tool and the platform and nothing of a project.
package fastboot

import (
	"archive/tar"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Dir is where runners and helpers have the files of this package.
const Dir = "/opt/galley"

// The files in Dir. boot.rb knows the name of the pack.
const (
	bootFile   = "boot.rb"
	packFile   = "pack"
	scriptFile = "record.sh"
)

// maxPack is how large what was recorded may be: ten times that of a Chef.
const maxPack = 128 << 20

//go:embed boot.rb
var boot []byte

// dockerfile makes an image of a pack, to be mounted as a tool. The command is never run.
const dockerfile = "FROM scratch\nCOPY " + bootFile + " " + packFile + " " + Dir + "/\n" +
	"VOLUME " + Dir + "\nCMD [\"true\"]\n"

// UseLine is the line of a shell script after which Ruby programs use what was recorded, where that is there.
const UseLine = `[ ! -r ` + Dir + `/` + packFile + ` ] || ` +
	`export RUBYOPT="-r` + Dir + `/` + bootFile + `${RUBYOPT:+ $RUBYOPT}"`

// Program is what is recorded.
type Program struct {
	// Script is a shell script that runs the program as far as it comes without a project.
	Script string
	Env    map[string]string
}

// Inputs are what the result depends on, besides the images: this package and the program.
func Inputs(p Program) []sandbox.File {
	return []sandbox.File{{Path: bootFile, Data: boot}, {Path: scriptFile, Data: []byte(p.Script)},
		{Path: "Dockerfile", Data: []byte(dockerfile)}}
}

// Record runs a program in a helper container and returns the build context of an image with what was recorded.
func Record(ctx context.Context, engine backend.Containers, spec backend.ContainerSpec, p Program) (_ []sandbox.File,
	err error) {
	c, err := helper.Start(ctx, engine, spec)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	err = c.Upload(ctx, "/", []sandbox.File{{Path: path.Join(Dir, bootFile)[1:], Data: boot},
		{Path: path.Join(Dir, scriptFile)[1:], Data: []byte(p.Script)}})
	if err != nil {
		return nil, err
	}
	env := map[string]string{"RUBYOPT": "-r" + path.Join(Dir, bootFile), "GALLEY_BOOT_RECORD": "1"}
	maps.Copy(env, p.Env)
	last := ""
	out := &lines.Writer{Emit: func(line string) error { last = line; return nil }}
	code, err := c.Exec(ctx, runner.Command{Argv: []string{"sh", path.Join(Dir, scriptFile)}, Env: env, User: "0",
		Stdout: out, Stderr: out})
	if err == nil && code != 0 {
		_ = out.Flush() // which cannot fail
		err = fmt.Errorf("the program ended with code %d: %s", code, last)
	}
	if err != nil {
		return nil, err
	}
	pack, err := read(ctx, engine, c.ID)
	return append(Inputs(p), sandbox.File{Path: packFile, Data: pack}), err
}

// read reads the pack of a helper.
func read(ctx context.Context, engine backend.Containers, id string) (_ []byte, err error) {
	stream, err := engine.CopyFrom(ctx, id, path.Join(Dir, packFile))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	r := tar.NewReader(stream)
	h, err := r.Next()
	switch {
	case err != nil:
		return nil, err
	case h.Typeflag != tar.TypeReg || h.Size > maxPack:
		return nil, fmt.Errorf("what was recorded is no file of at most %d bytes", maxPack)
	}
	return io.ReadAll(r)
}
