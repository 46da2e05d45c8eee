package cli

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// need is what the imports of a module want of one capability type.
type need struct {
	typ    spirit.Type
	by     []string // functions, in the order of their imports
	direct bool     // a function of vudo or loa, imported on purpose; else WASI
}

// wasiNeeds are capabilities that a WASI function needs for some of its
// arguments only, which the table of host functions therefore does not say.
var wasiNeeds = map[string][]spirit.Type{
	"fd_write":              {spirit.TypeActuatorLog}, // to descriptor 2
	"poll_oneoff":           {spirit.TypeSensorTime},
	"environ_get":           {spirit.TypeSensorEnvironment},
	"path_open":             {spirit.TypeStorageRead, spirit.TypeStorageWrite},
	"path_create_directory": {spirit.TypeStorageWrite},
	"path_rename":           {spirit.TypeStorageDelete},
	"path_remove_directory": {spirit.TypeStorageDelete},
	"path_unlink_file":      {spirit.TypeStorageDelete},
}

// needsOf lists what the imports of m need, in the order of the capability types.
func needsOf(m *wasm.Module) []need {
	found := map[spirit.Type]*need{}
	note := func(t spirit.Type, by string, direct bool) {
		n := found[t]
		if n == nil {
			n = &need{typ: t}
			found[t] = n
		}
		if !slices.Contains(n.by, by) {
			n.by = append(n.by, by)
		}
		n.direct = n.direct || direct
	}
	for i := range m.Imports {
		imp := &m.Imports[i]
		f, ok := host.Find(imp.Module, imp.Name)
		if !ok || imp.Kind != wasm.KindFunc {
			continue
		}
		wasi := imp.Module == host.ModuleWASI
		if f.Capability != 0 {
			note(f.Capability, imp.Name, !wasi)
		}
		if wasi {
			for _, t := range wasiNeeds[imp.Name] {
				note(t, imp.Name, false)
			}
		}
	}
	var out []need
	for _, t := range spirit.Types() {
		if n := found[t]; n != nil {
			out = append(out, *n)
		}
	}
	return out
}

// checkImports reports all imports at once that this version does not offer,
// before an engine is started or anything is written.
func checkImports(t *target, m *wasm.Module) error {
	var missing []string
	hint := "build it for WASI preview 1 (wasi_snapshot_preview1) or for the functions of vudo; vudo inspect " + shellWord(t.shown()) + " marks what is not offered"
	for i := range m.Imports {
		imp := &m.Imports[i]
		info := describeImport(m, imp)
		if info.Problem == "" {
			continue
		}
		missing = append(missing, fmt.Sprintf("%s.%s (%s)", imp.Module, imp.Name, info.Problem))
		if f, ok := host.Find(imp.Module, imp.Name); ok && imp.Kind == wasm.KindFunc {
			missing[len(missing)-1] = fmt.Sprintf("%s.%s (wanted %s, offered %s)", imp.Module, imp.Name, info.Type, f.Type())
			hint = "import it with the type that is offered"
		}
		if imp.Module == "wasi_unstable" {
			hint = "this is WASI preview 0; build it again for preview 1 (wasm32-wasi or wasip1)"
		}
		if imp.Module == host.ModuleVudo || imp.Module == host.ModuleLoa {
			if near := nearest(imp.Name, offeredNames()); len(near) > 0 && near[0] != imp.Name {
				hint = "did you mean " + strings.Join(near, " or ") + "? vudo inspect " + shellWord(t.shown()) + " lists all imports"
			}
		}
	}
	if missing == nil {
		return nil
	}
	f := asFailure(fault.ErrUnlinked)
	f.message = fmt.Sprintf("%s: %v: %s", t.path, fault.ErrUnlinked, strings.Join(missing, ", "))
	f.hint = hint
	return f
}

func offeredNames() []string {
	var names []string
	for _, f := range host.Table() {
		names = append(names, f.Name)
	}
	sort.Strings(names)
	return names
}
