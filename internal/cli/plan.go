package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// convention is how the chosen export is called.
type convention int

const (
	callScalar   convention = iota // typed values in and out
	callBytes                      // input and output bytes
	callCommand                    // _start with arguments and streams
	callDeclared                   // input and output by the signature of vudo.manifest
)

// plannedCall is a call that has been checked as far as possible without
// running anything.
type plannedCall struct {
	export     string
	convention convention
	values     []vudo.Value      // callScalar
	args       []string          // callCommand: arguments behind the program's name
	input      []byte            // callBytes, when stream is nil, and callDeclared
	signature  *spirit.Signature // callDeclared
	stream     io.Reader         // callBytes and callCommand: read as the guest asks
	close      io.Closer         // of stream, when it was opened here
}

// plan chooses the export and turns the operands into its input.
func plan(s *session, t *target, m *wasm.Module, o *runOptions, operands []string) (c *plannedCall, err error) {
	name, args, err := chooseExport(t, m, operands)
	if err != nil {
		return nil, err
	}
	e := m.Export(name)
	typ, _ := m.FuncType(e.Index)
	c = &plannedCall{export: name}
	if c.signature = t.signature(name); c.signature != nil {
		c.convention = callDeclared
	} else if c.convention, err = conventionFor(t, m, name, typ); err != nil {
		return nil, err
	}
	limit := s.effectiveLimits(t, o).InputBytes
	switch c.convention {
	case callScalar:
		if o.input != "" {
			return nil, usage("give its arguments behind its name", "--input: %s takes numbers, not bytes: its type is %s", name, typ)
		}
		if c.values, err = parseArguments(name, typ, args); err != nil {
			f := asFailure(fmt.Errorf("%w: %w", fault.ErrArguments, err))
			f.hint = strings.TrimSpace(fmt.Sprintf("vudo run %s %s %s", shellWord(t.shown()), name, placeholders(typ)))
			return nil, f
		}
	case callCommand:
		c.args = args
		err = c.readFrom(s, o.input, true, limit)
	case callBytes:
		err = c.planBytes(s, o, args, limit)
	case callDeclared:
		err = c.planDeclared(s, t, o, args, limit)
	}
	return c, err
}

// planBytes finds the input of an export that takes bytes.
func (c *plannedCall) planBytes(s *session, o *runOptions, args []string, limit uint64) error {
	switch {
	case len(args) == 1 && args[0] == "-" && o.input == "":
		return c.readFrom(s, "-", false, limit)
	case len(args) > 0 && o.input != "":
		return usage("leave one of them out", "--input and ARGs both give the input of %s", c.export)
	case len(args) > 0:
		c.input = []byte(strings.Join(args, " "))
		return nil
	}
	return c.readFrom(s, o.input, false, limit)
}

// shown is how the user named the target.
func (t *target) shown() string {
	if t.project != nil {
		return t.dir
	}
	return t.path
}

func placeholders(t wasm.FuncType) string {
	words := make([]string, len(t.Params))
	for i, p := range t.Params {
		words[i] = strings.ToUpper(p.String())
	}
	return strings.Join(words, " ")
}

// readFrom sets the stream: a named file, or stdin when it was asked for, is no
// terminal, or belongs to a command.
func (c *plannedCall) readFrom(s *session, input string, command bool, limit uint64) error {
	switch {
	case input == "-", input == "" && (command || !s.inTTY):
		c.stream = s.in
		return nil
	case input == "":
		return nil
	}
	f, err := os.Open(input)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		f.Close()
		return fail("io", "name a file", "--input: %s is a directory", input)
	}
	if st.Mode().IsRegular() && uint64(st.Size()) > limit {
		f.Close()
		return tooMuchInput(fmt.Sprintf("%s has %s bytes", input, count(st.Size())), limit)
	}
	c.stream, c.close = f, f
	return nil
}

// measure turns a stream into bytes where the guest wants to know the length of
// its input, which a stream does not have; and for --json, whose document is
// made at the end anyway.
func (c *plannedCall) measure(s *session, m *wasm.Module, limit uint64) error {
	if !s.json && !importsName(m, "host_input_len") {
		return nil
	}
	return c.readAll(limit)
}

func tooMuchInput(what string, limit uint64) *failure {
	f := asFailure(fmt.Errorf("%w: %s, limit %s (max_input_bytes)", fault.ErrInputLimit, what, count(limit)))
	f.hint = fmt.Sprintf("give more, such as --limit max_input_bytes=%d", moreThan(limit))
	return f
}

func importsName(m *wasm.Module, name string) bool {
	for i := range m.Imports {
		if m.Imports[i].Name == name {
			return true
		}
	}
	return false
}

// chooseExport finds the function that the operands mean, and returns it with
// the operands that are left for it.
func chooseExport(t *target, m *wasm.Module, operands []string) (name string, args []string, err error) {
	names := functionsOf(m)
	has := func(name string) bool {
		e := m.Export(name)
		return e != nil && e.Kind == wasm.KindFunc
	}
	preferred := []string{"main", "_start"}
	if t.project != nil && t.project.Manifest.Entry != "main" {
		preferred = append([]string{t.project.Manifest.Entry}, preferred...)
	}
	standard := ""
	for _, p := range preferred {
		if has(p) {
			standard = p
			break
		}
	}
	switch {
	case len(operands) > 0 && has(operands[0]):
		return operands[0], operands[1:], nil
	case len(operands) > 0 && standard == "_start":
		return standard, operands, nil // arguments of a command
	case len(operands) > 0 && operands[0] == "-" && standard != "":
		return standard, operands, nil
	case len(operands) == 0 && standard != "":
		return standard, nil, nil
	}
	f := asFailure(fault.ErrNoExport)
	f.hint = exportsHint(t, names)
	if len(operands) == 0 {
		f.message = t.shown() + ": no export is named and there is neither " + strings.Join(preferred, " nor ")
		return "", nil, f
	}
	f.message = fmt.Sprintf("%v: %s in %s", fault.ErrNoExport, operands[0], t.shown())
	if near := nearest(operands[0], names); len(near) > 0 {
		f.hint = "did you mean " + strings.Join(near, " or ") + "?"
	} else if standard != "" {
		f.hint += "; to pass " + shellWord(operands[0]) + " to " + standard + ", write vudo run " + shellWord(t.shown()) + " " + standard + " " + shellWord(operands[0])
	}
	return "", nil, f
}

func exportsHint(t *target, names []string) string {
	const most = 8
	if len(names) == 0 {
		return "the module exports no function; check how it was built"
	}
	shown := names[:min(len(names), most)]
	hint := "name one of its exports: " + strings.Join(shown, ", ")
	if len(names) > most {
		hint += fmt.Sprintf(" and %d more; vudo inspect %s lists them", len(names)-most, shellWord(t.shown()))
	}
	return hint
}

// conventionFor decides how an export is called. The manifest may say it; else
// a function without parameters that returns nothing or an i32 takes bytes
// where the module reads input or writes output, and is a scalar function
// where it does neither.
func conventionFor(t *target, m *wasm.Module, name string, typ wasm.FuncType) (convention, error) {
	plain := len(typ.Params) == 0 && (len(typ.Results) == 0 || len(typ.Results) == 1 && typ.Results[0] == wasm.I32)
	if name == "_start" && plain && len(typ.Results) == 0 {
		return callCommand, nil
	}
	if plain {
		if t.project != nil {
			if x, ok := t.project.Manifest.Exports[name]; ok && (x.Input != "" || x.Output != "") {
				if takesBytes(x) {
					return callBytes, nil
				}
				return callScalar, nil
			}
		}
		if exchangesBytes(m, m.Export(name).Index) {
			return callBytes, nil
		}
		return callScalar, nil
	}
	for _, v := range append(append([]wasm.ValType{}, typ.Params...), typ.Results...) {
		if !v.IsNum() {
			f := asFailure(fault.ErrArguments)
			f.message = fmt.Sprintf("%v: %s has the type %s and cannot be called from the command line", fault.ErrArguments, name, typ)
			f.hint = "only i32, i64, f32 and f64 can be passed; choose another export"
			return 0, f
		}
	}
	return callScalar, nil
}

func takesBytes(x spirit.Export) bool {
	for _, word := range []string{x.Input, x.Output} {
		switch word {
		case "bytes", "text", "json":
			return true
		}
	}
	return false
}

// exchangesBytes reports whether function f can reach, through its calls, a
// host function with which a bytes export talks. What is called through a table
// could be anything.
func exchangesBytes(m *wasm.Module, f uint32) bool {
	talks := map[uint32]bool{}
	imported := uint32(0)
	for i := range m.Imports {
		imp := &m.Imports[i]
		if imp.Kind != wasm.KindFunc {
			continue
		}
		switch imp.Name {
		case "host_input_len", "host_input_read", "host_output_write":
			talks[imported] = imp.Module != host.ModuleWASI
		}
		imported++
	}
	if len(talks) == 0 {
		return false
	}
	seen := map[uint32]bool{f: true}
	for queue := []uint32{f}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if talks[at] {
			return true
		}
		if at < imported || int(at-imported) >= len(m.Codes) {
			continue
		}
		r := wasm.NewReader(m.Codes[at-imported].Body)
		var in wasm.Instr
		for r.Next(&in) {
			switch in.Op {
			case wasm.OpCall, wasm.OpReturnCall:
				if to := uint32(in.A); !seen[to] {
					seen[to] = true
					queue = append(queue, to)
				}
			case wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
				return true
			}
		}
	}
	return false
}
