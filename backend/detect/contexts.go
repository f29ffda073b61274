package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// dockerConfigDir is where Docker's client keeps its configuration:
// $DOCKER_CONFIG or ~/.docker.
func dockerConfigDir(h Host) string {
	if d := h.Getenv("DOCKER_CONFIG"); d != "" {
		return d
	}
	return h.inHome(".docker")
}

// dockerCurrentContext is config.json's currentContext, or "" for the default one.
func dockerCurrentContext(h Host) string {
	data, err := h.ReadFile(filepath.Join(dockerConfigDir(h), "config.json"))
	if err != nil {
		return ""
	}
	var conf struct{ CurrentContext string }
	if json.Unmarshal(data, &conf) != nil || conf.CurrentContext == "default" {
		return ""
	}
	return conf.CurrentContext
}

// dockerContext resolves a context from Docker's store:
// contexts/meta/<sha256 of the name>/meta.json, and its TLS files beside it.
func dockerContext(h Host, name, source string, explicit bool) Candidate {
	c := Candidate{Source: source, Explicit: explicit}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	dir := filepath.Join(dockerConfigDir(h), "contexts")
	data, err := h.ReadFile(filepath.Join(dir, "meta", id, "meta.json"))
	if err != nil {
		c.refuse(fmt.Errorf("docker context %q is not in %s: %w", name, dir, err))
		c.Reason = fmt.Sprintf("there is no docker context %q in %s", name, dir)
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
	if strings.HasPrefix(ep.Host, "tcp://") {
		tlsDir := filepath.Join(dir, "tls", id, "docker")
		t := backend.TLS{SkipVerify: ep.SkipTLSVerify}
		for file, field := range map[string]*string{"ca.pem": &t.CA, "cert.pem": &t.Cert, "key.pem": &t.Key} {
			if p := filepath.Join(tlsDir, file); readable(h, p) {
				*field = p
			}
		}
		if t != (backend.TLS{}) {
			c.Endpoint.TLS = &t
		}
	}
	return c
}

// dockerTLS reads the TLS settings of Docker's client for a tcp address:
// DOCKER_TLS_VERIFY turns verification on, DOCKER_CERT_PATH alone means TLS too.
func dockerTLS(h Host, uri string) *backend.TLS {
	dir := h.Getenv("DOCKER_CERT_PATH")
	verify := h.Getenv("DOCKER_TLS_VERIFY") != ""
	if !strings.HasPrefix(uri, "tcp://") || (dir == "" && !verify) {
		return nil
	}
	if dir == "" {
		dir = dockerConfigDir(h)
	}
	t := &backend.TLS{CA: filepath.Join(dir, "ca.pem")}
	if cert := filepath.Join(dir, "cert.pem"); readable(h, cert) {
		t.Cert, t.Key = cert, filepath.Join(dir, "key.pem")
	}
	return t
}

func readable(h Host, path string) bool {
	_, err := h.ReadFile(path)
	return err == nil || os.IsPermission(err)
}
