package wasm

// Step checks the next instruction against the state and moves the state on.
func (s *FuncState) Step(in *Instr) error {
	if s.err != nil {
		return s.err
	}
	if in.Op < 0x100 && s.quick(in) {
		return nil
	}
	s.at = in.Start
	if s.done {
		return s.failf("instructions follow the final end of the function")
	}
	info := &opTable[opIndex(in.Op)]
	if info.Fixed {
		s.fixed(in, info)
	} else {
		s.special(in)
	}
	s.note()
	if len(s.ops) > MaxOperands {
		s.failf("more than %d operands on the stack", MaxOperands)
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

// note keeps the greatest height that an instruction has led to.
func (s *FuncState) note() { s.max = max(s.max, len(s.ops)+s.wide) }

// quickOp is the row of an instruction that quick can step: at most two operands
// and one result, none of them a v128.
type quickOp struct {
	ok              bool
	access          bool // of memory
	align           uint8
	params, results uint8
	first, second   ValType
	result          ValType
}

var quickOps = func() (t [256]quickOp) {
	for i := range t {
		info := &opTable[i]
		q := quickOp{
			ok:     info.Fixed && len(info.Params) <= 2 && len(info.Results) <= 1 && wideIn(info.Params)+wideIn(info.Results) == 0,
			params: uint8(len(info.Params)), results: uint8(len(info.Results)),
		}
		switch info.Imm {
		case ImmNone, ImmI32, ImmI64, ImmF32, ImmF64:
		case ImmMemArg:
			q.access, q.align = true, info.Align
		default:
			q.ok = false
		}
		if !q.ok {
			continue
		}
		switch q.params {
		case 1:
			q.first = info.Params[0]
		case 2:
			q.first, q.second = info.Params[0], info.Params[1]
		}
		if q.results == 1 {
			q.result = info.Results[0]
		}
		t[i] = q
	}
	return t
}()

// quick steps the simple instructions, most of all code, when all is as it
// should be. Else it reports false and has changed nothing.
func (s *FuncState) quick(in *Instr) bool {
	if s.done {
		return false
	}
	n := len(s.ops)
	switch in.Op {
	case OpLocalGet:
		if int64(in.A) >= int64(len(s.locals)) || n >= MaxOperands {
			return false
		}
		s.push(s.locals[in.A])
		s.note()
		return true
	case OpLocalSet, OpLocalTee:
		if n <= s.base || int64(in.A) >= int64(len(s.locals)) || s.ops[n-1] != s.locals[in.A] {
			return false
		}
		if in.Op == OpLocalSet {
			s.pop(s.ops[n-1])
		}
		return true
	}
	q := &quickOps[in.Op]
	if !q.ok || q.access && (in.A > uint32(q.align) || s.v.memories == 0) {
		return false
	}
	switch q.params {
	case 1:
		if n <= s.base || s.ops[n-1] != q.first {
			return false
		}
	case 2:
		if n <= s.base+1 || s.ops[n-1] != q.second || s.ops[n-2] != q.first {
			return false
		}
	}
	if q.results == 0 {
		s.ops = s.ops[:n-int(q.params)]
		return true
	}
	if q.params == 0 && n >= MaxOperands {
		return false
	}
	s.ops = append(s.ops[:n-int(q.params)], q.result)
	s.note()
	return true
}

// fixed steps an instruction whose signature stands in the table.
func (s *FuncState) fixed(in *Instr, info *OpInfo) {
	switch info.Imm {
	case ImmNone, ImmI32, ImmI64, ImmF32, ImmF64, ImmV128:
	default:
		s.immediate(in, info)
	}
	for i := len(info.Params) - 1; i >= 0; i-- {
		s.pop(info.Params[i])
	}
	for _, t := range info.Results {
		s.push(t)
	}
}

// immediate checks what the immediates of such an instruction name.
func (s *FuncState) immediate(in *Instr, info *OpInfo) {
	switch info.Imm {
	case ImmMemArg, ImmMemArgLane:
		s.memory()
		if in.A > uint32(info.Align) {
			s.failf("alignment must not be larger than natural: 2^%d for %s, at most 2^%d", in.A, info.Name, info.Align)
		}
		if info.Imm == ImmMemArgLane {
			s.lane(in, info)
		}
	case ImmMemory, ImmMemoryMemory:
		s.memory()
	case ImmDataMemory:
		s.memory()
		s.data(in.A)
	case ImmData:
		s.data(in.A)
	case ImmLane:
		s.lane(in, info)
	case ImmShuffle:
		for _, l := range in.V128 {
			if l >= 32 {
				s.failf("invalid lane index %d, a shuffle has 32", l)
			}
		}
	case ImmFunc: // ref.func
		switch {
		case int64(in.A) >= int64(len(s.v.funcs)):
			s.failf("unknown function %d", in.A)
		case !s.v.isDeclared(in.A):
			s.failf("undeclared function reference %d: no export, element or global names it", in.A)
		}
	case ImmElem:
		s.elem(in.A)
	case ImmElemTable:
		t, e := s.table(uint32(in.B)), s.elem(in.A)
		if s.err == nil && t.Elem != e {
			s.failf("type mismatch: table.init of a table of %v from a segment of %v", t.Elem, e)
		}
	case ImmTableTable:
		t, u := s.table(in.A), s.table(uint32(in.B))
		if s.err == nil && t.Elem != u.Elem {
			s.failf("type mismatch: table.copy to a table of %v from one of %v", t.Elem, u.Elem)
		}
	case ImmTable: // table.size
		s.table(in.A)
	}
}

func (s *FuncState) memory() {
	if s.v.memories == 0 {
		s.failf("unknown memory 0")
	}
}

func (s *FuncState) lane(in *Instr, info *OpInfo) {
	if in.Lane >= info.Lanes {
		s.failf("invalid lane index %d, %s has %d", in.Lane, info.Name, info.Lanes)
	}
}

func (s *FuncState) data(i uint32) {
	switch n := s.v.m.DataCount; {
	case n == nil:
		s.failf("data count section required")
	case i >= *n:
		s.failf("unknown data segment %d", i)
	}
}

func (s *FuncState) elem(i uint32) ValType {
	if int64(i) >= int64(len(s.v.m.Elements)) {
		s.failf("unknown elem segment %d", i)
		return 0
	}
	return s.v.m.Elements[i].Type
}

func (s *FuncState) table(i uint32) TableType {
	if int64(i) >= int64(len(s.v.tables)) {
		s.failf("unknown table %d", i)
		return TableType{}
	}
	return s.v.tables[i]
}

// special steps an instruction whose signature follows from its immediates or
// from the stack.
func (s *FuncState) special(in *Instr) {
	switch in.Op {
	case OpLocalGet:
		s.push(s.local(in.A))
	case OpLocalSet:
		s.pop(s.local(in.A))
	case OpLocalTee:
		t := s.local(in.A)
		s.pop(t)
		s.push(t)
	case OpGlobalGet:
		s.push(s.global(in.A).Type)
	case OpGlobalSet:
		g := s.global(in.A)
		if s.err == nil && !g.Mutable {
			s.failf("global is immutable: %d", in.A)
		}
		s.pop(g.Type)
	case OpBlock, OpLoop:
		s.open(in)
	case OpIf:
		s.pop(I32)
		s.open(in)
	case OpElse:
		s.elseBranch(in)
	case OpEnd:
		s.end()
	case OpBr:
		if f := s.target(in.A); f != nil {
			s.popAll(s.label(f))
			s.setDead()
		}
	case OpBrIf:
		s.pop(I32)
		if f := s.target(in.A); f != nil {
			s.peekAll(s.label(f))
		}
	case OpBrTable:
		s.brTable(in)
	case OpReturn:
		s.popAll(s.label(&s.frames[0]))
		s.setDead()
	case OpUnreachable:
		s.setDead()
	case OpCall, OpReturnCall:
		if int64(in.A) >= int64(len(s.v.funcs)) {
			s.failf("unknown function %d", in.A)
			return
		}
		s.call(in.Op == OpReturnCall, s.v.sig(int32(s.v.funcs[in.A])))
	case OpCallIndirect, OpReturnCallIndirect:
		t := s.table(uint32(in.B))
		if s.err == nil && t.Elem != FuncRef {
			s.failf("type mismatch: call_indirect through a table of %v", t.Elem)
			return
		}
		if int64(in.A) >= int64(len(s.v.m.Types)) {
			s.failf("unknown type %d", in.A)
			return
		}
		s.pop(I32)
		s.call(in.Op == OpReturnCallIndirect, s.v.sig(int32(in.A)))
	case OpDrop:
		s.pop(Unknown)
	case OpSelect:
		s.selectUntyped()
	case OpSelectTyped:
		if in.A != 1 {
			s.failf("invalid result arity: select names %d types", in.A)
			return
		}
		s.pop(I32)
		s.pop(in.Type)
		s.pop(in.Type)
		s.push(in.Type)
	case OpRefNull:
		s.push(in.Type)
	case OpRefIsNull:
		if t := s.pop(Unknown); t != Unknown && !t.IsRef() {
			s.failf("type mismatch: ref.is_null of %v", t)
		}
		s.push(I32)
	case OpTableGet:
		t := s.table(in.A)
		s.pop(I32)
		s.push(t.Elem)
	case OpTableSet:
		t := s.table(in.A)
		s.pop(t.Elem)
		s.pop(I32)
	case OpTableGrow:
		t := s.table(in.A)
		s.pop(I32)
		s.pop(t.Elem)
		s.push(I32)
	case OpTableFill:
		t := s.table(in.A)
		s.pop(I32)
		s.pop(t.Elem)
		s.pop(I32)
	default:
		s.failf("%v cannot be validated", in.Op)
	}
}

func (s *FuncState) local(i uint32) ValType {
	t, ok := s.LocalType(i)
	if !ok {
		s.failf("unknown local %d, the function has %d", i, s.total)
	}
	return t
}

func (s *FuncState) global(i uint32) GlobalType {
	if int64(i) >= int64(len(s.v.globals)) {
		s.failf("unknown global %d", i)
		return GlobalType{}
	}
	return s.v.globals[i]
}

func (s *FuncState) call(tail bool, sig *signature) {
	s.popAll(sig.params, sig.wideParams)
	if !tail {
		s.pushAll(sig.results, sig.wideResults)
		return
	}
	own := s.v.sig(s.frames[0].sig)
	if s.err == nil && string(own.results) != string(sig.results) {
		s.failf("type mismatch: a tail call gives %s, the function %s", typeList(sig.results), typeList(own.results))
	}
	s.setDead()
}

// selectUntyped is select without a type: two operands of one number or vector type.
func (s *FuncState) selectUntyped() {
	s.pop(I32)
	t := s.pop(Unknown)
	u := s.pop(Unknown)
	switch {
	case s.err != nil:
	case t.IsRef() || u.IsRef():
		s.failf("type mismatch: select of references needs a type")
	case t == Unknown:
		t = u
	case u != Unknown && t != u:
		s.failf("type mismatch: select of %v and %v", u, t)
	}
	s.push(t)
}
