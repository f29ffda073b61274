package backendtest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// program is a command. Its error, if any, is an exited or a died.
type program func(p *process, argv []string) (int, error)

// appletContent is what the files of programs hold in the fake's images, so that a
// program exists in a container only where its file does.
const appletContent = "an applet of the fake\n"

// builtins are the commands that belong to the shell itself.
func builtins() map[string]program {
	return map[string]program{
		":":      func(*process, []string) (int, error) { return 0, nil },
		"cd":     runCd,
		"exit":   runExit,
		"export": runExport,
		"kill":   runKill,
		"set":    runSet,
		"trap":   runTrap,
		"wait":   runWait,
		"exec":   func(p *process, argv []string) (int, error) { return execInPlace(p, argv[1:]) },
	}
}

// programs are the commands that have a file.
func programs() map[string]program {
	return map[string]program{
		"[":        runTest,
		"cat":      runCat,
		"chmod":    runChmod,
		"cp":       runCp,
		"echo":     runEcho,
		"env":      runEnv,
		"find":     runFind,
		"false":    func(*process, []string) (int, error) { return 1, nil },
		"grep":     runGrep,
		"hostname": printing(func(p *process) string { return p.box.hostname() }),
		"id":       runID,
		"ln":       runLn,
		"ls":       runLs,
		"mkdir":    runMkdir,
		"nslookup": runNslookup,
		"printf":   runPrintf,
		"ps":       printing(func(p *process) string { return p.box.processTable() }),
		"pwd":      printing(func(p *process) string { return p.cwd }),
		"readlink": runReadlink,
		"rm":       runRm,
		"seq":      runSeq,
		"sh":       runSh,
		"sleep":    func(p *process, _ []string) (int, error) { return p.pause(nil) },
		"stat":     runStat,
		"stty":     runStty,
		"test":     runTest,
		"touch":    runTouch,
		"true":     func(*process, []string) (int, error) { return 0, nil },
	}
}

// printing makes a program of what it prints.
func printing(text func(*process) string) program {
	return func(p *process, _ []string) (int, error) { return p.print(text(p)), nil }
}

// write prints a text. A reader that is gone ends a command as on a real system.
func (p *process) write(text string) int {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return 1
	}
	return 0
}

// print prints a line.
func (p *process) print(line string) int { return p.write(line + "\n") }

// fail complains and returns what a program returns when it fails.
func (p *process) fail(format string, args ...any) (int, error) {
	return p.complain(format, args...), nil
}

// each runs something for every operand that is no option, and complains of what
// failed.
func (p *process) each(argv []string, do func(name string) error) (int, error) {
	code := 0
	for _, arg := range argv[1:] {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if err := do(p.abs(arg)); err != nil {
			code = p.complain("%s: %v", argv[0], err)
		}
	}
	return code, nil
}

func hasOption(argv []string, letter string) bool {
	return slices.ContainsFunc(argv[1:], func(a string) bool { return strings.HasPrefix(a, "-") && strings.Contains(a, letter) })
}

func runCd(p *process, argv []string) (int, error) {
	target := cmp.Or(strings.Join(argv[1:], ""), p.env["HOME"], "/")
	f, err := p.box.files.stat(p.abs(target), true)
	if err != nil || !f.mode.IsDir() {
		return p.fail("sh: cd: can't cd to %s", target)
	}
	p.cwd = p.abs(target)
	return 0, nil
}

func runExit(p *process, argv []string) (int, error) {
	if len(argv) == 1 {
		return p.lastCode, exited{p.lastCode}
	}
	code, err := strconv.Atoi(argv[1])
	if err != nil {
		return 2, exited{2}
	}
	return code & 0xff, exited{code & 0xff}
}

func runExport(p *process, argv []string) (int, error) {
	for _, arg := range argv[1:] {
		if name, value, ok := strings.Cut(arg, "="); ok {
			p.env[name] = value
		}
	}
	return 0, nil
}

func runSet(p *process, argv []string) (int, error) {
	p.stopOnFail = p.stopOnFail || hasOption(argv, "e")
	return 0, nil
}

func execInPlace(p *process, argv []string) (int, error) {
	code, err := p.call(argv)
	if err == nil {
		err = exited{code}
	}
	return code, err
}

func runKill(p *process, argv []string) (int, error) {
	number := sigTerm
	for _, arg := range argv[1:] {
		if name, ok := strings.CutPrefix(arg, "-"); ok {
			n, known := signalNumber(name)
			if !known {
				return p.fail("kill: bad signal %s", name)
			}
			number = n
			continue
		}
		pid, err := strconv.Atoi(arg)
		if err != nil || !p.box.signal(pid, number) {
			return p.fail("kill: %s: no such process", arg)
		}
	}
	return 0, nil
}

// signalNumber understands TERM, SIGTERM, 15, SIGRTMIN+3 and EXIT.
func signalNumber(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, n >= 0 && n < 65
	}
	name = strings.TrimPrefix(strings.ToUpper(name), "SIG")
	if offset, ok := strings.CutPrefix(name, "RTMIN+"); ok {
		n, err := strconv.Atoi(offset)
		return 34 + n, err == nil && n >= 0 && n <= 30
	}
	n, ok := map[string]int{
		"EXIT": 0, "HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": sigKill, "USR1": 10, "USR2": 12, "TERM": sigTerm, "WINCH": 28,
	}[name]
	return n, ok
}

func runTrap(p *process, argv []string) (int, error) {
	if len(argv) < 3 {
		return 0, nil
	}
	p.traps.mu.Lock()
	defer p.traps.mu.Unlock()
	for _, name := range argv[2:] {
		number, ok := signalNumber(name)
		if !ok {
			return p.fail("trap: %s: invalid signal specification", name)
		}
		p.traps.actions[number] = argv[1]
	}
	return 0, nil
}

func runWait(p *process, _ []string) (int, error) {
	finished := make(chan struct{})
	go func() {
		p.background.Wait()
		close(finished)
	}()
	return p.pause(finished)
}

func runCat(p *process, argv []string) (int, error) {
	if len(argv) == 1 {
		if _, err := io.Copy(p.stdout, p.stdin); err != nil {
			return 1, p.handleSignals()
		}
		return 0, nil
	}
	return p.each(argv, func(name string) error {
		data, err := p.box.files.read(name)
		if err == nil {
			_, err = p.stdout.Write(data)
		}
		return err
	})
}

func runChmod(p *process, argv []string) (int, error) {
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) < 2 {
		return p.fail("chmod: too few arguments")
	}
	mode, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil {
		return p.fail("chmod: the fake knows octal modes only")
	}
	return p.each(args, func(name string) error {
		f, err := p.box.files.stat(name, true)
		if err != nil {
			return err
		}
		f.mode = f.mode.Type() | fs.FileMode(mode)
		return p.box.files.put(name, f)
	})
}

func runCp(p *process, argv []string) (int, error) {
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) != 2 {
		return p.fail("cp: the fake copies one thing at a time")
	}
	from, to := p.abs(args[0]), p.abs(args[1])
	if f, err := p.box.files.stat(to, true); err == nil && f.mode.IsDir() {
		to = path.Join(to, path.Base(from))
	}
	if err := copyFiles(&p.box.files, from, &p.box.files, to); err != nil {
		return p.fail("cp: %v", err)
	}
	return 0, nil
}

func runEcho(p *process, argv []string) (int, error) {
	return p.print(strings.Join(argv[1:], " ")), nil
}

func runEnv(p *process, argv []string) (int, error) {
	args := argv[1:]
	for len(args) > 0 && strings.Contains(args[0], "=") {
		name, value, _ := strings.Cut(args[0], "=")
		p.env[name] = value
		args = args[1:]
	}
	if len(args) > 0 {
		return p.call(args)
	}
	for _, name := range slices.Sorted(maps.Keys(p.env)) {
		p.print(name + "=" + p.env[name])
	}
	return 0, nil
}

func runGrep(p *process, argv []string) (int, error) {
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) == 0 {
		return p.fail("grep: no pattern")
	}
	pattern, err := regexp.Compile(args[0])
	if err != nil {
		p.complain("grep: %v", err)
		return 2, nil
	}
	var text []byte
	if len(args) == 1 {
		text, err = io.ReadAll(p.stdin)
	} else {
		text, err = p.box.files.read(p.abs(args[1]))
	}
	if err != nil {
		p.complain("grep: %v", err)
		return 2, nil
	}
	code := 1
	for line := range strings.Lines(string(text)) {
		if pattern.MatchString(strings.TrimSuffix(line, "\n")) {
			code = 0
			if !hasOption(argv, "q") {
				p.print(strings.TrimSuffix(line, "\n"))
			}
		}
	}
	return code, nil
}

func runID(p *process, argv []string) (int, error) {
	groups := strings.Trim(fmt.Sprint(append([]int{p.gid}, p.groups...)), "[]")
	switch strings.Join(argv[1:], " ") {
	case "-u":
		return p.print(strconv.Itoa(p.uid)), nil
	case "-g":
		return p.print(strconv.Itoa(p.gid)), nil
	case "-G":
		return p.print(groups), nil
	}
	return p.print(fmt.Sprintf("uid=%d gid=%d groups=%s", p.uid, p.gid, strings.ReplaceAll(groups, " ", ","))), nil
}

func runLn(p *process, argv []string) (int, error) {
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) != 2 || !hasOption(argv, "s") {
		return p.fail("ln: the fake knows ln -s TARGET LINK only")
	}
	if err := p.box.files.put(p.abs(args[1]), symlink(args[0])); err != nil {
		return p.fail("ln: %v", err)
	}
	return 0, nil
}

func runLs(p *process, argv []string) (int, error) {
	if len(argv) == 1 {
		argv = append(argv, ".")
	}
	return p.each(argv, func(name string) error {
		f, err := p.box.files.stat(name, true)
		if err != nil {
			return err
		}
		if !f.mode.IsDir() {
			p.print(name)
			return nil
		}
		names, err := p.box.files.list(name)
		for _, n := range names {
			p.print(n)
		}
		return err
	})
}

func runMkdir(p *process, argv []string) (int, error) {
	return p.each(argv, func(name string) error {
		if hasOption(argv, "p") {
			return p.box.files.mkdirAll(name)
		}
		if _, err := p.box.files.stat(name, false); err == nil {
			return fmt.Errorf("%s: %w", name, fs.ErrExist)
		}
		f := directory()
		f.uid, f.gid = p.uid, p.gid
		return p.box.files.put(name, f)
	})
}

func runNslookup(p *process, argv []string) (int, error) {
	address := p.box.fake.resolve(p.box, argv[len(argv)-1])
	if address == "" {
		return p.fail("nslookup: can't resolve '%s'", argv[len(argv)-1])
	}
	return p.print("Name: " + argv[len(argv)-1] + "\nAddress: " + address), nil
}

func runPrintf(p *process, argv []string) (int, error) {
	if len(argv) == 1 {
		return p.fail("printf: no format")
	}
	values := make([]any, 0, len(argv))
	for _, v := range argv[2:] {
		values = append(values, v)
	}
	format := strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(argv[1])
	return p.write(fmt.Sprintf(format, values...)), nil
}

func runReadlink(p *process, argv []string) (int, error) {
	return p.each(argv, func(name string) error {
		f, err := p.box.files.stat(name, false)
		if err != nil {
			return err
		}
		if f.mode&fs.ModeSymlink == 0 {
			return fmt.Errorf("%s: not a link", name)
		}
		p.print(f.target)
		return nil
	})
}

// runFind knows `find . -exec stat -c '%i %Z %Y %s %f %n' {} +` only. What stands for a
// file's inode and times is its content.
func runFind(p *process, argv []string) (int, error) {
	if strings.Join(argv, " ") != "find . -exec stat -c %i %Z %Y %s %f %n {} +" {
		return p.fail("find: the fake knows no %q", argv)
	}
	return 0, p.listBelow(".")
}

func (p *process) listBelow(name string) error {
	f, err := p.box.files.stat(path.Join(p.cwd, name), false)
	if err != nil {
		return err
	}
	kind := 0o100000
	switch {
	case f.mode.IsDir():
		kind = 0o040000
	case f.mode&fs.ModeSymlink != 0:
		kind = 0o120000
	}
	p.print(fmt.Sprintf("%d 0 0 %d %x %s", crc32.ChecksumIEEE(f.data), len(f.data), kind|int(f.mode.Perm()), name))
	if !f.mode.IsDir() {
		return nil
	}
	names, err := p.box.files.list(path.Join(p.cwd, name))
	for _, n := range names {
		err = errors.Join(err, p.listBelow(name+"/"+n))
	}
	return err
}

func runRm(p *process, argv []string) (int, error) {
	return p.each(argv, func(name string) error {
		err := p.box.files.remove(name)
		if errors.Is(err, fs.ErrNotExist) && hasOption(argv, "f") {
			return nil
		}
		return err
	})
}

func runSeq(p *process, argv []string) (int, error) {
	first, last := 1, 0
	var err, lastErr error
	switch len(argv) {
	case 2:
		last, err = strconv.Atoi(argv[1])
	case 3:
		first, err = strconv.Atoi(argv[1])
		last, lastErr = strconv.Atoi(argv[2])
	default:
		err = errors.New("the fake knows seq [FIRST] LAST only")
	}
	if err = errors.Join(err, lastErr); err != nil {
		return p.fail("seq: %v", err)
	}
	var buf []byte
	for n := first; n <= last; n++ {
		buf = append(strconv.AppendInt(buf, int64(n), 10), '\n')
		if len(buf) < 1<<15 && n < last {
			continue
		}
		if _, err := p.stdout.Write(buf); err != nil {
			return 1, p.handleSignals()
		}
		buf = buf[:0]
	}
	return 0, nil
}

// runStat knows stat -c FORMAT with %a, %u, %g and %s.
func runStat(p *process, argv []string) (int, error) {
	if len(argv) < 4 || argv[1] != "-c" {
		return p.fail("stat: the fake knows stat -c FORMAT FILE only")
	}
	return p.each(argv[2:], func(name string) error {
		f, err := p.box.files.stat(name, false)
		if err != nil {
			return err
		}
		p.print(strings.NewReplacer(
			"%a", strconv.FormatUint(uint64(f.mode.Perm()), 8),
			"%u", strconv.Itoa(f.uid), "%g", strconv.Itoa(f.gid), "%s", strconv.Itoa(len(f.data)),
		).Replace(argv[2]))
		return nil
	})
}

func runStty(p *process, _ []string) (int, error) {
	if p.terminal == nil {
		return p.fail("stty: standard input: not a tty")
	}
	size := p.terminal.get()
	return p.print(fmt.Sprintf("%d %d", size.Height, size.Width)), nil
}

// runTest knows one condition, perhaps negated.
func runTest(p *process, argv []string) (int, error) {
	args := argv[1:]
	if argv[0] == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			p.complain("[: missing ]")
			return 2, nil
		}
		args = args[:len(args)-1]
	}
	wanted := true
	if len(args) > 0 && args[0] == "!" {
		wanted, args = false, args[1:]
	}
	got, err := p.test(args)
	if err != nil {
		p.complain("test: %v", err)
		return 2, nil
	}
	if got == wanted {
		return 0, nil
	}
	return 1, nil
}

// test evaluates a condition without its negation.
func (p *process) test(args []string) (bool, error) {
	switch len(args) {
	case 0:
		return false, nil
	case 1:
		return args[0] != "", nil
	case 3:
		switch args[1] {
		case "=":
			return args[0] == args[2], nil
		case "!=":
			return args[0] != args[2], nil
		}
		return false, fmt.Errorf("the fake does not know %s", args[1])
	}
	operand := args[1]
	switch args[0] {
	case "-n":
		return operand != "", nil
	case "-z":
		return operand == "", nil
	case "-t":
		return p.terminal != nil, nil
	}
	f, err := p.box.files.stat(p.abs(operand), args[0] != "-L")
	exists := err == nil
	switch args[0] {
	case "-e", "-r":
		return exists, nil
	case "-f":
		return exists && f.mode.IsRegular(), nil
	case "-d":
		return f.mode.IsDir(), nil
	case "-L":
		return f.mode&fs.ModeSymlink != 0, nil
	case "-x":
		return f.mode.Perm()&0o111 != 0, nil
	case "-s":
		return len(f.data) > 0, nil
	}
	return false, fmt.Errorf("the fake does not know %s", args[0])
}

func runTouch(p *process, argv []string) (int, error) {
	return p.each(argv, func(name string) error {
		return p.box.files.write(name, nil, true, p.newFile(""))
	})
}
