package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/internal/build"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// target is what a command was pointed at: a module file or a project.
type target struct {
	path    string // of the module file, as a user would name it
	dir     string // of the project, as the user named it
	name    string // of the Spirit: from the manifest, else from the file
	wasm    []byte
	project *build.Project // nil for a file

	declared *spirit.Declared // its section vudo.manifest; nil = none, or not decoded yet
}

// digest identifies the module's bytes.
func (t *target) digest() string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(t.wasm))
}

// opener says how a target's module comes to be.
type opener struct {
	noBuild  bool   // a project's module is taken as it stands
	cacheDir string // where the module of a single DOL file is kept
}

// opener returns the way of this command line.
func (s *session) opener() opener {
	return opener{noBuild: s.on("no-build"), cacheDir: filepath.Join(cacheRoot(s.home), "dol")}
}

// open reads the module that path names. A DOL project or file is compiled
// first when it has changed.
func (o opener) open(path string) (*target, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absentTarget(path)
	case err != nil:
		return nil, err
	case st.IsDir():
		return o.project(path)
	case filepath.Ext(path) == ".dol":
		return o.source(path)
	}
	return openFile(path)
}

// source compiles one DOL file into the cache.
func (o opener) source(path string) (*target, error) {
	set, err := openSources([]string{path}, false)
	if err != nil {
		return nil, err
	}
	module, problems, err := build.CompileCached(o.cacheDir, set.sources, set.options, compilerVersion())
	if problems.HasErrors() {
		return nil, compileFailure(set, set.named(problems))
	}
	if err != nil {
		return nil, err
	}
	return &target{path: path, name: nameOf(path), wasm: module}, nil
}

func openFile(path string) (*target, error) {
	switch filepath.Ext(path) {
	case ".spirit":
		return nil, fail("unsupported", "run the .wasm file or the project it was packed from", "%s: packages are not read by this version of vudo", path)
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, fail("io", "save the module to a file first", "%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	module, err := io.ReadAll(io.LimitReader(f, wasm.MaxModuleBytes+1))
	if err != nil {
		return nil, err
	}
	if len(module) > wasm.MaxModuleBytes {
		return nil, moduleFailure(path, fmt.Errorf("%w: the file has %s bytes and exceeds the maximum of %s", fault.ErrInvalidModule, count(st.Size()), count(wasm.MaxModuleBytes)))
	}
	if hint := notWasm(module); hint != "" {
		f := moduleFailure(path, fmt.Errorf("%w: no WebAssembly at offset 0x0", fault.ErrInvalidModule))
		f.hint = hint
		return nil, f
	}
	return &target{path: path, name: nameOf(path), wasm: module}, nil
}

// notWasm recognises what people hand over in place of a module.
func notWasm(b []byte) string {
	trimmed := bytes.TrimLeft(b[:min(len(b), 512)], " \t\r\n\ufeff")
	switch {
	case bytes.HasPrefix(b, []byte("\x00asm")), len(b) == 0:
		return ""
	case bytes.HasPrefix(trimmed, []byte("(module")), bytes.HasPrefix(trimmed, []byte("(;")), bytes.HasPrefix(trimmed, []byte(";;")):
		return "this is the text format; translate it with wat2wasm"
	case bytes.HasPrefix(b, []byte("\x7fELF")), bytes.HasPrefix(b, []byte("MZ")), bytes.HasPrefix(b, []byte("\xcf\xfa\xed\xfe")):
		return "this is a native program; build it again for WebAssembly, such as with GOOS=wasip1 GOARCH=wasm or --target=wasm32-wasi"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return "this is an archive; unpack it and run the .wasm file inside"
	case bytes.HasPrefix(b, []byte("!<arch>")):
		return "this is a static library; link it into a module first"
	}
	return ""
}

// project reads the manifest and the module of the project in dir.
func (o opener) project(dir string) (*target, error) {
	p, err := build.Open(dir)
	var problems diag.List
	switch {
	case errors.Is(err, build.ErrNoManifest):
		hint := "name a .wasm file, or a directory with a " + spirit.ManifestName
		if near := modulesIn(dir); len(near) > 0 {
			hint = "name the module itself: " + strings.Join(near, ", ")
		}
		return nil, fail("not-found", hint, "%s is no project: it has no %s", dir, spirit.ManifestName)
	case errors.As(err, &problems):
		return nil, manifestFailure(problems)
	case errors.Is(err, build.ErrTooLarge):
		return nil, fail("manifest", "at most "+size(spirit.MaxManifestBytes)+" are read", "%v", err)
	case err != nil:
		return nil, err
	}
	if p.Manifest.Build.Lang == "dol" {
		return o.compiled(dir, p)
	}
	module, name, err := p.Output()
	path := filepath.Join(dir, name)
	switch {
	case errors.Is(err, build.ErrUnsupported):
		return nil, fail("unsupported", `build the module with your own tools, put it at src/main.wasm and write lang = "wasm"`, "%s: %v", filepath.Join(dir, spirit.ManifestName), err)
	case errors.Is(err, build.ErrNoOutput):
		hint := "put the module there, or name it as build.entry in " + filepath.Join(dir, spirit.ManifestName)
		if makefile, _ := filepath.Glob(filepath.Join(dir, "[Mm]akefile")); len(makefile) > 0 {
			hint = "build it first: make -C " + shellWord(dir)
		}
		return nil, fail("not-found", hint, "no build: %s does not exist", path)
	case errors.Is(err, build.ErrTooLarge):
		return nil, moduleFailure(path, fmt.Errorf("%w: the file exceeds the maximum of %s bytes", fault.ErrInvalidModule, count(build.MaxModuleBytes)))
	case err != nil:
		return nil, err
	}
	return &target{path: path, dir: dir, name: p.Manifest.Name, wasm: module, project: p}, nil
}

// compiled builds a DOL project, or with --no-build reads what was built.
func (o opener) compiled(dir string, p *build.Project) (*target, error) {
	set, err := projectSources(dir, p, false)
	if err != nil {
		return nil, err
	}
	path := set.module()
	if o.noBuild {
		module, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fail("not-found", "vudo build "+shellWord(dir)+" makes it", "no build: %s does not exist", path)
		}
		return &target{path: path, dir: dir, name: p.Manifest.Name, wasm: module, project: p}, err
	}
	c, _, err := set.compile(path, false)
	if err != nil {
		return nil, err
	}
	return &target{path: path, dir: dir, name: p.Manifest.Name, wasm: c.Wasm, project: p}, nil
}

// absentTarget is the failure for a path that does not exist, with what stands
// beside it under a similar name.
func absentTarget(path string) *failure {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	hint := "check the path; relative paths start at " + workingDir()
	if entries, err := os.ReadDir(dir); err == nil {
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		near := nearest(base, names)
		for i := range near {
			near[i] = filepath.Join(filepath.Dir(path), near[i])
		}
		if len(near) > 0 {
			hint = "did you mean " + strings.Join(near, " or ") + "?"
		} else if modules := modulesIn(dir); len(modules) > 0 {
			hint = "what can be run there: " + strings.Join(modules, ", ")
		}
	}
	return fail("not-found", hint, "no such file or directory: %s", path)
}

// modulesIn lists at most three module files and projects of a directory.
func modulesIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if _, err := os.Stat(filepath.Join(path, spirit.ManifestName)); err == nil {
				found = append(found, path)
			}
		} else if filepath.Ext(e.Name()) == ".wasm" {
			found = append(found, path)
		}
	}
	sort.Strings(found)
	return found[:min(len(found), 3)]
}

// nameOf makes a Spirit's name from a file's.
func nameOf(path string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base)
	name = strings.TrimLeft(name, "-_")
	name = name[:min(len(name), spirit.MaxNameBytes)]
	if spirit.CheckName(name) != nil {
		return "module"
	}
	return name
}

// moduleFailure says what is wrong with the module at path, with the place and
// the next step that the decoder knows.
func moduleFailure(path string, err error) *failure {
	f := asFailure(err)
	var we *wasm.Error
	if errors.As(err, &we) {
		plain := *we
		plain.Hint = ""
		f.message = plain.Error()
		switch {
		case we.Hint != "":
			f.hint = we.Hint
		case we.Proposal != "":
			f.hint = "build it again without the " + we.Proposal + " proposal"
		default:
			f.hint = "the file is damaged or was made by a faulty tool; build or fetch it again"
		}
		if we.HasOffset {
			f.data = map[string]any{"offset": we.Offset, "section": we.Section}
		}
	}
	// What a compile worker found arrives as text.
	if strings.Contains(f.message, "exceeds the limit of") {
		f.hint = "the module is more complex there than untrusted code may be; split the function, or build it with optimization"
	}
	if strings.Contains(f.message, "(max_module_bytes)") {
		f.hint = "allow more with --limit max_module_bytes=SIZE, at most " + size(wasm.MaxModuleBytes) + "; a project asks in manifest.toml: [limits] max_module_bytes"
	}
	f.message = path + ": " + f.message
	f.at = &place{File: path}
	return f
}

// manifestFailure shows every problem of a manifest, the first one in the error line.
func manifestFailure(problems diag.List) *failure {
	var first *diag.Diagnostic
	f := &failure{}
	for i := range problems {
		d := &problems[i]
		if d.Severity != diag.Error {
			continue
		}
		if first == nil {
			first = d
			continue
		}
		line := d.Error()
		if d.Hint() != "" {
			line += " (" + d.Hint() + ")"
		}
		f.detail = append(f.detail, line)
	}
	out := fail("manifest", "correct the file and run the command again", "%s", first.Error())
	if first.Hint() != "" {
		out.hint = first.Hint()
	}
	out.detail = f.detail
	out.at = &place{File: first.Span.File, Line: first.Span.Start.Line, Column: first.Span.Start.Column}
	return out
}
