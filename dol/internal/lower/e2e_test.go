package lower_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/dol/std"
)

// program is a source text and calls of its exports with their results, such as
//
//	left(10, 3, 2) = 5
//	shout(" hey ") = "HEY!"
//	at(7) traps index 7 out of bounds, length 3
//
// Results are written as JSON; what println wrote follows after a semicolon.
type program struct {
	rules string // that it proves
	src   string
	calls []string
}

var library = sync.OnceValue(func() []*syntax.File {
	var files []*syntax.File
	for _, f := range std.Files() {
		tree, problems := syntax.Parse(f.Name, []byte(f.Text))
		if problems.HasErrors() {
			panic(problems.Error())
		}
		files = append(files, tree)
	}
	return files
})

// check parses and checks a program.
func check(t *testing.T, src string, o types.Options) *typed.Program {
	t.Helper()
	f, problems := syntax.Parse("main.dol", []byte(src))
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems.Error(), src)
	}
	o.Build = true
	p, problems := types.Check(append([]*syntax.File{f}, library()...), o)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems.Error(), src)
	}
	return p
}

// output is a host that keeps what is printed.
type output struct{ lines strings.Builder }

func (o *output) Call(imp *ir.Import, args []ir.HostArg) (uint64, error) {
	switch imp.Name {
	case "vudo_println":
		o.lines.Write(args[0].Bytes)
		o.lines.WriteByte('|')
		return 0, nil
	}
	return 0, fmt.Errorf("no host function %s", imp.Name)
}

func (o *output) Read(addr, n uint32) ([]byte, error) { return nil, fmt.Errorf("nothing at %d", addr) }

// runPrograms runs the calls of programs, as lowered and after optimisation.
func runPrograms(t *testing.T, programs []program) {
	for i, p := range programs {
		t.Run(fmt.Sprint(i, " ", p.rules), func(t *testing.T) { p.run(t, lower.Options{}) })
	}
}

func (p program) run(t *testing.T, o lower.Options) {
	tree := check(t, p.src, types.Options{CheckRules: o.CheckRules, Tests: o.Tests})
	m, problems := lower.Lower(tree, o)
	if problems != nil {
		t.Fatalf("%v\n%s", problems.Error(), p.src)
	}
	p.calling(t, m)
	ir.Optimize(m, 2)
	p.calling(t, m)
}

// calling makes the calls, each in a new machine.
func (p program) calling(t *testing.T, m *ir.Module) {
	t.Helper()
	for _, c := range p.calls {
		host := &output{}
		ma, err := ir.NewMachine(m, ir.MachineConfig{Host: host, MaxSteps: 1e8})
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, p.src, print(m))
		}
		call, want, traps := cutCall(c)
		got, err := callText(m, ma, call)
		if host.lines.Len() > 0 {
			got += "; " + strings.TrimSuffix(host.lines.String(), "|")
		}
		switch {
		case traps && err == nil:
			t.Errorf("%s = %s, want a trap: %s\n%s", call, got, want, p.src)
		case traps && !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %s\n%s", call, err, want, p.src)
		case !traps && err != nil:
			t.Errorf("%s: %v, want %s\n%s", call, err, want, p.src)
		case !traps && got != want:
			t.Errorf("%s = %s, want %s\n%s", call, got, want, p.src)
		}
	}
}

func print(m *ir.Module) string {
	var b strings.Builder
	if err := ir.Print(&b, m); err != nil {
		return err.Error()
	}
	return b.String()
}

func cutCall(c string) (call, want string, traps bool) {
	if call, want, ok := strings.Cut(c, ") traps "); ok {
		return call + ")", want, true
	}
	call, want, _ = strings.Cut(c, ") = ")
	return call + ")", want, false
}

// callText calls an export whose arguments are written as JSON values.
func callText(m *ir.Module, ma *ir.Machine, call string) (string, error) {
	name, rest, _ := strings.Cut(call, "(")
	var exp *ir.Export
	for _, e := range m.Exports {
		if e.Name == name {
			exp = e
		}
	}
	if exp == nil {
		return "", fmt.Errorf("no export %s", name)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte("["+strings.TrimSuffix(rest, ")")+"]"), &raw); err != nil {
		return "", fmt.Errorf("%s: %w", call, err)
	}
	if len(raw) != len(exp.Params) {
		return "", fmt.Errorf("%s: %d arguments, want %d", call, len(raw), len(exp.Params))
	}
	var args []ir.Value
	for i, r := range raw {
		v, err := argument(ma, exp.Params[i].ABI, string(r))
		if err != nil {
			return "", err
		}
		args = append(args, v)
	}
	v, err := ma.CallExport(name, args...)
	if err != nil {
		return "", err
	}
	return resultText(exp, v), nil
}

func argument(ma *ir.Machine, abi ir.ABI, s string) (ir.Value, error) {
	switch abi {
	case ir.ABIText, ir.ABIBytes:
		var text string
		err := json.Unmarshal([]byte(s), &text)
		return ma.NewText(text), err
	case ir.ABIJSON:
		return ma.NewText(s), nil
	case ir.ABIF64, ir.ABIF32:
		x, err := strconv.ParseFloat(s, 64)
		if abi == ir.ABIF32 {
			return ir.Num(ir.F32, uint64(math.Float32bits(float32(x)))), err
		}
		return ir.Num(ir.F64, math.Float64bits(x)), err
	}
	switch s {
	case "true":
		s = "1"
	case "false":
		s = "0"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		u, uerr := strconv.ParseUint(s, 10, 64)
		n, err = int64(u), uerr
	}
	if abi == ir.ABII32 {
		return ir.Num(ir.I32, uint64(uint32(n))), err
	}
	return ir.Num(ir.I64, uint64(n)), err
}

func resultText(e *ir.Export, v ir.Value) string {
	switch e.Result {
	case ir.ABINone:
		return "()"
	case ir.ABIText, ir.ABIBytes:
		return strconv.Quote(v.Text())
	case ir.ABIJSON:
		return v.Text()
	case ir.ABIF64:
		return strconv.FormatFloat(math.Float64frombits(v.Bits), 'g', -1, 64)
	case ir.ABIF32:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v.Bits))), 'g', -1, 32)
	}
	switch e.ResultType {
	case "bool":
		return strconv.FormatBool(v.Bits != 0)
	case "u64":
		return strconv.FormatUint(v.Bits, 10)
	case "u32", "u8", "u16", "char":
		return strconv.FormatUint(uint64(uint32(v.Bits)), 10)
	}
	if e.Result == ir.ABII32 {
		return strconv.Itoa(int(int32(uint32(v.Bits))))
	}
	return strconv.FormatInt(int64(v.Bits), 10)
}
