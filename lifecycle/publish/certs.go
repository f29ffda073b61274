package publish

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CertDirs are the directories in which engines keep what they trust a registry by, the strongest last. Each has a
// directory for each registry, named by its address.
func CertDirs(home string, getenv func(string) string) []string {
	dirs := []string{"/etc/containers/certs.d", "/etc/docker/certs.d"}
	if home != "" {
		dirs = append(dirs, filepath.Join(home, ".docker", "certs.d"))
	}
	if config := getenv("XDG_CONFIG_HOME"); config != "" {
		return append(dirs, filepath.Join(config, "containers", "certs.d"))
	}
	if home != "" {
		dirs = append(dirs, filepath.Join(home, ".config", "containers", "certs.d"))
	}
	return dirs
}

// tlsFor is how a registry is trusted: by what the system trusts and by the authorities (*.crt) of the directories, and
// how galley shows who it is (*.cert with *.key).
func tlsFor(address string, dirs []string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, dir := range dirs {
		dir = filepath.Join(dir, address)
		entries, err := os.ReadDir(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // as engines pass over what they may not read
			continue
		case err != nil:
			return nil, fmt.Errorf("the certificates of registry %s: %w", address, err)
		}
		for _, e := range entries {
			if err := addCertificate(c, filepath.Join(dir, e.Name())); err != nil {
				return nil, fmt.Errorf("the certificates of registry %s: %w", address, err)
			}
		}
	}
	return c, nil
}

func addCertificate(c *tls.Config, path string) error {
	switch filepath.Ext(path) {
	case ".crt":
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if c.RootCAs == nil {
			if c.RootCAs, err = x509.SystemCertPool(); err != nil {
				c.RootCAs = x509.NewCertPool()
			}
		}
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return fmt.Errorf("%s has no certificate in PEM form", path)
		}
	case ".cert":
		pair, err := tls.LoadX509KeyPair(path, strings.TrimSuffix(path, ".cert")+".key")
		if err != nil {
			return err
		}
		c.Certificates = append(c.Certificates, pair)
	}
	return nil
}
