// Package rig tells what of a runner's files belongs to the test and not to what converge made: the places where
// something is mounted, and the files that engines make. The comparison of a runner with its image and the images that
// are published of runners both use it, so that what the one leaves out the other leaves out too.
package rig

import (
	"path"
	"slices"
	"strings"
)

// engineFiles are the files and directories that engines make in every container.
var engineFiles = []string{
	"/.dockerenv", "/run/.containerenv", "/var/run/.containerenv", "/run/secrets", "/etc/hosts", "/etc/hostname",
	"/etc/resolv.conf", "/etc/mtab", "/dev", "/proc", "/sys",
}

// EngineFiles are the absolute paths of files and directories that engines make in every container.
func EngineFiles() []string { return slices.Clone(engineFiles) }

// MadeByEngine reports whether an absolute path is one that engines make in every container, or lies in one.
func MadeByEngine(p string) bool { return In(engineFiles, p) }

// In reports whether an absolute path is one of places or lies in one of them.
func In(places []string, p string) bool {
	for _, place := range places {
		if place = path.Clean(place); p == place || strings.HasPrefix(p, strings.TrimSuffix(place, "/")+"/") {
			return true
		}
	}
	return false
}
