package fuel

import (
	"fmt"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// The default shape limits: what a module may look like before the engine sees
// it. The engine's compiler is superlinear on some shapes; the limits follow
// that cost and lie well above what compilers of real languages emit. In
// brackets the most seen in real modules.
const (
	// MaxNesting is the depth of blocks, loops and ifs [1,706: Haskell]. The
	// passes of the engine walk nested structure.
	MaxNesting = 4096
	// MaxLoopNesting is the depth of loops [8]. A value that lives through n
	// loops is merged at n heads.
	MaxLoopNesting = 256
	// MaxIfNesting is the depth of ifs [14]. 20,000 nested ones compile for 23 s.
	MaxIfNesting = 256
	// MaxBlocks is the number of blocks, loops and ifs of a function [1,706].
	MaxBlocks = 8192
	// MaxLoops is the number of loops of a function [78: SQLite]. The time to
	// compile grows with their square: 8,000 empty ones, 24 KB of module, take
	// 35 s; at the limit 0.2 s.
	MaxLoops = 1024
	// MaxLoopLocals is the pairs of a loop and a local that is live at its head
	// [3,306]: each may become a merged value. 300 loops over 1,000 locals compile
	// for 30 s.
	MaxLoopLocals = 16384
	// MaxMergeLocals is (loops + ifs) x declared locals [19,608: SQLite].
	// 5,000 ifs over 1,000 locals take 11 s and 690 MB.
	MaxMergeLocals = 262144
	// MaxLocals is the number of declared locals [60 with an optimiser; 2,452: C
	// without one].
	MaxLocals = 8192
	// MaxParams and MaxResults are those of a signature, of blocks too [13; few].
	MaxParams  = 64
	MaxResults = 64
	// MaxBranchTable is the number of entries of one br_table [3,125]. A million
	// compile for more than 30 s.
	MaxBranchTable = 4096
	// MaxFuncBranches is the entries of all br_tables of a function [3,125].
	MaxFuncBranches = 16384
	// MaxModuleBranches is the entries of all br_tables of a module [267,400:
	// 14 MB of Go].
	MaxModuleBranches = 1 << 20
	// MaxBody is the length of a function's code in bytes [80 KB: Haskell].
	MaxBody = 1 << 20
	// MaxCallGlobals is calls x mutable globals in a function, and
	// MaxModuleCallGlobals in the module [608,248: 15 MB of Go]: the engine makes
	// all mutable globals anew after each call. 20,000 calls among 2,000 of them,
	// 50 KB of module, compile for 30 s.
	MaxCallGlobals       = 1 << 18
	MaxModuleCallGlobals = 1 << 22
	// MaxForks is the number of ifs, conditional branches, br_tables, calls and
	// grows of a function [about 2,000: Go, SQLite]: each ends a block of the
	// engine, with the check that follows a call, and the time to compile grows
	// with their square. 32,000 calls, 64 KB of module, compile for 22 s; at the
	// limit 1.2 s.
	MaxForks = 8192
	// MaxAccessBlocks is loads and stores x (blocks + loops + ifs) in a function
	// [13,790,350: Go's encoding/json]. The engine copies what it knows about the
	// bounds of addresses from block to block: 50,000 stores among 4,000 blocks
	// compile for 8 s; at the limit 1.3 s.
	MaxAccessBlocks = 1 << 25
	// MaxFunctions is the number of defined functions [7,571].
	MaxFunctions = 65536
	// MaxImports is the number of imports [33].
	MaxImports = 1000
	// MaxExports is the number of exports [241].
	MaxExports = 10000
	// MaxDataSegments is the number of data segments [100,000: Go's linker].
	MaxDataSegments = 100000
)

// ShapeLimits are the shape limits of a module. A zero field means the default
// of the constant with its name.
type ShapeLimits struct {
	Off bool // check nothing: for test suites that are hostile on purpose

	Nesting, LoopNesting, IfNesting, Blocks          int
	LoopLocals, MergeLocals, Locals, Params, Results int
	BranchTable, FuncBranches, ModuleBranches, Body  int
	CallGlobals, ModuleCallGlobals, AccessBlocks     int
	Forks, Loops                                     int
	Functions, Imports, Exports, DataSegments        int
}

// ShapeError says which limit a module breaks. It wraps fault.ErrInvalidModule.
type ShapeError struct {
	Limit  string // such as "nesting of loops"
	Func   int    // function index, imports counted; -1 for the module
	Offset uint32 // byte offset in the module; 0 where the error has no one place
	Got    int    // what the module has, as far as it was counted
	Max    int    // the limit
}

// Error returns one line.
func (e *ShapeError) Error() string {
	where := "module"
	if e.Func >= 0 {
		where = fmt.Sprintf("function %d", e.Func)
	}
	if e.Offset != 0 {
		where += fmt.Sprintf(", offset 0x%x", e.Offset)
	}
	return fmt.Sprintf("%v: %s: %d exceeds the limit of %d (%s)", fault.ErrInvalidModule, e.Limit, e.Got, e.Max, where)
}

// Unwrap makes every ShapeError match fault.ErrInvalidModule.
func (e *ShapeError) Unwrap() error { return fault.ErrInvalidModule }

func (l ShapeLimits) withDefaults() ShapeLimits {
	set := func(field *int, to int) {
		if *field == 0 {
			*field = to
		}
	}
	set(&l.Nesting, MaxNesting)
	set(&l.LoopNesting, MaxLoopNesting)
	set(&l.IfNesting, MaxIfNesting)
	set(&l.Blocks, MaxBlocks)
	set(&l.LoopLocals, MaxLoopLocals)
	set(&l.MergeLocals, MaxMergeLocals)
	set(&l.Locals, MaxLocals)
	set(&l.Params, MaxParams)
	set(&l.Results, MaxResults)
	set(&l.BranchTable, MaxBranchTable)
	set(&l.FuncBranches, MaxFuncBranches)
	set(&l.ModuleBranches, MaxModuleBranches)
	set(&l.Body, MaxBody)
	set(&l.CallGlobals, MaxCallGlobals)
	set(&l.ModuleCallGlobals, MaxModuleCallGlobals)
	set(&l.AccessBlocks, MaxAccessBlocks)
	set(&l.Forks, MaxForks)
	set(&l.Loops, MaxLoops)
	set(&l.Functions, MaxFunctions)
	set(&l.Imports, MaxImports)
	set(&l.Exports, MaxExports)
	set(&l.DataSegments, MaxDataSegments)
	return l
}

// Check returns a *ShapeError for the first limit that m breaks, in the order
// of the module. It needs no valid module: of code that cannot be read it
// checks what comes before the fault, and leaves the fault to wasm.Validate.
func (l ShapeLimits) Check(m *wasm.Module) error {
	if l.Off {
		return nil
	}
	l = l.withDefaults()
	c := shapeCheck{l: &l, m: m, imported: m.NumImported(wasm.KindFunc)}
	if err := c.module(); err != nil {
		return err
	}
	for i := range m.Codes {
		if err := c.function(i); err != nil {
			return err
		}
	}
	return nil
}

type shapeCheck struct {
	l        *ShapeLimits
	m        *wasm.Module
	imported int
	mutable  int    // mutable globals
	branches int    // br_table entries of the module
	calls    int    // calls of the module
	open     []byte // classes of the open blocks
	seen     []bool // locals that the function's code names
	r        wasm.Reader
}

func (c *shapeCheck) module() error {
	m, l := c.m, c.l
	for _, x := range []struct {
		name     string
		got, max int
	}{
		{"functions", len(m.Funcs), l.Functions},
		{"imports", len(m.Imports), l.Imports},
		{"exports", len(m.Exports), l.Exports},
		{"data segments", len(m.Datas), l.DataSegments},
	} {
		if x.got > x.max {
			return &ShapeError{Limit: x.name, Func: -1, Got: x.got, Max: x.max}
		}
	}
	for i := range m.Types {
		t := &m.Types[i]
		if len(t.Params) > l.Params {
			return &ShapeError{Limit: fmt.Sprintf("parameters of type %d", i), Func: -1, Got: len(t.Params), Max: l.Params}
		}
		if len(t.Results) > l.Results {
			return &ShapeError{Limit: fmt.Sprintf("results of type %d", i), Func: -1, Got: len(t.Results), Max: l.Results}
		}
	}
	for i := range m.Imports {
		if imp := &m.Imports[i]; imp.Kind == wasm.KindGlobal && imp.Global.Mutable {
			c.mutable++
		}
	}
	for i := range m.Globals {
		if m.Globals[i].Type.Mutable {
			c.mutable++
		}
	}
	return nil
}

func (c *shapeCheck) function(i int) error {
	code, l := &c.m.Codes[i], c.l
	at := 0 // in the body
	exceeds := func(limit string, got, max int) error {
		if got <= max {
			return nil
		}
		e := &ShapeError{Limit: limit, Func: c.imported + i, Got: got, Max: max}
		if code.Offset != 0 {
			e.Offset = code.Offset + uint32(at)
		}
		return e
	}
	locals := int(min(code.NumLocals(), 1<<31-1))
	if err := exceeds("locals", locals, l.Locals); err != nil {
		return err
	}
	if err := exceeds("body bytes", len(code.Body), l.Body); err != nil {
		return err
	}
	if i < len(c.m.Funcs) && int(c.m.Funcs[i]) < len(c.m.Types) {
		locals += len(c.m.Types[c.m.Funcs[i]].Params)
	}
	c.seen = append(c.seen[:0], make([]bool, locals)...)
	c.open = c.open[:0]
	var blocks, loops, ifs, nestedLoops, nestedIfs, named, branches, calls, accesses, forks int
	c.r.Reset(code.Body)
	var in wasm.Instr
	for c.r.Next(&in) {
		var err error
		at = in.Start
		if isFork(in.Op) {
			forks++
			if err = exceeds("branches and calls", forks, l.Forks); err != nil {
				return err
			}
		}
		switch in.Op {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			c.open = append(c.open, byte(in.Op))
			blocks++
			switch in.Op {
			case wasm.OpLoop:
				loops++
				nestedLoops++
				if err = exceeds("nesting of loops", nestedLoops, l.LoopNesting); err == nil {
					err = exceeds("loops", loops, l.Loops)
				}
			case wasm.OpIf:
				ifs++
				nestedIfs++
				err = exceeds("nesting of ifs", nestedIfs, l.IfNesting)
			}
			if err == nil {
				err = exceeds("nesting of blocks", len(c.open), l.Nesting)
			}
			if err == nil {
				err = exceeds("blocks, loops and ifs", blocks, l.Blocks)
			}
			if err == nil {
				err = exceeds("(loops + ifs) x locals", (loops+ifs)*locals, l.MergeLocals)
			}
			if err == nil {
				err = exceeds("memory accesses x blocks", accesses*blocks, l.AccessBlocks)
			}
		case wasm.OpEnd:
			if n := len(c.open); n > 0 {
				switch wasm.Opcode(c.open[n-1]) {
				case wasm.OpLoop:
					nestedLoops--
				case wasm.OpIf:
					nestedIfs--
				}
				c.open = c.open[:n-1]
			}
		case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee:
			if int64(in.A) < int64(locals) && !c.seen[in.A] {
				c.seen[in.A] = true
				named++
			}
		case wasm.OpBrTable:
			n := len(in.Table)
			branches += n
			c.branches += n
			if err = exceeds("entries of a br_table", n, l.BranchTable); err == nil {
				err = exceeds("br_table entries of a function", branches, l.FuncBranches)
			}
			if err == nil {
				err = exceeds("br_table entries of the module", c.branches, l.ModuleBranches)
			}
		case wasm.OpCall, wasm.OpCallIndirect, wasm.OpMemoryGrow:
			calls++
			c.calls++
			if err = exceeds("calls x mutable globals", calls*c.mutable, l.CallGlobals); err == nil {
				err = exceeds("calls x mutable globals of the module", c.calls*c.mutable, l.ModuleCallGlobals)
			}
		default:
			if isAccess(in.Op) {
				accesses++
				err = exceeds("memory accesses x blocks", accesses*blocks, l.AccessBlocks)
			}
		}
		if err != nil {
			return err
		}
	}
	if pairs := loops * named; pairs > l.LoopLocals {
		if live, ok := c.liveLocals(code, locals, loops); ok {
			pairs = live
		}
		at = 0
		return exceeds("loops x live locals", pairs, l.LoopLocals)
	}
	return nil
}

// isFork reports what ends a block of the engine beside the ends of the guest's own.
func isFork(op wasm.Opcode) bool {
	switch op {
	case wasm.OpIf, wasm.OpBrIf, wasm.OpBrTable, wasm.OpCall, wasm.OpCallIndirect, wasm.OpMemoryGrow, wasm.OpTableGrow:
		return true
	}
	return false
}

// isAccess reports a load or a store, of a vector and its lanes too.
func isAccess(op wasm.Opcode) bool {
	return wasm.OpI32Load <= op && op <= wasm.OpI64Store32 ||
		wasm.OpV128Load <= op && op <= wasm.OpV128Store ||
		wasm.OpV128Load8Lane <= op && op <= wasm.OpV128Load64Zero
}
