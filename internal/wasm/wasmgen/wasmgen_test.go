package wasmgen_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// engineText is what the engine calls each trap.
var engineText = map[wasmgen.Trap]string{
	wasmgen.Unreachable: "unreachable", wasmgen.DivideByZero: "integer divide by zero", wasmgen.IntegerOverflow: "integer overflow",
	wasmgen.OutOfBoundsMemory: "out of bounds memory access", wasmgen.OutOfBoundsTable: "invalid table access",
	wasmgen.NullFunction: "invalid table access", wasmgen.SignatureMismatch: "indirect call type mismatch",
	wasmgen.InvalidConversion: "invalid conversion to integer",
}

var optionSets = map[string]wasmgen.Options{
	"all":    {TrapPercent: 40},
	"plain":  {NoSIMD: true, NoTailCalls: true, NoRefs: true, NoBulk: true, NoStart: true},
	"norefs": {NoRefs: true, TrapPercent: 50},
	"nobulk": {NoBulk: true, TrapPercent: 50},
	"large":  {TrapPercent: 80, Size: 300},
}

// outcome is what one instance did: per call the result bits, nil for a trap.
type outcome struct {
	calls  [][]uint64
	errs   []error
	memory string // sha256
}

func run(t *testing.T, r wazero.Runtime, p *wasmgen.Program) outcome {
	t.Helper()
	ctx := context.Background()
	c, err := r.CompileModule(ctx, p.Bytes)
	if err != nil {
		t.Fatalf("seed %d: engine: %v", p.Seed, err)
	}
	defer c.Close(ctx)
	in, err := r.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatalf("seed %d: %v", p.Seed, err)
	}
	defer in.Close(ctx)
	var o outcome
	for _, call := range p.Calls {
		res, err := in.ExportedFunction(call.Export).Call(ctx, call.Args...)
		if err == nil && res == nil {
			res = []uint64{}
		}
		o.calls, o.errs = append(o.calls, res), append(o.errs, err)
	}
	mem, _ := in.Memory().Read(0, in.Memory().Size())
	sum := sha256.Sum256(mem)
	o.memory = hex.EncodeToString(sum[:])
	return o
}

func interpreter(t *testing.T) wazero.Runtime {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	t.Cleanup(func() { r.Close(ctx) })
	return r
}

// TestProgramsAreValidAndEnd: programs are valid for us and for the engine,
// survive a round trip, and each call ends with results or with the planted trap.
func TestProgramsAreValidAndEnd(t *testing.T) {
	programs := uint64(300)
	if testing.Short() {
		programs = 50
	}
	for name, o := range optionSets {
		t.Run(name, func(t *testing.T) {
			r := interpreter(t)
			var calls, traps, size int
			kinds := map[wasmgen.Trap]int{}
			for seed := range programs {
				p := wasmgen.Generate(seed, o)
				size += len(p.Bytes)
				m, err := wasm.Decode(p.Bytes, wasm.DecodeOptions{})
				if err == nil {
					err = wasm.Validate(m)
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if !bytes.Equal(m.Encode(), p.Bytes) {
					t.Fatalf("seed %d: the round trip differs", seed)
				}
				out := run(t, r, p)
				for i, err := range out.errs {
					calls++
					if err == nil {
						continue
					}
					traps++
					kinds[p.Trap]++
					if p.Trap == "" || !strings.Contains(err.Error(), engineText[p.Trap]) {
						t.Fatalf("seed %d: %s%v: planted %q, got %v", seed, p.Calls[i].Export, p.Calls[i].Args, p.Trap, err)
					}
				}
			}
			t.Logf("%d programs of %d bytes on average, %d calls, %d traps %v", programs, size/int(programs), calls, traps, kinds)
			if o.TrapPercent > 0 && !testing.Short() && len(kinds) < 8 {
				t.Errorf("only %d of 8 kinds of trap were taken: %v", len(kinds), kinds)
			}
		})
	}
}

// TestProgramsUseEveryInstruction: all of core 2.0 and the tail calls occur, and
// what an option excludes does not.
func TestProgramsUseEveryInstruction(t *testing.T) {
	used := func(programs uint64, o wasmgen.Options) map[wasm.Opcode]bool {
		ops := map[wasm.Opcode]bool{}
		for seed := range programs {
			for _, c := range wasmgen.Generate(seed, o).Module.Codes {
				r := wasm.NewReader(c.Body)
				for in := (wasm.Instr{}); r.Next(&in); {
					ops[in.Op] = true
				}
			}
		}
		return ops
	}
	all := used(1500, wasmgen.Options{TrapPercent: 50})
	for _, op := range wasm.Opcodes() {
		if !all[op] {
			t.Errorf("%v never occurs", op)
		}
	}
	for op := range used(200, wasmgen.Options{NoSIMD: true, NoTailCalls: true, NoBulk: true, NoRefs: true, TrapPercent: 50}) {
		tail := op == wasm.OpReturnCall || op == wasm.OpReturnCallIndirect
		refs := op >= wasm.OpRefNull && op <= wasm.OpRefFunc || op == wasm.OpTableGet || op == wasm.OpTableSet
		if op >= 0xfc08 || tail || refs {
			t.Errorf("%v occurs although it is excluded", op)
		}
	}
}

// TestSameSeedSameBytes pins the bytes of some programs: recorded seeds must
// stay meaningful on every machine and Go release. Changing the generator
// changes the sum.
func TestSameSeedSameBytes(t *testing.T) {
	h := sha256.New()
	for seed := range uint64(50) {
		p := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40})
		if !bytes.Equal(p.Bytes, wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40}).Bytes) {
			t.Fatalf("seed %d gives two programs", seed)
		}
		h.Write(p.Bytes)
	}
	const want = "4f793368d098309b72caa3fb0dfb3fcc90a99d7bb2aadc16c2f46333852b177f"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the first 50 programs have the sum %s, recorded is %s", got, want)
	}
}

// TestImports: with Imports the programs import and call, without they do not.
func TestImports(t *testing.T) {
	called := false
	for seed := range uint64(20) {
		p := wasmgen.Generate(seed, wasmgen.Options{Imports: true})
		if n := len(p.Module.Imports); n != 2 {
			t.Fatalf("seed %d: %d imports", seed, n)
		}
		if err := wasm.Validate(p.Module); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, c := range p.Module.Codes {
			r := wasm.NewReader(c.Body)
			for in := (wasm.Instr{}); r.Next(&in); {
				called = called || in.Op == wasm.OpCall && in.A < 2
			}
		}
	}
	if !called {
		t.Error("no program calls an import")
	}
}

// TestSameOnV8: the interpreter and V8 agree on every result, every trap and
// the memory afterwards, which is what makes the programs fit to compare engines.
func TestSameOnV8(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed; run make test-tools")
	}
	type call struct {
		Export  string   `json:"export"`
		Params  []string `json:"params"`
		Results []string `json:"results"`
		Args    []string `json:"args"`
	}
	type program struct {
		Wasm  string `json:"wasm"`
		Calls []call `json:"calls"`
	}
	names := func(ts []wasm.ValType) []string {
		s := []string{}
		for _, t := range ts {
			s = append(s, t.String())
		}
		return s
	}
	r := interpreter(t)
	var in []program
	var here []outcome
	for seed := range uint64(200) {
		p := wasmgen.Generate(1000+seed, wasmgen.Options{TrapPercent: 40, NoTailCalls: seed%2 == 0})
		here = append(here, run(t, r, p))
		j := program{Wasm: base64.StdEncoding.EncodeToString(p.Bytes)}
		for _, c := range p.Calls {
			args := []string{}
			for _, a := range c.Args {
				args = append(args, strconv.FormatUint(a, 10))
			}
			j.Calls = append(j.Calls, call{c.Export, names(c.Type.Params), names(c.Type.Results), args})
		}
		in = append(in, j)
	}
	stdin, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "testdata/run.mjs")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	var there []struct {
		Calls  []json.RawMessage `json:"calls"`
		Memory string            `json:"memory"`
	}
	if err := json.Unmarshal(stdout, &there); err != nil {
		t.Fatal(err)
	}
	if len(there) != len(here) {
		t.Fatalf("V8 ran %d of %d programs", len(there), len(here))
	}
	for i, h := range here {
		for k, res := range h.calls {
			var v8 []string
			trapped := string(there[i].Calls[k]) == `"trap"`
			if !trapped {
				if err := json.Unmarshal(there[i].Calls[k], &v8); err != nil {
					t.Fatal(err)
				}
			}
			ours := []string{}
			for _, x := range res {
				ours = append(ours, strconv.FormatUint(x, 10))
			}
			if trapped != (h.errs[k] != nil) || !trapped && !slices.Equal(ours, v8) {
				t.Errorf("seed %d call %d: the interpreter gives %v (%v), V8 %s", 1000+i, k, ours, h.errs[k], there[i].Calls[k])
			}
		}
		if h.memory != there[i].Memory {
			t.Errorf("seed %d: the memories differ", 1000+i)
		}
	}
}
