package codegen

import "github.com/univrs/vudo/internal/wasm"

// maxGraph bounds the locals of a function that are coalesced: the graph takes a
// bit for each pair.
const maxGraph = 1 << 14

// maxColours bounds how many numbers are tried for one.
const maxColours = 256

// coalesce gives virtual locals of one type whose lives do not meet the same
// number. Parameters keep theirs.
func (u *unit) coalesce() {
	n := len(u.kinds)
	params := u.f.NumParams
	if n > maxGraph {
		return
	}
	meets := make([]set, n)
	for i := range meets {
		meets[i] = newSet(n)
	}
	meet := func(a, b uint32) {
		if a != b {
			meets[a].add(b)
			meets[b].add(a)
		}
	}
	copies := make([][]uint32, n) // locals that one is copied from or to
	used := newSet(n)
	l := newLiveness(u.code, n)
	l.visit(func(i int, live set) {
		in := &u.code[i]
		switch in.op {
		case wasm.OpLocalGet, opKeep:
			used.add(in.x)
		case wasm.OpLocalSet, wasm.OpLocalTee:
			used.add(in.x)
			from := in.x // a copy has the value of what it was copied from
			if i > 0 && u.code[i-1].op == wasm.OpLocalGet {
				from = u.code[i-1].x
				copies[in.x] = append(copies[in.x], from)
				copies[from] = append(copies[from], in.x)
			}
			live.each(func(x uint32) {
				if x != from {
					meet(in.x, x)
				}
			})
		}
	})
	// At the entry live the parameters, and what is read before it is written,
	// which must be zero.
	for p := range params {
		for q := range n {
			if q < params || l.live.has(uint32(q)) {
				meet(uint32(p), uint32(q))
			}
		}
		used.add(uint32(p))
	}
	l.live.each(func(x uint32) { l.live.each(func(y uint32) { meet(x, y) }) })

	number := make([]uint32, n)
	kinds := u.kinds[:0:0]
	var taken []set // the virtual locals that have a number
	assign := func(x, to uint32) {
		if int(to) == len(taken) {
			taken = append(taken, newSet(n))
			kinds = append(kinds, u.kinds[x])
		}
		number[x] = to
		taken[to].add(x)
	}
	done := newSet(n)
	fits := func(x, to uint32) bool {
		if valType(kinds[to]) != valType(u.kinds[x]) || int(to) < params && l.live.has(x) {
			return false
		}
		for w, b := range taken[to] {
			if b&meets[x][w] != 0 {
				return false
			}
		}
		return true
	}
	for x := range uint32(n) {
		if !used.has(x) {
			continue
		}
		to := uint32(len(taken))
		if int(x) >= params {
			to = u.pick(x, copies[x], done, number, fits, uint32(len(taken)))
		}
		assign(x, to)
		done.add(x)
	}
	for i := range u.code {
		switch u.code[i].op {
		case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee, opKeep:
			u.code[i].x = number[u.code[i].x]
		}
	}
	u.kinds = kinds
}

// pick chooses the number of x: one that makes a copy needless, else the first
// that is free, else a new one.
func (u *unit) pick(x uint32, copies []uint32, done set, number []uint32, fits func(x, to uint32) bool, count uint32) uint32 {
	for _, c := range copies {
		if done.has(c) && fits(x, number[c]) {
			return number[c]
		}
	}
	for to := range min(count, maxColours) {
		if fits(x, to) {
			return to
		}
	}
	return count
}
