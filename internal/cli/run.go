package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

func runCommand() command {
	return command{
		name: "run", operands: "FILE.wasm|FILE.dol|DIR [EXPORT] [ARG...]", min: 0, max: -1,
		short: "run an export of a module or project in the sandbox",
		long: "Nothing is permitted unless it is granted, every limit is enforced, and the call yields a Receipt. " +
			"EXPORT is the manifest's entry when none is named, else main, else _start.\n" +
			"\n" +
			"An export with numbers in its type takes one ARG per parameter: decimal or 0x integers, floats, nan, inf. " +
			"An export that the module declares in its section vudo.manifest takes one ARG per parameter by its type: text as it stands, " +
			"true and false, one character, numbers as above, all else as JSON, bytes as a JSON string in base64. " +
			"With text or bytes alone it takes its input like any other export.\n" +
			"\n" +
			"Any other export takes bytes: --input FILE, else stdin when it is no terminal and there is no ARG, else the ARGs joined by a blank. " +
			"A WASI command (_start) gets the ARGs as its arguments and stdin as it is. " +
			"Put -- before arguments that begin with a hyphen.\n" +
			"\n" +
			"A project has everything granted that its manifest requires, except spending credits. " +
			"A bare file asks for what its section vudo.manifest lists, else for what its imports need; time, random and log are agreed to by default (consent.auto in config.toml). " +
			"The rest needs --grant, or a yes on the terminal, which is remembered for that very file.\n" +
			"\n" +
			"Capabilities: " + capabilityList() + ". A category (network, storage, compute, sensor, actuator) stands for its members.\n" +
			"\n" +
			"Limits for --limit: " + limitList() + ".\n" +
			"\n" +
			"The result goes to stdout, everything else to stderr. Exit codes: 0 done, 1 trap, application error or invalid module, " +
			"2 usage, 3 denied, 4 limit hit, 6 not found, 130 interrupted.",
		flags: runFlags(),
		examples: []example{
			{"vudo run examples/hello-world", "the project's entry, main"},
			{"vudo run examples/hello-world greet Ada", "an export that takes bytes"},
			{"vudo run examples/echo add 10 32", "an export that takes numbers"},
			{"vudo run hello.wasm --fuel 100000 --timeout 2s --receipt receipt.json", "a module file, with limits, and its Receipt"},
		},
		run:      runRun,
		complete: completeExports,
	}
}

func capabilityList() string {
	var names []string
	for _, t := range spirit.Types() {
		name := t.String()
		if t.Alias() != "" {
			name += " (" + t.Alias() + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func limitList() string {
	var names []string
	for _, f := range spirit.Fields() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// completeExports offers files for the first operand and the module's
// functions for the second.
func completeExports(s *session, args []string) []string {
	if len(args) != 1 {
		return nil
	}
	t, err := s.opener().open(args[0])
	if err != nil {
		return nil
	}
	m, err := wasm.Decode(t.wasm, wasm.DecodeOptions{})
	if err != nil {
		return nil
	}
	return functionsOf(m)
}

// runRun is `vudo run`: read, agree, load, call, account.
func runRun(s *session, args []string) (*result, error) {
	o, err := s.options()
	if err != nil {
		return nil, err
	}
	for _, path := range []string{o.output, o.receipt} {
		if path != "" {
			if err := refuseExisting(path, o.force); err != nil {
				return nil, err
			}
		}
	}
	path, operands := ".", args
	if len(args) > 0 {
		path, operands = args[0], args[1:]
	}
	done := s.working("compiling")
	t, err := s.opener().open(path)
	done()
	if err != nil {
		return nil, err
	}
	m, err := decode(t)
	if err != nil {
		return nil, err
	}
	if err := checkImports(t, m); err != nil {
		return nil, err
	}
	call, err := plan(s, t, m, o, operands)
	if err != nil {
		return nil, err
	}
	pkg, granted, err := s.agree(t, m, o)
	if err != nil {
		return nil, err
	}
	if call.convention == callBytes {
		if err := call.measure(s, m, s.effectiveLimits(t, o).InputBytes); err != nil {
			return nil, err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	j := &job{
		session: s, target: t, options: o, call: call, pkg: pkg, granted: granted,
		watch: &watcher{s: s, name: t.name, trace: o.trace, began: time.Now()},
	}
	return j.execute(ctx)
}

// agree finds out what the Spirit asks for and what of it is agreed to. The
// package is nil for a bare file, which has no manifest to make one with.
func (s *session) agree(t *target, m *wasm.Module, o *runOptions) (pkg *spirit.Package, granted []spirit.Capability, err error) {
	digest := t.digest()
	asked := fileAsks(t, m, o)
	if t.project != nil {
		for i := range t.project.Warnings {
			s.warn("manifest", "%s", t.project.Warnings[i].Error())
		}
		if pkg, err = spirit.FromModule(t.project.Text, t.wasm); err != nil {
			return nil, nil, moduleFailure(t.path, err)
		}
		digest = pkg.Digest().String()
		asked = manifestAsks(pkg.Manifest())
	} else {
		s.warn("unsigned", "%s is not signed: nobody vouches for it, and it gets only what it is granted", t.path)
	}
	d := decide(asked, o.rights, s.remembered(digest), s.config.ConsentAuto, t.project != nil)
	for _, word := range d.unused {
		s.warn("grant-unused", "--grant %s has no effect: %s does not ask for it", word, t.name)
	}
	if t.project != nil {
		if err := refuseDenied(t.name, asked, o.rights.denies); err != nil {
			return nil, nil, err
		}
	}
	if err := s.settle(&d, t.name, digest); err != nil {
		return nil, nil, err
	}
	if err := s.checkMapped(t, m, o, d.granted); err != nil {
		return nil, nil, err
	}
	return pkg, d.granted, nil
}

// manifestAsks lists what a manifest asks for.
func manifestAsks(m *spirit.Manifest) []ask {
	var asked []ask
	for _, c := range m.Required {
		asked = append(asked, ask{c, true, m.Reasons[c.Type], spirit.ManifestName})
	}
	for _, c := range m.Optional {
		asked = append(asked, ask{c, false, m.Reasons[c.Type], spirit.ManifestName})
	}
	return asked
}

// fileAsks lists what a file without a manifest asks for: what its section
// vudo.manifest says, beside what the command line offers to WASI, else what its
// imports need.
func fileAsks(t *target, m *wasm.Module, o *runOptions) []ask {
	asked := importAsks(m, o)
	if t.declared == nil || !t.declared.Asks {
		return asked
	}
	asked = slices.DeleteFunc(asked, func(a ask) bool { return !strings.HasPrefix(a.origin, "--") })
	return append(declaredAsks(t.declared), asked...)
}

// importAsks lists what a bare module asks for: docs/adr/0062. Files and
// variables of WASI are asked for only where the command line offers some.
func importAsks(m *wasm.Module, o *runOptions) []ask {
	var asked []ask
	for _, n := range needsOf(m) {
		origin := "import " + n.by[0]
		switch {
		case n.typ == spirit.TypeSensorEnvironment:
			for _, name := range o.envKeys {
				asked = append(asked, ask{spirit.Capability{Type: n.typ, Target: name}, true, "", "--env " + name})
			}
		case n.typ.MustHaveTarget():
		case n.typ.Category() == spirit.Storage && !n.direct:
			for _, d := range o.dirs {
				if n.typ == spirit.TypeStorageRead || !d.readOnly {
					asked = append(asked, ask{spirit.Capability{Type: n.typ, Target: "dir:" + d.guest}, n.typ == spirit.TypeStorageRead, "", "--dir " + d.guest})
				}
			}
		default:
			asked = append(asked, ask{spirit.Capability{Type: n.typ}, n.direct, "", origin})
		}
	}
	return asked
}

// checkMapped refuses variables and directories that no granted capability
// lets the guest use, and says so when the guest could not use them anyway.
func (s *session) checkMapped(t *target, m *wasm.Module, o *runOptions, granted []spirit.Capability) error {
	wanted := map[spirit.Type]bool{}
	for _, n := range needsOf(m) {
		wanted[n.typ] = true
	}
	check := func(flag string, c spirit.Capability) error {
		switch {
		case overlaps(c, granted):
			return nil
		case !wanted[c.Type]:
			s.warn("unused", "%s has no effect: %s imports nothing that would use it", flag, t.name)
			return nil
		}
		hint := "add --grant " + shellWord(c.String())
		if t.project != nil && !overlaps(c, t.project.Manifest.Asked()) {
			hint = "ask for it in " + spirit.ManifestName + ": optional = [\"" + c.String() + "\"]"
		}
		return fail("consent", hint, "%s needs the capability %s, which is not granted", flag, c)
	}
	for _, name := range o.envKeys {
		if err := check("--env "+name, spirit.Capability{Type: spirit.TypeSensorEnvironment, Target: name}); err != nil {
			return err
		}
	}
	for _, d := range o.dirs {
		if err := check("--dir "+d.guest, spirit.StorageRead.On("dir:"+d.guest)); err != nil {
			return err
		}
	}
	return nil
}

// functionsOf lists the exported functions of a module, sorted.
func functionsOf(m *wasm.Module) []string {
	var names []string
	for _, e := range m.Exports {
		if e.Kind == wasm.KindFunc {
			names = append(names, e.Name)
		}
	}
	sort.Strings(names)
	return names
}

// errInterrupted marks a run that a signal ended.
var errInterrupted = errors.New("interrupted")

func interrupted(err error) *failure {
	f := fail("interrupted", "run the command again to start afresh; storage holds only what the guest committed itself", "interrupted: the sandbox was terminated")
	f.cause = fmt.Errorf("%w: %w", errInterrupted, err)
	return f
}
