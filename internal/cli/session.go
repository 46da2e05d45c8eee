package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"
)

// session is one command line being carried out: its streams, global flags,
// state root and configuration.
type session struct {
	in     io.Reader
	inTTY  bool
	out    *terminal
	err    *terminal
	getenv func(string) string

	command  string // "cache list"; "" before it is known
	flags    map[string]*flagValue
	json     bool
	quiet    bool
	verbose  int
	yes      bool
	noInput  bool
	progress bool
	home     string
	config   *config
	warned   []warning
}

type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// result is what a command has to say when it is done: data for --json, text
// for people. A command that has written its output already leaves text nil.
type result struct {
	data any
	text func(out *terminal)
}

// warn shows one line on stderr and repeats it in the JSON document.
func (s *session) warn(code, format string, args ...any) {
	w := warning{code, oneLine(fmt.Sprintf(format, args...))}
	s.warned = append(s.warned, w)
	if !s.quiet && !s.json {
		s.err.line("%s %s", s.err.paint(styleWarning, "vudo: warning:"), w.Message)
	}
}

// say shows one line on stderr, unless --quiet or --json.
func (s *session) say(format string, args ...any) {
	if !s.quiet && !s.json {
		s.err.line(format, args...)
	}
}

// detail shows one line on stderr with -v.
func (s *session) detail(format string, args ...any) {
	if s.verbose > 0 {
		s.say(format, args...)
	}
}

// finish prints the result or the failure and returns the exit code. With
// --json that is exactly one document on stdout, whatever happened.
func (s *session) finish(res *result, err error) int {
	var f *failure
	if err != nil {
		f = asFailure(err)
	}
	if s.json {
		return s.document(res, f)
	}
	if res != nil && res.text != nil {
		res.text(s.out)
	}
	if lost := s.out.failed(); lost != nil && (f == nil || f.code != "interrupted") {
		f = fail("io", "check the disk or the program behind the pipe", "the result could not be written to stdout: %v", lost)
	}
	if f == nil {
		return exitOK
	}
	if len(f.problems) > 0 {
		s.show(f.sources, f.problems)
	}
	s.err.line("%s %s", s.err.paint(styleError, "vudo: error["+f.code+"]:"), oneLine(f.message))
	for _, d := range f.detail {
		s.err.line("    %s", escape(d))
	}
	if f.hint != "" {
		s.err.line("%s %s", s.err.paint(styleHint, "vudo: hint:"), oneLine(f.hint))
	}
	if f.account != "" {
		s.err.line("%s", f.account)
	}
	return f.exit
}

// The JSON document of docs/spec/cli.md, section 2.3.
type document struct {
	Schema   string     `json:"schema"`
	OK       bool       `json:"ok"`
	Data     any        `json:"data,omitempty"`
	Error    *jsonError `json:"error,omitempty"`
	Warnings []warning  `json:"warnings"`
}

type jsonError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Hint    string   `json:"hint"`
	Exit    int      `json:"exit"`
	At      *place   `json:"at,omitempty"`
	Detail  []string `json:"detail,omitempty"`
	Data    any      `json:"data,omitempty"`
}

func (s *session) document(res *result, f *failure) int {
	name := strings.ReplaceAll(s.command, " ", "-")
	if name == "" {
		name = "error"
	}
	doc := document{Schema: "vudo." + name + ".v1", OK: f == nil, Warnings: s.warned}
	if doc.Warnings == nil {
		doc.Warnings = []warning{}
	}
	exit := exitOK
	if f != nil {
		exit = f.exit
		doc.Error = &jsonError{Code: f.code, Message: oneLine(f.message), Hint: f.hint, Exit: f.exit, At: f.at, Detail: f.detail, Data: f.data}
		if f.data == nil && res != nil {
			doc.Error.Data = res.data
		}
	} else {
		doc.Data = struct{}{}
		if res != nil && res.data != nil {
			doc.Data = res.data
		}
	}
	enc := json.NewEncoder(s.out.w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		s.err.line("vudo: error[io]: the document could not be written to stdout: %s", oneLine(err.Error()))
		s.err.line("vudo: hint: check the disk or the program behind the pipe")
		return max(exit, exitFailure)
	}
	return exit
}

// homeFailure says that the state root cannot be used, and what to do.
func (s *session) homeFailure(err error) error {
	f := fail("io", "vudo doctor says more; name another place with --home DIR or VUDO_HOME", "the state root %s cannot be used: %v", s.home, err)
	f.cause = err
	return f
}

// root is $VUDO_HOME, else ~/.vudo, else what --home says, as an absolute path.
func (s *session) root(flag string) (string, error) {
	dir := flag
	if dir == "" {
		dir = s.getenv("VUDO_HOME")
	}
	if dir == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", usage("name one with --home DIR or the variable VUDO_HOME", "no home directory for vudo's state: %v", err)
		}
		dir = filepath.Join(user, ".vudo")
	}
	return filepath.Abs(dir)
}

// ask puts a question on the terminal and reads one line; the empty answer is
// the default. It fails when nobody can answer, naming what to pass instead.
func (s *session) ask(question, fallback, instead string) (string, error) {
	if !s.canAsk() {
		return "", usage(instead, "a question needs an answer: %s", question)
	}
	fmt.Fprintf(s.err.w, "%s [%s] ", question, fallback)
	line, err := readLine(s.in)
	if err != nil && !(errors.Is(err, io.EOF) && line != "") {
		fmt.Fprintln(s.err.w)
		return "", usage(instead, "no answer to the question: %s", question)
	}
	if line = strings.TrimSpace(line); line == "" {
		return fallback, nil
	}
	return line, nil
}

// confirm asks for a yes; --yes gives it.
func (s *session) confirm(question string) (bool, error) {
	if s.yes {
		return true, nil
	}
	answer, err := s.ask(question, "n", "answer it with --yes")
	if err != nil {
		return false, err
	}
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), nil
}

// canAsk reports whether a person is there: both ends are terminals and
// neither --no-input nor --json was given.
func (s *session) canAsk() bool {
	return s.inTTY && s.err.tty && !s.noInput && !s.json
}

// readLine reads up to a newline byte by byte, so that nothing behind it is lost.
func readLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) < 4096 {
		n, err := r.Read(b)
		if n == 1 {
			if b[0] == '\n' {
				return string(line), nil
			}
			line = append(line, b[0])
		}
		if err != nil {
			return string(line), err
		}
	}
	return string(line), nil
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// readAtMost reads r to its end, refusing more than limit bytes.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %s", size(uint64(limit)))
	}
	return data, err
}
