package detect

import (
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// withSockets is a machine with sockets at paths.
func withSockets(h Host, paths ...string) Host {
	h.Owner = func(p string) (int, error) {
		if slices.Contains(paths, p) {
			return h.UID, nil
		}
		return 0, fs.ErrNotExist
	}
	return h
}

// TestColimaProfiles: machines besides the default one are found by their sockets, after the usual places of Colima.
func TestColimaProfiles(t *testing.T) {
	h := withSockets(fakeHost(map[string]string{"/home/u/.colima/extra": "", "/home/u/.colima/arm": "",
		"/home/u/.colima/_lima": "", "/home/u/.colima/default": ""}, nil), "/home/u/.colima/extra/docker.sock",
		"/home/u/.colima/arm/docker.sock", "/home/u/.colima/default/docker.sock")
	var sources []string
	for _, c := range wellKnownSockets(h) {
		sources = append(sources, c.Source)
	}
	at := slices.Index(sources, "Colima")
	require.Equal(t, []string{"Colima", "Colima, old place", "Colima, profile arm", "Colima, profile extra", "Rancher Desktop"},
		sources[at:at+5])

	h = withSockets(fakeHost(map[string]string{"/else/one": ""}, map[string]string{"COLIMA_HOME": "/else"}),
		"/else/one/docker.sock")
	require.Equal(t, "unix:///else/one/docker.sock", colimaProfiles(h)[0].Endpoint.URI)
}

// TestOthers: engines that are there and cannot be used are told, and those that are not there are not.
func TestOthers(t *testing.T) {
	const (
		rancher = "Rancher Desktop with containerd: containerd has no API of Docker's; " +
			"Choose dockerd in Rancher Desktop: rdctl set --container-engine.name=moby"
		wslcVerdict = "wslc: it is a command, and has no API of Docker's; " +
			"Start Docker Desktop, or install Podman: winget install RedHat.Podman"
	)
	const containerd = `{"version": 16, "containerEngine": {"name": "containerd"}}`
	for name, c := range map[string]struct {
		goos    string
		files   map[string]string
		env     map[string]string
		sockets []string
		program bool
		want    []string
	}{
		"nothing":        {goos: "linux"},
		"Finch on Linux": {goos: "linux", sockets: []string{"/run/finch.sock"}, want: []string{"Finch"}},
		"Finch and socktainer on macOS": {goos: "darwin", sockets: []string{"/home/u/.finch/finch.sock",
			"/home/u/.socktainer/container.sock"}, want: []string{"Finch", "socktainer"}},
		"Rancher Desktop on Linux": {goos: "linux",
			files: map[string]string{"/home/u/.config/rancher-desktop/settings.json": containerd},
			want:  []string{rancher}},
		"Rancher Desktop on macOS": {goos: "darwin",
			files: map[string]string{"/home/u/Library/Preferences/rancher-desktop/settings.json": containerd},
			want:  []string{rancher}},
		"Rancher Desktop with dockerd": {goos: "darwin", files: map[string]string{
			"/home/u/Library/Preferences/rancher-desktop/settings.json": `{"containerEngine": {"name": "moby"}}`}},
		"damaged settings": {goos: "linux", files: map[string]string{"/home/u/.config/rancher-desktop/settings.json": "{"}},
		"wslc":             {goos: "windows", program: true, want: []string{wslcVerdict}},
		"a wslc elsewhere": {goos: "linux", program: true},
	} {
		h := withSockets(fakeHost(c.files, c.env), c.sockets...)
		h.GOOS = c.goos
		if c.program {
			h.LookPath = func(string) (string, error) { return "/bin/x", nil }
		}
		var got []string
		for _, o := range others(h) {
			if o.partial { // its verdict is that of its answer: see TestPartialEngine
				got = append(got, o.Source)
				continue
			}
			require.Equal(t, Refused, o.Verdict, name)
			got = append(got, o.Source+": "+o.Reason+"; "+o.Remedy)
		}
		require.Equal(t, c.want, got, name)
	}
}

// TestPartialEngine: an engine with a part of Docker's API is chosen by those who name it.
func TestPartialEngine(t *testing.T) {
	h := fakeHost(nil, nil)
	h.Home = shortDir(t)
	path := filepath.Join(h.Home, ".finch", "finch.sock")
	serve(t, path, map[string]string{"Api-Version": "1.43"})
	h = withSockets(h, path)
	found, err := Find(t.Context(), h, Options{})
	require.Error(t, err)
	finch := found.Candidates[slices.IndexFunc(found.Candidates, func(c Candidate) bool { return c.Source == "Finch" })]
	require.Equal(t, Refused, finch.Verdict)
	require.Equal(t, partly, finch.Reason)
	require.Contains(t, finch.Remedy, "--host unix://"+path)

	found, err = Find(t.Context(), h, Options{Host: "unix://" + path, HostSource: "--host"})
	require.NoError(t, err)
	require.Equal(t, backend.KindDocker, found.Chosen.Kind)
}
