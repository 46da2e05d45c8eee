package cli

import (
	"encoding/binary"
	"strings"

	"github.com/univrs/vudo/internal/wasm"
)

// section is one section of a module file as it stands there.
type section struct {
	ID     int    `json:"id"`
	Name   string `json:"name"` // "code", or "custom NAME"
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"` // of its content, without the header
}

var sectionNames = []string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"}

// listSections reads the section headers of a module that has been decoded
// before, so that nothing is left to complain about.
func listSections(b []byte) []section {
	var out []section
	for pos := 8; pos < len(b); {
		id := int(b[pos])
		n, width := binary.Uvarint(b[pos+1:])
		start := pos + 1 + width
		if width <= 0 || n > uint64(len(b)-start) {
			return out
		}
		end := start + int(n)
		s := section{ID: id, Name: "section", Offset: pos, Bytes: int(n)}
		if id < len(sectionNames) {
			s.Name = sectionNames[id]
		}
		if id == 0 {
			if name, _, ok := lengthPrefixed(b[start:end]); ok {
				s.Name = "custom " + name
			}
		}
		out = append(out, s)
		pos = end
	}
	return out
}

// lengthPrefixed takes one name off the front of b.
func lengthPrefixed(b []byte) (name string, rest []byte, ok bool) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return "", nil, false
	}
	return string(b[width : width+int(n)]), b[width+int(n):], true
}

// maxProducers bounds how many entries of the producers section are shown.
const maxProducers = 64

// producers reads the custom section in which toolchains name the languages
// and tools that made a module (tool conventions, "Producers Section"). A
// malformed one yields what could be read.
func producers(m *wasm.Module) map[string][]string {
	c := m.Custom("producers")
	if c == nil {
		return nil
	}
	out := map[string][]string{}
	fields, width := binary.Uvarint(c.Data)
	if width <= 0 {
		return nil
	}
	rest, shown := c.Data[width:], 0
	for range min(fields, maxProducers) {
		field, after, ok := lengthPrefixed(rest)
		if !ok {
			break
		}
		values, width := binary.Uvarint(after)
		if width <= 0 {
			break
		}
		rest = after[width:]
		for range min(values, maxProducers) {
			var name, version string
			if name, rest, ok = lengthPrefixed(rest); !ok {
				return out
			}
			if version, rest, ok = lengthPrefixed(rest); !ok {
				return out
			}
			if shown++; shown > maxProducers {
				return out
			}
			out[field] = append(out[field], strings.TrimSpace(name+" "+version))
		}
	}
	return out
}
