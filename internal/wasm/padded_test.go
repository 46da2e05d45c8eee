package wasm_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// padUint and padInt write LEB128 numbers in their longest form.
func padUint(b []byte, v uint32) []byte {
	for range 4 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func padInt(b []byte, v int64, size int) []byte {
	for range size - 1 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

// pad rewrites a body with every immediate in its longest form, and the opcodes
// behind 0xfc too if ops is set.
func pad(body []byte, ops bool) []byte {
	var out []byte
	r := wasm.NewReader(body)
	for in := (wasm.Instr{}); r.Next(&in); {
		info, _ := wasm.Op(in.Op)
		op := wasm.NewEmitter(out)
		if ops && in.Op>>8 == 0xfc {
			op.Reset(padUint(append(out, 0xfc), uint32(in.Op&0xff)))
		} else {
			op.Op(in.Op)
		}
		index, isIndex := in.BlockType().Index()
		switch {
		case info.Imm == wasm.ImmLabel, info.Imm == wasm.ImmFunc, info.Imm == wasm.ImmLocal, info.Imm == wasm.ImmGlobal,
			info.Imm == wasm.ImmTable, info.Imm == wasm.ImmData, info.Imm == wasm.ImmElem:
			out = padUint(op.Bytes(), in.A)
		case info.Imm == wasm.ImmBlock && isIndex:
			out = padInt(op.Bytes(), int64(index), 5)
		case info.Imm == wasm.ImmBrTable:
			out = padUint(op.Bytes(), uint32(len(in.Table)-1))
			for _, l := range in.Table {
				out = padUint(out, l)
			}
		case info.Imm == wasm.ImmCallIndirect, info.Imm == wasm.ImmElemTable, info.Imm == wasm.ImmTableTable, info.Imm == wasm.ImmMemArg:
			out = padUint(padUint(op.Bytes(), in.A), uint32(in.B))
		case info.Imm == wasm.ImmMemArgLane:
			out = append(padUint(padUint(op.Bytes(), in.A), uint32(in.B)), in.Lane)
		case info.Imm == wasm.ImmDataMemory:
			out = append(padUint(op.Bytes(), in.A), 0)
		case info.Imm == wasm.ImmI32:
			out = padInt(op.Bytes(), int64(in.I32()), 5)
		case info.Imm == wasm.ImmI64:
			out = padInt(op.Bytes(), in.I64(), 10)
		case info.Imm == wasm.ImmNone:
			out = op.Bytes()
		case info.Imm == wasm.ImmMemory: // memory.fill may have a padded opcode
			out = append(op.Bytes(), 0)
		case info.Imm == wasm.ImmMemoryMemory:
			out = append(op.Bytes(), 0, 0)
		default:
			out = append(out, body[in.Start:in.End]...)
		}
	}
	return out
}

// TestEngineReadsPaddedImmediates: the engine takes the immediates of padded
// bodies for the same numbers as we do, so that it runs what the meter has read
// (docs/adr/0010 is about the two places where it does not).
func TestEngineReadsPaddedImmediates(t *testing.T) {
	ctx := context.Background()
	run := func(r wazero.Runtime, p *wasmgen.Program, b []byte) string {
		in, err := r.InstantiateWithConfig(ctx, b, wazero.NewModuleConfig().WithName(""))
		if err != nil {
			return err.Error()
		}
		defer in.Close(ctx)
		var out string
		for _, c := range p.Calls {
			res, err := in.ExportedFunction(c.Export).Call(ctx, c.Args...)
			out += fmt.Sprintln(res, err != nil)
		}
		mem, _ := in.Memory().Read(0, in.Memory().Size())
		return out + string(mem)
	}
	for name, c := range map[string]wazero.RuntimeConfig{"interpreter": wazero.NewRuntimeConfigInterpreter(), "compiler": wazero.NewRuntimeConfig()} {
		r := wazero.NewRuntimeWithConfig(ctx, c.WithCoreFeatures(features))
		for seed := range uint64(30) {
			p := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 20, Size: 30})
			m := *p.Module
			m.Codes = slices.Clone(m.Codes)
			for i := range m.Codes {
				m.Codes[i].Body = pad(m.Codes[i].Body, name == "compiler") // the interpreter refuses the opcodes
			}
			padded := m.Encode()
			if _, err := accepts(padded); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if run(r, p, p.Bytes) != run(r, p, padded) {
				t.Errorf("seed %d: the %s runs the padded program otherwise", seed, name)
			}
		}
		r.Close(ctx)
	}
}
