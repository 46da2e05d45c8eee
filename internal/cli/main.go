// Package cli is the vudo command: it turns a command line into calls of the
// public Go API and shows what came of them. It is the only package that
// writes to a terminal. It refuses to know how code is metered, run or stored.
//
// The command table (table.go) is the single source of the parser, the help
// texts, the man pages and the completions; one file holds one command.
package cli

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// Main carries out one command line (without the program's name) on the
// process's own streams and returns the exit code.
func Main(args []string) int {
	if code, ok := workerMain(args); ok {
		return code
	}
	return run(args, os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}

// run is Main with its surroundings handed in. It changes the working
// directory of the process when -C asks for it.
func run(args []string, in io.Reader, out, errw io.Writer, getenv func(string) string) int {
	s := &session{
		in: in, inTTY: isTerminal(in), out: newTerminal(out), err: newTerminal(errw), getenv: getenv,
		flags: map[string]*flagValue{}, json: asksForJSON(args), progress: true,
	}
	s.out.setColor("auto", getenv)
	s.err.setColor("auto", getenv)
	return s.guard(func() int {
		res, err := s.dispatch(args)
		return s.finish(res, err)
	})
}

// guard turns a panic of f into an error like any other: nobody should meet a
// stack trace that did not ask for it.
func (s *session) guard(f func() int) (code int) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if s.getenv("VUDO_DEBUG") != "" {
			fmt.Fprintf(s.err.w, "%s\n", debug.Stack())
		}
		code = s.finish(nil, fail("internal", "this is a fault of vudo: report it with the command line; VUDO_DEBUG=1 adds the details", "internal error: %v", p))
	}()
	return f()
}

// dispatch parses the command line, sets the session up and runs the command.
func (s *session) dispatch(args []string) (res *result, err error) {
	table := commands()
	var chosen string
	var operands []string
	root := buildTree(table, s, func(name string, args []string) error {
		chosen, operands = name, unmark(args)
		return nil
	})
	completing := len(args) > 0 && (args[0] == "__complete" || args[0] == "__completeNoDesc")
	if completing {
		root.SetArgs(args)
	} else {
		root.SetArgs(markNumbers(args))
	}
	root.SetIn(s.in)
	root.SetOut(s.out.w)
	root.SetErr(io.Discard)
	parsed, err := root.ExecuteC()
	if err != nil {
		s.command = strings.TrimSpace(strings.TrimPrefix(parsed.CommandPath(), "vudo"))
		return nil, err
	}
	if completing {
		return nil, nil
	}
	s.command = chosen
	s.json = s.on("json")
	s.quiet = s.on("quiet")
	s.verbose = len(s.all("verbose"))
	s.yes, s.noInput = s.on("yes"), s.on("no-input")
	if s.on("help") {
		return s.help(table, chosen)
	}
	if s.on("version") {
		chosen, operands = "version", nil
		s.command = "version"
	}
	row := find(table, chosen)
	if row == nil {
		return nil, s.notACommand(table, chosen, operands)
	}
	if s.quiet && s.verbose > 0 {
		return nil, usage("choose one of them", "--quiet and --verbose contradict each other")
	}
	if dir, ok := s.given("chdir"); ok {
		if err := os.Chdir(dir); err != nil {
			return nil, err
		}
	}
	if err := s.configure(row.lenient); err != nil {
		return nil, err
	}
	if len(operands) < row.min || row.max >= 0 && len(operands) > row.max {
		return nil, operandFailure(row, operands)
	}
	return row.run(s, operands)
}

// configure finds the state root, reads config.toml and applies colour and
// progress: flag before variable before config before default.
func (s *session) configure(lenient bool) error {
	flag, _ := s.given("home")
	home, err := s.root(flag)
	if err != nil && !lenient {
		return err
	}
	s.home = home // "" when there is none, which only the doctor minds
	s.config = defaultConfig(home)
	if home != "" {
		if s.config, err = loadConfig(home); err != nil && !lenient {
			return err
		}
	}
	c := s.config
	color, ok := s.given("color")
	switch {
	case ok && color != "auto" && color != "always" && color != "never":
		return usage("write --color auto, always or never", "--color: %q is not known", color)
	case !ok && s.getenv("NO_COLOR") != "":
		color = "never"
	case !ok:
		color = c.Color
	}
	s.out.setColor(color, s.getenv)
	s.err.setColor(color, s.getenv)
	s.progress = !s.on("no-progress") && c.Progress != "never" && s.getenv("CI") == "" && !s.quiet && !s.json
	return nil
}

// notACommand explains what is missing or misspelt behind vudo or a group.
func (s *session) notACommand(table []command, group string, operands []string) error {
	known := words(table, group)
	path := strings.TrimSpace("vudo " + group)
	if len(operands) == 0 {
		return usage(path+" --help", "%s needs a command: %s", path, strings.Join(known, ", "))
	}
	return usage(didYouMean(operands[0], known, path+" --help lists the commands"), "unknown command %q for %s", operands[0], path)
}

func operandFailure(row *command, operands []string) error {
	line := strings.TrimSpace("vudo " + row.name + " " + row.operands)
	if len(operands) < row.min {
		return usage("usage: "+line, "%s needs %s", row.name, row.operands)
	}
	return usage("usage: "+line, "%s takes no further operand: %q", row.name, operands[row.max])
}

// asksForJSON looks for --json before the line is parsed, so that a usage
// error is a JSON document too.
func asksForJSON(args []string) bool {
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "--json" || a == "--json=true" {
			return true
		}
	}
	return false
}
