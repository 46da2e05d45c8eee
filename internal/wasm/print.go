package wasm

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// PrintOptions adjusts Print; the zero value prints text for wat2wasm.
type PrintOptions struct {
	// Offsets puts the byte offset of each instruction in the decoded module
	// before it, as a comment.
	Offsets bool
	// Funcs, if not nil, selects the functions whose bodies are printed, by index
	// with imports counted. The rest of the module is left out.
	Funcs func(idx uint32) bool
}

// MaxPrintLocals bounds the declared locals of one function that Print lists: the
// text format spells every one out, and a body of ten bytes can declare 2^32.
const MaxPrintLocals = 50_000

// Print writes the module in the text format (core 2.0, chapter 6), flat and
// with numeric indices; names stand in comments. wat2wasm of a valid module's
// text gives a module that means the same: custom sections are only mentioned,
// forms of segments and of types that mean the same become one, a data count
// section appears where it is needed, more than MaxPrintLocals locals are not
// listed. Invalid modules print as far as they can be read; the error is that
// of the Writer or of the first body or expression that cannot be.
func Print(w io.Writer, m *Module, o PrintOptions) error {
	p := &printer{w: bufio.NewWriter(w), m: m, o: o, names: m.Names()}
	p.module()
	if err := p.w.Flush(); err != nil {
		return err
	}
	return p.err
}

type printer struct {
	w     *bufio.Writer
	m     *Module
	o     PrintOptions
	names Names
	r     Reader
	err   error
}

func (p *printer) f(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

func (p *printer) module() {
	m := p.m
	p.f("(module")
	if p.names.Module != "" {
		p.f(" ;; %s", comment(p.names.Module))
	}
	p.f("\n")
	if p.o.Funcs == nil {
		for i, t := range m.Types {
			p.f("  (type (;%d;) (func%s))\n", i, signatureText(t))
		}
		p.imports()
	}
	imported := m.NumImported(KindFunc)
	for i := range m.Codes {
		if idx := uint32(imported + i); p.o.Funcs == nil || p.o.Funcs(idx) {
			p.function(idx, i)
		}
	}
	if p.o.Funcs == nil {
		p.definitions()
	}
	p.f(")\n")
}

func signatureText(t FuncType) string {
	var b strings.Builder
	for _, part := range []struct {
		word  string
		types []ValType
	}{{"param", t.Params}, {"result", t.Results}} {
		if len(part.types) == 0 {
			continue
		}
		b.WriteString(" (" + part.word)
		for _, t := range part.types {
			b.WriteString(" " + t.String())
		}
		b.WriteByte(')')
	}
	return b.String()
}

func limitsText(l Limits) string {
	if l.HasMax {
		return fmt.Sprintf("%d %d", l.Min, l.Max)
	}
	return strconv.FormatUint(uint64(l.Min), 10)
}

func globalText(t GlobalType) string {
	if t.Mutable {
		return "(mut " + t.Type.String() + ")"
	}
	return t.Type.String()
}

// comment makes a name fit for a line comment.
func comment(s string) string { return strconv.QuoteToASCII(s) }

// quoted writes bytes as a string of the text format.
func quoted(b []byte) string {
	const hex = "0123456789abcdef"
	var s strings.Builder
	s.WriteByte('"')
	for _, c := range b {
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			s.WriteByte(c)
			continue
		}
		s.Write([]byte{'\\', hex[c>>4], hex[c&15]})
	}
	s.WriteByte('"')
	return s.String()
}

func (p *printer) imports() {
	var n [KindGlobal + 1]int
	for i := range p.m.Imports {
		x := &p.m.Imports[i]
		p.f("  (import %s %s (%v (;%d;) ", quoted([]byte(x.Module)), quoted([]byte(x.Name)), x.Kind, n[x.Kind])
		n[x.Kind]++
		switch x.Kind {
		case KindFunc:
			p.f("(type %d)", x.Type)
		case KindTable:
			p.f("%s %v", limitsText(x.Table.Limits), x.Table.Elem)
		case KindMemory:
			p.f("%s", limitsText(x.Memory.Limits))
		case KindGlobal:
			p.f("%s", globalText(x.Global))
		}
		p.f("))\n")
	}
}

func (p *printer) definitions() {
	m := p.m
	for i, t := range m.Tables {
		p.f("  (table (;%d;) %s %v)\n", m.NumImported(KindTable)+i, limitsText(t.Limits), t.Elem)
	}
	for i, t := range m.Memories {
		p.f("  (memory (;%d;) %s)\n", m.NumImported(KindMemory)+i, limitsText(t.Limits))
	}
	base := m.NumImported(KindGlobal)
	for i := range m.Globals {
		p.f("  (global (;%d;) %s", base+i, globalText(m.Globals[i].Type))
		p.constant(m.Globals[i].Init)
		p.f(")\n")
	}
	for _, x := range m.Exports {
		p.f("  (export %s (%v %d))\n", quoted([]byte(x.Name)), x.Kind, x.Index)
	}
	if m.Start != nil {
		p.f("  (start %d)\n", *m.Start)
	}
	for i := range m.Elements {
		p.element(i, &m.Elements[i])
	}
	for i := range m.Datas {
		d := &m.Datas[i]
		p.f("  (data (;%d;)", i)
		if d.Mode() == ModeActive {
			p.f(" (offset")
			p.constant(d.Offset)
			p.f(")")
		}
		for b := d.Bytes; len(b) > 0; {
			n := min(len(b), 64)
			p.f("\n    %s", quoted(b[:n]))
			b = b[n:]
		}
		p.f(")\n")
	}
	for _, c := range m.Customs {
		p.f("  ;; custom section %s, %d bytes\n", comment(c.Name), len(c.Data))
	}
}

func (p *printer) element(i int, s *Element) {
	p.f("  (elem (;%d;)", i)
	switch s.Mode() {
	case ModeActive:
		p.f(" (table %d) (offset", s.Table)
		p.constant(s.Offset)
		p.f(")")
	case ModeDeclared:
		p.f(" declare")
	}
	if s.Flags&4 == 0 {
		p.f(" func")
		for _, f := range s.Funcs {
			p.f(" %d", f)
		}
	} else {
		p.f(" %v", s.Type)
		for _, x := range s.Exprs {
			p.f(" (item")
			p.constant(x)
			p.f(")")
		}
	}
	p.f(")\n")
}

// constant prints the instructions of a constant expression on one line.
func (p *printer) constant(expr []byte) {
	p.r.Reset(expr)
	var in Instr
	for p.r.Next(&in) && in.Op != OpEnd {
		p.f(" ")
		p.instr(&in)
	}
	p.keep(p.r.Err())
}

func (p *printer) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *printer) function(idx uint32, i int) {
	c := &p.m.Codes[i]
	p.f("  (func (;%d;) (type %d)", idx, p.m.Funcs[i])
	p.locals(c)
	if name, ok := p.names.funcs[idx]; ok {
		p.f(" ;; %s", comment(name))
	}
	p.f("\n")
	p.r.Reset(c.Body)
	var in Instr
	depth := 0
	for p.r.Next(&in) {
		switch in.Op {
		case OpEnd:
			if depth--; depth < 0 {
				continue // the final end is the closing parenthesis
			}
			p.line(c, &in, depth)
		case OpElse:
			p.line(c, &in, max(depth-1, 0))
		case OpBlock, OpLoop, OpIf:
			p.line(c, &in, depth)
			depth++
		default:
			p.line(c, &in, depth)
		}
	}
	if e := p.r.err; e != nil {
		e := *e
		e.Func, e.Section, e.HasOffset = int(idx), sectionNames[SectionCode], c.Offset != 0
		e.Offset += c.Offset
		p.f("    ;; %s\n", comment(e.Error()))
		p.keep(&e)
	}
	p.f("  )\n")
}

func (p *printer) locals(c *Code) {
	if n := c.NumLocals(); n > MaxPrintLocals {
		p.f(" (; %d locals ;)", n)
		return
	}
	for _, g := range c.Locals {
		if g.Count == 0 {
			continue
		}
		p.f(" (local")
		for range g.Count {
			p.f(" %v", g.Type)
		}
		p.f(")")
	}
}

// deepest bounds the indentation, not the nesting.
const deepest = 40

func (p *printer) line(c *Code, in *Instr, depth int) {
	p.f("    ")
	if p.o.Offsets {
		p.f("(;%06x;) ", c.Offset+uint32(in.Start))
	}
	for range min(depth, deepest) {
		p.w.WriteString("  ")
	}
	p.instr(in)
	p.w.WriteByte('\n')
}

// instr prints one instruction with its immediates.
func (p *printer) instr(in *Instr) {
	info, _ := Op(in.Op)
	p.w.WriteString(info.Name)
	switch info.Imm {
	case ImmBlock:
		p.blockType(in.BlockType())
	case ImmLabel, ImmFunc, ImmLocal, ImmGlobal, ImmTable, ImmData, ImmElem, ImmDataMemory:
		p.f(" %d", in.A)
	case ImmBrTable:
		for _, l := range in.Table {
			p.f(" %d", l)
		}
	case ImmCallIndirect:
		p.f(" %d (type %d)", in.B, in.A)
	case ImmElemTable: // the text has the table first
		p.f(" %d %d", in.B, in.A)
	case ImmTableTable:
		p.f(" %d %d", in.A, in.B)
	case ImmSelect:
		p.f(" (result %v)", in.Type)
	case ImmRefType:
		p.f(" %s", strings.TrimSuffix(in.Type.String(), "ref"))
	case ImmMemArg, ImmMemArgLane:
		if in.B != 0 {
			p.f(" offset=%d", in.B)
		}
		if in.A != uint32(info.Align) {
			p.f(" align=%d", uint64(1)<<in.A)
		}
		if info.Imm == ImmMemArgLane {
			p.f(" %d", in.Lane)
		}
	case ImmI32:
		p.f(" %d", in.I32())
	case ImmI64:
		p.f(" %d", in.I64())
	case ImmF32:
		p.f(" %s", f32Text(uint32(in.B)))
	case ImmF64:
		p.f(" %s", f64Text(in.B))
	case ImmV128:
		p.f(" i8x16")
		for _, b := range in.V128 {
			p.f(" 0x%02x", b)
		}
	case ImmShuffle:
		for _, b := range in.V128 {
			p.f(" %d", b)
		}
	case ImmLane:
		p.f(" %d", in.Lane)
	}
}

func (p *printer) blockType(b BlockType) {
	if i, ok := b.Index(); ok {
		p.f(" (type %d)", i)
	} else if t, ok := b.Value(); ok {
		p.f(" (result %v)", t)
	}
}

func f32Text(bits uint32) string {
	return floatText(uint64(bits&0x7fffff), bits>>31 != 0, bits>>23&0xff == 0xff, float64(math.Float32frombits(bits)), 32)
}

func f64Text(bits uint64) string {
	return floatText(bits&(1<<52-1), bits>>63 != 0, bits>>52&0x7ff == 0x7ff, math.Float64frombits(bits), 64)
}

// floatText writes a float such that it is read back to the same bits.
func floatText(fraction uint64, negative, special bool, v float64, size int) string {
	sign := ""
	if negative {
		sign = "-"
	}
	switch {
	case special && fraction == 0:
		return sign + "inf"
	case special:
		return fmt.Sprintf("%snan:0x%x", sign, fraction)
	}
	return strconv.FormatFloat(v, 'x', -1, size)
}
