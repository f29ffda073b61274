package lifecycle

import "io/fs"

// inodeOf is 0: a path tells enough where projects are not mounted elsewhere.
func inodeOf(fs.FileInfo) uint64 { return 0 }
