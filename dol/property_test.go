package dol

import (
	"slices"
	"strings"
	"testing"
)

// Rules and laws become the properties that docs/spec/cli.md 4.1 lists, and no others.
//
// Proves: cli 9.49, dol 14.3-a
func TestWhichPropertiesAProgramHas(t *testing.T) {
	res := mustCompile(t, []Source{{Path: "m.dol", Text: []byte(`module m
pub gen Purse {
  has coins: i64 = 0
  rule some { this.coins >= 0 }
  rule few { this.coins < 1000 }
  law whole() { this.coins == this.coins }
  pub fun empty() -> Purse { Purse { } }
  pub fun with(n: i64) -> Option<Purse> { Some(Purse { coins: n }) }
  pub fun put(n: i64) { this.coins += n }
  fun quietly(n: i64) { this.coins = n }
  pub fun each<T>(x: T) -> T { this.coins += 1  x }
}
pub gen Bag<T> {
  has item: T
  has n: i64
  rule counted { this.n >= 0 }
  pub fun count() -> i64 { this.n }
}
pub gen Plain { has n: i64  pub fun set(n: i64) { this.n = n } }
trait Sized { fun size() -> i64  law positive() { this.size() >= 0 } }
impl Sized for Purse { fun size() -> i64 { this.coins } }
impl Sized for i64 { fun size() -> i64 { this } }
rule poor for Plain { this.n < 10 }
`)}}, Options{Tests: true})
	var got []string
	for _, p := range res.Properties {
		word := p.Name + "("
		for i, x := range p.Params {
			if i > 0 {
				word += ", "
			}
			word += x.Name + ": " + x.Shape.Name
		}
		word += ")"
		if p.Judges {
			word += " judges"
		}
		got = append(got, word)
	}
	slices.Sort(got)
	want := []string{
		"Plain.set keeps the rules(this: Plain, n: i64)",
		"Purse.empty keeps the rules()",
		"Purse.few(this: Purse) judges",
		"Purse.put keeps the rules(this: Purse, n: i64)",
		"Purse.some(this: Purse) judges",
		"Purse.whole(this: Purse)",
		"Sized.positive for Purse(this: Purse)",
		"Sized.positive for i64(this: i64)",
		"poor(this: Plain) judges",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Shapes say of every type how its values are made; what cannot be made is named.
func TestShapes(t *testing.T) {
	res := mustCompile(t, []Source{{Path: "m.dol", Text: []byte(`module m
gen Meters { type: f64 }
gen Tree { type: enum { Leaf, Node { left: Tree, right: Tree }, Pair(Tree, i8) } }
gen Base { has a: u8  rule odd { this.a % 2 == 1 } }
gen Child extends Base { has b: string  rule long { this.b.len() > 2 } }
gen Call { has f: (i64) -> i64 }
trait T {
  fun id() -> i64
  law one(a: Vec<Option<f32>>, b: Map<char, Set<bytes>>, c: (bool, u64), d: Meters, e: Tree, f: Child) { this.id() == this.id() }
  law two(c: Vec<Call>) { this.id() == 0 }
}
impl T for i64 { fun id() -> i64 { this } }
`)}}, Options{Tests: true})
	find := func(name string) *Property {
		i := slices.IndexFunc(res.Properties, func(p Property) bool { return p.Name == name })
		if i < 0 {
			t.Fatalf("no property %s", name)
		}
		return &res.Properties[i]
	}
	one := find("T.one for i64")
	var kinds []ShapeKind
	for _, p := range one.Params {
		kinds = append(kinds, p.Shape.Kind)
		if o := p.Shape.Obstacle(); o != "" {
			t.Errorf("%s: obstacle %s", p.Name, o)
		}
	}
	if want := []ShapeKind{ShapeInt, ShapeList, ShapeMap, ShapeTuple, ShapeNewtype, ShapeEnum, ShapeRecord}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	tree, child := one.Params[5].Shape, one.Params[6].Shape
	if v := tree.Variants; len(v) != 3 || v[1].Tuple || !v[2].Tuple || v[1].Fields[0].Shape != tree {
		t.Errorf("the tree is not circular: %+v", v)
	}
	if len(child.Fields) != 2 || len(child.Rules) != 2 || child.Rules[0].Fields != 1 || child.Rules[1].Fields != 2 {
		t.Errorf("child: %+v %+v", child.Fields, child.Rules)
	}
	two := find("T.two for i64")
	if o := two.Params[1].Shape.Obstacle(); o != "(i64) -> i64" {
		t.Errorf("obstacle %q", o)
	}
}

// What a dependency tests is its own affair; its rules still say which of its
// values are valid, and its traits have laws for the types of others.
//
// Proves: cli 9.49
func TestDependenciesAreTestedElsewhere(t *testing.T) {
	res := mustCompile(t, []Source{
		{Path: "src/main.dol", Text: []byte(`module m
use lib.{Coin, Sized}
pub gen Purse { has coin: Coin }
impl Sized for Purse { fun size() -> i64 { this.coin.cents } }
#[test]
fun mine() { assert(Coin { cents: 1 }.cents == 1) }
`)},
		{Path: "deps/lib/src/lib.dol", Text: []byte(`module lib
pub gen Coin {
  has cents: i64
  rule some { this.cents >= 0 }
  pub fun add(n: i64) { this.cents += n }
}
pub trait Sized { fun size() -> i64  law positive() { this.size() >= 0 } }
impl Sized for Coin { fun size() -> i64 { this.cents } }
pub gen Call { has f: (i64) -> i64  rule zero { this.cents_of(1) == 1 }  fun cents_of(n: i64) -> i64 { n } }
#[test]
fun theirs() { assert(false) }
`)},
	}, Options{Entry: "src/main.dol", Tests: true, Coverage: true})
	if len(res.Tests) != 1 || res.Tests[0].Name != "m.mine" && res.Tests[0].Name != "main.mine" {
		t.Errorf("tests %+v", res.Tests)
	}
	if len(res.Properties) != 1 || res.Properties[0].Name != "Sized.positive for Purse" {
		t.Fatalf("properties %+v", res.Properties)
	}
	coin := res.Properties[0].Params[0].Shape.Fields[0].Shape
	if len(coin.Rules) != 1 || !slices.Contains(res.Exports, coin.Rules[0].Export) {
		t.Errorf("the rules of Coin are %+v, exported %v", coin.Rules, res.Exports)
	}
	for _, l := range res.Lines {
		if l.File != "src/main.dol" {
			t.Errorf("%s is covered", l.File)
		}
	}
}
