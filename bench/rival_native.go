package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// native runs the same C compiled by gcc -O2: the limit. Kernels time
// themselves; the JavaScript engine is timed from process start to end.
type native struct{}

func newNative() (engine, error) {
	if _, err := os.Stat(filepath.Join(buildDir, "kernels", "fib")); err != nil {
		return nil, errors.New("not built: run `make kernels`")
	}
	return native{}, nil
}

func (native) name() string { return "native" }

func (native) kernel(k kernel) (func() (uint64, float64, error), error) {
	file := filepath.Join(buildDir, "kernels", k.name)
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	return func() (sum uint64, ns float64, err error) {
		out, err := exec.Command(file, fmt.Sprint(k.n), "1").Output()
		if err == nil {
			_, err = fmt.Sscanf(string(out), "%x\n%g", &sum, &ns)
		}
		return sum, ns, err
	}, nil
}

func (native) script(_ []byte, js string) (func() (string, float64, error), error) {
	file := filepath.Join(buildDir, "kernels", "quickjs")
	if _, err := os.Stat(file); err != nil {
		return nil, errors.New("not built: run `make kernels-quickjs`")
	}
	return func() (string, float64, error) {
		cmd := exec.Command(file)
		cmd.Stdin = strings.NewReader(js)
		t := time.Now()
		out, err := cmd.Output()
		return string(out), float64(time.Since(t).Nanoseconds()), err
	}, nil
}

func (native) close() {}
