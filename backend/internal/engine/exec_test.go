package engine

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// sizing answers one call after the other: with states, of which the last one stays, and with errors of resizes.
type sizing struct {
	ExecCalls
	states  []ExecState
	resizes []error
}

func (s *sizing) InspectExec(context.Context, string, string) (ExecState, error) {
	state := s.states[0]
	s.states = s.states[min(1, len(s.states)-1):]
	return state, nil
}

func (s *sizing) ResizeExec(context.Context, string, backend.TerminalSize) error {
	err := s.resizes[0]
	s.resizes = s.resizes[1:]
	return err
}

func (s *sizing) Wrap(op string, err error) error {
	return Words{Rules: []Rule{Means(backend.ErrNotRunning, "", "is not running")}}.Wrap(op, err)
}

// The first size of a terminal is tried again while its process is not there, and not when it is refused: the output
// waits for it.
func TestSetSize(t *testing.T) {
	running := ExecState{Running: true, Started: true}
	early := &StatusError{Status: http.StatusConflict, Message: "the process is not running"}
	for name, tt := range map[string]struct {
		states  []ExecState
		resizes []error
	}{
		"at once":           {[]ExecState{running}, []error{nil}},
		"when it runs":      {[]ExecState{{Running: true}, {Running: true}, running}, []error{early, early, nil}},
		"it has ended":      {[]ExecState{{Started: true}}, nil},
		"a proxy forbids":   {[]ExecState{running}, []error{&StatusError{Status: http.StatusForbidden}}},
		"the engine cannot": {[]ExecState{running}, []error{&StatusError{Status: http.StatusInternalServerError}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, calls := time.Now(), &sizing{states: tt.states, resizes: tt.resizes}
				execs{ExecCalls: calls}.setSize(t.Context(), "session", backend.TerminalSize{Width: 80, Height: 24})
				require.Empty(t, calls.resizes)
				require.Less(t, time.Since(began), firstSizeTime)
			})
		})
	}
}
