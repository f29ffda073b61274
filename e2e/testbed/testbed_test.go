package testbed_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// What is required runs.
func TestAnEngineRuns(t *testing.T) {
	testbed.Require(t)
}

// An engine's tools see what the tests see: images, and this machine's directories.
func TestRunsContainers(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		dir := e.TempDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("from the host"), 0o644))
		image := e.Load(t, "busybox")[0]
		require.Equal(t, image, e.Load(t, "busybox")[0])
		out := e.Exec(t, e.Kind, "run", "--rm", "-v", dir+":/bound", image.Tag, "cat", "/bound/file")
		require.Equal(t, "from the host", out)
	})
}

// A tool's volume hides what the platform's own image has at that path, and the client in
// it converges. Podman fills the volume when the tool's container is initialised.
func TestToolVolume(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		sandbox := e.TempDir(t)
		writeSandbox(t, sandbox)
		images := e.Load(t, "platform-with-chef", "tool")
		cli := func(args ...string) string { return e.Exec(t, append([]string{e.Kind}, args...)...) }
		tool := strings.TrimSpace(cli("create", images[1].Tag, "true"))
		t.Cleanup(func() { remove(t, e, tool) })
		if e.Kind == testbed.Podman {
			cli("container", "init", tool)
		}
		runner := strings.TrimSpace(cli("run", "-d", "--volumes-from", tool, "-v", sandbox+":/opt/kitchen",
			images[0].Tag, "sleep", "1000"))
		t.Cleanup(func() { remove(t, e, runner) })

		require.Equal(t, "TOOL-IMAGE\nbin\n", cli("exec", runner, "ls", "/opt/chef"))
		out := cli("exec", runner, "/opt/chef/bin/chef-client", "-z", "-c", "/opt/kitchen/client.rb", "-j",
			"/opt/kitchen/dna.json")
		require.Contains(t, out, "Chef Infra Client finished, 1/1 resources updated")
		require.Equal(t, "by the recipe", cli("exec", runner, "cat", "/made"))
	})
}

func writeSandbox(t *testing.T, dir string) {
	t.Helper()
	for name, content := range map[string]string{
		"validation.pem":                      "key",
		"dna.json":                            `{"run_list": ["recipe[app]"]}`,
		"client.rb":                           "cookbook_path [\"/opt/kitchen/cookbooks\"]\nfile_cache_path \"/tmp/cache\"\nvalidation_key \"/opt/kitchen/validation.pem\"\n",
		"cookbooks/app/recipes/default.rb":    "file '/made' do\n  content 'by the recipe'\nend\n",
		"cookbooks/app/attributes/default.rb": "",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

// remove is for clean-up, when the test's own context has ended.
func remove(t *testing.T, e testbed.Engine, container string) {
	t.Helper()
	args := []string{e.Kind, "rm", "-f", "-v"}
	if e.Kind == testbed.Podman {
		args = append(args, "-t", "0") // it waits ten seconds otherwise
	}
	out, err := e.Command(context.Background(), append(args, container)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestReachableBySSH(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		address, err := url.Parse(e.SSH.Host)
		require.NoError(t, err)
		socket := address.Path
		if socket == "" {
			socket = "/run/docker.sock"
		}
		out, err := exec.Command(filepath.Join(e.SSH.Dir, "ssh"), "-p", address.Port(),
			address.User.Username()+"@"+address.Hostname(),
			"curl", "-fsS", "--unix-socket", socket, "http://engine/_ping").CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, "OK", string(out))
		require.FileExists(t, e.SSH.Identity)
		require.FileExists(t, e.SSH.KnownHosts)
	})
}

func TestReachableByTLSWithACertificateOnly(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		if e.TLS == nil {
			t.Skip("this engine's service has no TLS")
		}
		ca, err := os.ReadFile(filepath.Join(e.TLS.CertPath, "ca.pem"))
		require.NoError(t, err)
		pool := x509.NewCertPool()
		require.True(t, pool.AppendCertsFromPEM(ca))
		pair, err := tls.LoadX509KeyPair(filepath.Join(e.TLS.CertPath, "cert.pem"),
			filepath.Join(e.TLS.CertPath, "key.pem"))
		require.NoError(t, err)
		ping := "https://" + strings.TrimPrefix(e.TLS.Host, "tcp://") + "/_ping"
		get := func(pairs ...tls.Certificate) error {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
				TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: pairs}}}
			response, err := client.Get(ping)
			if err != nil {
				return err
			}
			return response.Body.Close()
		}
		require.NoError(t, get(pair))
		require.ErrorContains(t, get(), "certificate")
	})
}

// What one engine pushes another pulls; the second address asks for the password.
func TestRegistry(t *testing.T) {
	registry := testbed.StartRegistry(t)
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		image := e.Load(t, "busybox")[0]
		name := "/testbed/" + e.Name + ":1"
		e.Exec(t, e.Kind, "tag", image.Tag, registry.Address+name)
		e.Exec(t, e.Kind, "push", registry.Address+name)
		e.Exec(t, e.Kind, "rmi", registry.Address+name)
		e.Exec(t, e.Kind, "pull", registry.Address+name)

		// Engines of one user share a home, and so what a login leaves there.
		dir := e.TempDir(t)
		client := []string{"env", "DOCKER_CONFIG=" + dir, "REGISTRY_AUTH_FILE=" + filepath.Join(dir, "config.json"),
			e.Kind}
		pull := func() ([]byte, error) {
			return e.Command(t.Context(), append(client, "pull", registry.AuthAddress+name)...).CombinedOutput()
		}
		e.Exec(t, "sh", "-c", "echo {} > "+filepath.Join(dir, "config.json"))
		out, err := pull()
		require.Error(t, err, "%s", out)
		e.Exec(t, append(client, "login", "-u", registry.User, "-p", registry.Password, registry.AuthAddress)...)
		out, err = pull()
		require.NoError(t, err, "%s", out)
		e.Exec(t, e.Kind, "rmi", registry.Address+name, registry.AuthAddress+name)
	})
}
