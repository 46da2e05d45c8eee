package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// desk is a directory with modules and a home of its own.
type desk struct {
	t   *testing.T
	dir string
	env []string
}

func newDesk(t *testing.T, modules ...string) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	for _, name := range modules {
		d.write(name+".wasm", name)
	}
	d.env = append(os.Environ(), "VUDO_HOME="+filepath.Join(d.dir, ".home"), "NO_COLOR=", "CI=", "TERM=xterm")
	return d
}

func (d *desk) write(file, module string) {
	d.t.Helper()
	b, ok := fixture(module)
	if !ok {
		d.t.Fatalf("no fixture %s", module)
	}
	if err := os.WriteFile(filepath.Join(d.dir, file), b, 0o644); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) start(args ...string) *ptySession {
	d.t.Helper()
	return startPTY(d.t, d.dir, d.env, nil, args...)
}

// Proves: cli 9.30
func TestOnATerminal(t *testing.T) {
	d := newDesk(t, "hello", "faults", "scalars")
	code, screen := d.start("run", "hello.wasm", "greet", "Ada").exit()
	if code != 0 || !strings.Contains(screen, "Hello, Ada!\r\n") || !strings.Contains(screen, "ok ") {
		t.Errorf("exit %d, no line end or no account:\n%q", code, screen)
	}
	code, screen = d.start("run", "faults.wasm", "refuse").exit()
	if code != 1 || !strings.Contains(screen, "\x1b[1;31mvudo: error[app-error]:\x1b[0m") || strings.Contains(screen, "\x1b[31mcolour") {
		t.Errorf("exit %d, no colour of ours or the guest's:\n%q", code, screen)
	}
	for _, off := range [][]string{{"--color", "never"}, nil} {
		if off == nil {
			d.env = append(d.env, "NO_COLOR=1")
		}
		_, screen = d.start(append([]string{"run", "faults.wasm", "refuse"}, off...)...).exit()
		if strings.Contains(screen, "\x1b") {
			t.Errorf("%v: an escape byte:\n%q", off, screen)
		}
	}
}

// A guest writes what it likes to a terminal, byte for byte; no escape arrives.
func TestGuestOutputOnATerminal(t *testing.T) {
	d := newDesk(t, "filter")
	in := filepath.Join(d.dir, "evil")
	if err := os.WriteFile(in, []byte("\x1b]0;owned\x07\x1b[2Jtext\x9b31m\r\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, screen := d.start("run", "-q", "filter.wasm", "--input", "evil").exit()
	if code != 0 || bytes.ContainsFunc([]byte(screen), func(r rune) bool { return r == 0x1b || r == 7 || r == 0 || r == utf8.RuneError }) || !strings.Contains(screen, `\x1b[2Jtext\x9b31m\x0d\x00`) {
		t.Errorf("exit %d:\n%q", code, screen)
	}
}

// Proves: cli 9.12
func TestConsentIsRememberedPerDigest(t *testing.T) {
	d := newDesk(t, "counter")
	p := d.start("run", "counter.wasm", "increment")
	p.await("Allow it?")
	p.typeIn("\n") // the default is no
	if code, screen := p.exit(); code != 3 || !strings.Contains(screen, "--grant storage.read") {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	p = d.start("run", "counter.wasm", "increment")
	p.await("storage.write (required")
	p.await("remember it for this very module in")
	p.typeIn("r\n") // this once
	if code, screen := p.exit(); code != 0 {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	p = d.start("run", "counter.wasm", "increment")
	p.await("Allow it?")
	p.typeIn("y\n")
	if code, screen := p.exit(); code != 0 {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	code, screen := d.start("run", "counter.wasm", "increment").exit()
	if code != 0 || strings.Contains(screen, "Allow it?") || !strings.Contains(screen, "3\r\n") {
		t.Errorf("the answer was forgotten, exit %d:\n%s", code, screen)
	}
	// Another file under the same name is asked about again.
	b, _ := fixture("counter")
	if err := os.WriteFile(filepath.Join(d.dir, "counter.wasm"), append(b, 0, 2, 1, 'x'), 0o644); err != nil {
		t.Fatal(err)
	}
	p = d.start("run", "counter.wasm", "increment")
	p.await("Allow it?")
	p.typeIn("n\n")
	if code, _ := p.exit(); code != 3 {
		t.Errorf("exit %d", code)
	}
	// --no-input asks nobody.
	if code, screen := d.start("run", "counter.wasm", "increment", "--no-input", "--yes").exit(); code != 3 || strings.Contains(screen, "Allow it?") {
		t.Errorf("exit %d:\n%s", code, screen)
	}
}

func TestAskForFuel(t *testing.T) {
	d := newDesk(t, "faults")
	p := d.start("run", "faults.wasm", "sum", "20000", "--fuel", "1000", "--on-exhaust", "ask")
	p.await("Out of fuel after")
	p.typeIn("2000\n")
	p.await("Out of fuel after 3,") // the stack was kept: consumption goes on
	p.typeIn("10000000\n")
	if code, screen := p.exit(); code != 0 || !strings.Contains(screen, "200010000") {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	p = d.start("run", "faults.wasm", "spin", "--fuel", "1000", "--on-exhaust", "ask")
	p.await("Out of fuel after")
	p.typeIn("0\n")
	if code, screen := p.exit(); code != 4 || !strings.Contains(screen, "out-of-fuel") {
		t.Errorf("exit %d:\n%s", code, screen)
	}
}

func TestInterruptPrintsTheReceipt(t *testing.T) {
	d := newDesk(t, "faults", "waits")
	for _, c := range [][]string{
		{"run", "-v", "faults.wasm", "spin", "--fuel", "9000000000000000", "--timeout", "1h"},
		{"run", "-v", "waits.wasm", "sleep", "60000", "--timeout", "1h"},
	} {
		// An interrupt that comes before the guest's first instruction leaves no
		// receipt, and nothing on the screen says when that instruction runs.
		accounted := false
		for range 50 {
			p := d.start(c...)
			p.await("calling ")
			// Typed as a character, the interrupt would make the terminal drop output
			// that is on its way.
			p.cmd.Process.Signal(os.Interrupt)
			code, screen := p.exit()
			if code != 130 || !strings.Contains(screen, "error[interrupted]") {
				t.Fatalf("%v: exit %d:\n%s", c, code, screen)
			}
			accounted = strings.Contains(screen, "terminated ") && strings.Contains(screen, " fuel, ")
			if accounted {
				break
			}
		}
		if !accounted {
			t.Errorf("%v: no interrupt was followed by an account", c)
		}
	}
}

// Proves: cli 9.46
func TestFilterAnswersBeforeItsInputEnds(t *testing.T) {
	d := newDesk(t, "filter", "command")
	for _, module := range []string{"filter.wasm", "command.wasm"} {
		cmd := exec.Command(vudoBinary(t), "run", module, "--timeout", "1h")
		cmd.Dir, cmd.Env = d.dir, d.env
		var errs bytes.Buffer
		cmd.Stderr = &errs
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"first\n", "second\n"} {
			if _, err := io.WriteString(in, line); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(line))
			if _, err := io.ReadFull(out, got); err != nil || string(got) != line {
				t.Fatalf("%s: %q, %v", module, got, err)
			}
		}
		in.Close()
		rest, _ := io.ReadAll(out)
		if err := cmd.Wait(); err != nil || len(rest) != 0 {
			t.Errorf("%s: %v, %q", module, err, rest)
		}
		if strings.Contains(errs.String(), "fuel") {
			t.Errorf("%s: an account line without a terminal: %s", module, errs.String())
		}
	}
}

// Proves: cli 9.31
func TestProgressComesAndGoes(t *testing.T) {
	p := screenOnly(t)
	s := &session{err: newTerminal(p.slave), progress: true}
	done := s.working("compiling big")
	p.await("compiling big")
	done()
	done()
	io.WriteString(p.slave, "end of it\n")
	p.await("end of it")
	if rest := strings.TrimSpace(visible(p.text())); rest != "end of it" {
		t.Errorf("the screen still shows %q", rest)
	}
	var pipe bytes.Buffer
	for _, quiet := range []*session{
		{err: &terminal{w: &pipe}, progress: false},
		{err: &terminal{w: &pipe}, progress: true}, // ended before the first line is due
	} {
		quiet.working("compiling big")()
	}
	if pipe.Len() > 0 {
		t.Errorf("a pipe got %q", pipe.String())
	}
	stop := make(chan struct{})
	lines := &firstWrite{seen: make(chan struct{})}
	plain := &session{err: &terminal{w: lines}}
	go plain.tick("compiling big", stop, time.Millisecond)
	<-lines.seen
	close(stop)
	if !strings.HasPrefix(lines.text, "vudo: compiling big, ") || strings.Contains(lines.text, "\x1b") {
		t.Errorf("the plain line is %q", lines.text)
	}
}

// Proves: cli 9.31
func TestNoProgressWhereNobodyLooks(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  string
	}{{args: []string{"--quiet"}}, {args: []string{"--json"}}, {args: []string{"--no-progress"}}, {env: "1"}} {
		s := &session{flags: map[string]*flagValue{}, getenv: func(name string) string {
			return map[string]string{"CI": c.env, "VUDO_HOME": t.TempDir()}[name]
		}, out: &terminal{}, err: &terminal{}}
		buildTree(commands(), s, func(string, []string) error { return nil })
		for _, a := range c.args {
			s.flags[strings.TrimLeft(a, "-")].Set("true")
		}
		s.quiet, s.json = s.on("quiet"), s.on("json")
		if err := s.configure(false); err != nil || s.progress {
			t.Errorf("%+v: progress %v, %v", c, s.progress, err)
		}
	}
}

// firstWrite keeps the first write and says when it came.
type firstWrite struct {
	text string
	seen chan struct{}
}

func (f *firstWrite) Write(p []byte) (int, error) {
	if f.text == "" {
		f.text = string(p)
		close(f.seen)
	}
	return len(p), nil
}

// visible carries out the few control sequences that a progress display uses,
// and returns what a person would see in the end.
func visible(stream string) string {
	lines, row, col := []string{""}, 0, 0
	for i := 0; i < len(stream); i++ {
		switch c := stream[i]; c {
		case '\r':
			col = 0
		case '\n':
			row++
			if row == len(lines) {
				lines = append(lines, "")
			}
		case 0x1b:
			end := i + 2
			for end < len(stream) && (stream[end] < '@' || stream[end] > '~') {
				end++
			}
			if end >= len(stream) {
				return strings.Join(lines, "\n")
			}
			switch stream[end] {
			case 'A':
				row = max(0, row-1)
			case 'J':
				lines = lines[:row+1]
				lines[row] = lines[row][:min(col, len(lines[row]))]
			case 'K':
				lines[row] = lines[row][:min(col, len(lines[row]))]
			}
			i = end
		default:
			line := lines[row]
			for len(line) < col {
				line += " "
			}
			if col < len(line) {
				lines[row] = line[:col] + string(c) + line[col+1:]
			} else {
				lines[row] = line + string(c)
			}
			col++
		}
	}
	return strings.Join(lines, "\n")
}

// screenOnly is a pseudo-terminal that this process writes to itself.
func screenOnly(t *testing.T) *ptySession {
	t.Helper()
	master, slave := openPTY(t)
	p := &ptySession{t: t, master: master, slave: slave, grown: make(chan struct{}, 1), closed: make(chan struct{})}
	go p.read()
	t.Cleanup(func() { slave.Close(); master.Close() })
	return p
}

// Proves: cli 9.43
func TestALostResultIsNoSuccess(t *testing.T) {
	dir := workbench(t)
	runVudo(t, dir, "run", "-q", "counter", "increment")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, line := range []string{
		"version", "version --json", "cache list", "storage list", "storage get counter n", "storage export counter", "inspect hello.wasm",
		"completion bash", "run -q scalars.wasm answer", "run -q hello.wasm", "run --json scalars.wasm answer", "help", "doctor", "cache clean",
	} {
		cmd := exec.Command(vudoBinary(t), strings.Fields(line)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "VUDO_HOME="+filepath.Join(dir, ".home"))
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &errs
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(errs.String(), "error[io]") || strings.Contains(errs.String(), "ok ") {
			t.Errorf("vudo %s > /dev/full: exit %d\n%s", line, code, errs.String())
		}
	}
	// A page that cannot take its place: no success line, and no half page.
	if err := os.MkdirAll(filepath.Join(dir, "man", "vudo-run.1", "in-the-way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := runVudo(t, dir, "completion", "man", "--dir", "man", "--force"); got.exit != 1 || strings.Contains(got.stdout, "wrote") {
		t.Errorf("exit %d: %s", got.exit, got.stdout)
	}
	if leftovers, _ := filepath.Glob(filepath.Join(dir, "man", ".*")); leftovers != nil {
		t.Errorf("left over: %v", leftovers)
	}
	// Storage that cannot be read: nothing is said to be erased.
	if err := os.WriteFile(filepath.Join(dir, ".home", "storage", "storage.db"), []byte("not a database, but long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := runVudo(t, dir, "storage", "erase", "counter", "--yes"); got.exit == 0 || strings.Contains(got.stdout, "erased") {
		t.Errorf("exit %d: %s", got.exit, got.stdout)
	}
}
