package process

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// identity tells a process from a later one of the same number: the time of its start (field 22 of /proc/PID/stat). It
// is empty for a process that has ended.
type identity string

// process is what /proc says of one that has not ended.
type process struct {
	pid, parent, group int
	id                 identity
}

func processes() []process {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil // the pattern is a good one
	}
	var all []process
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if parent, group, id := readStat(pid); id != "" {
			all = append(all, process{pid, parent, group, id})
		}
	}
	return all
}

// onlyZombies reports whether a group that exists has no living process: a zombie stays for as long as its parent,
// often the init of a container, does not wait for it.
func onlyZombies(group int) bool {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return false // without /proc nothing is known
	}
	return !slices.ContainsFunc(processes(), func(p process) bool { return p.group == group })
}

// findStrays adds the descendants that are not in the group.
func (t *tree) findStrays() {
	if t.groupOnly {
		return
	}
	all := processes()
	ours := func(p process) bool {
		_, known := t.strays[p.parent]
		return known || p.parent == t.group
	}
	within := map[int]bool{}
	for found := true; found; {
		found = false
		for _, p := range all {
			_, known := t.strays[p.pid]
			switch {
			case known || within[p.pid]:
			case p.group == t.group:
				within[p.pid], found = true, true
			case ours(p) || within[p.parent]:
				t.strays[p.pid], found = p.id, true
			}
		}
	}
}

func identify(pid int) identity {
	_, _, id := readStat(pid)
	return id
}

// readStat reads /proc/PID/stat, see proc(5). A zombie has ended.
func readStat(pid int) (parent, group int, id identity) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, "" // it has ended
	}
	// The name stands in parentheses and may hold anything.
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	const state, ppid, pgrp, start = 0, 1, 2, 19
	if len(fields) <= start || fields[state][0] == 'Z' {
		return 0, 0, ""
	}
	parent, _ = strconv.Atoi(string(fields[ppid]))
	group, _ = strconv.Atoi(string(fields[pgrp]))
	return parent, group, identity(fields[start])
}
