package ir

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
)

// Print writes the text form of m, which ParseText reads. It is one declaration
// per line, function bodies indented:
//
//	module "demo" objects 1 imports 1 globals 1 funcs 1
//	file "src/main.dol"
//	object #0 "bytes" array u8
//	import ~0 "vudo" "vudo_println" (bytes)
//	global $0 "TOTAL" i64
//	func @0 "demo.add" (%0 "n" i64) -> i64 !0:3:1 {
//	  local %1 "sum" i64
//	  %1.sum = i64.add(%0.n, $0.TOTAL)
//	  if i64.eqz(%1.sum) {
//	    do callhost(~0.vudo_println, "nothing")!0:5:5
//	  }
//	  return %1.sum
//	}
//
// The sign in front of a number says what it counts: # objects, ~ imports,
// $ globals, @ functions, % locals, ^ labels; what follows a number after a dot
// is a name for people. !file:line:column is a position.
func Print(w io.Writer, m *Module) error {
	b := bufio.NewWriter(w)
	p := &printer{w: b}
	p.module(m)
	return b.Flush()
}

// String returns the text form of the function.
func (f *Func) String() string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	(&printer{w: w}).function(f)
	w.Flush()
	return b.String()
}

var storageNames = [...]string{"s8", "u8", "s16", "u16", "i32", "i64", "f32", "f64", "ref"}

var hostParamNames = [...]string{"i32", "i64", "f32", "f64", "bytes"}

var abiNames = [...]string{"none", "i32", "i64", "f32", "f64", "text", "bytes", "json"}

func name[T ~uint8](names []string, x T) string {
	if int(x) < len(names) {
		return names[x]
	}
	return "?"
}

type printer struct {
	w      *bufio.Writer
	f      *Func
	labels map[*Label]int
	indent int
}

// put writes parts one after the other.
func (p *printer) put(parts ...string) {
	for _, s := range parts {
		p.w.WriteString(s)
	}
}

func (p *printer) line(parts ...string) {
	p.margin()
	p.put(parts...)
	p.put("\n")
}

func (p *printer) margin() {
	for range p.indent {
		p.put("  ")
	}
}

// id is a number with its sign and a name for people.
func id(sign string, n int, name string) string {
	s := sign + strconv.Itoa(n)
	if name == "" {
		return s
	}
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && isDecoration(byte(r)) {
			return r
		}
		return '_'
	}, name)
	return s + "." + clean
}

func isDecoration(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '<' || c == '>'
}

func objectID(o *Object) string { return id("#", o.ID, o.Name) }

func funcID(f *Func) string { return id("@", f.ID, f.Name) }

func position(p Pos) string {
	if p == (Pos{}) {
		return ""
	}
	n := func(x int32) string { return strconv.Itoa(int(x)) }
	return "!" + n(p.File) + ":" + n(p.Line) + ":" + n(p.Col)
}

func (p *printer) module(m *Module) {
	p.line("module ", strconv.Quote(m.Name), " objects ", strconv.Itoa(len(m.Objects)),
		" imports ", strconv.Itoa(len(m.Imports)), " globals ", strconv.Itoa(len(m.Globals)),
		" funcs ", strconv.Itoa(len(m.Funcs)))
	for _, f := range m.Files {
		p.line("file ", strconv.Quote(f))
	}
	for _, o := range m.Objects {
		p.object(o)
	}
	for _, i := range m.Imports {
		params := make([]string, len(i.Params))
		for j, k := range i.Params {
			params[j] = name(hostParamNames[:], k)
		}
		p.line("import ", id("~", i.ID, ""), " ", strconv.Quote(i.Module), " ", strconv.Quote(i.Name),
			" (", strings.Join(params, ", "), ")", arrow(i.Result))
	}
	for _, g := range m.Globals {
		p.line("global ", id("$", g.ID, ""), " ", strconv.Quote(g.Name), " ", g.Kind.String())
	}
	for _, f := range m.Funcs {
		p.function(f)
	}
	if m.Start != nil {
		p.line("start ", funcID(m.Start))
	}
	for _, e := range m.Exports {
		params := make([]string, len(e.Params))
		for i, q := range e.Params {
			params[i] = strconv.Quote(q.Name) + " " + strconv.Quote(q.Type) + " " + name(abiNames[:], q.ABI)
		}
		p.line("export ", strconv.Quote(e.Name), " ", funcID(e.Func), " (", strings.Join(params, ", "), ") ",
			name(abiNames[:], e.Result), " ", strconv.Quote(e.ResultType))
	}
	for _, c := range m.Capabilities {
		p.line("capability ", strconv.Quote(c))
	}
	for _, r := range m.Records {
		types := make([]string, len(r.Types))
		for i, t := range r.Types {
			types[i] = strconv.Quote(t)
		}
		p.line("record ", strconv.Quote(r.Name), " ", objectID(r.Object), " (", strings.Join(types, ", "), ")")
	}
}

func arrow(k Kind) string {
	if k == None {
		return ""
	}
	return " -> " + k.String()
}

func (p *printer) object(o *Object) {
	head := "object " + id("#", o.ID, "") + " " + strconv.Quote(o.Name)
	if o.Array {
		p.line(head, " array ", name(storageNames[:], o.Elem))
		return
	}
	if o.Parent != nil {
		head += " extends " + objectID(o.Parent)
	}
	fields := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		fields[i] = strconv.Quote(f.Name) + " " + name(storageNames[:], f.Storage)
	}
	p.line(head, " (", strings.Join(fields, ", "), ")")
}

func (p *printer) function(f *Func) {
	p.f, p.labels = f, map[*Label]int{}
	params := make([]string, f.NumParams)
	for i, l := range f.Locals[:f.NumParams] {
		params[i] = id("%", i, "") + " " + strconv.Quote(l.Name) + " " + l.Kind.String()
	}
	pos := position(f.Pos)
	if pos != "" {
		pos = " " + pos
	}
	p.line("func ", id("@", f.ID, ""), " ", strconv.Quote(f.Name), " (", strings.Join(params, ", "), ")", arrow(f.Result), pos, " {")
	p.indent++
	for i, l := range f.Locals[f.NumParams:] {
		p.line("local ", id("%", f.NumParams+i, ""), " ", strconv.Quote(l.Name), " ", l.Kind.String())
	}
	p.indent--
	p.body(f.Body)
	p.line("}")
}

func (p *printer) body(list []Stmt) {
	p.indent++
	for _, s := range list {
		p.margin()
		p.stmt(s)
		p.put("\n")
	}
	p.indent--
}

// braces writes a list of statements from its brace to its brace.
func (p *printer) braces(list []Stmt) {
	p.put("{\n")
	p.body(list)
	p.margin()
	p.put("}")
}

func (p *printer) local(i int) string {
	if i >= 0 && i < len(p.f.Locals) {
		return id("%", i, p.f.Locals[i].Name)
	}
	return id("%", i, "")
}

// label numbers labels in the order in which the text first names them.
func (p *printer) label(l *Label) string {
	n, known := p.labels[l]
	if !known {
		n = len(p.labels)
		p.labels[l] = n
	}
	return id("^", n, l.Name)
}

func field(o *Object, i int) string {
	if i >= 0 && i < len(o.Fields) {
		return id("", i, o.Fields[i].Name)
	}
	return strconv.Itoa(i)
}

func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Set:
		p.put(p.local(s.Local), " = ")
		p.expr(s.X)
	case *SetGlobal:
		p.put(id("$", s.Global.ID, s.Global.Name), " = ")
		p.expr(s.X)
	case *SetField:
		p.form("setfield", []string{objectID(s.Object), field(s.Object, s.Index)}, s.X, s.Value)
	case *SetElem:
		p.form("setelem", []string{objectID(s.Object)}, s.X, s.I, s.Value)
	case *CopyElems:
		p.form("copy", []string{objectID(s.Object)}, s.To, s.At, s.From, s.Start, s.N)
	case *FillElems:
		p.form("fill", []string{objectID(s.Object)}, s.X, s.At, s.Value, s.N)
	case *Do:
		p.put("do ")
		p.expr(s.X)
	case *If:
		p.put("if ")
		p.expr(s.Cond)
		p.put(" ")
		p.braces(s.Then)
		if len(s.Else) > 0 {
			p.put(" else ")
			p.braces(s.Else)
		}
	case *Block:
		p.put("block ", p.label(s.Label), " ")
		p.braces(s.Body)
	case *Loop:
		p.put("loop ", p.label(s.Label), " ")
		p.braces(s.Body)
	case *Br:
		p.put("br ", p.label(s.Label))
	case *Switch:
		p.put("switch ")
		p.expr(s.X)
		p.put(" (")
		for i, l := range s.Targets {
			if i > 0 {
				p.put(", ")
			}
			p.put(p.label(l))
		}
		p.put(") ", p.label(s.Default))
	case *Return:
		p.put("return")
		if s.X != nil {
			p.put(" ")
			p.expr(s.X)
		}
	case *Panic:
		p.form("panic", nil, s.Msg)
		p.put(position(s.Pos))
	case *Unreachable:
		p.put("unreachable")
	}
}

// form writes name(immediates, operands).
func (p *printer) form(name string, immediates []string, operands ...Expr) {
	p.put(name, "(", strings.Join(immediates, ", "))
	for i, e := range operands {
		if i > 0 || len(immediates) > 0 {
			p.put(", ")
		}
		p.expr(e)
	}
	p.put(")")
}

func (p *printer) expr(e Expr) {
	switch e := e.(type) {
	case *Const:
		p.put(constant(e))
	case *Str:
		p.put(strconv.Quote(e.Text))
	case *Get:
		p.put(p.local(e.Local))
	case *GetGlobal:
		p.put(id("$", e.Global.ID, e.Global.Name))
	case *Un:
		p.form(e.Op.String(), nil, e.X)
		p.put(position(e.Pos))
	case *Bin:
		p.form(e.Op.String(), nil, e.X, e.Y)
		p.put(position(e.Pos))
	case *Call:
		p.form("call", []string{funcID(e.Func)}, e.Args...)
		p.put(position(e.Pos))
	case *CallRef:
		p.put("callref", e.Sig.String())
		p.form("", nil, append([]Expr{e.Closure}, e.Args...)...)
		p.put(position(e.Pos))
	case *CallHost:
		p.form("callhost", []string{id("~", e.Import.ID, e.Import.Name)}, e.Args...)
		p.put(position(e.Pos))
	case *New:
		p.form("new", []string{objectID(e.Object)}, e.Fields...)
		p.put(position(e.Pos))
	case *NewArray:
		p.form("newarray", []string{objectID(e.Object)}, e.Len)
		p.put(position(e.Pos))
	case *GetField:
		p.form("field", []string{objectID(e.Object), field(e.Object, e.Index)}, e.X)
	case *GetElem:
		p.form("elem", []string{objectID(e.Object)}, e.X, e.I)
	case *ArrayLen:
		p.form("len", nil, e.X)
	case *FuncIndex:
		p.form("funcindex", []string{funcID(e.Func)})
	case *IsNull:
		p.form("isnull", nil, e.X)
	case *Same:
		p.form("same", nil, e.X, e.Y)
	case *Tern:
		p.form("tern", nil, e.Cond, e.A, e.B)
	case *Seq:
		p.put("seq ")
		p.braces(e.Stmts)
		p.put(" ")
		p.expr(e.X)
	case *RawLoad:
		p.form("rawload"+strconv.Itoa(e.Size), nil, e.Addr)
	case *RawBytes:
		p.form("rawbytes", []string{objectID(e.Object)}, e.Addr, e.N)
		p.put(position(e.Pos))
	}
}

// String returns the signature as the text form has it: (i32, ref) -> i64.
func (s Sig) String() string {
	params := make([]string, len(s.Params))
	for i, k := range s.Params {
		params[i] = k.String()
	}
	return "<(" + strings.Join(params, ", ") + ")" + arrow(s.Result) + ">"
}

// constant writes a number so that its bits can be read back: floats that have
// no decimal form of their own, NaNs, as bits.
func constant(e *Const) string {
	switch e.K {
	case I32:
		return "i32(" + strconv.FormatInt(int64(int32(e.Bits)), 10) + ")"
	case I64:
		return "i64(" + strconv.FormatInt(int64(e.Bits), 10) + ")"
	case F32:
		if x := asF32(e.Bits); x == x {
			return "f32(" + strconv.FormatFloat(float64(x), 'g', -1, 32) + ")"
		}
		return "f32(0x" + strconv.FormatUint(uint64(uint32(e.Bits)), 16) + ")"
	case F64:
		if x := math.Float64frombits(e.Bits); x == x {
			return "f64(" + strconv.FormatFloat(x, 'g', -1, 64) + ")"
		}
		return "f64(0x" + strconv.FormatUint(e.Bits, 16) + ")"
	}
	return "null"
}
