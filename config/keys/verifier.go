package keys

import (
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// verifierKeys are the keys of verifiers that fill no field of their own.
func verifierKeys() []Key {
	return inSection(SectionVerifier, []Key{
		{Name: "shellout_opts", Type: TypeHash, read: shelloutOpts, show: shownShelloutOpts},
	}, string(config.VerifierShell))
}

// inspecTest reads an entry of `inspec_tests`: a path, or a hash.
func inspecTest(d *decoder, v *yaml11.Value) (t config.InspecTest, ok bool) {
	if v.Kind != yaml11.Map {
		t.Path, ok = text(d, v)
		return t, ok
	}
	fields := map[string]*string{
		"name": &t.Name, "path": &t.Path, "url": &t.URL, "git": &t.Git, "compliance": &t.Compliance,
		"supermarket": &t.Supermarket, "branch": &t.Branch, "tag": &t.Tag, "ref": &t.Ref,
		"relative_path": &t.RelativePath, "supermarket_url": &t.SupermarketURL,
	}
	ok = true
	for _, e := range entries(v) {
		field := fields[e.Key]
		if field == nil {
			d.warnAt(e.Value, suggestion(e.Key, namesIn(fields)), "unknown field %q of a test", e.Key)
			continue
		}
		var good bool
		*field, good = text(d, e.Value)
		ok = ok && good
	}
	return t, ok
}

// shownShelloutOpts are what shelloutOpts has read.
func shownShelloutOpts(i *config.Instance) any {
	s := i.Verifier.Shell
	return map[string]any{"cwd": s.Cwd, "timeout": s.Timeout, "environment": s.Env}
}

// shelloutOpts reads the options of the shell verifier's local command.
func shelloutOpts(d *decoder, v *yaml11.Value) {
	if v.Kind != yaml11.Map {
		d.wrongType(v)
		return
	}
	s := &d.inst.Verifier.Shell
	for _, e := range entries(v) {
		if e.Value.Kind == yaml11.Null {
			continue
		}
		switch e.Key {
		case "cwd":
			if p, ok := filePath(d, e.Value); ok {
				s.Cwd = p
			}
		case "timeout":
			if t, ok := seconds(d, e.Value); ok {
				s.Timeout = t
			}
		case "environment", "env":
			if m, ok := environment(d, e.Value); ok {
				s.Env = m
			}
		case "user", "group", "umask", "returns", "live_stream", "live_stdout", "live_stderr", "input", "log_level",
			"log_tag", "domain", "password", "login":
			d.warnAt(e.Value, "", "%s has no effect in galley", e.Key)
		default:
			d.warnAt(e.Value, suggestion(e.Key, []string{"cwd", "timeout", "environment"}), "unknown option %q", e.Key)
		}
	}
}
