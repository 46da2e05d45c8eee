package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
)

// maxShrinks bounds how often a counter-example is tried to be made simpler.
const maxShrinks = 2_000

// exactly is the --run pattern of one test.
func exactly(name string) string { return "^" + regexp.QuoteMeta(name) + "$" }

func joinLines(lines []string) string { return strings.Join(lines, "\n") }

// propertyRun is one property being tried.
type propertyRun struct {
	u    *testRun
	ctx  context.Context
	p    *dol.Property
	fuel uint64
}

// runProperty tries a property on generated values. Each call has an instance of
// its own.
func (u *testRun) runProperty(ctx context.Context, p *dol.Property) (r testResult) {
	r = testResult{Kind: "property", Status: statusOK}
	run := &propertyRun{u: u, ctx: ctx, p: p}
	defer func() { r.Fuel = run.fuel }()
	for _, param := range p.Params {
		if o := param.Shape.Obstacle(); o != "" {
			r.Status, r.Message = statusUnproved, fmt.Sprintf("no values of %s can be made, which %s needs", o, param.Name)
			return r
		}
	}
	h := fnv.New64a()
	h.Write([]byte(p.Name))
	m := &valueMaker{rand: rand.New(rand.NewPCG(u.options.seed, h.Sum64())), heights: map[*dol.Shape]int{}, valid: run.keepsRules}
	if p.Judges {
		m.valid = func(*testValue) (bool, error) { return true, nil }
	}
	held := 0
	for r.Cases < u.options.cases {
		m.at(r.Cases)
		values := make([]testValue, len(p.Params))
		for i := range values {
			v, err := m.make(p.Params[i].Shape, 0)
			if errors.Is(err, errNoValue) {
				r.Status, r.Message = statusUnproved, err.Error()
				return r
			}
			if err != nil {
				return run.broken(r, err)
			}
			values[i] = v
		}
		r.Cases++
		holds, err := run.try(p.Export, values)
		switch {
		case ctx.Err() != nil:
			return r
		case err != nil && !isTrap(err):
			return run.broken(r, err)
		case err == nil && holds:
			held++
		case p.Judges && u.on("check-rules"):
			// An invalid record cannot even be made: that is the rule's answer.
		case err != nil || !p.Judges:
			return run.refuted(r, values)
		}
		if len(p.Params) == 0 {
			break // there is only one case
		}
	}
	if p.Judges && held == 0 {
		r.Status, r.Message = statusUnproved, fmt.Sprintf("none of %s keeps the rule", plural(r.Cases, "generated value"))
	}
	return r
}

func isTrap(err error) bool { return errors.As(err, new(*vudo.Trap)) }

// try calls a property and returns its answer.
func (run *propertyRun) try(export string, values []testValue) (bool, error) {
	cfg := run.u.config
	cfg.Seed = fmt.Appendf(nil, "%d %s", run.u.options.seed, run.p.Name)
	var marks marks
	if run.u.on("coverage") {
		cfg.Stdout = &marks
		defer func() { marks.into(run.u.covered) }()
	}
	res, err := run.u.spirit.Call(run.ctx, export, arguments(values), cfg)
	run.fuel += res.Receipt.FuelUsed
	if err != nil {
		return false, err
	}
	return len(res.Values) == 1 && res.Values[0].Bits != 0, nil
}

// arguments are values as the input of a declared export: text or bytes alone as
// they are, bytes among others in base64.
func arguments(values []testValue) []byte {
	if len(values) == 1 && (values[0].shape.Kind == dol.ShapeText || values[0].shape.Kind == dol.ShapeBytes) {
		return []byte(values[0].text)
	}
	b := []byte{'['}
	for i := range values {
		switch values[i].shape.Kind {
		case dol.ShapeUnit:
			continue // it has no representation and no parameter
		case dol.ShapeBytes:
			b = appendQuoted(b, base64.StdEncoding.EncodeToString([]byte(values[i].text)))
		default:
			b = values[i].appendJSON(b)
		}
		b = append(b, ',')
	}
	if len(b) > 1 {
		b = b[:len(b)-1]
	}
	return append(b, ']')
}

// keepsRules asks the rules of a record about a value. A rule that traps does not
// hold: its own property reports it.
func (run *propertyRun) keepsRules(v *testValue) (bool, error) {
	for _, rule := range v.shape.Rules {
		judged := testValue{shape: &dol.Shape{Kind: dol.ShapeRecord, Name: v.shape.Name, Fields: v.shape.Fields[:rule.Fields]}, parts: v.parts[:rule.Fields]}
		ok, err := run.try(rule.Export, []testValue{judged})
		if err != nil && !isTrap(err) {
			return false, err
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

// valid reports whether every record within v keeps its rules.
func (run *propertyRun) valid(v *testValue) bool {
	for i := range v.parts {
		if !run.valid(&v.parts[i]) {
			return false
		}
	}
	ok, err := run.keepsRules(v)
	return ok && err == nil
}

// refuted makes a counter-example as simple as it can and reports it.
func (run *propertyRun) refuted(r testResult, values []testValue) testResult {
	values = run.shrink(values)
	_, err := run.try(run.p.Export, values)
	r.Status, r.Message = statusFailed, "the property does not hold"
	if run.p.Judges {
		r.Message = "the rule has no answer"
	}
	var trap *vudo.Trap
	if errors.As(err, &trap) {
		r.Message += ": " + run.u.reason(err, trap)
		r.frames = run.u.shownFrames(trap.Frames)
	}
	for i := range values {
		r.Counterexample = append(r.Counterexample, run.p.Params[i].Name+" = "+values[i].String())
	}
	return r
}

// shrink follows simpler values as long as they refute the property too.
func (run *propertyRun) shrink(values []testValue) []testValue {
	for tries := 0; ; {
		better := false
		for i := range values {
			for _, simple := range values[i].simpler() {
				if tries++; tries > maxShrinks || run.ctx.Err() != nil {
					return values
				}
				if !run.p.Judges && !run.valid(&simple) {
					continue
				}
				w := slices.Clone(values)
				w[i] = simple
				holds, err := run.try(run.p.Export, w)
				if err == nil && !holds && !run.p.Judges || err != nil && isTrap(err) {
					values, better = w, true
					break
				}
			}
		}
		if !better {
			return values
		}
	}
}

// broken reports an end that says nothing of the property, such as spent fuel.
func (run *propertyRun) broken(r testResult, err error) testResult {
	r.Status, r.Message = statusFailed, run.u.reason(err, nil)
	return r
}
