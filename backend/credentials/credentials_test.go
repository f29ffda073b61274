package credentials

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestFind(t *testing.T) {
	docker := `{"auths":{
		"https://index.docker.io/v1/":{"auth":"` + b64("hub:p:w") + `"},
		"registry.example.com":{"auth":"` + b64("ex:one") + `"},
		"token.example.com":{"identitytoken":"tok","auth":"` + b64("<token>:") + `"},
		"localhost:5000":{"auth":"` + b64("local:two") + `"}}}`
	podman := `{"auths":{"quay.io":{"auth":"` + b64("q:wide") + `"},"quay.io/team/app":{"auth":"` + b64("q:narrow") +
		`"}}}`
	creds := `{"username":"file","password":"secret","serveraddress":"https://private.example.com/v1/"}`
	for _, tc := range []struct {
		name, ref string
		source    Source
		want      *backend.Credentials
	}{
		{"hub, password with a colon", "debian", Source{DockerConfig: true},
			&backend.Credentials{Registry: "docker.io", Username: "hub", Password: "p:w"}},
		{"by host", "registry.example.com/a/b:1", Source{DockerConfig: true},
			&backend.Credentials{Registry: "registry.example.com", Username: "ex", Password: "one"}},
		{"by host and port", "localhost:5000/a", Source{DockerConfig: true},
			&backend.Credentials{Registry: "localhost:5000", Username: "local", Password: "two"}},
		{"identity token", "token.example.com/a", Source{DockerConfig: true},
			&backend.Credentials{Registry: "token.example.com", IdentityToken: "tok"}},
		{"no entry is anonymous", "other.example.com/a", Source{DockerConfig: true}, nil},
		{"docker's file turned off", "registry.example.com/a", Source{}, nil},
		{"podman's file", "quay.io/other/app", Source{DockerConfig: true},
			&backend.Credentials{Registry: "quay.io", Username: "q", Password: "wide"}},
		{"the longest name wins", "quay.io/team/app:2", Source{DockerConfig: true},
			&backend.Credentials{Registry: "quay.io", Username: "q", Password: "narrow"}},
		{"creds_file for its registry", "private.example.com/x", Source{File: "creds.json", DockerConfig: true},
			&backend.Credentials{Registry: "private.example.com", Username: "file", Password: "secret"}},
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
			got, err := Finder{Home: home, Getenv: func(string) string { return "" }}.Find(t.Context(), tc.ref,
				tc.source)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestPlaces: a login is found wherever Docker's and Podman's clients put it, and never in the working directory.
func TestPlaces(t *testing.T) {
	docker, podman := filepath.Join(".docker", "config.json"), filepath.Join(".config", "containers", "auth.json")
	for name, tc := range map[string]struct {
		home string
		env  map[string]string
		want []place
	}{
		"a session": {"/home/u", map[string]string{"XDG_RUNTIME_DIR": "/run/user/7"},
			[]place{{path: "/home/u/" + docker}, {path: "/run/user/7/containers/auth.json", shared: true},
				{path: "/home/u/" + podman}}},
		"no session": {"/home/u", nil,
			[]place{{path: "/home/u/" + docker}, {path: "/run/user/7/containers/auth.json"},
				{path: "/run/containers/7/auth.json"}, {path: "/home/u/" + podman}}},
		"no home": {"", nil,
			[]place{{path: "/run/user/7/containers/auth.json"}, {path: "/run/containers/7/auth.json"}}},
		"no home, variables": {"", map[string]string{"DOCKER_CONFIG": "/d", "XDG_CONFIG_HOME": "/x"},
			[]place{{path: "/d/config.json"}, {path: "/run/user/7/containers/auth.json"},
				{path: "/run/containers/7/auth.json"}, {path: "/x/containers/auth.json"}}},
		"one directory for both": {"", map[string]string{"XDG_RUNTIME_DIR": "/tmp/x", "XDG_CONFIG_HOME": "/tmp/x/"},
			[]place{{path: "/tmp/x/containers/auth.json", shared: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []place
			for _, p := range tc.want {
				want = append(want, place{path: filepath.FromSlash(p.path), shared: p.shared})
			}
			require.Equal(t, want, Finder{Home: tc.home, UID: 7,
				Getenv: func(k string) string { return tc.env[k] }}.files())
		})
	}
}

// The variable comes before the file, and what it does not have is in the file.
func TestVariable(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".docker", "config.json"),
		`{"auths":{"a.example.com":{"auth":"`+b64("file:1")+`"},"b.example.com":{"auth":"`+b64("file:2")+`"}}}`)
	variable := `{"auths":{"a.example.com":{"auth":"` + b64("variable:3") + `"}}}`
	f := Finder{Home: home, Getenv: func(k string) string { return map[string]string{envConfig: variable}[k] }}
	for ref, want := range map[string]string{"a.example.com/x": "variable", "b.example.com/x": "file"} {
		got, err := f.Find(t.Context(), ref, Source{DockerConfig: true})
		require.NoError(t, err)
		require.Equal(t, want, got.Username)
	}
	variable = "garbage"
	got, err := f.Find(t.Context(), "a.example.com/x", Source{DockerConfig: true})
	require.NoError(t, err)
	require.Equal(t, "file", got.Username)
	_, err = f.Find(t.Context(), "c.example.com/x", Source{DockerConfig: true})
	require.ErrorContains(t, err, envConfig)
}

// A configuration left behind by Docker Desktop must not hinder public images.
func TestMissingHelperIsAWarning(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".docker", "config.json"), `{"credsStore":"galley-test-missing"}`)
	got, err := Finder{Home: home, Getenv: func(string) string { return "" }}.Find(t.Context(), "debian",
		Source{DockerConfig: true})
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
	write(t, filepath.Join(home, ".docker", "config.json"),
		`{"credHelpers":{"help.example.com":"galley-test","token.example.com":"galley-test"}}`)
	f := Finder{Home: home, Getenv: func(string) string { return "" }}
	for ref, want := range map[string]*backend.Credentials{
		"help.example.com/a":  {Registry: "help.example.com", Username: "helped", Password: "s"},
		"token.example.com/a": {Registry: "token.example.com", IdentityToken: "s"},
		"other.example.com/a": nil,
	} {
		got, err := f.Find(t.Context(), ref, Source{DockerConfig: true})
		require.NoError(t, err)
		require.Equal(t, want, got, ref)
	}
}

// TestBadHelper: one that never answers, or says what makes no sense, is a warning, and does not outlive the run.
func TestBadHelper(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"silent":       {"exec sleep 600", "did not answer"},
		"no JSON":      {"echo '<html>'", "invalid character"},
		"fails":        {"echo 'the keychain is locked'; exit 1", "the keychain is locked"},
		"not for here": {"echo 'credentials not found in native keychain'; exit 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			helper := filepath.Join(home, "docker-credential-galley-test")
			write(t, helper, "#!/bin/sh\n"+tc.script+"\n")
			require.NoError(t, os.Chmod(helper, 0o755))
			t.Setenv("PATH", home+string(os.PathListSeparator)+os.Getenv("PATH"))
			write(t, filepath.Join(home, ".docker", "config.json"), `{"credsStore":"galley-test"}`)
			ctx, cancel := context.WithCancel(t.Context())
			if name == "silent" {
				cancel() // as the time limit does
			}
			defer cancel()
			got, err := Finder{Home: home, Getenv: func(string) string { return "" }}.Find(ctx, "debian",
				Source{DockerConfig: true})
			require.Nil(t, got)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
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
		got, err := f.Find(t.Context(), ref, Source{DockerConfig: true})
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
	_, err := Finder{Home: home, Getenv: env}.Find(t.Context(), "debian", Source{DockerConfig: true})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// TestForeignPlaces: another user's auth.json in a directory that the environment names is not read, and no program
// below the working directory is taken for a helper.
func TestForeignPlaces(t *testing.T) {
	dir := t.TempDir()
	auth := filepath.Join(dir, "containers", "auth.json")
	require.NoError(t, os.Mkdir(filepath.Dir(auth), 0o755))
	require.NoError(t, os.WriteFile(auth,
		[]byte(`{"auths":{"r.test":{"auth":"dTpw"}},"credHelpers":{"h.test":"x/../evil"}}`), 0o600))
	f := Finder{Getenv: func(k string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[k] }}
	keys := func(registry string) (*backend.Credentials, error) {
		return search(t.Context(), f.files()[0], registry, []string{registry})
	}
	require.Equal(t, place{path: auth, shared: true}, f.files()[0])
	c, err := keys("r.test")
	require.NoError(t, err)
	require.Equal(t, "u", c.Username)
	_, err = keys("h.test")
	require.ErrorContains(t, err, "is not the name of a credential helper")
	if os.Getuid() == 0 {
		require.NoError(t, os.Chown(auth, 12345, 12345))
		_, err = keys("r.test")
		require.ErrorIs(t, err, userdir.ErrUnsafe)
	}
}
