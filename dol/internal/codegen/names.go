package codegen

import "github.com/univrs/vudo/internal/wasm"

// names is the content of the section name: the module and all functions (core
// 2.0, appendix 7.4).
func (l *linker) names() []byte {
	b := subsection(nil, 0, appendName(nil, l.g.m.Name))
	funcs := wasm.AppendUint(nil, uint64(len(l.m.Imports)+len(l.units)))
	for i, imp := range l.m.Imports {
		funcs = appendName(wasm.AppendUint(funcs, uint64(i)), imp.Module+"."+imp.Name)
	}
	for _, u := range l.units {
		funcs = appendName(wasm.AppendUint(funcs, uint64(u.index)), u.f.Name)
	}
	return subsection(b, 1, funcs)
}

func subsection(b []byte, id byte, content []byte) []byte {
	b = wasm.AppendUint(append(b, id), uint64(len(content)))
	return append(b, content...)
}

func appendName(b []byte, s string) []byte {
	return append(wasm.AppendUint(b, uint64(len(s))), s...)
}
