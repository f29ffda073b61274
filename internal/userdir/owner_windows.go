package userdir

import (
	"io/fs"
	"os"
)

// On Windows a user's directories inherit the access list of the profile: numbers of users and modes say nothing.
func ownerOf(fs.FileInfo) int { return os.Getuid() }

func loose(fs.FileInfo, fs.FileMode) bool { return false }
