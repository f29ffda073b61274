// Package config turns the files of a project into instances: kitchen.yml with its
// overlays is found, its templates evaluated, its YAML read as Test Kitchen reads
// it, merged, cut into suites on platforms, checked against the table of keys, and
// typed. It knows nothing of engines.
package config
