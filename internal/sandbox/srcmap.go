package sandbox

import (
	"sort"
	"unicode/utf8"

	"github.com/univrs/vudo/internal/wasm"
)

// sourceMapSection is the custom section in which a compiler says which source
// each instruction comes from (docs/spec/vm.md, section 9).
const sourceMapSection = "vudo.srcmap"

const sourceMapFormat = 1

// Bounds of a source map. Its counts are a guest's, so nothing is reserved by them.
const (
	maxSourceEntries = 1 << 20 // 16 MiB in memory, until the program is closed
	maxSourceFiles   = 1 << 16
	maxSourcePath    = 1024 // bytes
	maxSourceLine    = 1<<31 - 1
)

// sourceMap answers which place in the source an instruction comes from.
type sourceMap struct {
	code    uint32 // file offset of the code section's content, where addresses count from
	files   []string
	entries []sourceEntry // by address
}

type sourceEntry struct {
	address            uint32
	file, line, column int32
}

// readSourceMap reads the section of a module as built; nil when there is none,
// or one that does not read whole or passes a bound: half a map would give the
// last entry for all code behind the fault.
//
// Format byte 1; ULEB128 number of files, each a ULEB128 length and a path in UTF-8;
// ULEB128 number of entries, each an address, as ULEB128 difference to the entry
// before, and file index, line and column, as SLEB128 differences. The entry
// before the first is all zeros. An entry holds up to the next address; of
// several at one address the last holds.
func readSourceMap(m *wasm.Module, code uint32) *sourceMap {
	c := m.Custom(sourceMapSection)
	if c == nil {
		return nil
	}
	r := lineReader{b: c.Data}
	if r.u8() != sourceMapFormat {
		return nil
	}
	s := &sourceMap{code: code}
	n := r.uleb()
	if n > maxSourceFiles {
		return nil
	}
	for ; n > 0 && !r.bad; n-- {
		size := r.uleb()
		path := r.take(min(size, maxSourcePath+1))
		if size > maxSourcePath || !utf8.Valid(path) {
			return nil
		}
		s.files = append(s.files, string(path))
	}
	n = r.uleb()
	if n > maxSourceEntries {
		return nil
	}
	var address uint64
	var at [3]int64 // file, line, column
	for ; n > 0; n-- {
		step := r.uleb()
		if address += step; step > 1<<32-1 || address > 1<<32-1 {
			return nil
		}
		for i := range at {
			d := r.sleb()
			if d < -maxSourceLine || d > maxSourceLine {
				return nil
			}
			if at[i] += d; at[i] < 0 || at[i] > maxSourceLine {
				return nil
			}
		}
		if r.bad || at[0] >= int64(len(s.files)) {
			return nil
		}
		s.entries = append(s.entries, sourceEntry{uint32(address), int32(at[0]), int32(at[1]), int32(at[2])})
	}
	if r.bad || len(r.b) > 0 {
		return nil
	}
	return s
}

// find returns the place in the source of an offset in the module; "" when the
// map has none, or says so by line 0.
func (s *sourceMap) find(offset uint32) (file string, line, column int) {
	if offset < s.code {
		return "", 0, 0
	}
	address := offset - s.code
	i := sort.Search(len(s.entries), func(i int) bool { return s.entries[i].address > address }) - 1
	if i < 0 || s.entries[i].line == 0 {
		return "", 0, 0
	}
	e := &s.entries[i]
	return s.files[e.file], int(e.line), int(e.column)
}
