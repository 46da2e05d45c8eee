package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ptySession runs vudo with a pseudo-terminal as stdin and stderr, and as
// stdout too unless out is set, and lets a test type and read.
type ptySession struct {
	t      *testing.T
	master *os.File
	slave  *os.File // only where this process writes to the screen itself
	cmd    *exec.Cmd
	mu     sync.Mutex
	screen bytes.Buffer
	grown  chan struct{}
	closed chan struct{}
}

// openPTY returns the two ends of a new pseudo-terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatalf("no pseudo-terminal: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func startPTY(t *testing.T, dir string, env []string, out *os.File, args ...string) *ptySession {
	t.Helper()
	master, slave := openPTY(t)
	defer slave.Close()
	p := &ptySession{t: t, master: master, grown: make(chan struct{}, 1), closed: make(chan struct{})}
	p.cmd = exec.Command(vudoBinary(t), args...)
	p.cmd.Dir, p.cmd.Env = dir, env
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, slave
	if out != nil {
		p.cmd.Stdout = out
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read()
	t.Cleanup(func() { p.cmd.Process.Kill(); master.Close() })
	return p
}

func (p *ptySession) read() {
	defer close(p.closed)
	buf := make([]byte, 4096)
	for {
		n, err := p.master.Read(buf)
		p.mu.Lock()
		p.screen.Write(buf[:n])
		p.mu.Unlock()
		select {
		case p.grown <- struct{}{}:
		default:
		}
		if err != nil { // EIO: the last holder of the other end is gone
			return
		}
	}
}

func (p *ptySession) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

// await waits until the screen shows want.
func (p *ptySession) await(want string) {
	p.t.Helper()
	guard := time.After(60 * time.Second)
	for !strings.Contains(p.text(), want) {
		select {
		case <-p.grown:
		case <-p.closed:
			if !strings.Contains(p.text(), want) {
				p.t.Fatalf("the screen never showed %q:\n%s", want, p.text())
			}
		case <-guard:
			p.t.Fatalf("the screen does not show %q:\n%s", want, p.text())
		}
	}
}

func (p *ptySession) typeIn(text string) {
	p.t.Helper()
	if _, err := p.master.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code and all that was shown.
func (p *ptySession) exit() (int, string) {
	p.t.Helper()
	err := p.cmd.Wait()
	<-p.closed
	if err != nil && p.cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode(), p.text()
}
