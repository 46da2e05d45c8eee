package cli

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/univrs/vudo/dol"
)

// Bounds of what is generated.
const (
	smallCases  = 12  // the first values are made of small edge values alone,
	extremeFrom = 32  // and those from here on of all edge values, the extremes too:
	extremeTo   = 48  // a counter-example is looked for among simple values first
	maxListSize = 24  // elements of a list, characters of a text
	maxNesting  = 6   // levels at which optional parts are left out
	maxTries    = 200 // to make one record that keeps its rules
)

// errNoValue says that no valid value was found.
var errNoValue = errors.New("no valid value was found")

// valueMaker makes values of any shape, edge values first, then random ones that
// grow. What it makes follows from its random source alone.
type valueMaker struct {
	rand    *rand.Rand
	valid   func(*testValue) (bool, error) // whether a record keeps its rules
	heights map[*dol.Shape]int
	edge    int  // >= 0: take edge values, from this one on
	step    int  // from one edge value to the next: 0 takes the same everywhere
	extreme bool // the largest and smallest numbers are among them
	size    int  // how large random values may be
}

// at sets what the case of this number is made of.
func (m *valueMaker) at(n int) {
	m.edge, m.extreme, m.size = -1, n >= extremeFrom, min(1+n/4, maxListSize)
	if n < smallCases || n >= extremeFrom && n < extremeTo {
		m.edge, m.step = n/2, n%2
	}
}

// make returns a value. Every record in it keeps its rules.
func (m *valueMaker) make(s *dol.Shape, depth int) (testValue, error) {
	v := testValue{shape: s}
	var err error
	switch s.Kind {
	case dol.ShapeBool:
		v.bits = uint64(m.pick(2))
	case dol.ShapeInt:
		v.bits = m.integer(s)
	case dol.ShapeFloat:
		v.float = m.float(s.Bits)
	case dol.ShapeChar:
		v.text = string(m.char())
	case dol.ShapeText:
		var b strings.Builder
		for range m.count(depth) {
			b.WriteRune(m.char())
		}
		v.text = b.String()
	case dol.ShapeBytes:
		b := make([]byte, m.count(depth))
		for i := range b {
			b[i] = byte(m.rand.Uint32())
		}
		v.text = string(b)
	case dol.ShapeList, dol.ShapeSet, dol.ShapeMap:
		v.parts, err = m.elements(s, depth)
	case dol.ShapeOption:
		if depth < maxNesting && m.pick(4) > 0 && m.height(s.Elems[0]) < math.MaxInt {
			v.bits = 1
			v.parts, err = m.all(s.Elems, depth)
		}
	case dol.ShapeTuple, dol.ShapeNewtype:
		v.parts, err = m.all(s.Elems, depth)
	case dol.ShapeRecord:
		return m.record(s, depth)
	case dol.ShapeEnum:
		err = m.variant(&v, depth)
	}
	return v, err
}

func (m *valueMaker) all(shapes []*dol.Shape, depth int) ([]testValue, error) {
	parts := make([]testValue, 0, len(shapes))
	for _, s := range shapes {
		p, err := m.make(s, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// elements makes the elements of a list, set or map. A set or map has fewer when
// some come out equal.
func (m *valueMaker) elements(s *dol.Shape, depth int) ([]testValue, error) {
	seen := map[string]bool{}
	var parts []testValue
	for range m.count(depth) {
		group, err := m.all(s.Elems, depth)
		if err != nil {
			return nil, err
		}
		if s.Kind != dol.ShapeList {
			key := string(group[0].appendJSON(nil))
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		parts = append(parts, group...)
	}
	return parts, nil
}

func (m *valueMaker) record(s *dol.Shape, depth int) (testValue, error) {
	if m.height(s) == math.MaxInt {
		return testValue{}, fmt.Errorf("%w: every %s holds another one", errNoValue, s.Name)
	}
	edge := m.edge
	defer func() { m.edge = edge }()
	for range maxTries {
		v := testValue{shape: s}
		for _, f := range s.Fields {
			p, err := m.make(f.Shape, depth+1)
			if err != nil {
				return v, err
			}
			v.parts = append(v.parts, p)
		}
		if len(s.Rules) == 0 {
			return v, nil
		}
		if ok, err := m.valid(&v); ok || err != nil {
			return v, err
		}
		m.edge = -1 // the same edge would fail again
	}
	return testValue{}, fmt.Errorf("%w: none of %d values of %s keeps its rules", errNoValue, maxTries, s.Name)
}

func (m *valueMaker) variant(v *testValue, depth int) error {
	s := v.shape
	var open []int // variants that can be made here
	least := math.MaxInt
	for i := range s.Variants {
		h := m.fieldsHeight(s.Variants[i].Fields)
		if h < least {
			least = h
			if depth >= maxNesting {
				open = open[:0]
			}
		}
		if h < math.MaxInt && (depth < maxNesting || h == least) {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return fmt.Errorf("%w: every %s holds another one", errNoValue, s.Name)
	}
	v.variant = open[m.pick(len(open))]
	for _, f := range s.Variants[v.variant].Fields {
		p, err := m.make(f.Shape, depth+1)
		if err != nil {
			return err
		}
		v.parts = append(v.parts, p)
	}
	return nil
}

// height is how deep the flattest value of a shape is; math.MaxInt when it holds
// itself without end.
func (m *valueMaker) height(s *dol.Shape) int {
	if h, ok := m.heights[s]; ok {
		return h
	}
	m.heights[s] = math.MaxInt // within itself
	h := 0
	switch s.Kind {
	case dol.ShapeTuple, dol.ShapeNewtype:
		for _, e := range s.Elems {
			h = max(h, m.height(e))
		}
	case dol.ShapeRecord:
		h = m.fieldsHeight(s.Fields)
	case dol.ShapeEnum:
		h = math.MaxInt
		for i := range s.Variants {
			h = min(h, m.fieldsHeight(s.Variants[i].Fields))
		}
	}
	if h < math.MaxInt {
		h++
		m.heights[s] = h
	} else {
		delete(m.heights, s) // it may be made where it is not within itself
	}
	return h
}

func (m *valueMaker) fieldsHeight(fields []dol.ShapeField) int {
	h := 0
	for _, f := range fields {
		h = max(h, m.height(f.Shape))
	}
	return h
}

// pick returns a number below n.
func (m *valueMaker) pick(n int) int {
	if m.edge >= 0 {
		i := m.edge % n
		m.edge += m.step
		return i
	}
	return m.rand.IntN(n)
}

// count is how many elements something has.
func (m *valueMaker) count(depth int) int {
	if depth >= maxNesting {
		return 0
	}
	if m.edge >= 0 {
		return m.pick(3)
	}
	return m.rand.IntN(m.size/(depth+1) + 2)
}

func (m *valueMaker) integer(s *dol.Shape) uint64 {
	least, most := uint64(0), uint64(math.MaxUint64)>>(64-s.Bits)
	if s.Signed {
		most = uint64(math.MaxInt64) >> (64 - s.Bits)
		least = ^most // sign-extended
	}
	edges := []uint64{0, 1, 2, 10, 100}
	if s.Signed {
		edges[2] = ^uint64(0) // -1
	}
	if m.extreme {
		edges = append(edges, most, least, most-1, least+1)
	}
	if m.edge >= 0 || m.rand.IntN(8) == 0 {
		return edges[m.pick(len(edges))]
	}
	n := m.rand.Uint64() >> (63 - m.rand.IntN(min(s.Bits, 3+3*m.size))) // any length up to the size
	if s.Signed {
		if m.rand.IntN(2) == 0 {
			n = -n
		}
		return uint64(int64(n) << (64 - s.Bits) >> (64 - s.Bits))
	}
	return n & most
}

func (m *valueMaker) float(bits int) float64 {
	edges := []float64{0, 1, -1, 0.5, 0.1, 1000}
	if m.extreme {
		edges = append(edges, math.Copysign(0, -1), math.NaN(), 1e9, math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32)
		if bits == 64 {
			edges = append(edges, math.MaxFloat64, math.SmallestNonzeroFloat64)
		}
	}
	var f float64
	if m.edge >= 0 || m.rand.IntN(8) == 0 {
		f = edges[m.pick(len(edges))]
	} else {
		f = m.rand.NormFloat64() * math.Pow(4, float64(m.size))
		if m.rand.IntN(2) == 0 {
			f = math.Round(f)
		}
	}
	if bits == 32 {
		f = float64(float32(f))
	}
	return f
}

func (m *valueMaker) char() rune {
	edges := []rune{'a', 'Z', '0', ' ', '\n', '"', '\\', 'é', '世', '😀', 0, utf8.MaxRune}
	if m.edge >= 0 || m.rand.IntN(4) == 0 {
		return edges[m.pick(len(edges))]
	}
	return rune(' ' + m.rand.IntN('~'-' '+1))
}
