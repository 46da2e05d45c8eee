package std_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Proves: dol 16-c, dol 16-d
func TestVec(t *testing.T) {
	eval(t, [][2]string{
		{"let v = [1, 2]; v.push(3).push(4); v", "[1, 2, 3, 4]"},
		{"(Vec::<i64>::new().len(), [1].length, [1, 2].is_empty(), Vec::<i64>::with_capacity(9).is_empty())", "(0, 1, false, true)"},
		{"[1, 2].iter().map(|x| x * 2).filter(|x| x > 2).collect()", "[4]"},
		{"([5].get(0), [5].get(1), [5].get(-1))", "(Some(5), None, None)"},
		{"([1, 2].first(), [1, 2].last())", "(Some(1), Some(2))"},
		{"let v = [1, 2]; (v.pop(), v.pop(), v.pop(), v)", "(Some(2), Some(1), None, [])"},
		{"[1, 3].insert(1, 2).insert(0, 0).insert(4, 4)", "[0, 1, 2, 3, 4]"},
		{"let v = [1, 2, 3]; (v.remove(1), v)", "(2, [1, 3])"},
		{"[1, 2].set(0, 9).update(1, |x| x + 1)", "[9, 3]"},
		{"let v = [1]; v[0] = 5; v[0]", "5"},
		{"let v = [1, 2]; v.extend(v).append([7])", "[1, 2, 1, 2, 7]"},
		{"let v = [1]; (v.concat([2]), v)", "([1, 2], [1])"},
		{"let v = [1, 2, 3]; (v.rev(), v.reverse(), v)", "([3, 2, 1], [3, 2, 1], [3, 2, 1])"},
		{"let v = [1, 2, 3]; (v.slice(1, 3), v.take(2), v.take(9), v.take(-1), v.skip(1), v.skip(9), v[0..2])", "([2, 3], [1, 2], [1, 2, 3], [], [2, 3], [], [1, 2])"},
		{"([1, 2, 3].sum(), [0.5, 0.25].sum())", "(6, 0.75)"},
		{"([3, 1, 2].min(), [3, 1, 2].max(), Vec::<i64>::new().min())", "(Some(1), Some(3), None)"},
		{`([1, 2].join("-"), ["a", "b"].join(), [1.5].join(","))`, `("1-2", "ab", "1.5")`},
		{`["a", "b"].enumerate()`, `[(0, "a"), (1, "b")]`},
		{`[1, 2, 3].zip(["a", "b"])`, `[(1, "a"), (2, "b")]`},
		{"([1, 2].contains(2), [\"a\"].contains(\"b\"))", "(true, false)"},
		{"([1, 2].any(|x| x > 1), [1, 2].all(|x| x > 1))", "(true, false)"},
		{"([1, 2, 3].find(|x| x > 1), [1].find(|x| x > 1), [1, 2].position(|x| x == 2))", "(Some(2), None, Some(1))"},
		{"([1, 2, 3].fold(10, |a, x| a * x), [1, 2, 3].reduce(|a, b| a - b), Vec::<i64>::new().reduce(|a, b| a + b))", "(60, Some(-4), None)"},
		{"[1, 2].flat_map(|x| [x, x * 10])", "[1, 10, 2, 20]"},
		{"([1, 2, 3].count(|x| x > 1), [1, 2].count(), [1].clear())", "(2, 2, [])"},
		{"let v = [1]; let w = v.clone(); w.push(2); (v, w)", "([1], [1, 2])"},
		{"let n = [0]; [1, 2].each(|x| { n[0] = n[0] + x }); n[0]", "3"},
		{"[1, 2].into_iter().len()", "2"},
		{"len([1, 2]) + len(\"abc\")", "5"},
		{
			"let r = 2..5; (r.len(), r.contains(4), r.contains(5), r.map(|x| x * x), r.rev(), r.sum(), r.is_empty(), r.collect(), r.fold(0, |a, n| a * 10 + n), r.filter(|n| n != 3))",
			"(3, true, false, [4, 9, 16], [4, 3, 2], 9, false, [2, 3, 4], 234, [2, 4])",
		},
		{"[(2, \"b\"), (1, \"z\"), (2, \"a\")].sort()", `[(1, "z"), (2, "a"), (2, "b")]`},
	})
	panics(t, [][2]string{
		{"[1][1]", "index"},
		{"[1][-1]", "index"},
		{"[1].remove(1)", "index out of range: 1 of 1"},
		{"[1].insert(2, 0)", "index out of range"},
		{"[1].set(-1, 0)", "index out of range: -1 of 1"},
		{"[1].slice(1, 0)", "slice out of range"},
		{"Vec::<i64>::with_capacity(-1)", "negative count"},
	})
}

// Sorting is stable, also with an order that is no order.
//
// Proves: dol 16-c
func TestSort(t *testing.T) {
	r := random(t)
	g := load(t, `
fun numbers(s: string) -> Vec<i64> { s.split(",").map(|n| n.parse_i64().unwrap()) }
pub fun sorted(text: string) -> string { text.lines().map(|s| numbers(s).sort().join(",") + "\n").join() }
pub fun stable(text: string) -> string {
  text.lines().map(|s| numbers(s).sort_by(|a, b| a / 100 - b / 100).join(",") + "\n").join()
}
pub fun wild(text: string) -> string {
  text.lines().map(|s| numbers(s).sort_by(|a, b| (a * 7 + b * 13) % 5 - 2).sort().join(",") + "\n").join()
}
`)
	var in, sorted, stable []string
	for i := range rounds(60) {
		n := 1 + r.IntN(1+i*i)
		v := make([]int64, n)
		for j := range v {
			v[j] = r.Int64N(1 + r.Int64N(10_000))
		}
		in = append(in, commas(v))
		w := slices.Clone(v)
		slices.SortStableFunc(w, func(a, b int64) int { return int(a/100 - b/100) })
		stable = append(stable, commas(w))
		slices.Sort(v)
		sorted = append(sorted, commas(v))
	}
	g.lines("sorted", in, sorted)
	g.lines("stable", in, stable)
	g.lines("wild", in, sorted)
}

func commas(v []int64) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]") }

// Random operations on a table against a model that keeps the order of insertion.
//
// Proves: dol 16-c, dol 5.3-d
func TestMap(t *testing.T) {
	r := random(t)
	g := load(t, `
pub fun run(text: string) -> string {
  let m: Map<string, i64> = Map::new()
  text.lines().map(|s| {
    let p = s.split(" ")
    let k = p[1]
    let n = match p[0] {
      "insert" => { m.insert(k, p[2].parse_i64().unwrap()); "" + m.len() },
      "remove" => to_string(m.remove(k)),
      "get" => to_string((m.get(k), m.contains_key(k), m.get_or(k, -1))),
      "clear" => { m.clear(); to_string(m.is_empty()) },
      "clone" => { let c = m.clone(); c.insert("new", 1); to_string(c == m) + m.len() },
      _ => m.keys().join(",") + "/" + m.values().join(",") + "/" + m.entries().map(|e| e.0 + "=" + e.1).join(",")
    }
    n + "\n"
  }).join()
}`)
	var keys []string
	values := map[string]int{}
	var in, want []string
	option := func(n int, ok bool) string {
		if !ok {
			return "None"
		}
		return fmt.Sprintf("Some(%d)", n)
	}
	for range rounds(6000) {
		k := fmt.Sprint("k", r.IntN(1+r.IntN(300)))
		n, there := values[k]
		switch op := r.IntN(100); {
		case op < 45:
			x := r.IntN(1000)
			if values[k] = x; !there {
				keys = append(keys, k)
			}
			in, want = append(in, fmt.Sprint("insert ", k, " ", x)), append(want, fmt.Sprint(len(keys)))
		case op < 80:
			delete(values, k)
			keys = slices.DeleteFunc(keys, func(q string) bool { return q == k })
			in, want = append(in, "remove "+k), append(want, option(n, there))
		case op < 97:
			other := n
			if !there {
				other = -1
			}
			in, want = append(in, "get "+k), append(want, fmt.Sprintf("(%s, %v, %d)", option(n, there), there, other))
		case op < 98:
			in, want = append(in, "clone x"), append(want, fmt.Sprint("false", len(keys)))
		case op < 99:
			var v, e []string
			for _, k := range keys {
				v, e = append(v, fmt.Sprint(values[k])), append(e, fmt.Sprint(k, "=", values[k]))
			}
			in, want = append(in, "list x"), append(want, strings.Join(keys, ",")+"/"+strings.Join(v, ",")+"/"+strings.Join(e, ","))
		case r.IntN(10) == 0:
			keys, values = nil, map[string]int{}
			in, want = append(in, "clear x"), append(want, "true")
		}
	}
	g.lines("run", in, want)
	eval(t, [][2]string{
		{`let m = { "a": 1, "b": 2 }; m["a"] = 5; (m["a"], m.len(), m.length, m)`, `(5, 2, 2, {"a": 5, "b": 2})`},
		{`let m: Map<(i64, bool), char> = Map::new(); m.insert((1, true), 'x'); (m.get((1, true)), m.get((1, false)))`, "(Some('x'), None)"},
		{`let m = { 1: 2, 3: 4 }; var s = 0; for (k, v) in m { s += k * v }; s`, "14"},
		{`let a = { 1: 2, 3: 4 }; let b = { 3: 4, 1: 2 }; let c = { 1: 2 }; (a == b, a == c)`, "(true, false)"},
	})
	panics(t, [][2]string{{`let m = { "a": 1 }; m["b"]`, "key not found: b"}})
}

// Proves: dol 16-c
func TestSet(t *testing.T) {
	eval(t, [][2]string{
		{"let s: Set<i64> = Set::new(); (s.add(1), s.add(1), s.contains(1), s.len(), s.remove(1), s.remove(1), s.is_empty())", "(true, false, true, 1, true, false, true)"},
		{"let a = Set::from([1, 2, 3]); let b = Set::from([3, 4, 1]); (a.union(b).iter(), a.intersection(b).iter(), a.difference(b).iter())", "([1, 2, 3, 4], [1, 3], [2])"},
		{"var n = 0; for x in Set::from([1, 2, 2]) { n += x }; n", "3"},
		{"let a = Set::from([1, 2]); let b = a.clone(); b.add(3); (a.len(), b.length, a == Set::from([2, 1]), a.clear().len())", "(2, 3, true, 0)"},
	})
}

// Proves: dol 16-c
func TestOptionAndResult(t *testing.T) {
	some, none := "let x: Option<i64> = Some(4); ", "let x: Option<i64> = None; "
	ok, bad := "let x: Result<i64, string> = Ok(4); ", `let x: Result<i64, string> = Err("no"); `
	eval(t, [][2]string{
		{some + "(x.unwrap(), x.unwrap_or(1), x.unwrap_or_else(|| 2), x.expect(\"m\"), x.is_some(), x.is_none())", "(4, 4, 4, 4, true, false)"},
		{none + "(x.unwrap_or(1), x.unwrap_or_else(|| 2), x.is_some(), x.is_none())", "(1, 2, false, true)"},
		{some + "(x.map(|n| n + 1), x.and_then(|n| Some(n * 2)), x.filter(|n| n > 9), x.filter(|n| n > 1))", "(Some(5), Some(8), None, Some(4))"},
		{none + "(x.map(|n| n + 1), x.and_then(|n| Some(n * 2)), x.filter(|n| n > 1), x.or_else(|| Some(3)))", "(None, None, None, Some(3))"},
		{some + `x.ok_or("e")`, "Ok(4)"},
		{none + `x.ok_or("e")`, `Err("e")`},
		{ok + "(x.unwrap(), x.unwrap_or(1), x.is_ok(), x.is_err(), x.map(|n| n + 1), x.ok(), x.err())", "(4, 4, true, false, Ok(5), Some(4), None)"},
		{bad + "(x.unwrap_or(1), x.unwrap_or_else(|e| e.len()), x.is_ok(), x.is_err(), x.map(|n| n + 1), x.map_err(|e| e.len()), x.ok(), x.err())", `(1, 2, false, true, Err("no"), Err(2), None, Some("no"))`},
		{ok + "x.and_then(|n| if n > 3 { Ok(n * 2) } else { Err(\"small\") })", "Ok(8)"},
		{bad + "x.unwrap_err()", "no"},
	})
	panics(t, [][2]string{
		{none + "x.unwrap()", "unwrap of None"},
		{none + `x.expect("why")`, "why"},
		{bad + "x.unwrap()", "unwrap of Err: no"},
		{bad + `x.expect("why")`, "why: no"},
		{`assert(1 > 2); ""`, "assertion failed"},
		{`assert(1 > 2, "order"); ""`, "order"},
		{`assert_eq(1, 2); ""`, "1 != 2"},
		{`if 1 > 0 { panic("end") } else { "" }`, "end"},
	})
}

// Memory of a list that grows and shrinks stays in bounds.
func TestListsGiveBackMemory(t *testing.T) {
	g := load(t, `pub fun run() -> string {
  let v: Vec<string> = []
  for i in 0..200000 { v.push("n" + i)  if v.len() > 100 { v.clear() } }
  v.len().to_string()
}`)
	if got := g.call("run", ""); got != "20" {
		t.Error(got)
	}
}
