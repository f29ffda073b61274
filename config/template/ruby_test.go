package template

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/erb"
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
	s := &Session{opts: Options{Options: erb.Options{Env: []string{"PATH=" + t.TempDir()}}}, root: root}
	require.Empty(t, s.findRuby())
	put("hab/pkgs/core/ruby3_1/3.1.2/20230101000000/bin/ruby")
	newest := put("hab/pkgs/core/ruby3_1/3.1.10/20230101000000/bin/ruby")
	require.Equal(t, newest, s.findRuby())
	chef := put("opt/chef/embedded/bin/ruby")
	require.Equal(t, chef, s.findRuby())
	workstation := put("opt/chef-workstation/embedded/bin/ruby")
	require.Equal(t, workstation, s.findRuby())
}
