package cli

import "github.com/univrs/vudo/internal/wasm"

const (
	i32 = wasm.I32
	i64 = wasm.I64
	f32 = wasm.F32
	f64 = wasm.F64
)

var types = wasm.Types

// fixtures are the guests of the scripts, by name.
var fixtures = map[string]func() []byte{
	"hello":    helloModule,
	"scalars":  scalarModule,
	"filter":   filterModule,
	"command":  commandModule,
	"counter":  counterModule,
	"faults":   faultModule,
	"greedy":   greedyModule,
	"flood":    floodModule,
	"start":    startModule,
	"unlinked": unlinkedModule,
	"readenv":  readEnvModule,
	"dice":     diceModule,
	"waits":    waitsModule,
	"trueclock": func() []byte {
		b := wasm.NewBuilder()
		now := b.ImportFunc("vudo", "host_time_now", nil, types(i64))
		b.Func("now", nil, types(i64), nil, func(e *wasm.Emitter) { e.Call(now) })
		return b.Bytes()
	},
	"bigmemory": func() []byte {
		b := wasm.NewBuilder()
		b.Memory(1040, -1) // 65 MiB
		b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		return b.Bytes()
	},
	"bigtable": func() []byte {
		b := wasm.NewBuilder()
		b.Table(wasm.FuncRef, 65_537, -1)
		b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		return b.Bytes()
	},
	"gated":  gatedModule,
	"reader": readerModule,
	"mixed": func() []byte {
		b := wasm.NewBuilder()
		write := hostFunc(b, "host_output_write", types(i32, i32), types(i32))
		b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
		b.Data(0, []byte("words"))
		say := b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).I32Const(5).Call(write).Op(wasm.OpDrop) })
		b.Func("say", nil, types(i32), nil, func(e *wasm.Emitter) { e.Call(say).I32Const(0) })
		b.Func("count", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(5) })
		b.Func("status", nil, types(i32), nil, func(e *wasm.Emitter) { e.Call(say).I32Const(7) })
		return b.Bytes()
	},
	"othertype": func() []byte {
		b := wasm.NewBuilder()
		hostFunc(b, "host_log_info", types(i32), types(i32))
		b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		return b.Bytes()
	},
	"deep": func() []byte {
		b := wasm.NewBuilder()
		b.Func("deep", nil, nil, nil, func(e *wasm.Emitter) {
			for range 5000 {
				e.Block(wasm.BlockEmpty)
			}
			for range 5000 {
				e.End()
			}
		})
		return b.Bytes()
	},
	"truncated": func() []byte { b := helloModule(); return b[:len(b)-7] },
	"empty":     func() []byte { return nil },
	"wrongtype": func() []byte {
		b := wasm.NewBuilder()
		b.Func("bad", nil, types(i32), nil, func(e *wasm.Emitter) { e.I64Const(1) })
		return b.Bytes()
	},
	"component": func() []byte { return []byte("\x00asm\x0d\x00\x01\x00") },
}

func fixture(name string) ([]byte, bool) {
	f, ok := fixtures[name]
	if !ok {
		return nil, false
	}
	return f(), true
}

func hostFunc(b *wasm.Builder, name string, params, results []wasm.ValType) uint32 {
	return b.ImportFunc("vudo", name, params, results)
}

// helloModule exports greet and main: "Hello, NAME!" from the input, "world"
// when it is empty; it logs one line.
func helloModule() []byte {
	b := wasm.NewBuilder()
	read := hostFunc(b, "host_input_read", types(i32, i32, i32), types(i32))
	write := hostFunc(b, "host_output_write", types(i32, i32), types(i32))
	log := hostFunc(b, "host_log_info", types(i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 4))
	b.Data(0, []byte("Hello, !worldgreeting"))
	f := b.Func("greet", nil, types(i32), types(i32), func(e *wasm.Emitter) {
		e.I32Const(13).I32Const(8).Call(log).Op(wasm.OpDrop)
		e.I32Const(0).I32Const(1024).I32Const(4096).Call(read).LocalSet(0)
		e.I32Const(0).I32Const(7).Call(write).Op(wasm.OpDrop)
		e.LocalGet(0).I32Const(0).Op(wasm.OpI32GtS).If(wasm.BlockEmpty)
		e.I32Const(1024).LocalGet(0).Call(write).Op(wasm.OpDrop)
		e.Else().I32Const(8).I32Const(5).Call(write).Op(wasm.OpDrop).End()
		e.I32Const(7).I32Const(1).Call(write).Op(wasm.OpDrop)
		e.I32Const(0)
	})
	b.Export("main", wasm.KindFunc, f)
	return b.Bytes()
}

// scalarModule has identities of all four types, add, div and constants.
func scalarModule() []byte {
	b := wasm.NewBuilder()
	same := func(e *wasm.Emitter) { e.LocalGet(0) }
	b.Func("same_i32", types(i32), types(i32), nil, same)
	b.Func("same_i64", types(i64), types(i64), nil, same)
	b.Func("same_f32", types(f32), types(f32), nil, same)
	b.Func("same_f64", types(f64), types(f64), nil, same)
	b.Func("add", types(i32, i32), types(i32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add)
	})
	b.Func("div", types(i32, i32), types(i32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32DivS)
	})
	b.Func("answer", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(42) })
	b.Func("pair", nil, types(i32, i64), nil, func(e *wasm.Emitter) { e.I32Const(1).I64Const(-2) })
	b.Func("nothing", nil, nil, nil, nil)
	b.Func("ref", types(wasm.FuncRef), nil, nil, nil)
	return b.Bytes()
}

// filterModule copies its input to its output as it comes.
func filterModule() []byte {
	b := wasm.NewBuilder()
	read := hostFunc(b, "host_input_read", types(i32, i32, i32), types(i32))
	write := hostFunc(b, "host_output_write", types(i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Func("main", nil, types(i32), types(i32, i32), func(e *wasm.Emitter) {
		e.Block(wasm.BlockEmpty).Loop(wasm.BlockEmpty)
		e.LocalGet(1).I32Const(0).I32Const(4096).Call(read).LocalTee(0)
		e.I32Const(1).Op(wasm.OpI32LtS).BrIf(1)
		e.I32Const(0).LocalGet(0).Call(write).Op(wasm.OpDrop)
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add).LocalSet(1)
		e.Br(0).End().End().I32Const(0)
	})
	return b.Bytes()
}

// commandModule is a WASI command: it prints its second argument's first bytes
// through fd 1, copies stdin to fd 1 when it has no argument, and exits with
// the number of its arguments less one.
func commandModule() []byte {
	const wasi = "wasi_snapshot_preview1"
	b := wasm.NewBuilder()
	sizes := b.ImportFunc(wasi, "args_sizes_get", types(i32, i32), types(i32))
	args := b.ImportFunc(wasi, "args_get", types(i32, i32), types(i32))
	write := b.ImportFunc(wasi, "fd_write", types(i32, i32, i32, i32), types(i32))
	read := b.ImportFunc(wasi, "fd_read", types(i32, i32, i32, i32), types(i32))
	exit := b.ImportFunc(wasi, "proc_exit", types(i32), nil)
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(64, []byte("told\n"))
	b.Func("_start", nil, nil, types(i32), func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(4).Call(sizes).Op(wasm.OpDrop)
		e.I32Const(128).I32Const(512).Call(args).Op(wasm.OpDrop)
		// no argument: copy stdin
		e.I32Const(0).Mem(wasm.OpI32Load, 2, 0).I32Const(2).Op(wasm.OpI32LtU).If(wasm.BlockEmpty)
		e.Block(wasm.BlockEmpty).Loop(wasm.BlockEmpty)
		e.I32Const(16).I32Const(2048).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(20).I32Const(4096).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(0).I32Const(16).I32Const(1).I32Const(24).Call(read).BrIf(1)
		e.I32Const(24).Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpI32Eqz).BrIf(1)
		e.I32Const(20).I32Const(24).Mem(wasm.OpI32Load, 2, 0).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(1).I32Const(16).I32Const(1).I32Const(24).Call(write).Op(wasm.OpDrop)
		e.Br(0).End().End()
		e.I32Const(0).Call(exit).End()
		// fd 2: "told"
		e.I32Const(16).I32Const(64).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(20).I32Const(5).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(2).I32Const(16).I32Const(1).I32Const(24).Call(write).Op(wasm.OpDrop)
		// fd 1: argv[1] up to its terminator
		e.I32Const(16).I32Const(132).Mem(wasm.OpI32Load, 2, 0).Mem(wasm.OpI32Store, 2, 0)
		e.Block(wasm.BlockEmpty).Loop(wasm.BlockEmpty)
		e.I32Const(132).Mem(wasm.OpI32Load, 2, 0).LocalGet(0).Op(wasm.OpI32Add).Mem(wasm.OpI32Load8U, 0, 0).Op(wasm.OpI32Eqz).BrIf(1)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0).Br(0).End().End()
		e.I32Const(20).LocalGet(0).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(1).I32Const(16).I32Const(1).I32Const(24).Call(write).Op(wasm.OpDrop)
		e.I32Const(0).Mem(wasm.OpI32Load, 2, 0).I32Const(2).Op(wasm.OpI32Sub).Call(exit)
	})
	return b.Bytes()
}

// counterModule keeps an i32 under the key "n" in storage.
func counterModule() []byte {
	b := wasm.NewBuilder()
	get := hostFunc(b, "host_storage_get", types(i32, i32, i32, i32), types(i32))
	set := hostFunc(b, "host_storage_set", types(i32, i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(0, []byte("n"))
	load := b.Func("get", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(1).I32Const(8).I32Const(4).Call(get).I32Const(4).Op(wasm.OpI32Ne).If(wasm.BlockEmpty)
		e.I32Const(8).I32Const(0).Mem(wasm.OpI32Store, 2, 0).End()
		e.I32Const(8).Mem(wasm.OpI32Load, 2, 0)
	})
	step := func(name string, by int32) {
		b.Func(name, nil, types(i32), nil, func(e *wasm.Emitter) {
			e.I32Const(8).Call(load).I32Const(by).Op(wasm.OpI32Add).Mem(wasm.OpI32Store, 2, 0)
			e.I32Const(0).I32Const(1).I32Const(8).I32Const(4).Call(set).Op(wasm.OpDrop)
			e.I32Const(8).Mem(wasm.OpI32Load, 2, 0)
		})
	}
	step("increment", 1)
	step("decrement", -1)
	return b.Bytes()
}

// faultModule has one export per way to end badly.
func faultModule() []byte {
	b := wasm.NewBuilder()
	failing := hostFunc(b, "host_fail", types(i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(0, []byte("no such \x1b[31mcolour"))
	b.Func("trap", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	b.Func("refuse", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(7).I32Const(0).I32Const(19).Call(failing).Op(wasm.OpDrop)
	})
	b.Func("spin", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
	b.Func("sum", types(i32), types(i64), types(i64), func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(1).LocalGet(0).Op(wasm.OpI64ExtendI32U, wasm.OpI64Add).LocalSet(1)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0).End()
		e.LocalGet(1)
	})
	recurse := b.Func("recurse", types(i32), types(i32), nil, nil)
	b.Body(recurse, func(e *wasm.Emitter) { e.LocalGet(0).Call(recurse).I32Const(1).Op(wasm.OpI32Add) })
	return b.Bytes()
}

// greedyModule grows its memory and its table by one until refused and returns the size.
func greedyModule() []byte {
	b := wasm.NewBuilder()
	b.Export("memory", wasm.KindMemory, b.Memory(1, -1))
	t := b.Table(wasm.FuncRef, 1, -1)
	b.Func("pages", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).I32Const(-1).Op(wasm.OpI32Ne).BrIf(0).End()
		e.OpIdx(wasm.OpMemorySize, 0)
	})
	b.Func("elements", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).RefNull(wasm.FuncRef).I32Const(1).OpIdx(wasm.OpTableGrow, t).I32Const(-1).Op(wasm.OpI32Ne).BrIf(0).End()
		e.OpIdx(wasm.OpTableSize, t)
	})
	return b.Bytes()
}

// floodModule writes without end until it is refused, then reports how often it wrote.
func floodModule() []byte {
	b := wasm.NewBuilder()
	write := hostFunc(b, "host_output_write", types(i32, i32), types(i32))
	log := hostFunc(b, "host_log_info", types(i32, i32), types(i32))
	failing := hostFunc(b, "host_fail", types(i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	loop := func(f uint32) func(e *wasm.Emitter) {
		return func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0)
			e.I32Const(0).I32Const(1024).Call(f).Op(wasm.OpI32Eqz).BrIf(0).End()
			e.LocalGet(0).I32Const(0).I32Const(0).Call(failing).Op(wasm.OpDrop)
		}
	}
	b.Func("output", nil, nil, types(i32), loop(write))
	b.Func("log", nil, nil, types(i32), loop(log))
	return b.Bytes()
}

// startModule spins in its start function.
func startModule() []byte {
	b := wasm.NewBuilder()
	f := b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
	b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
	b.Start(f)
	return b.Bytes()
}

// unlinkedModule imports what no version of vudo offers, and what this one does not.
func unlinkedModule() []byte {
	b := wasm.NewBuilder()
	b.ImportFunc("env", "puts", types(i32), types(i32))
	hostFunc(b, "host_network_fetch", types(i32, i32, i32, i32), types(i32))
	b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
	return b.Bytes()
}

// readEnvModule writes the value of the variable GREETING, or the code it got.
func readEnvModule() []byte {
	b := wasm.NewBuilder()
	env := hostFunc(b, "host_env_get", types(i32, i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(0, []byte("GREETING"))
	b.Func("size", types(i32), types(i32), nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(8).I32Const(64).I32Const(256).Call(env)
	})
	return b.Bytes()
}

// diceModule returns random numbers.
func diceModule() []byte {
	b := wasm.NewBuilder()
	random := hostFunc(b, "host_random_u64", nil, types(i64))
	b.Func("roll", nil, types(i64), nil, func(e *wasm.Emitter) { e.Call(random) })
	return b.Bytes()
}

// waitsModule sleeps for the given milliseconds.
func waitsModule() []byte {
	b := wasm.NewBuilder()
	sleep := hostFunc(b, "host_time_sleep", types(i64), types(i32))
	b.Func("sleep", types(i64), types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).Call(sleep) })
	return b.Bytes()
}

// gatedModule reads a key of storage, says so, waits for input and then writes
// the key: whoever writes it meanwhile makes it fail.
func gatedModule() []byte {
	b := wasm.NewBuilder()
	get := hostFunc(b, "host_storage_get", types(i32, i32, i32, i32), types(i32))
	set := hostFunc(b, "host_storage_set", types(i32, i32, i32, i32), types(i32))
	log := hostFunc(b, "host_log_info", types(i32, i32), types(i32))
	read := hostFunc(b, "host_input_read", types(i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(0, []byte("nready"))
	b.Func("main", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(1).I32Const(64).I32Const(8).Call(get).Op(wasm.OpDrop)
		e.I32Const(1).I32Const(5).Call(log).Op(wasm.OpDrop)
		e.I32Const(0).I32Const(64).I32Const(8).Call(read).Op(wasm.OpDrop)
		e.I32Const(0).I32Const(1).I32Const(64).I32Const(2).Call(set).Op(wasm.OpDrop)
		e.I32Const(0)
	})
	return b.Bytes()
}

// readerModule is a WASI command that copies the file "in" of the first mapped
// directory to its output, or exits with the errno.
func readerModule() []byte {
	const wasi = "wasi_snapshot_preview1"
	b := wasm.NewBuilder()
	open := b.ImportFunc(wasi, "path_open", types(i32, i32, i32, i32, i32, i64, i64, i32, i32), types(i32))
	read := b.ImportFunc(wasi, "fd_read", types(i32, i32, i32, i32), types(i32))
	write := b.ImportFunc(wasi, "fd_write", types(i32, i32, i32, i32), types(i32))
	exit := b.ImportFunc(wasi, "proc_exit", types(i32), nil)
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Data(0, []byte("in"))
	b.Func("_start", nil, nil, types(i32), func(e *wasm.Emitter) {
		e.I32Const(3).I32Const(0).I32Const(0).I32Const(2).I32Const(0).I64Const(2).I64Const(0).I32Const(0).I32Const(32).Call(open)
		e.LocalTee(0).If(wasm.BlockEmpty).LocalGet(0).Call(exit).End()
		e.I32Const(16).I32Const(1024).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(20).I32Const(4096).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(32).Mem(wasm.OpI32Load, 2, 0).I32Const(16).I32Const(1).I32Const(24).Call(read)
		e.LocalTee(0).If(wasm.BlockEmpty).LocalGet(0).Call(exit).End()
		e.I32Const(20).I32Const(24).Mem(wasm.OpI32Load, 2, 0).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(1).I32Const(16).I32Const(1).I32Const(24).Call(write).Call(exit)
	})
	return b.Bytes()
}
