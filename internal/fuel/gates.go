package fuel

import (
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// gate is one gated import: the two hooks around it.
type gate struct {
	before, after uint32 // imports
	result        bool   // the import has an i32 result, so that there is an after
}

// addGates imports the hooks of the gated imports, once per name and type.
func (p *pass) addGates() error {
	if p.cfg.Gate == nil {
		return nil
	}
	p.thunks = make(map[uint32]gate)
	type key struct {
		name string
		typ  uint32
	}
	known := make(map[key]gate)
	index := uint32(0)
	for i := range p.a.m.Imports {
		imp := &p.a.m.Imports[i]
		if imp.Kind != wasm.KindFunc {
			continue
		}
		if !p.cfg.Gate(imp.Module, imp.Name) {
			index++
			continue
		}
		t := p.a.m.Types[imp.Type]
		k := key{imp.Name, imp.Type}
		g, seen := known[k]
		if !seen {
			switch {
			case len(t.Results) == 0:
			case len(t.Results) == 1 && t.Results[0] == wasm.I32:
				g.result = true
			default:
				return fmt.Errorf("import %q %q: a gated function returns i32 or nothing, this one is %v", imp.Module, imp.Name, t)
			}
			i32 := []wasm.ValType{wasm.I32}
			g.before = p.importFunc(ImportGate+imp.Name, t.Params, i32)
			if g.result {
				params := append(append([]wasm.ValType(nil), t.Params...), wasm.I32)
				g.after = p.importFunc(ImportDone+imp.Name, params, i32)
			}
			known[k] = g
		}
		p.thunks[index] = g
		index++
	}
	return nil
}

// addThunks puts a function in the place of each gated import, wherever its
// index stands: in calls, tables, exports, ref.func.
//
//	(func (params) (results)
//	  gate(params): not 0 is the result, and nothing happens
//	  r = import(params)
//	  done(params, r) is the result)
func (p *pass) addThunks() {
	for i := range uint32(p.a.imported) {
		g, gated := p.thunks[i]
		if !gated {
			continue
		}
		t := p.a.m.Types[p.a.typeOf[i]]
		n := uint32(len(t.Params))
		e := wasm.NewEmitter(nil)
		params := func() {
			for l := range n {
				e.LocalGet(l)
			}
		}
		params()
		e.Call(g.before)
		var locals []wasm.LocalGroup
		if g.result {
			locals = []wasm.LocalGroup{{Count: 1, Type: wasm.I32}}
			e.Op(wasm.OpLocalTee).U32(n).If(wasm.BlockEmpty).LocalGet(n).Return().End()
			params()
			params()
			e.Call(i).Call(g.after)
		} else {
			e.If(wasm.BlockEmpty).Return().End()
			params()
			e.Call(i)
		}
		p.at.funcs[i] = p.inject(t.Params, t.Results, locals, e.End().Bytes())
	}
}
