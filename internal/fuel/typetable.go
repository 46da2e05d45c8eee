package fuel

import "github.com/univrs/vudo/internal/wasm"

// typeTable is the type section: the guest's types stay in their places, those
// that injected code needs are looked up or appended.
type typeTable struct {
	types []wasm.FuncType
	index map[string]uint32
}

func newTypeTable(types []wasm.FuncType) *typeTable {
	t := &typeTable{types: types[:len(types):len(types)], index: make(map[string]uint32, len(types))}
	for i := range types {
		if key := types[i].String(); t.index[key] == 0 {
			t.index[key] = uint32(i) + 1
		}
	}
	return t
}

// of returns the index of a signature.
func (t *typeTable) of(params, results []wasm.ValType) uint32 {
	f := wasm.FuncType{Params: params, Results: results}
	key := f.String()
	if i := t.index[key]; i != 0 {
		return i - 1
	}
	t.types = append(t.types, f)
	t.index[key] = uint32(len(t.types))
	return uint32(len(t.types)) - 1
}

// block returns the type of a block with these parameters and results.
func (t *typeTable) block(params, results []wasm.ValType) wasm.BlockType {
	switch {
	case len(params) == 0 && len(results) == 0:
		return wasm.BlockEmpty
	case len(params) == 0 && len(results) == 1:
		return wasm.BlockValue(results[0])
	}
	return wasm.BlockIndex(t.of(params, results))
}
