// Package cmdutil is what the commands share: the streams, what a command line and a project lead to, and the forms of
// output. Each command gets a Factory and asks it for no more than it uses.
package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/credentials"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/template"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/publish"
	"github.com/galley-kitchen/galley/lifecycle/rubyimage"
	"github.com/galley-kitchen/galley/report"
)

// Streams are where a command reads and writes.
type Streams struct {
	In       *os.File
	Out, Err *os.File
}

// Factory gives commands what they work with. Its functions do their work at the first call.
type Factory struct {
	Streams
	// Version is galley's own.
	Version string
	// Engines are the engines that galley has.
	Engines backend.Engines
	// Flags collects the settings that the command line gives.
	Flags settings.Flags
	// Dir is the directory of the project: the current one.
	Dir func() (string, error)
	// Settings are galley's own settings. Their notices are printed when they are read.
	Settings func() (*settings.Loaded, error)
	// Config reads and merges the project's files.
	Config func(ctx context.Context) (*kitchen.Config, error)
	// Project names the project for the life cycle.
	Project func() (lifecycle.Project, error)
	// NoService forbids to start a private service when no engine answers.
	NoService bool
	// Secrets hides secrets in what is shown and kept: those of the environment, of the instances that were loaded, and
	// the logins that were used.
	Secrets *mask.Masker
	// several is set when --on names the engines: then no setting and no variable does.
	several bool
	// services are the private Podman services of this process.
	services detect.Services
	// Open connects to an engine. What its calls take is told to the recorders of their contexts.
	Open lifecycle.Opener
	// Command is the name of the command, for traces.
	Command string
	// traces takes what is traced, nil unless that is wanted.
	traces *report.Multi
	// endProfiles are what ends the profiles of galley itself.
	endProfiles []func() error
}

// NewFactory returns the factory of a process.
func NewFactory(s Streams, version string) *Factory {
	f := &Factory{Streams: s, Version: version, Flags: settings.Flags{},
		Secrets: mask.New(mask.InEnviron(os.Environ())...)}
	f.Dir = sync.OnceValues(func() (string, error) {
		dir, err := os.Getwd()
		if err != nil {
			return "", fmt.Errorf("find the current directory: %w", err)
		}
		return dir, nil
	})
	f.Settings = sync.OnceValues(func() (*settings.Loaded, error) {
		l, err := f.readSettings()
		if err == nil {
			for _, n := range l.Notices {
				f.Warn(n)
			}
			err = f.observe(l)
		}
		return l, err
	})
	var once sync.Once
	var conf *kitchen.Config
	var confErr error
	f.Config = func(ctx context.Context) (*kitchen.Config, error) {
		once.Do(func() {
			var o template.Options
			if o, confErr = f.templates(); confErr == nil {
				conf, confErr = f.loadConfig(ctx, o)
			}
			if confErr == nil {
				confErr = f.addRecorded(conf)
			}
		})
		return conf, confErr
	}
	f.Project = func() (lifecycle.Project, error) {
		dir, err := f.Dir()
		if err != nil {
			return lifecycle.Project{}, err
		}
		const state = ".kitchen"
		if to, err := os.Readlink(filepath.Join(dir, state)); err == nil {
			if _, err := os.Stat(filepath.Join(dir, state)); err != nil {
				return lifecycle.Project{}, fmt.Errorf("%s is a link to %s, which cannot be used: %w\n"+
					"Make that directory, or remove the link", state, to, err)
			}
		}
		p, err := lifecycle.NewProject(dir)
		if err != nil {
			return p, fmt.Errorf("find the project: %w", err)
		}
		return p, nil
	}
	f.Open = f.open
	return f
}

func (f *Factory) readSettings() (*settings.Loaded, error) {
	dir, err := f.Dir()
	if err != nil {
		return nil, err
	}
	return settings.Load(settings.Options{Flags: f.Flags, Environ: os.Environ(), Dir: dir, UserFile: settings.UserPath()})
}

// templates says how the settings have kitchen.yml's templates evaluated. A Ruby can run every command, so that
// without commands there is none.
func (f *Factory) templates() (template.Options, error) {
	s, err := f.Settings()
	if err != nil {
		return template.Options{}, err
	}
	o := template.Options{Mode: template.Mode(s.ERB), Stdout: f.Err}
	o.Args = os.Args[1:]
	switch {
	case s.ERBCommands:
		o.Commands, o.ImageRuby = template.RunCommand, f.imageRuby
	case o.Mode == template.Ruby:
		return o, fmt.Errorf("%s has templates evaluated by a Ruby, which can run commands, and %s forbids commands: "+
			"change one of them", s.Source("erb"), s.Source("erb-commands"))
	}
	return o, nil
}

// imageRuby runs a program with the Ruby of an image that the project uses, on the engine that is there.
func (f *Factory) imageRuby(ctx context.Context, text []byte, p template.RubyProgram) (out []byte, err error) {
	if len(rubyimage.Images(text)) == 0 {
		return nil, fmt.Errorf("%w: kitchen.yml names no image of Chef or Cinc", template.ErrNoRuby)
	}
	engine, _, err := f.Open(ctx, "", "")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", template.ErrNoRuby, err)
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	images, err := f.images()
	if err != nil {
		return nil, err
	}
	return rubyimage.Runner{Engine: engine, Mirrors: images, Version: f.Version, Say: f.Warn}.Run(ctx, text, p)
}

// images says which images are pulled under another name.
func (f *Factory) images() (mirrors.List, error) {
	s, err := f.Settings()
	if err != nil {
		return nil, err
	}
	return mirrors.Parse(s.Images)
}

func (f *Factory) loadConfig(ctx context.Context, o template.Options) (*kitchen.Config, error) {
	dir, err := f.Dir()
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	return kitchen.Load(ctx, kitchen.Options{Dir: dir, Home: HomeDir(), Env: os.LookupEnv, ERB: template.NewSession(o)})
}

// ConfigAt loads the configuration of another directory than the project's, in an environment of its own. What its
// templates print is dropped.
func (f *Factory) ConfigAt(ctx context.Context, dir string, env func(string) (string, bool)) (*kitchen.Config, error) {
	o, err := f.templates()
	if err != nil {
		return nil, err
	}
	o.Dir, o.Stdout = dir, io.Discard
	return kitchen.Load(ctx, kitchen.Options{Dir: dir, Home: HomeDir(), Env: env, ERB: template.NewSession(o)})
}

// HomeDir is the user's home directory, or "" without one: then there is no global file, and a path that starts with ~
// is an error.
func HomeDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return home
}

// RunOptions are what every use of the life cycle needs.
func (f *Factory) RunOptions() (o lifecycle.Options, err error) {
	if o.Project, err = f.Project(); err != nil {
		return o, err
	}
	if o.Asked, err = f.asked(); err != nil {
		return o, err
	}
	if o.Images, err = f.images(); err != nil {
		return o, err
	}
	o.Version, o.Environ, o.Open, o.Offers = f.Version, os.Environ(), f.Open, f.offers
	o.Credentials, o.CertDirs, o.Hide = f.findCredentials, publish.CertDirs(HomeDir(), os.Getenv), f.Secrets.Add
	o.Reuse, err = f.reuse()
	return o, err
}

// findCredentials looks where the instance's settings allow it to. What it finds is a secret from now on.
func (f *Factory) findCredentials(ctx context.Context, i config.Instance, ref string) (*backend.Credentials, error) {
	finder := credentials.Finder{Home: HomeDir(), UID: os.Getuid(), Getenv: os.Getenv}
	c, err := finder.Find(ctx, ref, credentials.Source{File: i.Driver.CredsFile, DockerConfig: i.Driver.DockerConfigCreds})
	if c != nil {
		f.Secrets.Add(c.Password, c.IdentityToken)
	}
	return c, err
}

// reuse is what the settings say of checkpoints. They have parsed.
func (f *Factory) reuse() (o lifecycle.ReuseOptions, err error) {
	s, err := f.Settings()
	if err != nil {
		return o, err
	}
	o.MaxAge, _ = time.ParseDuration(s.ReuseMaxAge) // 0 for none
	o.On = s.Reuse != settings.ReuseOff
	if o.On && s.Reuse != settings.ReuseLocal {
		o.Repository = s.Reuse
		o.Push, o.StrictPush = s.ReusePush != settings.PushOff, s.ReusePush == settings.PushStrict
	} else if s.ReusePush != settings.PushOff && s.Source("reuse-push").Kind == settings.CommandLine {
		err = errors.New("--reuse-push: to which repository?\nSay it with --reuse=registry.example.com/team/checkpoints, " +
			"or as `reuse` in .galley.yml")
	}
	return o, err
}

// Warn prints a warning as Test Kitchen marks it.
func (f *Factory) Warn(text string) { fmt.Fprintln(f.Err, "$$$$$$ "+f.Clean(text)) }

// ExitCode ends a command with a code of its own, such as that of a command run in a runner. Its text, if any, was
// printed already.
type ExitCode int

// Error is only seen when a caller forgets to look at the code.
func (c ExitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// The exit codes. docs/commands.md has this table too.
const (
	// ExitOK: all went well.
	ExitOK = 0
	// ExitUsage: a wrong command line or configuration, nothing matched, no engine.
	ExitUsage = 1
	// ExitAction: an action failed.
	ExitAction = 20
	// ExitInterrupted: ended by Ctrl-C, SIGTERM or the end of the terminal.
	ExitInterrupted = 130
	// ExitBrokenPipe: the reader of the output of an action, or of a command in a runner, has gone. It is what a shell
	// has for a program that SIGPIPE ended.
	ExitBrokenPipe = 141
)

// ErrInterrupted is the cause of a context that a signal ended.
var ErrInterrupted = errors.New("interrupted")
