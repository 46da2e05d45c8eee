package wasm

import (
	"fmt"
	"unicode/utf8"
)

// Names is what the module calls its functions: the name section (core 2.0,
// appendix 7.4), else the first export, else nothing.
type Names struct {
	Module string
	funcs  map[uint32]string
}

// Names reads the name section and the exports. As the specification asks, a
// broken name section is ignored from the fault on, never an error.
func (m *Module) Names() Names {
	n := Names{funcs: map[uint32]string{}}
	if c := m.Custom("name"); c != nil {
		n.section(c.Data)
	}
	for _, x := range m.Exports {
		if _, named := n.funcs[x.Index]; x.Kind == KindFunc && !named {
			n.funcs[x.Index] = x.Name
		}
	}
	return n
}

// Func returns the name of function idx, else "func[N]".
func (n Names) Func(idx uint32) string {
	if s, ok := n.funcs[idx]; ok && s != "" {
		return s
	}
	return fmt.Sprintf("func[%d]", idx)
}

// FuncName returns the name of function idx as Names does; for many functions
// read Names once.
func (m *Module) FuncName(idx uint32) string { return m.Names().Func(idx) }

func (n *Names) section(b []byte) {
	for len(b) > 0 {
		id := b[0]
		size, pos, f := uleb32(b, 1)
		if f != lebOK || int64(size) > int64(len(b)-pos) {
			return
		}
		sub := b[pos : pos+int(size)]
		b = b[pos+int(size):]
		switch id {
		case 0:
			if s, _, ok := takeName(sub, 0); ok {
				n.Module = s
			}
		case 1:
			n.functions(sub)
		}
	}
}

func (n *Names) functions(b []byte) {
	count, pos, f := uleb32(b, 0)
	for range count {
		if f != lebOK {
			return
		}
		var idx uint32
		if idx, pos, f = uleb32(b, pos); f != lebOK {
			return
		}
		s, next, ok := takeName(b, pos)
		if !ok {
			return
		}
		pos = next
		n.funcs[idx] = s
	}
}

// takeName reads a name; one that is not UTF-8 is given as "".
func takeName(b []byte, pos int) (string, int, bool) {
	size, pos, f := uleb32(b, pos)
	if f != lebOK || int64(size) > int64(len(b)-pos) {
		return "", pos, false
	}
	s := b[pos : pos+int(size)]
	if !utf8.Valid(s) {
		s = nil
	}
	return string(s), pos + int(size), true
}
