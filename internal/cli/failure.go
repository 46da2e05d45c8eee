package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/internal/fault"
)

// Exit codes of the command (docs/spec/cli.md, section 2.2).
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitDenied      = 3
	exitLimit       = 4
	exitNotFound    = 6
	exitInterrupted = 130
)

// Code is one error code that only the command produces; those of a call come
// from the error list that the library shares (internal/fault).
type Code struct {
	Name string // stable, kebab-case
	Exit int
	Text string // what it means, one line
}

// Codes lists the command's own error codes in alphabetical order.
func Codes() []Code {
	return []Code{
		{"compile", exitFailure, "the sources have errors"},
		{"config", exitUsage, "config.toml has an unknown key, a wrong type or a bad value"},
		{"consent", exitDenied, "a right that the Spirit requires was not agreed to"},
		{"doctor", exitFailure, "a check of vudo doctor failed"},
		{"exists", exitFailure, "a file is in the way and --force was not given"},
		{"internal", exitFailure, "a fault of vudo itself"},
		{"interrupted", exitInterrupted, "stopped by Ctrl-C or a termination signal"},
		{"io", exitFailure, "a file, directory or stream could not be read or written"},
		{"manifest", exitFailure, "manifest.toml is not valid"},
		{"not-found", exitNotFound, "a path, build, key or namespace that was named does not exist"},
		{"test-failed", exitFailure, "a test or property does not hold"},
		{"unformatted", exitFailure, "a file is not in the canonical form"},
		{"unsupported", exitFailure, "known, and not supported by this build of vudo"},
		{"usage", exitUsage, "an unknown command or flag, or a bad operand or value"},
	}
}

// place is a position in a text file; zero line or column means unknown.
type place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// failure is an error as the user meets it: one line that says what, where and
// why, and one line with the next step. Every error that leaves a command
// becomes one.
type failure struct {
	code     string
	exit     int
	message  string
	hint     string
	at       *place
	detail   []string   // further lines between message and hint: stack frames, problems
	data     any        // JSON only: what is known beside the error, such as the Receipt
	account  string     // the Receipt line of a run that began
	sources  *sourceSet // of problems
	problems diag.List  // shown with their source lines before the message
	cause    error
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.cause }

// fail makes a failure with one of Codes.
func fail(code, hint, format string, args ...any) *failure {
	exit := exitFailure
	for _, c := range Codes() {
		if c.Name == code {
			exit = c.Exit
		}
	}
	return &failure{code: code, exit: exit, message: fmt.Sprintf(format, args...), hint: hint}
}

// usage is a failure of the command line itself; the hint is the next command to type.
func usage(hint, format string, args ...any) *failure {
	return fail("usage", hint, format, args...)
}

// asFailure turns any error into what the user sees. Errors of the library
// keep their code and exit code from the one list.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	message := err.Error()
	for _, e := range fault.Table() {
		if errors.Is(err, e.Err) {
			// A trap of kind denied matches two rows; the more telling one is last.
			if e.Err == fault.ErrTrap && errors.Is(err, fault.ErrDenied) {
				continue
			}
			return &failure{code: e.Code, exit: e.Exit, message: message, hint: defaultHint(e.Err), cause: err}
		}
	}
	var path *fs.PathError
	switch {
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		out := fail("not-found", "check the path; relative paths start at "+workingDir(), "no such file or directory: %s", path.Path)
		out.cause = err
		return out
	case errors.As(err, &path):
		out := fail("io", "check the file's permissions and the space on its disk", "%s %s: %v", path.Op, path.Path, path.Err)
		out.cause = err
		return out
	}
	out := fail("io", "run the command again with -v for more detail", "%s", message)
	out.cause = err
	return out
}

// defaultHint is the next step for an error of the library when the command
// knows nothing more precise.
func defaultHint(sentinel error) string {
	switch sentinel {
	case fault.ErrInvalidModule:
		return "vudo runs core WebAssembly modules and WASI preview 1; check how the file was built"
	case fault.ErrUnlinked:
		return "vudo inspect FILE lists every import with what offers it"
	case fault.ErrInvalidLimits:
		return "vudo run --help lists the limits and their ranges"
	case fault.ErrArguments, fault.ErrNoExport:
		return "vudo inspect FILE lists the exports and their types"
	case fault.ErrTrap:
		return "the fault is in the guest; --trace shows each host call it made before"
	case fault.ErrGuest:
		return "the Spirit reported this itself; --trace shows each host call it made before"
	case fault.ErrTerminated:
		return "run the command again to start afresh; storage holds only what the guest committed itself"
	case fault.ErrPaused:
		return "run the command again to start afresh"
	case fault.ErrConflict:
		return "another call changed the same keys first; run the command again"
	case fault.ErrOutOfFuel:
		return "give more with --fuel N, or let it go on with --on-exhaust refuel:N"
	case fault.ErrDeadline:
		return "give more time with --timeout DUR, such as --timeout 2m"
	case fault.ErrMemoryLimit:
		return "give more with --memory SIZE, such as --memory 256mb"
	case fault.ErrTableLimit:
		return "give more with --limit max_table_elements=N"
	case fault.ErrStackLimit:
		return "give more with --limit max_stack_depth=N"
	case fault.ErrCompileLimit:
		return "the module is too costly to compile within the budget; split its largest functions"
	case fault.ErrInputLimit:
		return "give more with --limit max_input_bytes=SIZE"
	case fault.ErrOutputLimit:
		return "give more with --limit max_output_bytes=SIZE"
	case fault.ErrDenied:
		return "agree with --grant CAP"
	}
	return "run the command again with -v for more detail"
}

func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "the working directory"
	}
	return dir
}

// oneLine folds text into a single escaped line, so that a foreign error text
// can neither break the two-line form nor reach the terminal raw.
func oneLine(s string) string {
	s = strings.TrimSpace(s)
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\n", "; ")
	return escape(s)
}
