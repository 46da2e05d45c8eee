package wasm_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

var (
	i32 = wasm.Types(wasm.I32)
	i64 = wasm.Types(wasm.I64)
)

// TestInvalid: each rule of validation refuses what breaks it, with the reason.
func TestInvalid(t *testing.T) {
	body := func(results []wasm.ValType, f func(e *wasm.Emitter)) func(b *wasm.Builder) {
		return func(b *wasm.Builder) { b.Func("", i32, results, i64, f) }
	}
	withAll := func(f func(e *wasm.Emitter)) func(b *wasm.Builder) {
		return func(b *wasm.Builder) {
			b.Memory(1, -1)
			b.Table(wasm.FuncRef, 1, -1)
			b.Table(wasm.ExternRef, 1, -1)
			b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.I32Const(0) })
			b.PassiveData(nil)
			b.PassiveElem()
			b.Func("", i32, nil, i64, f)
			b.Func("", nil, i64, nil, func(e *wasm.Emitter) { e.I64Const(0) })
		}
	}
	op := func(ops ...wasm.Opcode) func(e *wasm.Emitter) { return func(e *wasm.Emitter) { e.Op(ops...) } }
	for _, c := range []struct {
		msg   string
		build func(b *wasm.Builder)
	}{
		{"expected i32, the stack of the block is empty", body(nil, op(wasm.OpI32Eqz))},
		{"expected an operand, the stack of the block is empty", body(nil, op(wasm.OpDrop))},
		{"1 values remain on the stack", body(nil, func(e *wasm.Emitter) { e.I32Const(0) })},
		{"expected i64, found i32", body(nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalSet(1) })},
		{"unknown local 2, the function has 2", body(nil, func(e *wasm.Emitter) { e.LocalGet(2) })},
		{"unknown label 2: 2 blocks are open", body(nil, func(e *wasm.Emitter) { e.Block(wasm.BlockEmpty).Br(2).End() })},
		{"unknown type 9 of a block", body(nil, func(e *wasm.Emitter) { e.Block(wasm.BlockIndex(9)).End() })},
		{"expected i32, the stack of the block is empty", body(i32, func(e *wasm.Emitter) { e.I32Const(1).Block(wasm.BlockEmpty).Op(wasm.OpI32Eqz).Op(wasm.OpDrop).End() })},
		{"an if without else gives (i32) but takes ()", body(i32, func(e *wasm.Emitter) { e.I32Const(1).If(wasm.BlockValue(wasm.I32)).I32Const(1).End() })},
		{"else without if", body(nil, func(e *wasm.Emitter) { e.Block(wasm.BlockEmpty).Else().End() })},
		{"2 blocks are open at the end", body(nil, func(e *wasm.Emitter) { e.Block(wasm.BlockEmpty).Block(wasm.BlockEmpty) })},
		{"instructions follow the final end", body(nil, func(e *wasm.Emitter) { e.End() })},
		{"br_table labels take 1 and 0 values", body(nil, func(e *wasm.Emitter) {
			e.Block(wasm.BlockValue(wasm.I32)).I32Const(1).I32Const(1).BrTable(0, 1).End().Op(wasm.OpDrop)
		})},
		{"br_table label 0 takes (i64)", body(nil, func(e *wasm.Emitter) {
			e.Block(wasm.BlockValue(wasm.I32)).Block(wasm.BlockValue(wasm.I64)).I32Const(1).I32Const(1).BrTable(0, 1).End()
			e.Op(wasm.OpDrop).I32Const(1).End().Op(wasm.OpDrop)
		})},
		{"select of i32 and i64", body(nil, func(e *wasm.Emitter) { e.I32Const(0).I64Const(0).I32Const(0).Op(wasm.OpSelect, wasm.OpDrop) })},
		{"select of references needs a type", body(nil, func(e *wasm.Emitter) {
			e.RefNull(wasm.FuncRef).RefNull(wasm.FuncRef).I32Const(0).Op(wasm.OpSelect, wasm.OpDrop)
		})},
		{"select names 2 types", body(nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable, wasm.OpSelectTyped).Raw(2, 0x7f, 0x7f) })},
		{"expected i32, found externref", body(i32, func(e *wasm.Emitter) {
			e.Op(wasm.OpUnreachable).SelectTyped(wasm.I32).SelectTyped(wasm.ExternRef)
		})},
		{"ref.is_null of i32", body(i32, func(e *wasm.Emitter) { e.I32Const(0).Op(wasm.OpRefIsNull) })},
		{"unknown memory 0", body(nil, func(e *wasm.Emitter) { e.I32Const(0).Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpDrop) })},
		{"alignment must not be larger than natural: 2^3 for i32.load", withAll(func(e *wasm.Emitter) { e.I32Const(0).Mem(wasm.OpI32Load, 3, 0).Op(wasm.OpDrop) })},
		{"invalid lane index 16", withAll(func(e *wasm.Emitter) { e.V128Const([16]byte{}).Lane(wasm.OpI8x16ExtractLaneS, 16).Op(wasm.OpDrop) })},
		{"invalid lane index 2", withAll(func(e *wasm.Emitter) {
			e.I32Const(0).V128Const([16]byte{}).MemLane(wasm.OpV128Load64Lane, 0, 0, 2).Op(wasm.OpDrop)
		})},
		{"invalid lane index 32", withAll(func(e *wasm.Emitter) {
			e.V128Const([16]byte{}).V128Const([16]byte{}).Shuffle([16]byte{32}).Op(wasm.OpDrop)
		})},
		{"unknown function 7", withAll(func(e *wasm.Emitter) { e.Call(7) })},
		{"unknown function 7", withAll(func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, 7).Op(wasm.OpDrop) })},
		{"undeclared function reference 1", withAll(func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, 1).Op(wasm.OpDrop) })},
		{"a tail call gives (i64), the function ()", withAll(func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 1) })},
		{"call_indirect through a table of externref", withAll(func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(0, 1) })},
		{"unknown table 2", withAll(func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(0, 2) })},
		{"unknown type 9", withAll(func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(9, 0) })},
		{"unknown global 1", withAll(func(e *wasm.Emitter) { e.GlobalGet(1).Op(wasm.OpDrop) })},
		{"global is immutable: 0", withAll(func(e *wasm.Emitter) { e.I32Const(0).GlobalSet(0) })},
		{"unknown data segment 1", withAll(func(e *wasm.Emitter) { e.OpIdx(wasm.OpDataDrop, 1) })},
		{"unknown elem segment 1", withAll(func(e *wasm.Emitter) { e.OpIdx(wasm.OpElemDrop, 1) })},
		{"table.init of a table of externref from a segment of funcref", withAll(func(e *wasm.Emitter) {
			e.I32Const(0).I32Const(0).I32Const(0).OpIdx(wasm.OpTableInit, 0, 1)
		})},
		{"table.copy to a table of funcref from one of externref", withAll(func(e *wasm.Emitter) {
			e.I32Const(0).I32Const(0).I32Const(0).OpIdx(wasm.OpTableCopy, 0, 1)
		})},
		{"expected externref, found funcref", withAll(func(e *wasm.Emitter) { e.I32Const(0).RefNull(wasm.FuncRef).OpIdx(wasm.OpTableSet, 1) })},
		{"data count section required", func(b *wasm.Builder) {
			b.PassiveData(nil)
			b.Module().DataCount = nil
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpDataDrop, 0) })
		}},
		{"opcode 0xfd 0x00 is not in its shortest form", withAll(func(e *wasm.Emitter) { e.I32Const(0).Raw(0xfd, 0x80, 0x00, 0, 0).Op(wasm.OpDrop) })},
		{"the number of types of a select is not in its shortest form", withAll(func(e *wasm.Emitter) {
			e.I32Const(1).I32Const(2).I32Const(3).Op(wasm.OpSelectTyped).Raw(0x81, 0x00, 0x7f).Op(wasm.OpDrop)
		})},
		{"a memory of 2 to 1 pages", func(b *wasm.Builder) { b.Memory(2, 1) }},
		{"memory size must be at most 65536 pages", func(b *wasm.Builder) { b.Memory(wasm.MaxMemoryPages+1, -1) }},
		{"memory size must be at most 65536 pages", func(b *wasm.Builder) { b.Memory(0, wasm.MaxMemoryPages+1) }},
		{"a table of 2 to 1 elements", func(b *wasm.Builder) { b.Table(wasm.FuncRef, 2, 1) }},
		{"constant expression required: local.get is not constant", func(b *wasm.Builder) { b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.LocalGet(0) }) }},
		{"constants may read imported globals only", func(b *wasm.Builder) { b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.GlobalGet(0) }) }},
		{"global 0 is mutable", func(b *wasm.Builder) {
			b.ImportGlobal("m", "g", wasm.I32, true)
			b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.GlobalGet(0) })
		}},
		{"gives (i32, i32), expected i32", func(b *wasm.Builder) {
			b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.I32Const(0).I32Const(0) })
		}},
		{"gives (), expected i32", func(b *wasm.Builder) { b.Global(wasm.I32, false, func(e *wasm.Emitter) {}) }},
		{"i32.add in a constant expression takes (i32, i32)", func(b *wasm.Builder) {
			b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.I32Const(0).Op(wasm.OpI32Add) })
		}},
		{"duplicate export name \"a\"", func(b *wasm.Builder) { b.Func("a", nil, nil, nil, nil); b.Export("a", wasm.KindFunc, 0) }},
		{"unknown table 0 of export \"t\"", func(b *wasm.Builder) { b.Export("t", wasm.KindTable, 0) }},
		{"start function must take and give nothing, function 0 is (i32) -> ()", func(b *wasm.Builder) { b.Start(b.Func("", i32, nil, nil, nil)) }},
		{"unknown function 3", func(b *wasm.Builder) { b.Start(3) }},
		{"unknown type 5, the module has 0", func(b *wasm.Builder) {
			m := b.Module()
			m.Imports = append(m.Imports, wasm.Import{Type: 5})
		}},
		{"unknown memory 0", func(b *wasm.Builder) { b.Data(0, nil) }},
		{"unknown table 0", func(b *wasm.Builder) { b.Elem(0) }},
		{"elements of funcref for a table of externref", func(b *wasm.Builder) { b.Table(wasm.ExternRef, 1, -1); b.Elem(0) }},
		{"gives (i64), expected i32", func(b *wasm.Builder) {
			b.Memory(1, -1)
			b.AddData(wasm.Data{Offset: wasm.ConstExpr(func(e *wasm.Emitter) { e.I64Const(0) })})
		}},
		{"more than 1048576 operands", func(b *wasm.Builder) {
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				for range wasm.MaxOperands + 1 {
					e.I32Const(0)
				}
				e.Op(wasm.OpUnreachable)
			})
		}},
	} {
		b := wasm.NewBuilder()
		c.build(b)
		for _, form := range []string{"built", "decoded"} {
			m := b.Module()
			if form == "decoded" {
				var err error
				if m, err = wasm.Decode(b.Bytes(), wasm.DecodeOptions{}); err != nil {
					t.Errorf("%s: decode: %v", c.msg, err)
					continue
				}
			}
			err := wasm.Validate(m)
			var e *wasm.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.msg) {
				t.Errorf("%s: got %v, want %q", form, err, c.msg)
			} else if form == "decoded" && !e.HasOffset && e.Section != "start" {
				t.Errorf("%v has no offset", err)
			}
		}
	}
}

// TestInvalidBuilt: what only a module that was never encoded can hold.
func TestInvalidBuilt(t *testing.T) {
	two := uint32(2)
	for msg, m := range map[string]*wasm.Module{
		"instructions follow the end of a constant": {Globals: []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32}, Init: append(wasm.I32Expr(0), 0x0b)}}},
		"a constant expression has no end":          {Globals: []wasm.Global{{Type: wasm.GlobalType{Type: wasm.I32}}}},
		"malformed value type 0x01":                 {Types: []wasm.FuncType{{Params: wasm.Types(1)}}},
		"malformed value type 0x02":                 {Globals: []wasm.Global{{Type: wasm.GlobalType{Type: 2}}}},
		"malformed value type 0x03": {
			Types: []wasm.FuncType{{}}, Funcs: []uint32{0},
			Codes: []wasm.Code{{Locals: []wasm.LocalGroup{{Count: 1, Type: 3}}, Body: []byte{0x0b}}},
		},
		"malformed reference type: i32":                                {Tables: []wasm.TableType{{Elem: wasm.I32}}},
		"malformed import kind 9":                                      {Imports: []wasm.Import{{Kind: 9}}},
		"malformed export kind 9":                                      {Exports: []wasm.Export{{Kind: 9}}},
		"malformed element segment: flags 9":                           {Elements: []wasm.Element{{Flags: 9, Type: wasm.FuncRef}}},
		"malformed element segment: flags 1, type i32":                 {Elements: []wasm.Element{{Flags: 1, Type: wasm.I32}}},
		"malformed element segment: flags 3, type externref":           {Elements: []wasm.Element{{Flags: 3, Type: wasm.ExternRef}}},
		"malformed data segment flags 3":                               {Datas: []wasm.Data{{Flags: 3}}},
		"data count and data section have inconsistent lengths: 2":     {DataCount: &two},
		"function and code section have inconsistent lengths: 1 and 0": {Types: []wasm.FuncType{{}}, Funcs: []uint32{0}},
		"unexpected end: 1 blocks are open":                            {Types: []wasm.FuncType{{}}, Funcs: []uint32{0}, Codes: []wasm.Code{{}}},
		"a body of 7654322 bytes exceeds": {
			Types: []wasm.FuncType{{}}, Funcs: []uint32{0},
			Codes: []wasm.Code{{Body: make([]byte, wasm.MaxBodyBytes+1)}},
		},
		"1000001 types exceed the limit": {Types: make([]wasm.FuncType, wasm.MaxTypes+1)},
	} {
		if err := wasm.Validate(m); err == nil || !strings.Contains(err.Error(), msg) {
			t.Errorf("got %v, want %q", err, msg)
		}
	}
}

// TestLimitsOfValidation meets those that only Validate knows, from the inside.
func TestLimitsOfValidation(t *testing.T) {
	b := wasm.NewBuilder()
	b.Memory(wasm.MaxMemoryPages, wasm.MaxMemoryPages)
	b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
		for range wasm.MaxOperands {
			e.I32Const(0)
		}
		e.Op(wasm.OpUnreachable)
	})
	many := b.Func("", i32, i64, nil, func(e *wasm.Emitter) { e.LocalGet(wasm.MaxLocals - 1) })
	b.LocalGroups(many, wasm.LocalGroup{Count: 1 << 31, Type: wasm.I32}, wasm.LocalGroup{Count: 1<<31 - 2, Type: wasm.I64})
	if _, err := accepts(b.Bytes()); err != nil {
		t.Error(err)
	}
	b.LocalGroups(many, wasm.LocalGroup{Count: 1 << 31, Type: wasm.I32}, wasm.LocalGroup{Count: 1<<31 - 1, Type: wasm.I64})
	if err := wasm.Validate(b.Module()); err == nil || !strings.Contains(err.Error(), "too many locals: 4294967296") {
		t.Errorf("got %v", err)
	}
}

// TestHostileShapesAreLinear: a megabyte of the worst that a body can hold is
// checked in the time that a linear pass takes. The bound is twenty times what
// is measured on one slow core; a quadratic pass would take hours.
func TestHostileShapesAreLinear(t *testing.T) {
	const size = 1 << 20
	const guard = 4 * time.Second
	wide := slices.Repeat(wasm.Types(wasm.V128, wasm.I32), wasm.MaxResults/2)
	for _, c := range []struct {
		name  string
		build func(b *wasm.Builder)
	}{
		{"nested blocks", func(b *wasm.Builder) {
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				for range size / 3 {
					e.Block(wasm.BlockEmpty)
				}
				for range size / 3 {
					e.End()
				}
			})
		}},
		{"br_table over nested blocks", func(b *wasm.Builder) {
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				labels := make([]uint32, 1000)
				for i := range labels {
					e.Block(wasm.BlockEmpty)
					labels[i] = uint32(i)
				}
				for range size / 2000 {
					e.Block(wasm.BlockEmpty).I32Const(0).BrTable(labels...).End()
				}
				for range labels {
					e.End()
				}
			})
		}},
		{"one br_table", func(b *wasm.Builder) {
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).BrTable(make([]uint32, size)...) })
		}},
		{"br_table to wide labels in unreachable code", func(b *wasm.Builder) {
			// Three types of a thousand results that end alike, and five hundred
			// operands, the lowest of which fits any type.
			var bts []wasm.BlockType
			for i := range 3 {
				ts := slices.Clone(wide)
				ts[i] = wasm.F64
				bts = append(bts, wasm.BlockIndex(b.Type(nil, ts)))
			}
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				labels := make([]uint32, size/2)
				for i := range labels {
					labels[i] = uint32(i % 3)
				}
				e.Block(bts[0]).Block(bts[1]).Block(bts[2]).Op(wasm.OpUnreachable, wasm.OpSelect)
				for range wasm.MaxResults / 4 {
					e.V128Const([16]byte{}).I32Const(0)
				}
				e.I32Const(0).BrTable(labels...)
				for range bts {
					e.End().Op(wasm.OpUnreachable)
				}
			})
		}},
		{"calls with wide signatures", func(b *wasm.Builder) {
			f := b.Func("", wide, wide, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
			b.Func("", wide, wide, nil, func(e *wasm.Emitter) {
				for i := range wide {
					e.LocalGet(uint32(i))
				}
				for range size / 2 {
					e.Call(f)
				}
			})
		}},
		{"blocks with wide signatures", func(b *wasm.Builder) {
			bt := wasm.BlockIndex(b.Type(wide, wide))
			b.Func("", wide, wide, nil, func(e *wasm.Emitter) {
				for i := range wide {
					e.LocalGet(uint32(i))
				}
				for range size / 3 {
					e.Loop(bt).End()
				}
			})
		}},
		{"branches with wide signatures in unreachable code", func(b *wasm.Builder) {
			bt := wasm.BlockIndex(b.Type(nil, wide))
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				e.Block(bt).Op(wasm.OpUnreachable)
				for range size / 4 {
					e.I32Const(0).BrIf(0)
				}
				e.End().Op(wasm.OpUnreachable)
			})
		}},
		{"unreachable code", func(b *wasm.Builder) {
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				e.Op(wasm.OpUnreachable)
				for range size {
					e.Op(wasm.OpSelect)
				}
				e.Op(wasm.OpDrop)
			})
		}},
		{"groups of locals", func(b *wasm.Builder) {
			gs := make([]wasm.LocalGroup, size/5)
			for i := range gs {
				gs[i] = wasm.LocalGroup{Count: 1 << 13, Type: pick(i, wasm.I32, wasm.I64)}
			}
			f := b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
				for i := range uint32(size / 8) {
					e.LocalGet(i << 13).Op(wasm.OpDrop)
				}
			})
			b.LocalGroups(f, gs...)
		}},
		{"many functions with many locals", func(b *wasm.Builder) {
			m := b.Module()
			ti := b.Type(nil, nil)
			for range size / 12 {
				m.Funcs = append(m.Funcs, ti)
				m.Codes = append(m.Codes, wasm.Code{Locals: []wasm.LocalGroup{{Count: wasm.MaxLocals, Type: wasm.V128}}, Body: []byte{0x0b}})
			}
		}},
		{"constant expression", func(b *wasm.Builder) {
			b.Global(wasm.I32, false, func(e *wasm.Emitter) {
				e.I32Const(0)
				for range size / 3 {
					e.I32Const(0).Op(wasm.OpI32Add)
				}
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := wasm.NewBuilder()
			c.build(b)
			bytes := b.Bytes()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := accepts(bytes)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Error(err)
			}
			if took > guard {
				t.Errorf("%d bytes took %v", len(bytes), took)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("%d bytes allocated for %d", got, len(bytes))
			}
			t.Logf("%d bytes: %v, %d KiB allocated", len(bytes), took, (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}

func pick[T any](i int, xs ...T) T { return xs[i%len(xs)] }

// TestFuncState: what a pass asks between two instructions.
func TestFuncState(t *testing.T) {
	b := wasm.NewBuilder()
	b.ImportFunc("m", "f", nil, nil)
	bt := wasm.BlockIndex(b.Type(i32, wasm.Types(wasm.V128)))
	b.Func("", i64, i32, wasm.Types(wasm.F32), func(e *wasm.Emitter) {
		e.I32Const(1).I32Const(2)                     // two operands
		e.Loop(bt)                                    // takes one of them
		e.Op(wasm.OpDrop).V128Const([16]byte{}).Br(0) // branches with the wrong type: see below
		e.End().Op(wasm.OpDrop)
	})
	v, err := wasm.NewValidator(b.Module())
	if err != nil {
		t.Fatal(err)
	}
	if v.NumFuncs() != 2 || v.NumImportedFuncs() != 1 || v.FuncType(1).String() != "(i64) -> (i32)" || v.FuncTypeIndex(1) != b.Type(i64, i32) {
		t.Errorf("%d functions, %d imported, function 1 is %v", v.NumFuncs(), v.NumImportedFuncs(), v.FuncType(1))
	}
	var (
		s   wasm.FuncState
		r   wasm.Reader
		in  wasm.Instr
		got []string
	)
	if err := s.Begin(v, 0); err != nil {
		t.Fatal(err)
	}
	if n, ok := s.LocalType(1); s.FuncIndex() != 1 || s.NumLocals() != 2 || n != wasm.F32 || !ok {
		t.Errorf("function %d with %d locals, local 1 is %v", s.FuncIndex(), s.NumLocals(), n)
	}
	if _, ok := s.LocalType(2); ok {
		t.Error("there is a local 2")
	}
	r.Reset(b.Module().Codes[0].Body)
	for r.Next(&in) {
		f := s.Frame(0)
		got = append(got, fmt.Sprintf("%v: %v top %v, frame %v at %d over %d, label %v, dead %v",
			in.Op, s.Operands(), s.Operand(0), f.Op, f.Start, f.Height, s.Label(0), s.Unreachable()))
		if err = s.Step(&in); err != nil {
			break
		}
	}
	want := []string{
		"i32.const: [] top unknown, frame end at 0 over 0, label [i32], dead false",
		"i32.const: [i32] top i32, frame end at 0 over 0, label [i32], dead false",
		"loop: [i32 i32] top i32, frame end at 0 over 0, label [i32], dead false",
		"drop: [i32 i32] top i32, frame loop at 4 over 1, label [i32], dead false",
		"v128.const: [i32] top unknown, frame loop at 4 over 1, label [i32], dead false",
		"br: [i32 v128] top v128, frame loop at 4 over 1, label [i32], dead false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err == nil || !strings.Contains(err.Error(), "expected i32, found v128") || !errors.Is(s.Step(&in), err) || !errors.Is(s.Finish(&r), err) {
		t.Errorf("got %v, then %v, then %v", err, s.Step(&in), s.Finish(&r))
	}
	if s.MaxSlots() != 3 {
		t.Errorf("at most %d slots, want 3: an i32 and a v128", s.MaxSlots())
	}
}

// TestFuncStateCounts: heights, slots and frames agree with a naive recount on
// generated programs, at every instruction.
func TestFuncStateCounts(t *testing.T) {
	for seed := range uint64(60) {
		m := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40}).Module
		v, err := wasm.NewValidator(m)
		if err != nil {
			t.Fatal(err)
		}
		var s wasm.FuncState
		for i := range m.Codes {
			if err := s.Begin(v, i); err != nil {
				t.Fatal(err)
			}
			r := wasm.NewReader(m.Codes[i].Body)
			most, depth := 0, 1
			for in := (wasm.Instr{}); r.Next(&in); {
				if err := s.Step(&in); err != nil {
					t.Fatal(err)
				}
				switch in.Op {
				case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
					depth++
				case wasm.OpEnd:
					depth--
				}
				slots := 0
				for _, o := range s.Operands() {
					slots++
					if o == wasm.V128 {
						slots++
					}
				}
				most = max(most, slots)
				if s.Slots() != slots || s.MaxSlots() != most || s.Depth() != depth || s.Height() != len(s.Operands()) {
					t.Fatalf("seed %d function %d at %d: %d slots of %d at most, depth %d; counted %d, %d, %d",
						seed, i, in.Start, s.Slots(), s.MaxSlots(), s.Depth(), slots, most, depth)
				}
			}
			if err := s.Finish(&r); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReaderAndEmitter: what a Reader reads, Emitter.Instr writes again, for
// every instruction; and reading does not allocate.
func TestReaderAndEmitter(t *testing.T) {
	seen := map[wasm.Opcode]bool{}
	for seed := range uint64(60) {
		m := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40, Size: 400}).Module
		for i := range m.Codes {
			var e wasm.Emitter
			r := wasm.NewReader(m.Codes[i].Body)
			for in := (wasm.Instr{}); r.Next(&in); {
				seen[in.Op] = true
				if e.Instr(&in); e.Len() != in.End || r.Pos() != in.End {
					t.Fatalf("seed %d: %v at %d emits %d bytes", seed, in.Op, in.Start, e.Len()-in.Start)
				}
			}
			if r.Err() != nil || string(e.Bytes()) != string(m.Codes[i].Body) {
				t.Fatalf("seed %d function %d: %v, %x became %x", seed, i, r.Err(), m.Codes[i].Body, e.Bytes())
			}
		}
	}
	for _, op := range wasm.Opcodes() {
		if !seen[op] {
			t.Errorf("%v was not tried", op)
		}
	}
	if n := len(wasm.Opcodes()); n != 439 {
		t.Errorf("the table has %d instructions, core 2.0 and tail calls have 439", n)
	}
	body := wasmgen.Generate(5, wasmgen.Options{}).Module.Codes[0].Body
	var r wasm.Reader
	var in wasm.Instr
	r.Reset(body)
	for r.Next(&in) {
	}
	if n := testing.AllocsPerRun(10, func() {
		for r.Reset(body); r.Next(&in); {
		}
	}); n != 0 {
		t.Errorf("reading a body allocates %v times", n)
	}
}
