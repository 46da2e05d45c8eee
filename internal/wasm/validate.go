package wasm

// Validate checks a module by the rules of core 2.0, chapter 3, tail calls and
// extended constants included. The failure is an *Error with the function and
// the offset, where the module was decoded. It takes time linear in the module.
func Validate(m *Module) error {
	v, err := NewValidator(m)
	if err != nil {
		return err
	}
	var (
		s  FuncState
		r  Reader
		in Instr
	)
	for i := range m.Codes {
		if err := s.Begin(v, i); err != nil {
			return err
		}
		r.Reset(m.Codes[i].Body)
		for r.Next(&in) {
			if err := s.Step(&in); err != nil {
				return err
			}
		}
		if err := s.Finish(&r); err != nil {
			return err
		}
	}
	return nil
}

// Validator holds what the bodies of one module are checked against: its index
// spaces with imports and definitions in one list each. It may be used by
// several FuncStates at once, as long as nobody changes the module.
type Validator struct {
	m             *Module
	importedFuncs int
	funcs         []uint32 // type index of each function
	tables        []TableType
	memories      int
	globals       []GlobalType
	imported      int // imported globals: the only ones that constants may read
	declared      []uint64
	sigs          []signature // of Module.Types, then of the block types without an index
}

// signature is a function or block type with its v128 counted.
type signature struct {
	params, results         []ValType
	wideParams, wideResults int
}

// NewValidator checks everything of the module except its bodies.
func NewValidator(m *Module) (*Validator, error) {
	v := &Validator{m: m}
	for _, check := range []func() *Error{
		v.types, v.imports, v.functions, v.tablesAndMemories, v.globalInits,
		v.exports, v.start, v.elements, v.datas,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// NumFuncs returns the number of functions, imports counted.
func (v *Validator) NumFuncs() int { return len(v.funcs) }

// NumImportedFuncs returns the number of imported functions.
func (v *Validator) NumImportedFuncs() int { return v.importedFuncs }

// FuncTypeIndex returns the type index of function i, imports counted.
func (v *Validator) FuncTypeIndex(i uint32) uint32 { return v.funcs[i] }

// FuncType returns the signature of function i, imports counted.
func (v *Validator) FuncType(i uint32) FuncType { return v.m.Types[v.funcs[i]] }

// TableTypes returns the types of all tables, imports first. Read only.
func (v *Validator) TableTypes() []TableType { return v.tables }

// GlobalTypes returns the types of all globals, imports first. Read only.
func (v *Validator) GlobalTypes() []GlobalType { return v.globals }

func wideIn(ts []ValType) int {
	n := 0
	for _, t := range ts {
		if t == V128 {
			n++
		}
	}
	return n
}

func (v *Validator) types() *Error {
	m := v.m
	if len(m.Types) > MaxTypes {
		return m.entryError(SectionType, 0, "%d types exceed the limit of %d", len(m.Types), MaxTypes)
	}
	v.sigs = make([]signature, len(m.Types), len(m.Types)+len(singleTypes)+1)
	for i, t := range m.Types {
		if len(t.Params) > MaxParams || len(t.Results) > MaxResults {
			return m.entryError(SectionType, i, "type %d has %d parameters and %d results, the limits are %d and %d",
				i, len(t.Params), len(t.Results), MaxParams, MaxResults)
		}
		for _, list := range [...][]ValType{t.Params, t.Results} {
			for _, x := range list {
				if !x.valid() {
					return m.entryError(SectionType, i, "malformed value type 0x%02x", byte(x))
				}
			}
		}
		v.sigs[i] = signature{t.Params, t.Results, wideIn(t.Params), wideIn(t.Results)}
	}
	v.sigs = append(v.sigs, signature{})
	for _, t := range singleTypes {
		v.sigs = append(v.sigs, signature{results: singles[t], wideResults: wideIn(singles[t])})
	}
	return nil
}

// blockSig returns the place of a block type's signature in sigs.
func (v *Validator) blockSig(b BlockType) (int32, bool) {
	n := len(v.m.Types)
	if b == BlockEmpty {
		return int32(n), true
	}
	if b >= 0 {
		return int32(b), int64(b) < int64(n)
	}
	t, _ := b.Value()
	for i, s := range singleTypes {
		if s == t {
			return int32(n + 1 + i), true
		}
	}
	return 0, false
}

func (v *Validator) sig(i int32) *signature { return &v.sigs[i] }

func (v *Validator) typeIndex(section byte, i int, t uint32) *Error {
	if int64(t) >= int64(len(v.m.Types)) {
		return v.m.entryError(section, i, "unknown type %d, the module has %d", t, len(v.m.Types))
	}
	return nil
}

func (v *Validator) imports() *Error {
	m := v.m
	v.funcs = make([]uint32, 0, len(m.Imports)+len(m.Funcs))
	for i := range m.Imports {
		imp := &m.Imports[i]
		var err *Error
		switch imp.Kind {
		case KindFunc:
			err = v.typeIndex(SectionImport, i, imp.Type)
			v.funcs = append(v.funcs, imp.Type)
		case KindTable:
			err = v.table(SectionImport, i, imp.Table)
		case KindMemory:
			err = v.memory(SectionImport, i, imp.Memory)
		case KindGlobal:
			if !imp.Global.Type.valid() {
				err = m.entryError(SectionImport, i, "malformed value type 0x%02x", byte(imp.Global.Type))
			}
			v.globals = append(v.globals, imp.Global)
		default:
			err = m.entryError(SectionImport, i, "malformed import kind %d", byte(imp.Kind))
		}
		if err != nil {
			return err
		}
	}
	v.importedFuncs = len(v.funcs)
	v.imported = len(v.globals)
	return nil
}

func (v *Validator) functions() *Error {
	m := v.m
	if len(m.Funcs) != len(m.Codes) {
		return m.entryError(SectionCode, 0, "function and code section have inconsistent lengths: %d and %d", len(m.Funcs), len(m.Codes))
	}
	for i, t := range m.Funcs {
		if err := v.typeIndex(SectionFunction, i, t); err != nil {
			return err
		}
	}
	v.funcs = append(v.funcs, m.Funcs...)
	v.declared = make([]uint64, (len(v.funcs)+63)/64)
	return nil
}

func (v *Validator) tablesAndMemories() *Error {
	for i, t := range v.m.Tables {
		if err := v.table(SectionTable, i, t); err != nil {
			return err
		}
	}
	for i, t := range v.m.Memories {
		if err := v.memory(SectionMemory, i, t); err != nil {
			return err
		}
	}
	return nil
}

func (v *Validator) table(section byte, i int, t TableType) *Error {
	if !t.Elem.IsRef() {
		return v.m.entryError(section, i, "malformed reference type: %v", t.Elem)
	}
	if t.Limits.HasMax && t.Limits.Min > t.Limits.Max {
		return v.m.entryError(section, i, "size minimum must not be greater than maximum: a table of %d to %d elements",
			t.Limits.Min, t.Limits.Max)
	}
	v.tables = append(v.tables, t)
	return nil
}

func (v *Validator) memory(section byte, i int, t MemoryType) *Error {
	l := t.Limits
	switch {
	case l.HasMax && l.Min > l.Max:
		return v.m.entryError(section, i, "size minimum must not be greater than maximum: a memory of %d to %d pages", l.Min, l.Max)
	case l.Min > MaxMemoryPages || l.HasMax && l.Max > MaxMemoryPages:
		return v.m.entryError(section, i, "memory size must be at most %d pages (4GiB)", MaxMemoryPages)
	}
	if v.memories++; v.memories > 1 {
		e := v.m.entryError(section, i, "multiple memories belong to the %s proposal, which is not supported", propMultiMemory)
		e.Proposal, e.Hint = propMultiMemory, proposalHint
		return e
	}
	return nil
}

func (v *Validator) globalInits() *Error {
	for i := range v.m.Globals {
		g := &v.m.Globals[i]
		if !g.Type.Type.valid() {
			return v.m.entryError(SectionGlobal, i, "malformed value type 0x%02x", byte(g.Type.Type))
		}
		if err := v.constant(SectionGlobal, i, g.Init, g.Type.Type); err != nil {
			return err
		}
	}
	for i := range v.m.Globals {
		v.globals = append(v.globals, v.m.Globals[i].Type)
	}
	return nil
}

func (v *Validator) exports() *Error {
	m := v.m
	seen := make(map[string]struct{}, len(m.Exports))
	for i, x := range m.Exports {
		if _, twice := seen[x.Name]; twice {
			return m.entryError(SectionExport, i, "duplicate export name %q", x.Name)
		}
		seen[x.Name] = struct{}{}
		var n int
		switch x.Kind {
		case KindFunc:
			if n = len(v.funcs); int64(x.Index) < int64(n) {
				v.declare(x.Index)
			}
		case KindTable:
			n = len(v.tables)
		case KindMemory:
			n = v.memories
		case KindGlobal:
			n = len(v.globals)
		default:
			return m.entryError(SectionExport, i, "malformed export kind %d", byte(x.Kind))
		}
		if int64(x.Index) >= int64(n) {
			return m.entryError(SectionExport, i, "unknown %v %d of export %q", x.Kind, x.Index, x.Name)
		}
	}
	return nil
}

func (v *Validator) start() *Error {
	m := v.m
	if m.Start == nil {
		return nil
	}
	if int64(*m.Start) >= int64(len(v.funcs)) {
		return m.entryError(SectionStart, 0, "unknown function %d", *m.Start)
	}
	if t := v.FuncType(*m.Start); len(t.Params)+len(t.Results) > 0 {
		return m.entryError(SectionStart, 0, "start function must take and give nothing, function %d is %v", *m.Start, t)
	}
	return nil
}

func (v *Validator) elements() *Error {
	m := v.m
	for i := range m.Elements {
		s := &m.Elements[i]
		if s.Flags > 7 || !s.Type.IsRef() || s.Flags&4 == 0 && s.Type != FuncRef || s.Flags == 4 && s.Type != FuncRef {
			return m.entryError(SectionElement, i, "malformed element segment: flags %d, type %v", s.Flags, s.Type)
		}
		if s.Mode() == ModeActive {
			if int64(s.Table) >= int64(len(v.tables)) {
				return m.entryError(SectionElement, i, "unknown table %d", s.Table)
			}
			if t := v.tables[s.Table].Elem; t != s.Type {
				return m.entryError(SectionElement, i, "type mismatch: elements of %v for a table of %v", s.Type, t)
			}
			if err := v.constant(SectionElement, i, s.Offset, I32); err != nil {
				return err
			}
		}
		for _, f := range s.Funcs {
			if int64(f) >= int64(len(v.funcs)) {
				return m.entryError(SectionElement, i, "unknown function %d", f)
			}
			v.declare(f)
		}
		for _, x := range s.Exprs {
			if err := v.constant(SectionElement, i, x, s.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *Validator) datas() *Error {
	m := v.m
	if m.DataCount != nil && int64(*m.DataCount) != int64(len(m.Datas)) {
		return m.entryError(SectionData, 0, "data count and data section have inconsistent lengths: %d and %d", *m.DataCount, len(m.Datas))
	}
	for i := range m.Datas {
		s := &m.Datas[i]
		if s.Flags > 2 {
			return m.entryError(SectionData, i, "malformed data segment flags %d", s.Flags)
		}
		if s.Mode() != ModeActive {
			continue
		}
		if int64(s.Memory) >= int64(v.memories) {
			return m.entryError(SectionData, i, "unknown memory %d", s.Memory)
		}
		if err := v.constant(SectionData, i, s.Offset, I32); err != nil {
			return err
		}
	}
	return nil
}

func (v *Validator) declare(f uint32) { v.declared[f/64] |= 1 << (f % 64) }

func (v *Validator) isDeclared(f uint32) bool { return v.declared[f/64]&(1<<(f%64)) != 0 }

// constant checks a constant expression of the i-th entry of a section (core
// 2.0, section 3.3.10, with the extended-constant proposal). Functions that it
// references become declared.
func (v *Validator) constant(section byte, i int, expr []byte, want ValType) *Error {
	var (
		r     = NewReader(expr)
		in    Instr
		stack []ValType
		fixed [8]ValType
		ended bool
	)
	stack = fixed[:0]
	fail := func(format string, args ...any) *Error { return v.m.entryError(section, i, format, args...) }
	for r.Next(&in) {
		if ended {
			return fail("instructions follow the end of a constant expression")
		}
		switch in.Op {
		case OpI32Const, OpI64Const, OpF32Const, OpF64Const, OpV128Const:
			info, _ := Op(in.Op)
			stack = append(stack, info.Results[0])
		case OpRefNull:
			stack = append(stack, in.Type)
		case OpRefFunc:
			if int64(in.A) >= int64(len(v.funcs)) {
				return fail("unknown function %d", in.A)
			}
			v.declare(in.A)
			stack = append(stack, FuncRef)
		case OpGlobalGet:
			if int64(in.A) >= int64(v.imported) {
				return fail("unknown global %d: constants may read imported globals only", in.A)
			}
			g := v.globals[in.A]
			if g.Mutable {
				return fail("constant expression required: global %d is mutable", in.A)
			}
			stack = append(stack, g.Type)
		case OpI32Add, OpI32Sub, OpI32Mul, OpI64Add, OpI64Sub, OpI64Mul:
			info, _ := Op(in.Op)
			n := len(stack) - 2
			if n < 0 || stack[n] != info.Params[0] || stack[n+1] != info.Params[1] {
				return fail("type mismatch: %v in a constant expression takes %s", in.Op, typeList(info.Params))
			}
			stack = stack[:n+1]
		case OpEnd:
			ended = true
		default:
			return fail("constant expression required: %v is not constant", in.Op)
		}
		if len(stack) > MaxOperands {
			return fail("more than %d operands on the stack", MaxOperands)
		}
	}
	if r.err != nil {
		e := fail("%s", r.err.Msg)
		e.Proposal, e.Hint = r.err.Proposal, r.err.Hint
		return e
	}
	if !ended {
		return fail("unexpected end: a constant expression has no end")
	}
	if len(stack) != 1 || stack[0] != want {
		return fail("type mismatch: a constant expression gives %s, expected %v", typeList(stack), want)
	}
	return nil
}
