package main

import "os/exec"

// owner is another user of this machine; on Windows nobody is.
type owner struct{ uid, gid int }

func ownerOf(string) (*owner, error) { return nil, nil }

func (o *owner) runs(*exec.Cmd) {}
