package codegen

import (
	"encoding/json"

	"github.com/univrs/vudo/dol/internal/ir"
)

// manifestSection is the custom section that says how exports are called.
const manifestSection = "vudo.manifest"

type manifest struct {
	Version        int              `json:"version"`
	Exports        []manifestExport `json:"exports"`
	Capabilities   []string         `json:"capabilities"`
	MaxMemoryBytes uint64           `json:"max_memory_bytes,omitempty"`
	Records        []manifestRecord `json:"records"`
}

type manifestExport struct {
	Name   string          `json:"name"`
	Params []manifestParam `json:"params"`
	Result manifestResult  `json:"result"`
}

type manifestParam struct {
	Name string `json:"name"`
	manifestResult
}

type manifestResult struct {
	Type string `json:"type"`
	ABI  string `json:"abi"`
}

type manifestRecord struct {
	Name   string          `json:"name"`
	Size   uint32          `json:"size"`
	Align  uint32          `json:"align"`
	Fields []manifestField `json:"fields"`
}

type manifestField struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Offset uint32 `json:"offset"`
}

var abiNames = [...]string{
	ir.ABINone: "none", ir.ABII32: "i32", ir.ABII64: "i64", ir.ABIF32: "f32", ir.ABIF64: "f64",
	ir.ABIText: "text", ir.ABIBytes: "bytes", ir.ABIJSON: "json",
}

// manifest is the content of the section, version 1.
func (g *generator) manifest() []byte {
	m := manifest{
		Version: 1, Exports: []manifestExport{}, Capabilities: append([]string{}, g.m.Capabilities...),
		MaxMemoryBytes: g.o.MaxMemoryBytes, Records: []manifestRecord{},
	}
	for _, w := range g.wrappers {
		e := manifestExport{Name: w.x.Name, Params: []manifestParam{}, Result: manifestResult{w.x.ResultType, abiNames[w.x.Result]}}
		if w.x.Result == ir.ABINone && e.Result.Type == "" {
			e.Result.Type = "()"
		}
		for _, p := range w.x.Params {
			e.Params = append(e.Params, manifestParam{p.Name, manifestResult{p.Type, abiNames[p.ABI]}})
		}
		m.Exports = append(m.Exports, e)
	}
	for _, r := range g.m.Records {
		at, size, align := offsets(r.Object)
		rec := manifestRecord{Name: r.Name, Size: size, Align: align, Fields: []manifestField{}}
		for i, f := range r.Object.Fields {
			rec.Fields = append(rec.Fields, manifestField{f.Name, r.Types[i], at[i]})
		}
		m.Records = append(m.Records, rec)
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}
