package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
)

// inCrowded maps a directory with a crowded one below it: more names than one
// scan returns, long ones so that few files are a lot of memory.
func inCrowded(t *testing.T, _ *world, cfg *vudo.SandboxConfig) { t.Helper(); crowd(t, cfg, "a") }

// inThree is inCrowded with three of them.
func inThree(t *testing.T, _ *world, cfg *vudo.SandboxConfig) {
	t.Helper()
	crowd(t, cfg, "a", "b", "c")
}

func crowd(t *testing.T, cfg *vudo.SandboxConfig, names ...string) {
	t.Helper()
	top := t.TempDir()
	for _, d := range names {
		dir := filepath.Join(top, d)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range host.ListingBytes/(64+200) + 100 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%0200d", i)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	cfg.Dirs = []vudo.Dir{{Guest: "/data", Host: top}}
}

// listing opens a directory in each of so many rounds, one after the other of
// dirs, and reads the first bytes of it from the descriptor that pick leaves
// on the stack. It counts the listings that went well.
func listing(dirs, rounds, size int32, pick func(e *wasm.Emitter, fd uint32)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		i32, i64 := wasm.I32, wasm.I64
		open := b.ImportFunc(host.ModuleWASI, "path_open", wasm.Types(i32, i32, i32, i32, i32, i64, i64, i32, i32), wasm.Types(i32))
		read := b.ImportFunc(host.ModuleWASI, "fd_readdir", wasm.Types(i32, i32, i32, i64, i32), wasm.Types(i32))
		b.Memory(128, 128)
		b.Export("memory", wasm.KindMemory, 0)
		b.Data(0, []byte("abc"))
		const fd, used, buffer = 8, 16, 64
		b.Func("run", nil, wasm.Types(i32), i32s(2), func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			e.I32Const(3).I32Const(0).LocalGet(0).I32Const(dirs).Op(wasm.OpI32RemU).I32Const(1)
			e.I32Const(2).I64Const(1 << 1).I64Const(0).I32Const(0).I32Const(fd).Call(open).Op(wasm.OpDrop)
			pick(e, fd)
			e.I32Const(buffer).I32Const(size).I64Const(0).I32Const(used).Call(read)
			e.Op(wasm.OpI32Eqz).LocalGet(1).Op(wasm.OpI32Add).LocalSet(1)
			e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0)
			e.LocalGet(0).I32Const(rounds).Op(wasm.OpI32LtU).BrIf(0).End()
			e.LocalGet(1)
		})
	}
}

func newest(e *wasm.Emitter, fd uint32) { e.I32Const(int32(fd)).Mem(wasm.OpI32Load, 2, 0) }

// byTurns takes the descriptors 4, 5 and 6, whatever else is open.
func byTurns(e *wasm.Emitter, _ uint32) {
	e.LocalGet(0).I32Const(3).Op(wasm.OpI32RemU).I32Const(4).Op(wasm.OpI32Add)
}

// Sixty listings that are held would be 120 MiB, twice the bound.
var listings = row{attempt: "huge directories, listed again and again", shapes: []shape{
	{
		name: "on sixty descriptors, all kept open", grant: "storage.read", config: inCrowded,
		build: listing(1, 60, 4096, newest), result: number(60),
	},
	{
		name: "into a buffer as large as the memory", grant: "storage.read", config: inCrowded,
		build: listing(1, 10, 8<<20-64, newest), result: number(10),
	},
	{
		name: "three by turns, each from its start", grant: "storage.read", config: inThree,
		build: listing(3, 12, 4096, byTurns), result: number(12),
	},
	{
		name: "until the fuel is gone", grant: "storage.read", config: inCrowded, limits: vudo.Limits{Fuel: 400_000},
		build: listing(1, 1<<30, 4096, newest), end: vudo.ErrOutOfFuel, values: true,
	},
}}
