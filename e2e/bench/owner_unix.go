//go:build !windows

package main

import (
	"net/url"
	"os"
	"os/exec"
	"syscall"
)

// owner is another user of this machine.
type owner struct{ uid, gid int }

// ownerOf is who an engine's socket belongs to, nil where that is nobody else, or this user cannot become another one.
func ownerOf(host string) (*owner, error) {
	u, err := url.Parse(host)
	if err != nil || u.Scheme != "unix" || os.Getuid() != 0 {
		return nil, err
	}
	info, err := os.Stat(u.Path)
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil, nil
	}
	return &owner{int(stat.Uid), int(stat.Gid)}, nil
}

// runs has a command run as that user.
func (o *owner) runs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
}
