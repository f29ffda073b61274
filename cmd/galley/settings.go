package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// settings are galley's own, which are not kitchen.yml's: a flag beats GALLEY_*
// in the environment, which beats .galley.yml in the project, which beats
// ~/.config/galley/config.yml.
type settings struct {
	v     *viper.Viper
	flags *pflag.FlagSet
}

func newSettings(flags *pflag.FlagSet, dir string) (settings, error) {
	v := viper.New()
	v.SetEnvPrefix("GALLEY")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := v.BindPFlags(flags); err != nil {
		return settings{}, fmt.Errorf("read the settings: %w", err)
	}
	for _, file := range settingFiles(dir) {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return settings{}, fmt.Errorf("read the settings: %w", err)
		}
		var written map[string]any
		if err := yaml.Unmarshal(data, &written); err != nil {
			return settings{}, fmt.Errorf("read the settings in %s: %w", file, err)
		}
		named := make(map[string]any, len(written))
		for key, value := range written {
			// Flags have dashes; in a YAML file people expect underscores.
			named[strings.ReplaceAll(key, "_", "-")] = value
		}
		if err := v.MergeConfigMap(named); err != nil {
			return settings{}, fmt.Errorf("read the settings in %s: %w", file, err)
		}
	}
	for _, key := range v.AllKeys() {
		if flags.Lookup(key) == nil && !known[key] {
			return settings{}, fmt.Errorf("the settings have an unknown key %q\nSettings are named as the flags are: see galley help", key)
		}
	}
	return settings{v, flags}, nil
}

// known are the settings that are flags of some commands only.
var known = map[string]bool{
	"concurrency": true, "destroy": true, "fail-fast": true, "report": true, "no-recreate": true, "pull": true, "test-base-path": true,
	"require-tests": true, "retry": true, "shard": true, "shard-times": true,
}

// settingFiles are the files of settings, weakest first.
func settingFiles(dir string) []string {
	var files []string
	if conf, err := os.UserConfigDir(); err == nil {
		files = append(files, filepath.Join(conf, "galley", "config.yml"))
	}
	return append(files, filepath.Join(dir, ".galley.yml"))
}

// given tells whether a flag was on the command line.
func (s settings) given(key string) bool {
	f := s.flags.Lookup(key)
	return f != nil && f.Changed
}

// source tells who set a key, for messages.
func (s settings) source(key string) string {
	if s.given(key) {
		return "--" + key
	}
	name := "GALLEY_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
	if os.Getenv(name) != "" {
		return name
	}
	return "the setting " + key
}
