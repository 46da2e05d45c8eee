package lower

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Options says what to lower besides the exports, and how.
type Options struct {
	// CheckRules makes every constructor check the rules of its record (dol.md 8.7).
	CheckRules bool

	// Tests adds the tests and properties of the program: an export test:NAME
	// without parameters or result, which traps when the test fails, and an export
	// prop:NAME, which returns 0 or 1.
	Tests bool

	// PanicTrap leaves the messages out: they are all the empty text.
	PanicTrap bool

	// Cover numbers the lines whose being reached is to be noted, see CoverMark.
	Cover map[Line]int

	// Exports are further functions to export.
	Exports []*typed.Export
}

// Bounds of a program. They stop generic functions that instantiate themselves
// without end, long before memory does.
const (
	maxTypeSize  = 400    // nodes of one type
	maxInstances = 50_000 // functions and types after monomorphisation
)

// Lower makes the module of a program. The program must have no errors. The
// diagnostics are errors: instantiation-depth, export-type for an export whose
// types cannot cross, and unsupported-at-build.
func Lower(p *typed.Program, o Options) (m *ir.Module, problems diag.List) {
	l := &lowerer{
		prog:    p,
		opt:     o,
		mod:     &ir.Module{Name: p.Name, Files: p.Files, Capabilities: p.Capabilities},
		decls:   map[*typed.TypeDecl]int{},
		layouts: map[string]*layout{},
		byType:  map[typed.Type]*layout{},
		shapes:  map[string]shape{},
		funcs:   map[string]*ir.Func{},
		ids:     map[*typed.Func]int{},
		imports: map[string]*ir.Import{},
		globals: map[*typed.Global]*ir.Global{},
		statics: map[string]*ir.Global{},
		cyclic:  map[string]bool{},
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			m, problems = nil, diag.List{r.d}
		default:
			panic(r)
		}
	}()
	l.bytes() // what constant texts are
	l.exports()
	l.drain()
	l.start()
	return l.mod, nil
}

// lowerer is the state of one run.
type lowerer struct {
	prog *typed.Program
	opt  Options
	mod  *ir.Module

	decls   map[*typed.TypeDecl]int // numbers of declarations, in the order of their use
	layouts map[string]*layout      // by type key
	byType  map[typed.Type]*layout  // the same by the type itself, so that few keys are made
	shapes  map[string]shape        // of enums, by type key; noShape while being found
	arrays  [ir.StoreRef + 1]*ir.Object
	closure *ir.Object // what all closures begin with
	path    *ir.Object // see format.go
	cells   [ir.Ref + 1]*ir.Object

	funcs map[string]*ir.Func // instances and synthesised functions by key
	ids   map[*typed.Func]int
	work  []job
	cur   *origin // of the function that is being lowered

	imports map[string]*ir.Import
	globals map[*typed.Global]*ir.Global
	statics map[string]*ir.Global // objects that exist once, by key
	prelude []ir.Stmt             // sets the statics
	inits   []initialiser

	cyclic map[string]bool // whether a type reaches itself, by type key
}

// job is a function whose body is still to be made.
type job struct {
	from  *origin
	build func()
}

// origin tells where an instance was asked for first.
type origin struct {
	name string
	pos  typed.Pos // of the request
	up   *origin
}

// initialiser is the function that sets a module variable first.
type initialiser struct {
	order int // in Program.Globals
	fn    *ir.Func
}

// failure ends a run from any depth; Lower turns it into a diagnostic.
type failure struct{ d diag.Diagnostic }

// fail ends the run with an error.
func (l *lowerer) fail(pos typed.Pos, code, format string, args ...any) {
	d := diag.Diagnostic{Span: l.span(pos), Severity: diag.Error, Code: code, Message: fmt.Sprintf(format, args...)}
	const shown = 5
	o := l.cur
	for n := 0; o != nil && o.pos.Line > 0 && n < shown; o, n = o.up, n+1 {
		d.Notes = append(d.Notes, diag.Note{Text: "needed for " + o.name, Span: l.span(o.pos)})
	}
	panic(failure{d})
}

func (l *lowerer) span(p typed.Pos) diag.Span {
	if p.Line <= 0 || int(p.File) >= len(l.prog.Files) {
		return diag.Span{}
	}
	at := diag.Position{Line: int(p.Line), Column: int(p.Col)}
	return diag.Span{File: l.prog.Files[p.File], Start: at, End: at}
}

// newFunc adds a function, whose body comes when the work reaches it.
func (l *lowerer) newFunc(name string, pos typed.Pos) *ir.Func {
	if len(l.mod.Funcs) >= maxInstances {
		l.fail(pos, "instantiation-depth", "the program needs more than %d functions", maxInstances)
	}
	fn := &ir.Func{ID: len(l.mod.Funcs), Name: name, Pos: ir.Pos(pos)}
	l.mod.Funcs = append(l.mod.Funcs, fn)
	return fn
}

func (l *lowerer) newObject(o *ir.Object) *ir.Object {
	if len(l.mod.Objects) >= maxInstances {
		l.fail(typed.Pos{}, "instantiation-depth", "the program needs more than %d types", maxInstances)
	}
	o.ID = len(l.mod.Objects)
	l.mod.Objects = append(l.mod.Objects, o)
	return o
}

// later queues the making of a body.
func (l *lowerer) later(name string, pos typed.Pos, build func()) {
	l.work = append(l.work, job{&origin{name, pos, l.cur}, build})
}

// drain makes bodies until none is missing.
func (l *lowerer) drain() {
	for i := 0; i < len(l.work); i++ {
		j := l.work[i]
		l.work[i] = job{}
		l.cur = j.from
		j.build()
	}
	l.work = l.work[:0]
	l.cur = nil
}

// start makes the function that sets statics and module variables, in the order
// of the program.
func (l *lowerer) start() {
	slices.SortFunc(l.inits, func(a, b initialiser) int { return cmp.Compare(a.order, b.order) })
	body := l.prelude
	for _, in := range l.inits {
		body = append(body, &ir.Do{X: &ir.Call{Func: in.fn, Pos: in.fn.Pos}})
	}
	if len(body) == 0 {
		return
	}
	fn := l.newFunc("start", typed.Pos{})
	fn.Body = body
	l.mod.Start = fn
}
