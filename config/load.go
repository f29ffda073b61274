package config

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/galley-kitchen/galley/config/kitchen"
)

// What loading a project says in package kitchen's words.
type (
	// Options say what Load reads.
	Options = kitchen.Options
	// Renderer evaluates the ERB of the files.
	Renderer = kitchen.Renderer
	// File is one of the configuration files.
	File = kitchen.File
	// RawInstance is one suite on one platform with its merged data.
	RawInstance = kitchen.RawInstance
	// Diagnostic is one problem of the configuration, with its place.
	Diagnostic = kitchen.Diagnostic
	// Severity tells if a diagnostic stops galley.
	Severity = kitchen.Severity
	// LoadError says why the configuration could not be loaded.
	LoadError = kitchen.LoadError
)

// The severities.
const (
	SeverityWarning = kitchen.SeverityWarning
	SeverityError   = kitchen.SeverityError
)

// Config is what the files of a project say, merged and cut into instances, which Resolve gives their types.
type Config struct{ *kitchen.Config }

// Load reads the files of a project; see kitchen.Load.
func Load(ctx context.Context, o Options) (*Config, error) {
	c, err := kitchen.Load(ctx, o)
	if c == nil {
		return nil, err
	}
	return &Config{c}, err
}

// MaskedJSON is MergedJSON with secrets masked.
func (c *Config) MaskedJSON(mask *Masker) ([]byte, error) {
	out, err := c.MergedJSON()
	if err != nil {
		return nil, err
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("mask the configuration: %w", err)
	}
	return json.Marshal(mask.MaskValue("", plain))
}
