// Package publish makes an image for others of a runner that was tested, and brings it to registries and into files.
//
// An engine gives the runner's files as a commit, and the commit and the image below it as one archive (archive.go).
// The image keeps the layers and the configuration of the one below; of the commit's own layer all is left out that
// belongs to the test and not to what was tested (clean.go, image.go). A Registry takes the image: blobs and manifests
// by their digests first, names last (registry.go). A file gets it as an archive (file.go).
//
// It knows no engine and no instance; package lifecycle brings both together.
package publish
