package ir

import (
	"fmt"
	"strconv"

	"github.com/univrs/vudo/internal/wasm"
)

// maxTextDepth bounds how deep statements and expressions of a text may nest.
const maxTextDepth = 5_000

// ParseText reads what Print writes. The module has the shape that the text
// gives it; Verify says whether it is right. Errors name line and column.
func ParseText(text []byte) (m *Module, err error) {
	p := &parser{lexer: lexer{text: text, line: 1, col: 1}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(textError)
			if !ok {
				panic(r)
			}
			m, err = nil, e
		}
	}()
	p.scan()
	return p.module(), nil
}

// textError is an error in a text.
type textError struct {
	line, col int
	message   string
}

func (e textError) Error() string { return fmt.Sprintf("%d:%d: %s", e.line, e.col, e.message) }

var opcodes = func() map[string]wasm.Opcode {
	names := map[string]wasm.Opcode{}
	for _, op := range wasm.Opcodes() {
		if _, _, _, ok := Numeric(op); ok {
			names[op.String()] = op
		}
	}
	return names
}()

type parser struct {
	lexer
	m      *Module
	f      *Func
	labels []*Label
	depth  int
}

// enter counts nesting; the caller defers or calls leave.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxTextDepth {
		p.fail("nested deeper than %d", maxTextDepth)
	}
}

func (p *parser) module() *Module {
	p.m = &Module{}
	p.want("module")
	p.m.Name = p.str()
	p.m.Objects = reserve[Object](p, "objects")
	p.m.Imports = reserve[Import](p, "imports")
	p.m.Globals = reserve[Global](p, "globals")
	p.m.Funcs = reserve[Func](p, "funcs")
	for i, o := range p.m.Objects {
		o.ID = i
	}
	for i, f := range p.m.Funcs {
		f.ID = i
	}
	for p.accept("file") {
		p.m.Files = append(p.m.Files, p.str())
	}
	for i := range p.m.Objects {
		p.object(i)
	}
	for i := range p.m.Imports {
		p.importDecl(i)
	}
	for i, g := range p.m.Globals {
		p.want("global")
		p.number('$', i)
		g.ID, g.Name, g.Kind = i, p.str(), p.kind()
	}
	for i := range p.m.Funcs {
		p.function(i)
	}
	if p.accept("start") {
		p.m.Start = p.funcRef()
	}
	for p.accept("export") {
		p.export()
	}
	for p.accept("capability") {
		p.m.Capabilities = append(p.m.Capabilities, p.str())
	}
	for p.accept("record") {
		r := Record{Name: p.str(), Object: p.objectRef()}
		p.list(func() { r.Types = append(r.Types, p.str()) })
		p.m.Records = append(p.m.Records, r)
	}
	if p.tok != "" {
		p.fail("%q after the end of the module", p.tok)
	}
	return p.m
}

// reserve makes the declarations that a section will fill, so that they can be
// named before. Each takes more than a byte of text, which bounds their number.
func reserve[T any](p *parser, section string) []*T {
	p.want(section)
	n := p.integer()
	if n < 0 || n > len(p.text) {
		p.fail("%d %s in a text of %d bytes", n, section, len(p.text))
	}
	var list []*T
	for range n {
		list = append(list, new(T))
	}
	return list
}

func (p *parser) object(i int) {
	o := p.m.Objects[i]
	p.want("object")
	p.number('#', i)
	o.Name = p.str()
	if p.accept("array") {
		o.Array, o.Elem = true, Storage(p.oneOf(storageNames[:]))
		return
	}
	if p.accept("extends") {
		o.Parent = p.objectRef()
	}
	p.list(func() {
		o.Fields = append(o.Fields, Member{Name: p.str(), Storage: Storage(p.oneOf(storageNames[:]))})
	})
}

func (p *parser) importDecl(i int) {
	imp := p.m.Imports[i]
	p.want("import")
	p.number('~', i)
	imp.ID, imp.Module, imp.Name = i, p.str(), p.str()
	p.list(func() { imp.Params = append(imp.Params, HostParam(p.oneOf(hostParamNames[:]))) })
	imp.Result = p.arrow()
}

func (p *parser) export() {
	e := &Export{Name: p.str(), Func: p.funcRef()}
	p.list(func() {
		e.Params = append(e.Params, ExportParam{Name: p.str(), Type: p.str(), ABI: ABI(p.oneOf(abiNames[:]))})
	})
	e.Result, e.ResultType = ABI(p.oneOf(abiNames[:])), p.str()
	p.m.Exports = append(p.m.Exports, e)
}

func (p *parser) kind() Kind {
	k := Kind(p.oneOf(kindNames[:]))
	if k == None {
		p.fail("a kind of no value")
	}
	return k
}

func (p *parser) arrow() Kind {
	if p.accept("->") {
		return p.kind()
	}
	return None
}

// list reads ( item, item ).
func (p *parser) list(item func()) {
	p.want("(")
	for first := true; !p.accept(")"); first = false {
		if !first {
			p.want(",")
		}
		item()
	}
}

func (p *parser) function(i int) {
	f := p.m.Funcs[i]
	p.f, p.labels = f, nil
	p.want("func")
	p.number('@', i)
	f.Name = p.str()
	local := func() {
		p.number('%', len(f.Locals))
		f.Locals = append(f.Locals, Local{Name: p.str(), Kind: p.kind()})
	}
	p.list(local)
	f.NumParams = len(f.Locals)
	f.Result = p.arrow()
	f.Pos = p.position()
	p.want("{")
	for p.accept("local") {
		local()
	}
	f.Body = p.stmts()
}

// stmts reads statements to the closing brace.
func (p *parser) stmts() []Stmt {
	var list []Stmt
	for !p.accept("}") {
		list = append(list, p.stmt())
	}
	return list
}

func (p *parser) braces() []Stmt {
	p.want("{")
	return p.stmts()
}

func (p *parser) objectRef() *Object { return p.m.Objects[p.ref('#', len(p.m.Objects))] }

func (p *parser) funcRef() *Func { return p.m.Funcs[p.ref('@', len(p.m.Funcs))] }

func (p *parser) label() *Label {
	name := p.tok
	n := p.ref('^', len(p.labels)+1)
	if n == len(p.labels) {
		p.labels = append(p.labels, &Label{Name: afterDot(name)})
	}
	return p.labels[n]
}

// fieldRef reads a struct and one of its fields.
func (p *parser) fieldRef() (*Object, int) {
	o := p.objectRef()
	p.want(",")
	i := p.ref(0, len(o.Fields))
	return o, i
}

func (p *parser) position() Pos {
	if p.tok == "" || p.tok[0] != '!' {
		return Pos{}
	}
	var pos Pos
	if n, _ := fmt.Sscanf(p.tok, "!%d:%d:%d", &pos.File, &pos.Line, &pos.Col); n != 3 || position(pos) != p.tok {
		p.fail("%q is no position", p.tok)
	}
	p.scan()
	return pos
}

func (p *parser) stmt() Stmt {
	p.enter()
	defer func() { p.depth-- }()
	switch tok := p.tok; {
	case tok == "":
		p.fail("the text ends in a body")
	case tok[0] == '%':
		i := p.ref('%', len(p.f.Locals))
		p.want("=")
		return &Set{Local: i, X: p.expr()}
	case tok[0] == '$':
		g := p.m.Globals[p.ref('$', len(p.m.Globals))]
		p.want("=")
		return &SetGlobal{Global: g, X: p.expr()}
	}
	switch word := p.take(); word {
	case "setfield":
		p.want("(")
		o, i := p.fieldRef()
		x := p.more(2)
		return &SetField{Object: o, Index: i, X: x[0], Value: x[1]}
	case "setelem":
		p.want("(")
		o := p.objectRef()
		x := p.more(3)
		return &SetElem{Object: o, X: x[0], I: x[1], Value: x[2]}
	case "copy":
		p.want("(")
		o := p.objectRef()
		x := p.more(5)
		return &CopyElems{Object: o, To: x[0], At: x[1], From: x[2], Start: x[3], N: x[4]}
	case "fill":
		p.want("(")
		o := p.objectRef()
		x := p.more(4)
		return &FillElems{Object: o, X: x[0], At: x[1], Value: x[2], N: x[3]}
	case "do":
		return &Do{X: p.expr()}
	case "if":
		s := &If{Cond: p.expr(), Then: p.braces()}
		if p.accept("else") {
			s.Else = p.braces()
		}
		return s
	case "block":
		return &Block{Label: p.label(), Body: p.braces()}
	case "loop":
		return &Loop{Label: p.label(), Body: p.braces()}
	case "br":
		return &Br{Label: p.label()}
	case "switch":
		s := &Switch{X: p.expr()}
		p.list(func() { s.Targets = append(s.Targets, p.label()) })
		s.Default = p.label()
		return s
	case "return":
		if p.tok == "}" || p.line != p.lastLine {
			return &Return{}
		}
		return &Return{X: p.expr()}
	case "panic":
		return &Panic{Msg: p.args(1)[0], Pos: p.position()}
	case "unreachable":
		return &Unreachable{}
	default:
		p.fail("%q is no statement", word)
		return nil
	}
}

// args reads ( n operands ), any number of them when n is negative.
func (p *parser) args(n int) []Expr {
	var list []Expr
	p.list(func() { list = append(list, p.expr()) })
	return p.counted(list, n)
}

// more reads further operands up to the closing parenthesis.
func (p *parser) more(n int) []Expr {
	var list []Expr
	for !p.accept(")") {
		p.want(",")
		list = append(list, p.expr())
	}
	return p.counted(list, n)
}

func (p *parser) counted(list []Expr, n int) []Expr {
	if n >= 0 && len(list) != n {
		p.fail("%d operands, must be %d", len(list), n)
	}
	return list
}

func (p *parser) expr() Expr {
	p.enter()
	defer func() { p.depth-- }()
	switch tok := p.tok; {
	case tok == "":
		p.fail("the text ends in an expression")
	case tok[0] == '"':
		return &Str{Text: p.str()}
	case tok[0] == '%':
		i := p.ref('%', len(p.f.Locals))
		return &Get{Local: i, K: p.f.Locals[i].Kind}
	case tok[0] == '$':
		return &GetGlobal{Global: p.m.Globals[p.ref('$', len(p.m.Globals))]}
	}
	word := p.take()
	if op, ok := opcodes[word]; ok {
		if arity, _, _, _ := Numeric(op); arity == 1 {
			return &Un{Op: op, X: p.args(1)[0], Pos: p.position()}
		}
		x := p.args(2)
		return &Bin{Op: op, X: x[0], Y: x[1], Pos: p.position()}
	}
	switch word {
	case "null":
		return &Const{K: Ref}
	case "i32", "i64", "f32", "f64":
		return p.constant(word)
	case "call":
		p.want("(")
		f := p.funcRef()
		return &Call{Func: f, Args: p.more(-1), Pos: p.position()}
	case "callref":
		e := &CallRef{}
		p.want("<")
		p.list(func() { e.Sig.Params = append(e.Sig.Params, p.kind()) })
		e.Sig.Result = p.arrow()
		p.want(">")
		x := p.args(-1)
		if len(x) == 0 {
			p.fail("a call of no closure")
		}
		e.Closure, e.Args, e.Pos = x[0], x[1:], p.position()
		return e
	case "callhost":
		p.want("(")
		imp := p.m.Imports[p.ref('~', len(p.m.Imports))]
		return &CallHost{Import: imp, Args: p.more(-1), Pos: p.position()}
	case "new":
		p.want("(")
		o := p.objectRef()
		return &New{Object: o, Fields: p.more(-1), Pos: p.position()}
	case "newarray":
		p.want("(")
		o := p.objectRef()
		return &NewArray{Object: o, Len: p.more(1)[0], Pos: p.position()}
	case "field":
		p.want("(")
		o, i := p.fieldRef()
		return &GetField{Object: o, Index: i, X: p.more(1)[0]}
	case "elem":
		p.want("(")
		o := p.objectRef()
		x := p.more(2)
		return &GetElem{Object: o, X: x[0], I: x[1]}
	case "len":
		return &ArrayLen{X: p.args(1)[0]}
	case "funcindex":
		p.want("(")
		f := p.funcRef()
		p.want(")")
		return &FuncIndex{Func: f}
	case "isnull":
		return &IsNull{X: p.args(1)[0]}
	case "same":
		x := p.args(2)
		return &Same{X: x[0], Y: x[1]}
	case "tern":
		x := p.args(3)
		return &Tern{Cond: x[0], A: x[1], B: x[2]}
	case "seq":
		list := p.braces()
		return &Seq{Stmts: list, X: p.expr()}
	case "rawload4":
		return &RawLoad{Size: 4, Addr: p.args(1)[0]}
	case "rawload8":
		return &RawLoad{Size: 8, Addr: p.args(1)[0]}
	case "rawbytes":
		p.want("(")
		o := p.objectRef()
		x := p.more(2)
		return &RawBytes{Object: o, Addr: x[0], N: x[1], Pos: p.position()}
	}
	p.fail("%q is no expression", word)
	return nil
}

// constant reads the value of a number in parentheses.
func (p *parser) constant(kind string) Expr {
	p.want("(")
	c, text := &Const{}, p.take()
	var err error
	switch kind {
	case "i32":
		var x int64
		x, err = strconv.ParseInt(text, 10, 32)
		c.K, c.Bits = I32, i32(int32(x))
	case "i64":
		var x int64
		x, err = strconv.ParseInt(text, 10, 64)
		c.K, c.Bits = I64, uint64(x)
	case "f32":
		c.K, c.Bits, err = F32, 0, nil
		c.Bits, err = parseFloat(text, 32)
	case "f64":
		c.K = F64
		c.Bits, err = parseFloat(text, 64)
	}
	if err != nil {
		p.fail("%q is no %s", text, kind)
	}
	p.want(")")
	return c
}

// parseFloat reads a decimal number, or bits after 0x.
func parseFloat(text string, size int) (uint64, error) {
	if len(text) > 2 && text[:2] == "0x" {
		return strconv.ParseUint(text[2:], 16, size)
	}
	x, err := strconv.ParseFloat(text, size)
	if size == 32 {
		return f32(float32(x)), err
	}
	return f64(x), err
}
