package template

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRubyOfAnInstalledProduct checks where a ruby is looked for without one on
// the PATH, and that versions are compared as numbers.
func TestRubyOfAnInstalledProduct(t *testing.T) {
	root := t.TempDir()
	put := func(name string) string {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
		return path
	}
	r := rubyRunner{Env: []string{"PATH=" + t.TempDir()}, Root: root}
	require.Empty(t, r.find())
	put("hab/pkgs/core/ruby3_1/3.1.2/20230101000000/bin/ruby")
	newest := put("hab/pkgs/core/ruby3_1/3.1.10/20230101000000/bin/ruby")
	require.Equal(t, newest, r.find())
	chef := put("opt/chef/embedded/bin/ruby")
	require.Equal(t, chef, r.find())
	workstation := put("opt/chef-workstation/embedded/bin/ruby")
	require.Equal(t, workstation, r.find())
}
