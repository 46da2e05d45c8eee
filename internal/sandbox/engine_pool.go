package sandbox

import (
	"context"
	"errors"
	"sync"
)

// pool keeps instances of one program between calls of Spirit.Call, put back
// to what they were before their start code ran.
type pool struct {
	mu     sync.Mutex
	idle   []*instance
	origin *origin
}

// origin is what a fresh instance of the program holds.
type origin struct {
	size    int
	runs    []run // of the memory; the rest is zero
	globals []uint64
}

type run struct {
	at    int
	bytes []byte
}

const (
	maxPooled = 64
	// maxUses retires an instance: the engine never gives back what its stack has grown to.
	maxUses = 1000
	// runPage is the granularity in which an origin is kept.
	runPage = 4096
)

func (p *pool) get(memory uint64) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	inst := p.idle[n-1]
	// The reservation of an instance is as large as the limit it was made with.
	if inst.mem != nil && inst.alloc.limit != memory {
		return nil
	}
	p.idle = p.idle[:n-1]
	return inst
}

// learn keeps what a fresh instance holds, once per program.
func (p *pool) learn(prog *Program, inst *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.origin != nil {
		return
	}
	o := &origin{}
	if inst.mem != nil {
		mem, _ := inst.mem.Read(0, inst.mem.Size())
		o.size = len(mem)
		zero := make([]byte, runPage)
		for at := 0; at < len(mem); at += runPage {
			page := mem[at:min(at+runPage, len(mem))]
			if string(page) != string(zero[:len(page)]) {
				o.runs = append(o.runs, run{at, append([]byte(nil), page...)})
			}
		}
	}
	for _, g := range inst.handles(prog) {
		o.globals = append(o.globals, g.Get())
	}
	p.origin = o
}

// recycle resets an instance and keeps it, if it may be kept.
func (s *Sandbox) recycle(inst *instance) bool {
	p := &s.prog.pool
	inst.uses++
	if !s.work.pooled || s.exited || s.callErr != nil || inst.uses > maxUses || s.prog.image.Frozen != "" {
		return false
	}
	p.mu.Lock()
	o, full := p.origin, len(p.idle) >= maxPooled
	p.mu.Unlock()
	if o == nil || full {
		return false
	}
	if inst.mem != nil {
		mem, _ := inst.mem.Read(0, inst.mem.Size())
		if len(mem) != o.size || s.eng.arena.zeroed(mem) != nil {
			return false
		}
		for _, r := range o.runs {
			copy(mem[r.at:], r.bytes)
		}
	}
	for i, g := range inst.handles(s.prog) {
		g.Set(o.globals[i])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, inst)
	return true
}

func (p *pool) drain(ctx context.Context) error {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	var err error
	for _, inst := range idle {
		err = errors.Join(err, inst.close(ctx))
	}
	return err
}
