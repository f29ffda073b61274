package settings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLoad looks for a project's settings that panic, and for power that they get.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{"", "~", "engine: podman\nno_color: yes\n", "images: {docker.io: x.example}\nhost: tcp://x:1\n",
		"report: [junit=a.xml, html=../b]\nretry: 2\n", "erb: ruby\nerb_commands: on\n", "a: &b [*b]\n", "concurrency: 0x10\n"} {
		f.Add([]byte(text))
	}
	powerless, err := Load(Options{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, projectFile), data, 0o600))
		l, err := Load(Options{Dir: dir})
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, kept := range [][2]any{{powerless.Host, l.Host}, {powerless.Images, l.Images},
			{powerless.TLSCertPath, l.TLSCertPath}, {powerless.TLSVerify, l.TLSVerify}} {
			require.Equal(t, kept[0], kept[1], "%s", data)
		}
		require.NotEqual(t, "ruby", l.ERB, "%s", data)
	})
}
