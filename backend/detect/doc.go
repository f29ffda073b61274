// Package detect finds the container engine to work with.
//
// It lists every place where an engine may answer, in a fixed order, asks each, and keeps the reason for each refusal,
// so that `galley engines` and the error for "nothing found" can show the whole list. Which engine answers is told by
// the answer itself, never by the path of a socket.
package detect
