package lower

import (
	"math"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	. "github.com/univrs/vudo/dol/internal/typed"
)

// Proves: dol 8.2-h; hashes spread over their low bits, which tables use, and
// equal values have equal ones
func TestHashesSpread(t *testing.T) {
	w := newWorld()
	of := &TypeParam{Name: "T"}
	hash := &Func{Name: "std.hash", Intrinsic: "hash", TypeParams: []*TypeParam{of}, Params: []*Var{param("x", &Param{Decl: of})}, Result: tU32}
	hashOf := func(x Expr) Expr {
		return &Call{E: E{T: tU32}, Func: hash, TypeArgs: []Type{x.Type()}, Args: []Expr{x}}
	}
	n, f := param("n", tI64), param("f", tF64)
	w.export("int", []*Var{n}, hashOf(use(n)))
	w.export("pair", []*Var{n}, hashOf(tuple(use(n), str("a"))))
	w.export("swapped", []*Var{n}, hashOf(tuple(num(tI64, 1), use(n))))
	w.export("list", []*Var{n}, hashOf(list(w, tI64, use(n), num(tI64, 3))))
	w.export("float", []*Var{f}, hashOf(use(f)))
	ma := w.machine(t, Options{})
	const buckets = 1024
	for _, name := range []string{"int", "pair", "swapped", "list"} {
		for _, step := range []int64{1, 64, 4096, 1 << 20, 1 << 40} {
			var count [buckets]int
			for i := range int64(buckets) {
				h, err := ma.CallExport(name, ir.Num(ir.I64, uint64(i*step)))
				if err != nil {
					t.Fatal(err)
				}
				count[h.Bits%buckets]++
			}
			most := 0
			for _, c := range count {
				most = max(most, c)
			}
			if most > 12 { // 7 is likely for random numbers, 12 is not once in a million
				t.Errorf("%s: %d of %d multiples of %d share a bucket", name, most, buckets, step)
			}
		}
	}
	zero, _ := ma.CallExport("float", f64bits(0))
	minus, _ := ma.CallExport("float", f64bits(math.Copysign(0, -1)))
	if zero.Bits != minus.Bits {
		t.Error("0.0 and -0.0 are equal, their hashes are not")
	}
}
