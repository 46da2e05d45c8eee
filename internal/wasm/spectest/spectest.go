// Package spectest finds and reads the official WebAssembly test suites that
// the wazero module ships in converted form (one JSON list of commands per
// script, with the modules as binary files beside it). It is for tests only: it
// knows where the files are and what a command says, not how to run one.
package spectest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

const wazeroModule = "github.com/tetratelabs/wazero"

// Suites are the suites of the features that VUDO runs, in the order to read them.
var Suites = []string{"v1", "v2", "tail-call", "extended-const"}

// Value is an argument or an expected result: Value is a decimal number of the
// value's bits, "null", a number of a reference, or for v128 a list of lanes in
// Lane's type; floats may be "nan:canonical" or "nan:arithmetic".
type Value struct {
	Type  string          `json:"type"`
	Lane  string          `json:"lane_type"`
	Value json.RawMessage `json:"value"`
}

// Action is what a command does to an instance.
type Action struct {
	Type   string  `json:"type"` // "invoke" or "get"
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []Value `json:"args"`
}

// Command is one line of a script.
type Command struct {
	Type       string  `json:"type"` // "module", "assert_return", "assert_trap", "assert_invalid", ...
	Line       int     `json:"line"`
	Name       string  `json:"name"`
	As         string  `json:"as"`
	Filename   string  `json:"filename"`    // of the module, beside the script
	ModuleType string  `json:"module_type"` // "binary" or "text"
	Text       string  `json:"text"`        // of the expected error
	Action     *Action `json:"action"`
	Expected   []Value `json:"expected"`
}

// Script is one converted script.
type Script struct {
	Suite, Name string
	Dir         string
	Commands    []Command
}

// Dir returns the directory of wazero's source in the module cache, at the
// version that go.mod names. It runs no command, so that a test which opens its
// files is cached rightly.
func Dir() (string, error) {
	version, err := wazeroVersion()
	if err != nil {
		return "", err
	}
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		path := filepath.SplitList(os.Getenv("GOPATH"))
		if len(path) == 0 || path[0] == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("spectest: neither GOMODCACHE nor GOPATH nor a home directory: %w", err)
			}
			path = []string{filepath.Join(home, "go")}
		}
		cache = filepath.Join(path[0], "pkg", "mod")
	}
	dir := filepath.Join(cache, filepath.FromSlash(wazeroModule)+"@"+version)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("spectest: run go mod download first: %w", err)
	}
	return dir, nil
}

// wazeroVersion reads the version from the go.mod above this source file, else
// above the working directory.
func wazeroVersion() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	starts := []string{start}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	for _, dir := range starts {
		for {
			if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
				for line := range strings.Lines(string(b)) {
					f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
					if len(f) >= 2 && f[0] == wazeroModule {
						return f[1], nil
					}
				}
			}
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	return "", fmt.Errorf("spectest: no go.mod above %s requires %s", start, wazeroModule)
}

// Load reads all scripts of a suite, ordered by name.
func Load(suite string) ([]Script, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "internal", "integration_test", "spectest", suite, "testdata")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("spectest: no scripts in %s", dir)
	}
	sort.Strings(files)
	scripts := make([]Script, 0, len(files))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s := Script{Suite: suite, Name: strings.TrimSuffix(filepath.Base(f), ".json"), Dir: dir}
		if err := json.Unmarshal(b, &struct {
			Commands *[]Command `json:"commands"`
		}{&s.Commands}); err != nil {
			return nil, fmt.Errorf("spectest: %s: %w", f, err)
		}
		scripts = append(scripts, s)
	}
	return scripts, nil
}

// Module returns the bytes of the module that the command names.
func (s *Script) Module(c *Command) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.Dir, c.Filename))
}
