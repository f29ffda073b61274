package backendtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// BuildImage implements backend.Images. It knows the classic instructions except
// ADD.
func (f *Fake) BuildImage(ctx context.Context, o backend.BuildOptions) (backend.Image, error) {
	return do(ctx, f, newCall("BuildImage", o.Tag), func() (backend.Image, error) {
		b := &builder{fake: f, options: o, args: maps.Clone(o.Args), out: o.Output, stages: map[string]*fakeImage{}}
		if b.out == nil {
			b.out = io.Discard
		}
		if err := b.build(ctx); err != nil {
			return backend.Image{}, err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		tag := ""
		if o.Tag != "" {
			var err error
			if tag, err = backend.NormalizeRef(o.Tag); err != nil {
				return backend.Image{}, err
			}
		}
		return f.store(b.image, tag).describe(f), nil
	})
}

// builder is a build that is under way.
type builder struct {
	fake    *Fake
	options backend.BuildOptions
	args    map[string]string
	out     io.Writer
	context view
	// image is what the steps of this stage have made so far; key identifies them.
	image *fakeImage
	key   string
	// stages are the earlier ones, by number and by name; stage is the name of this.
	stages map[string]*fakeImage
	stage  string
	count  int
}

// step is an instruction with its operands.
type step struct{ instruction, rest string }

func (b *builder) fail(kind error, detail string) error {
	return failure(kind, "build "+b.options.Tag, detail)
}

func (b *builder) build(ctx context.Context) error {
	b.context.mount(mountPoint{target: "/", source: newMemFS()})
	if err := b.context.unpack("/", b.options.Context); err != nil {
		return b.fail(backend.ErrInvalid, "the context is no tar stream: "+err.Error())
	}
	name := b.options.Dockerfile
	if name == "" {
		name = "Dockerfile"
	}
	text, err := b.context.read(path.Join("/", name))
	if err != nil {
		return b.fail(backend.ErrInvalid, "cannot find the Dockerfile: "+err.Error())
	}
	steps := parseDockerfile(string(text))
	for _, key := range slices.Sorted(maps.Keys(b.options.Labels)) {
		steps = append(steps, step{"LABEL", key + "=" + strconv.Quote(b.options.Labels[key])})
	}
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("build %s: %w", b.options.Tag, err)
		}
		if _, err := fmt.Fprintf(b.out, "STEP %d/%d: %s %s\n", i+1, len(steps), s.instruction, s.rest); err != nil {
			return err
		}
		if err := b.step(ctx, s); err != nil {
			return err
		}
	}
	if b.image == nil {
		return b.fail(backend.ErrInvalid, "the Dockerfile has no FROM")
	}
	return nil
}

// parseDockerfile joins continued lines and leaves out comments.
func parseDockerfile(text string) []step {
	var steps []step
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		instruction, rest, _ := strings.Cut(line, " ")
		steps = append(steps, step{strings.ToUpper(instruction), strings.TrimSpace(rest)})
	}
	return steps
}

// step runs one instruction, or takes its result from the cache.
func (b *builder) step(ctx context.Context, s step) error {
	if s.instruction == "ARG" {
		name, value, _ := strings.Cut(s.rest, "=")
		if _, ok := b.args[name]; !ok {
			if b.args == nil {
				b.args = map[string]string{}
			}
			b.args[name] = strings.Trim(value, `"`)
		}
		return nil
	}
	if s.instruction == "FROM" {
		return b.from(ctx, s.rest)
	}
	if b.image == nil {
		return b.fail(backend.ErrInvalid, s.instruction+" comes before FROM")
	}
	b.key += fmt.Sprintf("\n%s %s %v", s.instruction, s.rest, b.args)
	if s.instruction == "COPY" {
		digest, err := b.digest(s.rest)
		if err != nil {
			return err
		}
		b.key += digest
	}
	b.fake.mu.Lock()
	cached, ok := b.fake.layers[b.key]
	b.fake.mu.Unlock()
	if ok && !b.options.NoCache {
		b.image = cached
		return nil
	}
	next := *b.image
	next.ID, next.Size = "", 0
	next.root = b.image.root.clone()
	next.Env, next.Labels = maps.Clone(b.image.Env), maps.Clone(b.image.Labels)
	if next.Labels == nil {
		next.Labels = backend.Labels{}
	}
	b.image = &next
	if err := b.run(ctx, s); err != nil {
		return err
	}
	b.fake.mu.Lock()
	defer b.fake.mu.Unlock()
	b.image.ID = "sha256:" + b.fake.newID()
	b.fake.layers[b.key] = b.image
	return nil
}

// digest stands for the content that a COPY takes.
func (b *builder) digest(rest string) (string, error) {
	from, fields, err := b.copySource(rest)
	if err != nil {
		return "", err
	}
	var buf strings.Builder
	for _, name := range fields[:len(fields)-1] {
		// What is missing is the COPY's own affair.
		if err := from.pack(&buf, path.Join("/", name)); err != nil {
			buf.WriteString(err.Error())
		}
	}
	return buf.String(), nil
}

// copySource reads the operands of a COPY: where it takes files from, their names
// and the target.
func (b *builder) copySource(rest string) (*view, []string, error) {
	from := &b.context
	var operands []string
	for _, w := range words(b.expandAll(rest)) {
		name, isFrom := strings.CutPrefix(w, "--from=")
		switch {
		case isFrom:
			img, err := b.source(name)
			if err != nil {
				return nil, nil, err
			}
			from = &view{}
			from.mount(mountPoint{target: "/", source: img.root})
		case !strings.HasPrefix(w, "--"):
			operands = append(operands, w)
		}
	}
	if len(operands) < 2 {
		return nil, nil, b.fail(backend.ErrInvalid, "COPY needs a source and a target")
	}
	return from, operands, nil
}

// from begins a stage: "image [AS name]".
func (b *builder) from(ctx context.Context, rest string) error {
	if b.image != nil {
		b.stages[strconv.Itoa(b.count)] = b.image
		b.stages[b.stage] = b.image
		b.count++
	}
	fields := slices.DeleteFunc(strings.Fields(rest), func(w string) bool { return strings.HasPrefix(w, "--") })
	if len(fields) == 0 {
		return b.fail(backend.ErrInvalid, "FROM needs an image")
	}
	b.stage = strconv.Itoa(b.count)
	if len(fields) == 3 && strings.EqualFold(fields[1], "as") {
		b.stage = fields[2]
	}
	base, err := b.source(b.expand(fields[0]))
	if err != nil {
		return err
	}
	b.image, b.key = base, base.ID
	if len(base.onBuild) == 0 {
		return nil
	}
	inherited := base.onBuild
	if err := b.step(ctx, step{"ONBUILD", ""}); err != nil {
		return err
	}
	for _, line := range inherited {
		if err := b.step(ctx, parseDockerfile(line)[0]); err != nil {
			return err
		}
	}
	return nil
}

// source finds what FROM and COPY --from name: an earlier stage, or a local image.
func (b *builder) source(name string) (*fakeImage, error) {
	if img, ok := b.stages[name]; ok {
		return img, nil
	}
	b.fake.mu.Lock()
	defer b.fake.mu.Unlock()
	return b.fake.findImage(name)
}

// expand replaces variables in an operand.
func (b *builder) expand(text string) string {
	p := &process{env: maps.Clone(b.args)}
	if b.image != nil {
		p.env = b.environment()
	}
	list, err := parseShell("echo " + text)
	if err != nil || len(list) != 1 || len(list[0].command.words) != 2 {
		return text
	}
	value, _ := p.expand(list[0].command.words[1])
	return value
}

func (b *builder) environment() map[string]string {
	env := maps.Clone(b.args)
	if env == nil {
		env = map[string]string{}
	}
	maps.Copy(env, b.image.Env)
	return env
}

// run changes the image as an instruction says.
func (b *builder) run(ctx context.Context, s step) error {
	img := b.image
	switch s.instruction {
	case "RUN":
		return b.runCommand(ctx, s.rest)
	case "COPY":
		return b.copy(s.rest)
	case "ENV", "LABEL":
		pairs, err := b.pairs(s.rest)
		if err != nil {
			return b.fail(backend.ErrInvalid, s.instruction+": "+err.Error())
		}
		if s.instruction == "ENV" {
			maps.Copy(img.Env, pairs)
		} else {
			maps.Copy(img.Labels, pairs)
		}
	case "VOLUME":
		img.Volumes = append(slices.Clone(img.Volumes), words(s.rest)...)
	case "EXPOSE":
		img.ports = append(slices.Clone(img.ports), words(s.rest)...)
	case "USER":
		img.User = b.expand(s.rest)
	case "STOPSIGNAL":
		img.StopSignal = s.rest
	case "WORKDIR":
		img.workDir = path.Join(img.workDir, b.expand(s.rest))
		if path.IsAbs(s.rest) {
			img.workDir = b.expand(s.rest)
		}
		img.root.add(img.workDir, directory())
	case "ENTRYPOINT":
		img.Entrypoint, img.Command = b.argv(s.rest), nil
	case "CMD":
		img.Command = b.argv(s.rest)
	case "SHELL":
		img.shell = words(s.rest)
	case "ONBUILD":
		if s.rest == "" { // the end of what was inherited
			img.onBuild = nil
			return nil
		}
		img.onBuild = append(slices.Clone(img.onBuild), s.rest)
	case "HEALTHCHECK", "MAINTAINER":
		// Nothing in the interface tells of them.
	default:
		return b.fail(backend.ErrInvalid, "unknown instruction: "+s.instruction)
	}
	return nil
}

// words reads a list in JSON, or words.
func words(text string) []string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return strings.Fields(text)
}

// argv reads a command: a list in JSON, or a line for the shell.
func (b *builder) argv(text string) []string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return append(slices.Clone(b.image.shell), text)
}

// pairs reads key=value …, with quotes as the shell has them, or "key value".
func (b *builder) pairs(text string) (map[string]string, error) {
	list, err := parseShell("echo " + text)
	if err != nil || len(list) != 1 {
		return nil, errors.Join(err, fmt.Errorf("cannot read %q", text))
	}
	p := &process{env: b.environment()}
	pairs := map[string]string{}
	for i, w := range list[0].command.words[1:] {
		pair, _ := p.expand(w)
		key, value, ok := strings.Cut(pair, "=")
		if !ok && i == 0 {
			key, value, _ = strings.Cut(text, " ")
			return map[string]string{key: value}, nil
		}
		pairs[key] = value
	}
	return pairs, nil
}

// runCommand runs a command in a container of its own, whose files become the
// image's.
func (b *builder) runCommand(ctx context.Context, text string) error {
	c := &box{fake: b.fake, name: "build", imageUser: b.image.User}
	c.files.mount(mountPoint{target: "/", source: b.image.root})
	c.mountSystem()
	var out strings.Builder
	p, err := c.process(b.argv(text), backend.ExecSpec{Env: b.environment(), WorkDir: b.image.workDir})
	if err != nil {
		return err
	}
	p.stdout, p.stderr = &out, &out
	stop := context.AfterFunc(ctx, func() { p.end(died{sigKill}) })
	defer stop()
	code := p.run()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("build %s: %w", b.options.Tag, err)
	}
	if _, err := io.WriteString(b.out, out.String()); err != nil {
		return err
	}
	if code != 0 {
		return b.fail(backend.ErrBuildFailed, fmt.Sprintf("RUN %s: exit code %d\n%s", text, code, out.String()))
	}
	return nil
}

// copy copies files of the context: into a directory if there are several or the
// target ends with a slash, else to that very name. A directory's content is taken.
func (b *builder) copy(rest string) error {
	source, fields, err := b.copySource(rest)
	if err != nil {
		return err
	}
	var to view
	to.mount(mountPoint{target: "/", source: b.image.root})
	sources, target := fields[:len(fields)-1], fields[len(fields)-1]
	intoDir := strings.HasSuffix(target, "/") || len(sources) > 1
	target = path.Join("/", b.image.workDir, target)
	if path.IsAbs(fields[len(fields)-1]) {
		target = path.Clean(fields[len(fields)-1])
	}
	for _, from := range sources {
		name := target
		f, err := source.stat(path.Join("/", from), true)
		if err == nil && intoDir && !f.mode.IsDir() {
			name = path.Join(target, path.Base(from))
		}
		if err == nil {
			err = to.mkdirAll(path.Dir(name))
		}
		if err == nil {
			err = copyFiles(source, path.Join("/", from), &to, name)
		}
		if err != nil {
			return b.fail(backend.ErrBuildFailed, "COPY "+rest+": "+err.Error())
		}
	}
	return nil
}

func (b *builder) expandAll(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var all []string
	for _, w := range strings.Fields(text) {
		all = append(all, b.expand(w))
	}
	return strings.Join(all, " ")
}

// copyFiles copies a file, or a directory's content, from one view to another.
func copyFiles(from *view, source string, to *view, target string) error {
	f, err := from.stat(source, false)
	if err != nil {
		return err
	}
	if !f.mode.IsDir() {
		return to.put(target, f)
	}
	if err := to.put(target, f); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	names, err := from.list(source)
	for _, name := range names {
		err = errors.Join(err, copyFiles(from, path.Join(source, name), to, path.Join(target, name)))
	}
	return err
}
