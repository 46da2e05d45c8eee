package cli

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

func inspectCommand() command {
	return command{
		name: "inspect", operands: "FILE.wasm|DIR", min: 1, max: 1,
		short: "show what a module imports, exports and needs, without running it",
		long: "The module is decoded and validated in full. For every import the table says which capability it needs, " +
			"or that this version of vudo does not offer it. For a project directory the needed capabilities are compared with manifest.toml. Exports that the section vudo.manifest declares are shown with their signatures.",
		flags: []flagSpec{
			{name: "wat", usage: "print the module in the WebAssembly text format"},
			{name: "fuel", usage: "print the metered module, which is the one that runs, in the text format"},
		},
		examples: []example{
			{"vudo inspect examples/hello-world", "imports, exports, capabilities of a project"},
			{"vudo inspect hello.wasm --wat", "a module file as text"},
		},
		run: runInspect,
	}
}

// inspection is the JSON data of `vudo inspect`.
type inspection struct {
	File         string              `json:"file"`
	Name         string              `json:"name,omitempty"` // of a project
	Version      string              `json:"version,omitempty"`
	Bytes        int                 `json:"bytes"`
	Digest       string              `json:"digest"`
	Kind         string              `json:"kind"` // command, reactor or module
	Start        bool                `json:"start"`
	Languages    map[string][]string `json:"languages"`
	Imports      []importInfo        `json:"imports"`
	Exports      []exportInfo        `json:"exports"`
	Memory       []memoryInfo        `json:"memory"`
	MemoryLimit  uint64              `json:"max_memory_bytes,omitempty"` // of the section vudo.manifest
	Tables       []tableInfo         `json:"tables"`
	Globals      int                 `json:"globals"`
	Functions    int                 `json:"functions"`
	Capabilities []capabilityInfo    `json:"capabilities"`
	Manifest     string              `json:"-"` // what speaks of them
	Sections     []section           `json:"sections"`
	WAT          string              `json:"wat,omitempty"`
	Metered      string              `json:"metered,omitempty"`
}

type importInfo struct {
	Module     string `json:"module"`
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Type       string `json:"type"`
	Offered    bool   `json:"offered"`
	Problem    string `json:"problem,omitempty"`
	Capability string `json:"capability,omitempty"`
}

type exportInfo struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Type       string `json:"type"`
	Convention string `json:"convention,omitempty"` // how vudo run calls a function
	Signature  string `json:"signature,omitempty"`  // as the section vudo.manifest declares it
}

type memoryInfo struct {
	Imported bool   `json:"imported"`
	MinPages uint32 `json:"min_pages"`
	MaxPages uint32 `json:"max_pages,omitempty"`
	HasMax   bool   `json:"has_max"`
}

type tableInfo struct {
	Imported bool   `json:"imported"`
	Element  string `json:"element"`
	Min      uint32 `json:"min"`
	Max      uint32 `json:"max,omitempty"`
	HasMax   bool   `json:"has_max"`
}

type capabilityInfo struct {
	Capability string   `json:"capability"`
	Needed     bool     `json:"needed"`   // a function of vudo or loa needs it; WASI does without
	Declared   string   `json:"declared"` // required, optional, missing, or "" for a file without a manifest or vudo.manifest
	Used       []string `json:"used_by"`
	Reason     string   `json:"reason,omitempty"`
}

func runInspect(s *session, args []string) (*result, error) {
	t, err := s.opener().open(args[0])
	if err != nil {
		return nil, err
	}
	m, err := decode(t)
	if err != nil {
		return nil, err
	}
	data := inspect(t, m)
	var view func(out *terminal)
	if s.on("wat") {
		var b bytes.Buffer
		if err := wasm.Print(&b, m, wasm.PrintOptions{}); err != nil {
			return nil, err
		}
		data.WAT = b.String()
		view = func(out *terminal) { showText(out, data.WAT) }
	}
	if s.on("fuel") {
		text, err := meteredText(t, m)
		if err != nil {
			return nil, err
		}
		data.Metered = text
		before := view
		view = func(out *terminal) {
			if before != nil {
				before(out)
			}
			showText(out, text)
		}
	}
	if view == nil {
		view = func(out *terminal) { showInspection(out, &data) }
	}
	return &result{data: data, text: view}, nil
}

// showText prints text that holds names chosen by a guest.
func showText(out *terminal, text string) {
	if !out.tty {
		fmt.Fprint(out.w, text)
		return
	}
	w := &safeWriter{w: out.w}
	w.Write([]byte(text))
	w.Flush()
}

// decode decodes and validates the target's module.
func decode(t *target) (*wasm.Module, error) {
	m, err := wasm.Decode(t.wasm, wasm.DecodeOptions{})
	if err == nil {
		err = wasm.Validate(m)
	}
	if err != nil {
		return nil, moduleFailure(t.path, err)
	}
	return m, t.readDeclared(m)
}

func meteredText(t *target, m *wasm.Module) (string, error) {
	metered, err := fuel.Instrument(m, fuel.Config{Gate: host.Gated})
	if err != nil {
		return "", moduleFailure(t.path, err)
	}
	mm, err := wasm.Decode(metered.Bytes, wasm.DecodeOptions{})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, ";; metered by tariff %d: %s of module became %s\n", fuel.TariffVersion, size(uint64(len(t.wasm))), size(uint64(len(metered.Bytes))))
	err = wasm.Print(&b, mm, wasm.PrintOptions{})
	return b.String(), err
}

func inspect(t *target, m *wasm.Module) inspection {
	d := inspection{
		File: t.path, Bytes: len(t.wasm), Digest: t.digest(), Kind: kindOf(m), Start: m.Start != nil,
		Languages: producers(m), Globals: len(m.Globals), Functions: len(m.Funcs), Sections: listSections(t.wasm),
		Imports: []importInfo{}, Exports: []exportInfo{}, Memory: []memoryInfo{}, Tables: []tableInfo{}, Capabilities: []capabilityInfo{},
	}
	if d.Languages == nil {
		d.Languages = map[string][]string{}
	}
	d.Manifest = spirit.DeclaredSection
	if t.project != nil {
		d.Manifest = spirit.ManifestName
		d.Name, d.Version = t.project.Manifest.Name, t.project.Manifest.Version
	}
	for i := range m.Imports {
		imp := &m.Imports[i]
		d.Imports = append(d.Imports, describeImport(m, imp))
		switch imp.Kind {
		case wasm.KindMemory:
			d.Memory = append(d.Memory, describeMemory(imp.Memory, true))
		case wasm.KindTable:
			d.Tables = append(d.Tables, describeTable(imp.Table, true))
		}
	}
	for i := range m.Exports {
		info := describeExport(m, &m.Exports[i])
		if x := t.declared.Export(info.Name); x != nil && m.Exports[i].Kind == wasm.KindFunc {
			info.Signature = x.String()
			if t.signature(info.Name) != nil {
				info.Convention = "declared"
			}
		}
		d.Exports = append(d.Exports, info)
	}
	for _, mem := range m.Memories {
		d.Memory = append(d.Memory, describeMemory(mem, false))
	}
	for _, table := range m.Tables {
		d.Tables = append(d.Tables, describeTable(table, false))
	}
	if t.declared != nil {
		d.MemoryLimit = t.declared.MaxMemoryBytes
	}
	d.Capabilities = compareCapabilities(t, m)
	return d
}

// kindOf names the convention of the whole module.
func kindOf(m *wasm.Module) string {
	function := func(name string) bool {
		e := m.Export(name)
		return e != nil && e.Kind == wasm.KindFunc
	}
	switch {
	case function("_start"):
		return "command"
	case function("_initialize"):
		return "reactor"
	}
	return "module"
}

func describeImport(m *wasm.Module, imp *wasm.Import) importInfo {
	info := importInfo{Module: imp.Module, Name: imp.Name, Kind: imp.Kind.String()}
	switch imp.Kind {
	case wasm.KindMemory:
		info.Type, info.Problem = describeLimits(imp.Memory.Limits, "pages"), "a memory cannot be imported"
	case wasm.KindTable:
		info.Type, info.Problem = describeLimits(imp.Table.Limits, imp.Table.Elem.String()), "a table cannot be imported"
	case wasm.KindGlobal:
		info.Type, info.Problem = imp.Global.Type.String(), "a global cannot be imported"
	case wasm.KindFunc:
		want := m.Types[imp.Type]
		info.Type = want.String()
		f, ok := host.Find(imp.Module, imp.Name)
		switch {
		case !ok:
			info.Problem = "not offered by this version of vudo"
		case !f.Type().Equal(want):
			info.Problem = "offered as " + f.Type().String()
		default:
			info.Offered = true
		}
		if ok && f.Capability != 0 {
			info.Capability = f.Capability.String()
		}
	}
	return info
}

func describeLimits(l wasm.Limits, unit string) string {
	if l.HasMax {
		return fmt.Sprintf("%d to %d %s", l.Min, l.Max, unit)
	}
	return fmt.Sprintf("%d %s or more", l.Min, unit)
}

func describeMemory(m wasm.MemoryType, imported bool) memoryInfo {
	return memoryInfo{imported, m.Limits.Min, m.Limits.Max, m.Limits.HasMax}
}

func describeTable(t wasm.TableType, imported bool) tableInfo {
	return tableInfo{imported, t.Elem.String(), t.Limits.Min, t.Limits.Max, t.Limits.HasMax}
}

func describeExport(m *wasm.Module, e *wasm.Export) exportInfo {
	info := exportInfo{Name: e.Name, Kind: e.Kind.String()}
	switch e.Kind {
	case wasm.KindFunc:
		t, _ := m.FuncType(e.Index)
		info.Type = t.String()
		info.Convention = conventionOf(e.Name, t)
	case wasm.KindMemory:
		t, _ := m.MemoryType(e.Index)
		info.Type = describeLimits(t.Limits, "pages")
	case wasm.KindTable:
		t, _ := m.TableType(e.Index)
		info.Type = describeLimits(t.Limits, t.Elem.String())
	case wasm.KindGlobal:
		t, _ := m.GlobalType(e.Index)
		info.Type = t.Type.String()
		if t.Mutable {
			info.Type = "mut " + info.Type
		}
	}
	return info
}

// compareCapabilities lists what the imports need and what the manifest asks
// for, and how the two differ.
func compareCapabilities(t *target, m *wasm.Module) []capabilityInfo {
	needs := needsOf(m)
	used := map[spirit.Type]need{}
	for _, n := range needs {
		used[n.typ] = n
	}
	out := []capabilityInfo{}
	declared := map[spirit.Type]bool{}
	if t.project != nil {
		man := t.project.Manifest
		for _, list := range []struct {
			caps []spirit.Capability
			word string
		}{{man.Required, "required"}, {man.Optional, "optional"}} {
			for _, c := range list.caps {
				declared[c.Type] = true
				n := used[c.Type]
				out = append(out, capabilityInfo{c.String(), n.direct, list.word, append([]string{}, n.by...), man.Reasons[c.Type]})
			}
		}
	}
	asks := t.project == nil && t.declared != nil && t.declared.Asks
	if asks {
		for _, c := range t.declared.Capabilities {
			declared[c.Type] = true
			n := used[c.Type]
			out = append(out, capabilityInfo{c.String(), n.direct, "required", append([]string{}, n.by...), ""})
		}
	}
	for _, n := range needs {
		if declared[n.typ] {
			continue
		}
		word := ""
		if t.project != nil || asks {
			word = "missing"
		}
		out = append(out, capabilityInfo{n.typ.String(), n.direct, word, n.by, ""})
	}
	return out
}

func showInspection(out *terminal, d *inspection) {
	head := d.File
	if d.Name != "" {
		head = d.Name + " " + d.Version + ", " + d.File
	}
	out.line("%s", out.paint(styleBold, escape(head)))
	row := func(label, format string, args ...any) {
		out.line("%-12s %s", label, escape(fmt.Sprintf(format, args...)))
	}
	row("size", "%s bytes, %s", count(d.Bytes), plural(d.Functions, "function"))
	row("digest", "%s", d.Digest)
	kind := map[string]string{"command": "command (WASI _start)", "reactor": "reactor (WASI _initialize)", "module": "module"}[d.Kind]
	if d.Start {
		kind += ", with a start function"
	}
	row("kind", "%s", kind)
	for _, field := range sortedKeys(d.Languages) {
		row(field, "%s", strings.Join(d.Languages[field], ", "))
	}
	for _, mem := range d.Memory {
		row("memory", "%s", describeLimits(wasm.Limits{Min: mem.MinPages, Max: mem.MaxPages, HasMax: mem.HasMax}, "pages of 64 KiB"))
	}
	if d.MemoryLimit > 0 {
		row("memory limit", "%s bytes, by vudo.manifest", count(d.MemoryLimit))
	}
	for _, t := range d.Tables {
		row("table", "%s", describeLimits(wasm.Limits{Min: t.Min, Max: t.Max, HasMax: t.HasMax}, t.Element))
	}
	if d.Globals > 0 {
		row("globals", "%s", count(d.Globals))
	}

	table(out, "exports", len(d.Exports), func(i int) []string {
		e := d.Exports[i]
		if e.Signature != "" {
			return []string{e.Name, e.Kind, e.Type, e.Convention, e.Signature}
		}
		return []string{e.Name, e.Kind, e.Type, e.Convention}
	})
	table(out, "imports", len(d.Imports), func(i int) []string {
		e := d.Imports[i]
		note := e.Capability
		if note != "" {
			note = "needs " + note
		}
		if e.Problem != "" {
			note = strings.TrimPrefix(note+"; ", "; ") + e.Problem
		}
		return []string{e.Module + "." + e.Name, e.Kind, e.Type, note}
	})
	table(out, "capabilities", len(d.Capabilities), func(i int) []string {
		c := d.Capabilities[i]
		var note string
		switch {
		case c.Declared == "missing" && c.Needed:
			note = "used, but not in " + d.Manifest
		case c.Declared == "missing":
			note = "not asked for, so refused"
		case c.Declared == "" && c.Needed:
			note = "needed"
		case c.Declared == "":
			note = "used by WASI when granted"
		case len(c.Used) == 0:
			note = c.Declared + ", used by no import"
		default:
			note = c.Declared
		}
		by := strings.Join(c.Used, ", ")
		if c.Reason != "" {
			by = strings.TrimPrefix(by+": ", ": ") + c.Reason
		}
		return []string{c.Capability, note, by}
	})
	table(out, "sections", len(d.Sections), func(i int) []string {
		x := d.Sections[i]
		return []string{x.Name, fmt.Sprintf("offset 0x%x", x.Offset), count(x.Bytes) + " bytes"}
	})
}

// table prints a titled list with aligned columns; an empty list says "none".
func table(out *terminal, title string, n int, row func(i int) []string) {
	if n == 0 {
		out.line("%s: none", title)
		return
	}
	out.line("%s:", title)
	rows := make([][]string, n)
	var widths []int
	for i := range rows {
		rows[i] = row(i)
		for j, cell := range rows[i] {
			rows[i][j] = escape(cell)
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], min(len([]rune(rows[i][j])), 48))
		}
	}
	for _, cells := range rows {
		var b strings.Builder
		for j, cell := range cells {
			if j < len(cells)-1 {
				fmt.Fprintf(&b, "  %-*s", widths[j], cell)
			} else {
				b.WriteString("  " + cell)
			}
		}
		out.line("%s", strings.TrimRight(b.String(), " "))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// conventionOf says how vudo run calls a function of this name and type.
func conventionOf(name string, t wasm.FuncType) string {
	switch {
	case name == "_start" && len(t.Params) == 0 && len(t.Results) == 0:
		return "command"
	case len(t.Params) == 0 && (len(t.Results) == 0 || len(t.Results) == 1 && t.Results[0] == wasm.I32):
		return "bytes or scalar"
	}
	for _, v := range append(append([]wasm.ValType{}, t.Params...), t.Results...) {
		if !v.IsNum() {
			return "not callable"
		}
	}
	return "scalar"
}
