package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// engine runs kernels. Implementations are used by one goroutine.
type engine interface {
	name() string
	// kernel compiles a module that exports run(i32) -> i64 and returns a function
	// that calls it in a fresh instance's warm state: the checksum and the
	// nanoseconds of the guest alone.
	kernel(k kernel) (func() (uint64, float64, error), error)
	// script prepares the JavaScript engine; the function runs one script in a
	// fresh instance and gives what it printed, and the nanoseconds of
	// instantiation and run, compilation excluded.
	script(wasm []byte, js string) (func() (string, float64, error), error)
	close()
}

// kernel is one line of kernels.txt and its module.
type kernel struct {
	name string
	n    uint32
	sum  uint64
	wasm []byte
}

// maker builds an engine, or says why it takes no part here.
type maker struct {
	name string
	make func() (engine, error)
}

// makers lists the contestants in the order of the table's columns: ours, the
// same engine bare, then the rivals. Files with build constraints append.
var makers = []maker{
	{"vudo", newVudo},
	{"wazero", func() (engine, error) { return newWazero(false) }},
	{"wazero+cancel", func() (engine, error) { return newWazero(true) }},
	{"extism", newExtism},
	{"native", newNative},
}

// build is the repository's folder of build products, relative to this module.
const buildDir = "../build"

// loadKernels reads the committed kernels in table order.
func loadKernels() ([]kernel, error) {
	dir := filepath.Join("testdata", "kernels")
	f, err := os.Open(filepath.Join(dir, "kernels.txt"))
	if err != nil {
		return nil, fmt.Errorf("%w (run it in the folder bench)", err)
	}
	defer f.Close()
	return parseKernels(f, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, name+".wasm"))
	})
}
