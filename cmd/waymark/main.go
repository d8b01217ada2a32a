// Command waymark is the whole of Waymark: the server, the imports, the demo district
// and what keeps a store in order. This package only reads the command line and
// introduces the others to each other.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"waymark/internal/fault"
	"waymark/internal/visible"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := env{args: os.Args[1:], getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, terminal: isTerminal(os.Stderr)}
	os.Exit(exitCode(run(ctx, &e), os.Stderr))
}

// env is what a run of the program takes from its surroundings.
type env struct {
	args           []string
	getenv         func(string) string
	stdin          io.Reader // nil for the process's own
	stdout, stderr io.Writer
	now            func() time.Time
	terminal       bool // stderr is one: progress may be drawn
}

// Exit codes, on which scripts rely.
const (
	exitDone     = 0
	exitRefused  = 1  // the input was refused or has errors
	exitUsage    = 2  // wrong usage
	exitDecision = 3  // a person must decide
	exitFault    = 70 // a fault of the program
)

// usageError is a mistake on the command line.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// errRefused ends a run whose report has been printed already.
var errRefused = errors.New("refused")

// exitCode says what went wrong, if anything did, and as what the program ends.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errRefused) {
		return exitRefused
	}
	say := func(text string) { fmt.Fprintf(stderr, "waymark: %s\n", printable(clipped(text))) }
	if e, ok := errors.AsType[usageError](err); ok {
		say(e.message)
		return exitUsage
	}
	switch fault.KindOf(err) {
	case fault.Decision:
		say(fault.Sentence(err))
		return exitDecision
	case fault.Internal:
		say(err.Error())
		return exitFault
	case fault.Unavailable:
		say(fault.Sentence(err) + "\nThe cause: " + err.Error())
		return exitFault
	}
	say(fault.Sentence(err))
	return exitRefused
}

// printable is a text, which may quote a file, without what a terminal would obey.
func printable(text string) string { return strings.ReplaceAll(visible.Text(text), "\r", " ") }

// clipped is as much of a message as a person reads.
func clipped(message string) string {
	const most = 4000
	if len(message) > most {
		return message[:most] + " …"
	}
	return message
}

func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
