package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

func dockerConfigDir(h Host) string { return userdir.DockerConfig(h.Getenv, h.Home) }

// defaultContext is the context that is in no store: whatever Docker's client does without one.
const defaultContext = "default"

// dockerCurrentContext is config.json's currentContext, or "" for the default one, which DOCKER_CONTEXT=default is the
// way back to.
func dockerCurrentContext(h Host) string {
	if h.Getenv("DOCKER_CONTEXT") == defaultContext {
		return ""
	}
	data, err := h.ReadFile(userdir.In(dockerConfigDir(h), "config.json"))
	if err != nil {
		return ""
	}
	var conf struct{ CurrentContext string }
	if json.Unmarshal(data, &conf) != nil || conf.CurrentContext == defaultContext {
		return ""
	}
	return conf.CurrentContext
}

// dockerContexts are the names of all contexts in Docker's store.
func dockerContexts(h Host) []string {
	dir := userdir.In(dockerConfigDir(h), "contexts", "meta")
	entries, err := h.ReadDir(dir)
	if err != nil {
		return nil // there is no store
	}
	var names []string
	for _, e := range entries {
		var meta struct{ Name string }
		data, err := h.ReadFile(filepath.Join(dir, e.Name(), "meta.json"))
		if err == nil && json.Unmarshal(data, &meta) == nil && meta.Name != "" {
			names = append(names, meta.Name)
		}
	}
	slices.Sort(names)
	return names
}

// dockerContext resolves a context from Docker's store: contexts/meta/<sha256 of the name>/meta.json, and its TLS files
// beside it.
func dockerContext(h Host, name, source string, explicit bool) Candidate {
	c := Candidate{Source: source, Explicit: explicit}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	dir := userdir.In(dockerConfigDir(h), "contexts")
	data, err := h.ReadFile(userdir.In(dir, "meta", id, "meta.json"))
	if err != nil {
		where := cmp.Or(dir, "~/.docker, and there is no home")
		c.refuse(fmt.Errorf("docker context %q is not in %s: %w", name, where, err))
		c.Reason = fmt.Sprintf("there is no docker context %q in %s", name, where)
		c.Remedy = "List the contexts with `docker context ls`."
		return c
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(data, &meta); err != nil {
		c.refuse(fmt.Errorf("docker context %q: %w", name, err))
		return c
	}
	ep, ok := meta.Endpoints["docker"]
	if !ok || ep.Host == "" {
		c.refuse(fmt.Errorf("docker context %q names no docker endpoint", name))
		return c
	}
	c.Endpoint.URI = ep.Host
	c.resolve()
	if strings.HasPrefix(c.Endpoint.URI, "tcp://") {
		tlsDir := filepath.Join(dir, "tls", id, "docker")
		t := tlsFiles(h, tlsDir)
		t.SkipVerify = ep.SkipTLSVerify
		if *t != (backend.TLS{}) {
			c.Endpoint.TLS = t
		}
	}
	return c
}

// tlsFor are the TLS settings for an address: those of galley where they name a directory, and else those of Docker's
// client, for which either DOCKER_TLS_VERIFY or DOCKER_CERT_PATH alone means TLS. Unlike there, the server's
// certificate is checked with either.
func tlsFor(h Host, o Options, uri string) *backend.TLS {
	if !strings.HasPrefix(uri, "tcp://") && !strings.HasPrefix(uri, "https://") {
		return nil
	}
	t := &backend.TLS{}
	switch dir := cmp.Or(o.TLSCertPath, h.Getenv("DOCKER_CERT_PATH")); {
	case dir != "":
		t = tlsFiles(h, dir)
	case h.Getenv("DOCKER_TLS_VERIFY") != "":
		t = tlsFiles(h, dockerConfigDir(h))
	case !o.TLSSkipVerify:
		return nil
	}
	t.SkipVerify = o.TLSSkipVerify
	return t
}

// tlsFiles are the files of a directory as Docker's client names them. Without an authority the system's are trusted.
func tlsFiles(h Host, dir string) *backend.TLS {
	t := &backend.TLS{}
	if ca := userdir.In(dir, "ca.pem"); readable(h, ca) {
		t.CA = ca
	}
	if cert := userdir.In(dir, "cert.pem"); readable(h, cert) {
		t.Cert, t.Key = cert, filepath.Join(dir, "key.pem")
	}
	return t
}

func readable(h Host, path string) bool {
	_, err := h.ReadFile(path)
	return err == nil || os.IsPermission(err)
}
