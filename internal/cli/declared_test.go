package cli

import (
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

func init() {
	fixtures["declared"] = func() []byte { return declaredModule("") }
	fixtures["asks"] = func() []byte {
		return declaredModule(`"capabilities":["actuator.log","storage.read:notes/"],"max_memory_bytes":65536,`)
	}
	fixtures["asksless"] = func() []byte { return declaredModule(`"capabilities":[],`) }
	fixtures["misdeclared"] = func() []byte {
		b := wasm.NewBuilder()
		b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		b.Custom(spirit.DeclaredSection, []byte(`{"version":1,"exports":[{"name":"one","result":{"type":"u64","abi":"i64"}}]}`))
		return b.Bytes()
	}
	fixtures["newer"] = func() []byte {
		b := wasm.NewBuilder()
		b.Func("one", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1) })
		b.Custom(spirit.DeclaredSection, []byte(`{"version":7}`))
		return b.Bytes()
	}
}

// declaredModule exports, for each type, a function that gives back what it
// gets, and more; head stands in front of the exports in the section.
func declaredModule(head string) []byte {
	b := wasm.NewBuilder()
	write := hostFunc(b, "host_output_write", types(i32, i32), types(i32))
	log := hostFunc(b, "host_log_info", types(i32, i32), types(i32))
	fail := hostFunc(b, "host_fail", types(i32, i32, i32), types(i32))
	b.Export("memory", wasm.KindMemory, b.Memory(1, 100))
	b.Data(16, []byte("Hello, "))
	top := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(4096) })
	b.Func("__vudo_alloc", types(i32), types(i32), nil, func(e *wasm.Emitter) {
		e.GlobalGet(top).GlobalGet(top).LocalGet(0).Op(wasm.OpI32Add).GlobalSet(top)
	})
	back := func(e *wasm.Emitter) { // the text at local 0 of the length in local 1
		e.LocalGet(0).Op(wasm.OpI64ExtendI32U).I64Const(32).Op(wasm.OpI64Shl).LocalGet(1).Op(wasm.OpI64ExtendI32U, wasm.OpI64Or)
	}
	var exports []string
	declare := func(name, params, result string) {
		slots := map[string]string{
			"text": `"type":"string","abi":"text"`, "bytes": `"type":"bytes","abi":"bytes"`, "tree": `"type":"Tree","abi":"json"`,
			"i64": `"type":"i64","abi":"i64"`, "u64": `"type":"u64","abi":"i64"`, "f32": `"type":"f32","abi":"f32"`, "f64": `"type":"f64","abi":"f64"`,
		}
		slot := func(word string) string {
			if s, ok := slots[word]; ok {
				return s
			}
			return `"type":"` + word + `","abi":"i32"`
		}
		var ps []string
		for _, p := range strings.Fields(params) {
			name, word, _ := strings.Cut(p, ":")
			ps = append(ps, `{"name":"`+name+`",`+slot(word)+`}`)
		}
		entry := `{"name":"` + name + `","params":[` + strings.Join(ps, ",") + `]`
		if result != "" {
			entry += `,"result":{` + slot(result) + `}`
		}
		exports = append(exports, entry+"}")
	}
	b.Func("greet", types(i32, i32), types(i64), nil, func(e *wasm.Emitter) {
		e.I32Const(16).I32Const(7).Call(write).Op(wasm.OpDrop)
		e.I32Const(16).I32Const(5).Call(log).Op(wasm.OpDrop)
		back(e)
	})
	declare("greet", "who:text", "text")
	for _, word := range []string{"bytes", "tree"} {
		b.Func("same_"+word, types(i32, i32), types(i64), nil, back)
		declare("same_"+word, "x:"+word, word)
	}
	b.Func("second", types(i32, i32, i32, i32), types(i64), nil, func(e *wasm.Emitter) {
		e.LocalGet(2).LocalSet(0).LocalGet(3).LocalSet(1)
		back(e)
	})
	declare("second", "a:bytes b:text", "text")
	for _, word := range []string{"bool", "char", "i8", "u8", "u32", "i64", "u64", "f32", "f64"} {
		t := map[string]wasm.ValType{"i64": i64, "u64": i64, "f32": f32, "f64": f64}[word]
		if t == 0 {
			t = i32
		}
		b.Func("same_"+word, types(t), types(t), nil, func(e *wasm.Emitter) { e.LocalGet(0) })
		declare("same_"+word, "x:"+word, word)
	}
	b.Func("add", types(i32, i32), types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add) })
	declare("add", "a:u8 b:u8", "u8")
	b.Func("says", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.I32Const(16).I32Const(5).Call(write).Op(wasm.OpDrop).I32Const(5)
	})
	declare("says", "", "u8")
	b.Func("fails", nil, types(i32), nil, func(e *wasm.Emitter) {
		e.I32Const(16).I32Const(5).Call(write).Op(wasm.OpDrop)
		e.I32Const(3).I32Const(16).I32Const(5).Call(fail).Op(wasm.OpDrop).I32Const(5)
	})
	declare("fails", "", "u8")
	b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(16).I32Const(5).Call(write).Op(wasm.OpDrop) })
	declare("main", "", "")
	b.Func("grow", nil, types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0) })
	declare("grow", "", "i32")
	b.Func("divide", types(i32, i32), types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Op(wasm.OpI32DivU) })
	declare("divide", "a:u8 b:u8", "u8")
	b.Custom(spirit.DeclaredSection, []byte(`{"version":1,`+head+`"exports":[`+strings.Join(exports, ",")+`]}`))
	// One entry for all code: line 14, column 9 of the only file.
	b.Custom("vudo.srcmap", []byte("\x01\x01\x0dsrc/stats.dol\x01\x00\x00\x0e\x09"))
	return b.Bytes()
}

// Arguments become a JSON array that reads back as the same arguments.
func TestArgumentsAreEncoded(t *testing.T) {
	sig := &spirit.Signature{Name: "f", Params: []spirit.Slot{
		{Name: "a", Type: "string", ABI: spirit.ABIText},
		{Name: "b", Type: "u64", ABI: spirit.ABII64},
		{Name: "c", Type: "f64", ABI: spirit.ABIF64},
		{Name: "d", Type: "char", ABI: spirit.ABII32},
		{Name: "e", Type: "Tree", ABI: spirit.ABIJSON},
	}}
	b, err := encodeArguments(sig, []string{"say \"no\"\n<b>", "0xffffffffffffffff", "-inf", "\"", `{"a": [1]}`})
	if err != nil {
		t.Fatal(err)
	}
	args, err := sig.Arguments(b)
	if err != nil || string(args[0].Bytes) != "say \"no\"\n<b>" || args[1].Bits != 1<<64-1 || args[3].Bits != '"' || string(args[4].Bytes) != `{"a": [1]}` {
		t.Errorf("%s: %+v, %v", b, args, err)
	}
	for _, words := range [][]string{
		{"a", "1", "1", "x"},
		{"a", "-1", "1", "x", "{}"},
		{"a", "1", "1", "x", "1,2"},
		{"a", "1", "1", "x", "{"},
		{"\xff", "1", "1", "x", "{}"},
		{"a", "1", "1", "xy", "{}"},
	} {
		if b, err := encodeArguments(sig, words); err == nil {
			t.Errorf("%q became %s", words, b)
		}
	}
}
