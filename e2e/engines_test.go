//go:build linux

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// nobody is a user without rights, for tests that run as root.
const nobody = 65534

// unusable is a way to an engine that does not lead there.
type unusable struct {
	// host is its address; dir, when set, has its TLS material.
	host, dir string
	// reason and remedy are part of what galley says.
	reason, remedy string
}

// Everything that can be wrong with a connection has an error of its own, with a remedy,
// and `galley engines` shows all of them at once.
func TestEnginesThatCannotBeUsed(t *testing.T) {
	all := testbed.Engines(t)
	u, err := url.Parse(all[0].SSH.Host)
	require.NoError(t, err)
	base, err := os.MkdirTemp("", "galley-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(base)) })

	now := time.Now()
	trusted, stranger := newAuthority(t), newAuthority(t)
	ours := trusted.write(t, filepath.Join(base, "ours"))
	cases := map[string]unusable{
		"expired": {host: serveTLS(t, trusted.certify(t, now.Add(-2*time.Hour), now.Add(-time.Hour))), dir: ours,
			reason: "certificate has expired", remedy: "Renew the certificate"},
		"stranger": {host: serveTLS(t, stranger.certify(t, now.Add(-time.Hour), now.Add(time.Hour))), dir: ours,
			reason: "signed by an authority that is not trusted", remedy: "DOCKER_CERT_PATH"},
		"plain": {host: "tcp://" + servePing(t, "tcp", "127.0.0.1:0", nil).String(), dir: ours,
			reason: "does not speak TLS", remedy: "2376"},
		"down": {host: "tcp://" + closedPort(t),
			reason: "nothing listens on that port", remedy: "Check the port"},
		"denied": {host: "unix://" + filepath.Join(base, "denied.sock"),
			reason: "this user may not open it", remedy: "may not open"},
		"dangling": {host: "unix://" + filepath.Join(base, "dangling.sock"),
			reason: "it is a link to", remedy: "remove the link"},
		"podman3": {host: "unix://" + filepath.Join(base, "podman3.sock"),
			reason: "3.4.4", remedy: "Upgrade Podman"},
		"wrong-host-key": {host: "ssh://wrong-host-key",
			reason: "the host shows another key", remedy: "ssh-keygen -R wrong-host-key"},
		"unknown-host-key": {host: "ssh://unknown-host-key",
			reason: "not in known_hosts", remedy: "Log in once with ssh unknown-host-key"},
		"refused-key": {host: "ssh://refused-key",
			reason: "the host refuses the login", remedy: "ssh-add"},
		"no-ssh": {host: "ssh://no-ssh",
			reason: "no ssh server on that port", remedy: "ssh no-ssh true"},
	}
	servePing(t, "unix", filepath.Join(base, "denied.sock"), nil)
	require.NoError(t, os.Chmod(filepath.Join(base, "denied.sock"), 0))
	require.NoError(t, os.Symlink(filepath.Join(base, "gone.sock"), filepath.Join(base, "dangling.sock")))
	servePing(t, "unix", filepath.Join(base, "podman3.sock"),
		http.Header{"Libpod-Api-Version": {"3.4.4"}, "Server": {"Libpod/3.4.4 (linux)"}})
	require.NoError(t, os.Chmod(filepath.Join(base, "podman3.sock"), 0o777))
	for name, c := range cases {
		writeContext(t, filepath.Join(base, "docker"), name, c)
	}
	writeSSH(t, filepath.Join(base, "bin"), u, all[0])

	bin, err := built()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), bin, "engines", "--all", "--json")
	cmd.Dir = base
	cmd.Env = []string{"PATH=" + filepath.Join(base, "bin"), "HOME=" + base,
		"DOCKER_CONFIG=" + filepath.Join(base, "docker")}
	if os.Getuid() == 0 { // who may open everything
		chownAll(t, base, nobody)
		require.NoError(t, os.Chown(filepath.Join(base, "denied.sock"), 0, 0))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "no engine can be used")
	require.Equal(t, 1, exit.ExitCode(), "%s", exit.Stderr)
	var rows []struct{ Source, Verdict, Reason, Remedy string }
	require.NoError(t, json.Unmarshal(out, &rows), "%s", out)
	seen := map[string]string{}
	for _, row := range rows {
		name, ok := strings.CutPrefix(row.Source, "docker context ")
		if !ok {
			continue
		}
		c := cases[name]
		require.NotEqual(t, "chosen", row.Verdict)
		require.Contains(t, row.Reason, c.reason, name)
		require.Contains(t, row.Remedy, c.remedy, name)
		require.NotContains(t, seen, row.Reason, "each has its own")
		seen[row.Reason] = name
	}
	require.Len(t, seen, len(cases), "%s", out)
}

// writeContext puts a context into Docker's configuration.
func writeContext(t *testing.T, config, name string, c unusable) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	meta, err := json.Marshal(map[string]any{"Name": name, "Metadata": map[string]any{},
		"Endpoints": map[string]any{"docker": map[string]any{"Host": c.host, "SkipTLSVerify": false}}})
	require.NoError(t, err)
	writeFile(t, filepath.Join(config, "contexts", "meta", id, "meta.json"), string(meta), 0o600)
	if c.dir == "" {
		return
	}
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		data, err := os.ReadFile(filepath.Join(c.dir, file))
		require.NoError(t, err)
		writeFile(t, filepath.Join(config, "contexts", "tls", id, "docker", file), string(data), 0o600)
	}
}

// writeSSH makes an ssh whose configuration has hosts with one fault each.
func writeSSH(t *testing.T, dir string, u *url.URL, e testbed.Engine) {
	t.Helper()
	ssh, err := exec.LookPath("ssh")
	require.NoError(t, err)
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	known, err := os.ReadFile(e.SSH.KnownHosts)
	require.NoError(t, err)
	identity, err := os.ReadFile(e.SSH.Identity)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	file := func(name, text string) string {
		writeFile(t, filepath.Join(dir, name), text, 0o600)
		return filepath.Join(dir, name)
	}
	keygen := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "another"))
	out, err := keygen.CombinedOutput()
	require.NoError(t, err, string(out))
	another, err := os.ReadFile(filepath.Join(dir, "another.pub"))
	require.NoError(t, err)

	right := file("id", string(identity))
	rightHosts := file("known_hosts", string(known))
	_, closed, err := net.SplitHostPort(closedPort(t))
	require.NoError(t, err)
	host := func(name, port, identity, knownHosts string) string {
		return fmt.Sprintf("Host %s\n\tHostName 127.0.0.1\n\tPort %s\n\tUser %s\n\tIdentityFile %s\n\tIdentitiesOnly yes\n"+
			"\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile /dev/null\n\tStrictHostKeyChecking yes\n", name, port,
			u.User.Username(), identity, knownHosts)
	}
	config := file("config", strings.Join([]string{
		host("wrong-host-key", u.Port(), right,
			file("wrong_hosts", fmt.Sprintf("[127.0.0.1]:%s %s", u.Port(), another))),
		host("unknown-host-key", u.Port(), right, file("no_hosts", "")),
		host("refused-key", u.Port(), filepath.Join(dir, "another"), rightHosts),
		host("no-ssh", closed, right, rightHosts),
	}, ""))
	writeFile(t, filepath.Join(dir, "ssh"), "#!"+shell+"\nexec "+ssh+" -F "+config+" \"$@\"\n", 0o755)
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
}

func chownAll(t *testing.T, dir string, id int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, id, id)
	}))
}

// servePing serves what answers a ping and nothing else, and returns its address.
func servePing(t *testing.T, network, address string, header http.Header) net.Addr {
	t.Helper()
	listener, err := net.Listen(network, address)
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: pong(header)}}
	server.Start()
	t.Cleanup(server.Close)
	return listener.Addr()
}

func pong(header http.Header) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
	})
}

// serveTLS is servePing with a certificate.
func serveTLS(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(pong(nil))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // galley will not shake hands
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return "tcp://" + server.Listener.Addr().String()
}

// closedPort is an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// authority signs certificates.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "galley test"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{key, certificate}
}

// certify makes a certificate for 127.0.0.1.
func (a authority) certify(t *testing.T, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// write puts what a client of the authority needs into a directory.
func (a authority) write(t *testing.T, dir string) string {
	t.Helper()
	client := a.certify(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: a.certificate.Raw},
		"cert.pem": {Type: "CERTIFICATE", Bytes: client.Certificate[0]},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		writeFile(t, filepath.Join(dir, name), string(pem.EncodeToMemory(block)), 0o600)
	}
	return dir
}
