package sandbox

import (
	"context"
	"errors"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// Call runs one export in an instance of its own and closes it: it is created,
// initialised and called on one budget, which pays for the instantiation too,
// whether the instance is new or was reset. A call that runs out of fuel ends
// there. It is safe for any number of goroutines.
func (p *Program) Call(ctx context.Context, export string, in []byte, cfg Config) ([]byte, Usage, error) {
	s, err := p.once(ctx, cfg)
	if err != nil {
		return nil, Usage{}, err
	}
	x, err := p.bytesExport(export)
	if err == nil {
		err = s.checkInput(in)
	}
	var args []spirit.Argument
	if err == nil {
		args, err = x.arguments(in)
	}
	if err != nil {
		s.refuse()
		return nil, Usage{}, err
	}
	u, err := s.runOnce(ctx, in, work{export: x, args: args})
	return u.Output, u, err
}

// CallValues is Call for a scalar export.
func (p *Program) CallValues(ctx context.Context, export string, args []Value, cfg Config) ([]Value, Usage, error) {
	s, err := p.once(ctx, cfg)
	if err != nil {
		return nil, Usage{}, err
	}
	x, err := p.scalarExport(export, args)
	if err != nil {
		s.refuse()
		return nil, Usage{}, err
	}
	u, err := s.runOnce(ctx, nil, work{export: x, values: true}, args...)
	return s.results(err), u, err
}

// once prepares a sandbox for a single call.
func (p *Program) once(ctx context.Context, cfg Config) (*Sandbox, error) {
	if ctx.Err() != nil {
		return nil, contextFault(ctx)
	}
	cfg.Rollback = false
	s, err := p.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.step(EventInitialize, true); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		s.refuse()
		return nil, err
	}
	return s, nil
}

func (s *Sandbox) runOnce(ctx context.Context, in []byte, w work, args ...Value) (Usage, error) {
	s.begin(ctx, in, s.stdin(w.export))
	// What tells instances with WASI apart is not only in their memory.
	w.instantiate, w.pooled = true, !s.prog.wasi
	s.work = w
	s.arguments(args)
	u, err := s.drive(true)
	if errors.Is(err, fault.ErrOutOfFuel) || errors.Is(err, fault.ErrPaused) {
		_ = s.Terminate(ctx)
	} else {
		s.close()
	}
	return u, err
}

// close ends a sandbox after its only call, whose instance may go back to the pool.
func (s *Sandbox) close() {
	s.mu.Lock()
	s.state, s.hold, _ = next(s.state, s.hold, EventTerminate)
	mine := !s.busy
	s.busy = true
	s.mu.Unlock()
	if mine { // else it is released already, or the engine's Close does it
		s.release()
	}
}
