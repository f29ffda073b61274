package credentials

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestFind(t *testing.T) {
	docker := `{"auths":{
		"https://index.docker.io/v1/":{"auth":"` + b64("hub:p:w") + `"},
		"registry.example.com":{"auth":"` + b64("ex:one") + `"},
		"token.example.com":{"identitytoken":"tok","auth":"` + b64("<token>:") + `"},
		"localhost:5000":{"auth":"` + b64("local:two") + `"}}}`
	podman := `{"auths":{"quay.io":{"auth":"` + b64("q:wide") + `"},"quay.io/team/app":{"auth":"` + b64("q:narrow") + `"}}}`
	creds := `{"username":"file","password":"secret","serveraddress":"https://private.example.com/v1/"}`
	for _, tc := range []struct {
		name, ref string
		source    Source
		want      *backend.Credentials
	}{
		{"hub, password with a colon", "debian", Source{DockerConfig: true}, &backend.Credentials{Registry: "docker.io", Username: "hub", Password: "p:w"}},
		{"by host", "registry.example.com/a/b:1", Source{DockerConfig: true}, &backend.Credentials{Registry: "registry.example.com", Username: "ex", Password: "one"}},
		{"by host and port", "localhost:5000/a", Source{DockerConfig: true}, &backend.Credentials{Registry: "localhost:5000", Username: "local", Password: "two"}},
		{"identity token", "token.example.com/a", Source{DockerConfig: true}, &backend.Credentials{Registry: "token.example.com", IdentityToken: "tok"}},
		{"no entry is anonymous", "other.example.com/a", Source{DockerConfig: true}, nil},
		{"docker's file turned off", "registry.example.com/a", Source{}, nil},
		{"podman's file", "quay.io/other/app", Source{DockerConfig: true}, &backend.Credentials{Registry: "quay.io", Username: "q", Password: "wide"}},
		{"the longest name wins", "quay.io/team/app:2", Source{DockerConfig: true}, &backend.Credentials{Registry: "quay.io", Username: "q", Password: "narrow"}},
		{"creds_file for its registry", "private.example.com/x", Source{File: "creds.json", DockerConfig: true}, &backend.Credentials{Registry: "private.example.com", Username: "file", Password: "secret"}},
		{"creds_file for no other", "registry.example.com/x", Source{File: "creds.json"}, nil},
		{"others besides creds_file", "registry.example.com/x", Source{File: "creds.json", DockerConfig: true},
			&backend.Credentials{Registry: "registry.example.com", Username: "ex", Password: "one"}},
		{"podman's file turned off", "quay.io/other/app", Source{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, filepath.Join(home, ".docker", "config.json"), docker)
			write(t, filepath.Join(home, ".config", "containers", "auth.json"), podman)
			write(t, filepath.Join(home, "creds.json"), creds)
			if tc.source.File != "" {
				tc.source.File = filepath.Join(home, tc.source.File)
			}
			got, err := Finder{Home: home, Getenv: func(string) string { return "" }}.Find(tc.ref, tc.source)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// A configuration left behind by Docker Desktop must not hinder public images.
func TestMissingHelperIsAWarning(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".docker", "config.json"), `{"credsStore":"galley-test-missing"}`)
	got, err := Finder{Home: home, Getenv: func(string) string { return "" }}.Find("debian", Source{DockerConfig: true})
	require.Nil(t, got)
	require.ErrorContains(t, err, "docker-credential-galley-test-missing")
}

func TestHelper(t *testing.T) {
	home, bin := t.TempDir(), t.TempDir()
	helper := `#!/bin/sh
read host
case $host in token.*) user='<token>' ;; *) user=helped ;; esac
echo "{\"ServerURL\":\"$host\",\"Username\":\"$user\",\"Secret\":\"s\"}"
`
	write(t, filepath.Join(bin, "docker-credential-galley-test"), helper)
	require.NoError(t, os.Chmod(filepath.Join(bin, "docker-credential-galley-test"), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	write(t, filepath.Join(home, ".docker", "config.json"), `{"credHelpers":{"help.example.com":"galley-test","token.example.com":"galley-test"}}`)
	f := Finder{Home: home, Getenv: func(string) string { return "" }}
	for ref, want := range map[string]*backend.Credentials{
		"help.example.com/a":  {Registry: "help.example.com", Username: "helped", Password: "s"},
		"token.example.com/a": {Registry: "token.example.com", IdentityToken: "s"},
		"other.example.com/a": nil,
	} {
		got, err := f.Find(ref, Source{DockerConfig: true})
		require.NoError(t, err)
		require.Equal(t, want, got, ref)
	}
}

// A store is asked once, for the registry and not for the image.
func TestStore(t *testing.T) {
	home, bin := t.TempDir(), t.TempDir()
	asked := filepath.Join(bin, "asked")
	write(t, filepath.Join(bin, "docker-credential-galley-test"), "#!/bin/sh\nread host\necho \"$host\" >> "+asked+
		"\necho '{\"ServerURL\":\"x\",\"Username\":\"stored\",\"Secret\":\"s\"}'\n")
	require.NoError(t, os.Chmod(filepath.Join(bin, "docker-credential-galley-test"), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	write(t, filepath.Join(home, ".docker", "config.json"), `{"credsStore":"galley-test"}`)
	f := Finder{Home: home, Getenv: func(string) string { return "" }}
	for ref, want := range map[string]string{
		"registry.example.com/a/b/c": "registry.example.com\n", "localhost:5000/a": "localhost:5000\n",
		"a/b": "https://index.docker.io/v1/\n", "debian": "https://index.docker.io/v1/\n",
	} {
		got, err := f.Find(ref, Source{DockerConfig: true})
		require.NoError(t, err)
		require.Equal(t, "stored", got.Username)
		text, err := os.ReadFile(asked)
		require.NoError(t, err)
		require.Equal(t, want, string(text), ref)
		require.NoError(t, os.Remove(asked))
	}
}

func TestExplicitFileMustExist(t *testing.T) {
	home := t.TempDir()
	env := func(k string) string {
		if k == "REGISTRY_AUTH_FILE" {
			return filepath.Join(home, "none.json")
		}
		return ""
	}
	_, err := Finder{Home: home, Getenv: env}.Find("debian", Source{DockerConfig: true})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}
