package engine

import (
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// The real-time signals of Linux, whose numbers have no names of their own.
const (
	firstRealtime = 34
	lastRealtime  = 64
)

// signals are Linux's, on whatever system galley itself runs.
func signals() map[string]int {
	return map[string]int{
		"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
		"SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
		"TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
		"IO": 29, "PWR": 30, "SYS": 31, "RTMIN": firstRealtime, "RTMAX": lastRealtime,
	}
}

// SignalNumber is the number that a signal has on Linux. It knows "TERM", "SIGTERM",
// "sigterm", "15", "SIGRTMIN+3" and "SIGRTMAX-2". Errors: backend.ErrInvalid.
func SignalNumber(signal string) (int, error) {
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(signal)), "SIG")
	offset := 0
	if at := strings.IndexAny(name, "+-"); strings.HasPrefix(name, "RTM") && at >= 0 {
		n, err := strconv.Atoi(name[at:])
		if err != nil {
			return 0, badSignal(signal)
		}
		name, offset = name[:at], n
	}
	number, known := signals()[name]
	if n, err := strconv.Atoi(name); err == nil {
		number, known = n, true
	}
	number += offset
	if !known || number < 1 || number > lastRealtime {
		return 0, badSignal(signal)
	}
	return number, nil
}

func badSignal(signal string) error {
	return &backend.Error{Op: "stop_signal " + signal, Kind: backend.ErrInvalid, Detail: "there is no such signal",
		Remedy: "Write a name such as SIGTERM or SIGRTMIN+3."}
}
