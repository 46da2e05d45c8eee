package sandbox

import (
	"io"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
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
		WithStdin(&stdinPoll{w.Stdin, w.PollStdin}).WithStdout(w.Stdout).WithStderr(w.Stderr).
		WithRandSource(w.Random).
		WithWalltime(w.Walltime, wasisys.ClockResolution(time.Microsecond)).
		WithNanotime(w.Nanotime, 1).
		WithNanosleep(w.Nanosleep)
	if len(w.Dirs) == 0 {
		return c, rootClosers(nil), nil
	}
	fsc := wazero.NewFSConfig()
	var roots rootClosers
	for _, d := range w.Dirs {
		root, err := os.OpenRoot(d.Host)
		if err != nil {
			roots.Close()
			return nil, nil, err
		}
		roots = append(roots, root)
		fsc = fsc.(sysfs.FSConfig).WithSysFSMount(newRootFS(root, d.ReadOnly, w.Files), d.Guest)
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

// stdinPoll is standard input for the engine's poll_oneoff.
type stdinPoll struct {
	io.Reader
	poll func(time.Duration) bool
}

// Poll implements sys.Pollable.
func (p *stdinPoll) Poll(flag sys.Pflag, timeoutMillis int32) (bool, sys.Errno) {
	if flag != sys.POLLIN {
		return false, sys.ENOTSUP
	}
	return p.poll(time.Duration(timeoutMillis) * time.Millisecond), 0
}
