package sandbox

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	wasisys "github.com/tetratelabs/wazero/sys"

	"github.com/univrs/vudo/internal/host"
)

// wasiConfig adds to base what the engine's WASI functions work with. The
// closer releases the mapped directories; it is called after the instance's
// own Close. The configuration is for one instance. An error names the
// directory that cannot be mapped.
func wasiConfig(base wazero.ModuleConfig, w host.WASIConfig) (wazero.ModuleConfig, io.Closer, error) {
	c := base.
		WithArgs(w.Args...).
		WithStdin(w.Stdin).WithStdout(w.Stdout).WithStderr(w.Stderr).
		WithRandSource(w.Random).
		WithWalltime(w.Walltime, wasisys.ClockResolution(time.Microsecond)).
		WithNanotime(w.Nanotime, 1)
	if len(w.Dirs) == 0 {
		return c, rootClosers(nil), nil
	}
	fsc := wazero.NewFSConfig()
	var roots rootClosers
	for i, d := range w.Dirs {
		root, err := os.OpenRoot(d.Host)
		if err != nil {
			roots.Close()
			return nil, nil, err
		}
		roots = append(roots, root)
		f := newRootFS(root, d.ReadOnly, w.Files)
		w.Files.Mapped(i, rootDir{f})
		fsc = fsc.(sysfs.FSConfig).WithSysFSMount(f, d.Guest)
	}
	return c.WithFSConfig(fsc), roots, nil
}

type rootClosers []*os.Root

func (rs rootClosers) Close() error {
	for _, r := range rs {
		r.Close() // opened for reading names only: nothing can be lost
	}
	return nil
}

// addWASI registers WASI preview 1: the engine's functions, and in place of
// some of them the host's own.
func (e *Engine) addWASI() error {
	b := e.runtime.NewHostModuleBuilder(host.ModuleWASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	for _, f := range host.Table() {
		if f.Impl != nil && contains(f.Modules, host.ModuleWASI) {
			b.NewFunctionBuilder().WithGoModuleFunction(hostFunction(f.Impl, f.Params), valueTypes(f.Params), valueTypes(f.Results)).Export(f.Name)
		}
	}
	if _, err := b.Instantiate(e.context); err != nil {
		return fmt.Errorf("host module %s: %w", host.ModuleWASI, err)
	}
	return nil
}
