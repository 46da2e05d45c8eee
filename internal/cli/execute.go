package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/spirit"
)

// job is one run: everything that was read, checked and agreed to, and what
// comes of it.
type job struct {
	*session
	target  *target
	options *runOptions
	call    *plannedCall
	pkg     *spirit.Package // nil for a bare file
	granted []spirit.Capability

	sb      *vudo.Sandbox
	watch   *watcher
	output  *output
	result  vudo.Result
	receipt *vudo.Receipt // nil before guest code ran
}

// execute makes the sandbox, makes the call and accounts for it.
func (j *job) execute(ctx context.Context) (*result, error) {
	if j.call.close != nil {
		defer j.call.close.Close()
	}
	store := &lazyStore{path: storagePath(j.home), label: labelOf(j.target)}
	defer store.close()
	rt, err := j.runtime(ctx, store)
	if err != nil {
		return nil, err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	if j.output, err = j.openOutput(); err != nil {
		return nil, err
	}
	err = j.attempt(ctx, rt)
	if ctx.Err() != nil && err != nil {
		err = interrupted(err)
	}
	if j.call.convention == callDeclared {
		if showErr := j.showDeclared(err != nil); err == nil {
			err = showErr
		}
	} else if err == nil {
		err = j.showValues()
	}
	if flushErr := j.output.finish(err == nil); flushErr != nil && err == nil {
		err = flushErr
	}
	j.trimCache()
	return j.conclude(err)
}

// runtime starts the engine. A state root that cannot be written costs the
// compiled code of this run, and no more.
func (j *job) runtime(ctx context.Context, store vudo.Store) (*vudo.Runtime, error) {
	cfg := vudo.Config{
		Home: j.home, Storage: store, Log: j.watch, Audit: j.watch.deny, Observe: j.watch.observer(), CompileWorker: compileWorker(),
	}
	rt, err := vudo.New(ctx, cfg)
	if err == nil {
		return rt, nil
	}
	j.warn("home", "compiled code is not kept: %v", err)
	cfg.Home = ""
	if rt, err = vudo.New(ctx, cfg); err != nil {
		return nil, j.homeFailure(err)
	}
	return rt, nil
}

// attempt makes the sandbox ready and calls the export, refuelling as the
// options say.
func (j *job) attempt(ctx context.Context, rt *vudo.Runtime) error {
	if err := j.load(ctx, rt); err != nil {
		return err
	}
	defer j.sb.Close(context.WithoutCancel(ctx))
	j.detail("calling %s with %s fuel for at most %s", escape(j.call.export), count(j.limits().Fuel), span(j.limits().Duration))
	var err error
	switch j.call.convention {
	case callScalar:
		j.result, err = j.sb.CallValues(ctx, j.call.export, j.call.values...)
	default:
		j.result, err = j.sb.Call(ctx, j.call.export, j.call.input)
	}
	return j.goOn(ctx, err)
}

// load compiles, or takes the compiled code from the cache, and runs start code.
func (j *job) load(ctx context.Context, rt *vudo.Runtime) error {
	done := j.working(fmt.Sprintf("compiling %s (%s)", j.target.name, size(uint64(len(j.target.wasm)))))
	defer done()
	cfg := j.sandboxConfig()
	if j.pkg == nil {
		sb, err := rt.NewSandbox(ctx, j.target.wasm, cfg)
		if err != nil {
			return moduleFailure(j.target.path, err)
		}
		j.sb = sb
		err = sb.Initialize(ctx)
		done()
		return j.started(ctx, err)
	}
	loaded, err := rt.Load(ctx, j.pkg)
	if err != nil {
		return moduleFailure(j.target.path, err)
	}
	t := loaded.LoadTimes()
	j.detail("loaded in %s (module %s, engine %s, from the cache: %t)", span(t.Digest+t.Image+t.Engine), span(t.Image), span(t.Engine), t.FromCache)
	done()
	j.sb, err = loaded.NewSandbox(ctx, cfg)
	return j.started(ctx, err)
}

// started turns the end of start code into an error that knows what was used.
func (j *job) started(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var start *vudo.StartError
	if !errors.As(err, &start) {
		return moduleFailure(j.target.path, err)
	}
	if err = j.goOn(ctx, err); err != nil && j.sb != nil {
		j.sb.Close(context.WithoutCancel(ctx))
	}
	return err
}

// goOn keeps the Receipt of the call so far, and refuels a call that ran out
// of fuel as long as the options allow.
func (j *job) goOn(ctx context.Context, err error) error {
	var start *vudo.StartError
	if errors.As(err, &start) {
		j.result.Receipt, err = start.Receipt, start.Err
	}
	for {
		if j.result.Receipt.Outcome != vudo.OutcomeNone {
			r := j.result.Receipt
			j.receipt = &r
		}
		if !errors.Is(err, vudo.ErrOutOfFuel) || j.sb.State() != vudo.Paused {
			return err
		}
		more, stop := j.moreFuel()
		if stop != nil || more == 0 {
			return errors.Join(err, stop)
		}
		j.result, err = j.sb.Refuel(ctx, more)
	}
}

// moreFuel decides how much a call that ran out of fuel gets; 0 ends it.
func (j *job) moreFuel() (uint64, error) {
	switch j.options.exhaust {
	case refuelByItself:
		return j.options.refuel, nil
	case askForFuel:
		limit := j.limits().Fuel
		used := uint64(0)
		if j.receipt != nil {
			used = j.receipt.FuelUsed
		}
		answer, err := j.ask(fmt.Sprintf("Out of fuel after %s. Give it how much more? (0 stops)", count(used)), count(limit), "use --on-exhaust refuel:N")
		if err != nil {
			return 0, err
		}
		n, err := parseCount(strings.ReplaceAll(answer, ",", ""))
		if err != nil {
			j.say("%v; stopping", err)
			return 0, nil
		}
		return n, nil
	}
	return 0, nil
}

func (j *job) limits() vudo.Limits { return j.effectiveLimits(j.target, j.options) }

// effectiveLimits are what a call runs under: flags, else the manifest, else
// for the memory the section vudo.manifest, else the configuration, else the defaults.
func (s *session) effectiveLimits(t *target, o *runOptions) vudo.Limits {
	l := o.limits
	for _, f := range spirit.Fields() {
		v := f.Get(&l)
		if v == 0 && t.project != nil {
			v = f.Get(&t.project.Manifest.Limits)
		}
		if v == 0 && t.declared != nil && f.Name == "max_memory_bytes" {
			v = t.declared.MaxMemoryBytes
		}
		if v == 0 {
			v = f.Get(&s.config.Limits)
		}
		f.Set(&l, v)
	}
	return l.Fill()
}

func (j *job) sandboxConfig() vudo.SandboxConfig {
	cfg := vudo.SandboxConfig{
		Limits: j.limits(), Owner: ownerKey(j.config.Owner), Grant: j.granted,
		Env: j.options.env, Stdin: j.call.stream, Stdout: j.output.w, Seed: j.options.seed,
	}
	if j.target.project != nil {
		cfg.Project = j.target.project.Dir
	}
	if j.call.convention == callCommand {
		cfg.Args = append([]string{filepath.Base(j.target.path)}, j.call.args...)
	}
	if j.call.convention == callScalar || j.call.convention == callDeclared {
		cfg.Stdin, cfg.Stdout = nil, nil
	}
	for _, d := range j.options.dirs {
		cfg.Dirs = append(cfg.Dirs, vudo.Dir{Guest: d.guest, Host: d.host, ReadOnly: d.readOnly})
	}
	return cfg
}

// ownerKey stands for the owner's public key until keys exist: storage of two
// owners is apart, and the empty owner is its own.
func ownerKey(owner string) [32]byte {
	if owner == "" {
		return [32]byte{}
	}
	return sha256.Sum256([]byte("vudo owner v1\x00" + owner))
}

// output is where the guest's output goes.
type output struct {
	w      io.Writer        // streamed to; nil = kept in the result
	file   *atomicfile.File // --output
	screen *safeWriter      // stdout is a terminal
}

// openOutput decides it once, before anything runs.
func (j *job) openOutput() (*output, error) {
	o := &output{}
	switch {
	case j.json:
	case j.options.output != "":
		f, err := atomicfile.Create(j.options.output, 0o644)
		if err != nil {
			return nil, err
		}
		o.file, o.w = f, f
	case j.out.tty:
		o.screen = &safeWriter{w: j.out.w}
		o.w = o.screen
	default:
		o.w = j.out.w
	}
	return o, nil
}

// finish completes what was written; ok says that the call succeeded.
func (o *output) finish(ok bool) error {
	switch {
	case o.file != nil && ok:
		return o.file.Commit()
	case o.file != nil:
		o.file.Discard()
	case o.screen != nil:
		o.screen.Flush()
		if o.screen.wrote && !o.screen.ended {
			fmt.Fprintln(o.screen.w)
		}
		return o.screen.broken
	}
	return nil
}

// showValues prints the results of a scalar export, one per line.
func (j *job) showValues() error {
	if j.json || len(j.result.Values) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, v := range j.result.Values {
		fmt.Fprintln(&b, formatValue(v))
	}
	_, err := j.output.w.Write(b.Bytes())
	return err
}
