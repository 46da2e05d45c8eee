package host

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// MaxText bounds one message to the log and one text of a panic, bytes.
const MaxText = 65_536

// The rate of log lines: so many at once, and so many per second after that.
const (
	LogBurst = 2_000
	LogRate  = 1_000
)

func logFuncs() []Func {
	codes := []Code{Denied, BadMemory, BadArgument, LimitHit, RateHit, Unavailable}
	const bounds = "at most 65,536 bytes of UTF-8, empty allowed"
	row := func(name string, level Level) Func {
		return Func{
			Name: name, Params: sig(i32, i32), Results: sig(i32), Capability: spirit.TypeActuatorLog, Base: baseCall,
			Success: "0", Bounds: bounds, Codes: codes,
			impl: func(s *State, a []uint64) int64 { return s.logText(level, a[0], a[1]) },
		}
	}
	return []Func{
		row("host_log_info", LevelInfo),
		row("host_log_error", LevelError),
		{
			Name: "host_log", Params: sig(i32, i32, i32), Results: sig(i32), Capability: spirit.TypeActuatorLog, Base: baseCall,
			Success: "0", Bounds: "level 0 trace to 4 error; " + bounds, Codes: codes,
			impl: func(s *State, a []uint64) int64 {
				if _, ok := s.bytes(a[1], a[2]); !ok {
					return int64(BadMemory)
				}
				if uint32(a[0]) > uint32(LevelError) {
					return int64(BadArgument)
				}
				return s.logText(Level(uint32(a[0])), a[1], a[2])
			},
		},
	}
}

// textFuncs are the functions of the vudo_* family that put text out or end
// the run with one.
func textFuncs() []Func {
	codes := []Code{Denied, BadMemory, BadArgument, LimitHit, RateHit, Unavailable}
	const bounds = "at most 65,536 bytes"
	row := func(name, success string, params int, impl func(s *State, a []uint64) int64) Func {
		return Func{
			Name: name, Params: sig(i32, i32, i32)[:params], Capability: spirit.TypeActuatorLog, Base: baseCall,
			Success: success, Bounds: bounds, Codes: codes, result: resultText, impl: impl,
		}
	}
	return []Func{
		row("vudo_print", "joined to an info line until a newline", 2, func(s *State, a []uint64) int64 {
			return s.printText(LevelInfo, a[0], a[1], false)
		}),
		row("vudo_println", "ends an info line", 2, func(s *State, a []uint64) int64 {
			return s.printText(LevelInfo, a[0], a[1], true)
		}),
		row("vudo_error", "an error line", 2, func(s *State, a []uint64) int64 {
			return s.looseText(LevelError, a[0], a[1])
		}),
		row("vudo_log", "a line at level 0 debug, 1 info, 2 warn, 3 error; others info", 3, func(s *State, a []uint64) int64 {
			level := LevelInfo
			if l := uint32(a[0]); l <= 3 {
				level = LevelDebug + Level(l)
			}
			return s.looseText(level, a[1], a[2])
		}),
		{
			Name: "vudo_assert", Params: sig(i32, i32, i32), Base: baseCall, Success: "the condition is not 0",
			Bounds: bounds + ", else cut", result: resultNone, impl: func(s *State, a []uint64) int64 {
				s.charge(0)
				if uint32(a[0]) == 0 {
					s.trapText(fault.KindAssert, a, 1)
				}
				return 0
			},
		},
		{
			Name: "vudo_panic", Params: sig(i32, i32), Base: baseCall, Success: "never returns",
			Bounds: bounds + ", else cut", result: resultNone, impl: func(s *State, a []uint64) int64 {
				s.charge(0)
				s.trapText(fault.KindPanic, a, 0)
				return 0
			},
		},
		{
			Name: "vudo_breakpoint", Base: baseCall, Success: "goes on; listeners see the host call", result: resultNone,
			impl: func(s *State, _ []uint64) int64 { s.charge(0); return 0 },
		},
	}
}

// logBook is the state of one sandbox's log: the bucket of lines, which lasts
// as long as the sandbox, the counts of the call, and the unfinished line.
type logBook struct {
	bytes, dropped uint64

	tokens int64 // in billionths of a line
	filled time.Time

	partial []byte // of vudo_print, at level info
	stderr  []byte // of WASI's fd 2
}

func (b *logBook) begin() {
	b.bytes, b.dropped = 0, 0
	b.partial, b.stderr = nil, nil
}

// room reports whether lines more lines may go out now, and takes them.
func (b *logBook) room(now time.Time, lines int) bool {
	const line = int64(time.Second)
	if b.filled.IsZero() {
		b.tokens = LogBurst * line
	} else if d := now.Sub(b.filled); d > 0 {
		if d >= LogBurst*time.Second/LogRate {
			b.tokens = LogBurst * line
		} else {
			b.tokens = min(LogBurst*line, b.tokens+int64(d)*LogRate)
		}
	}
	b.filled = now
	if int64(lines)*line > b.tokens {
		return false
	}
	b.tokens -= int64(lines) * line
	return true
}

// emit hands text to the logger, one line per newline. All lines go out, or
// none and the text counts as dropped.
func (s *State) emit(level Level, text []byte) Code {
	if s.svc.Logger == nil {
		s.log.dropped += uint64(len(text))
		return Unavailable
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	if uint64(len(text)) > s.limits.LogBytes-s.log.bytes {
		s.log.dropped += uint64(len(text))
		return LimitHit
	}
	now := s.svc.Clock.Now()
	if !s.log.room(now, 1+bytes.Count(text, []byte("\n"))) {
		s.log.dropped += uint64(len(text))
		return RateHit
	}
	s.log.bytes += uint64(len(text))
	for line := range strings.SplitSeq(string(text), "\n") {
		s.svc.Logger.Log(LogLine{Time: now, Level: level, Identity: s.identity(), Text: diag.Escape(line)})
	}
	return Success
}

// logText is the strict form: text must be UTF-8.
func (s *State) logText(level Level, ptr, n uint64) int64 {
	p, ok := s.bytes(ptr, n)
	if !ok {
		return int64(BadMemory)
	}
	if len(p) > MaxText || !utf8.Valid(p) {
		return int64(BadArgument)
	}
	return s.chargedText(level, ptr, n)
}

// looseText is the form of functions without a result: what is no UTF-8
// appears escaped.
func (s *State) looseText(level Level, ptr, n uint64) int64 {
	p, ok := s.bytes(ptr, n)
	if !ok {
		return int64(BadMemory)
	}
	if len(p) > MaxText {
		return s.dropText(len(p), BadArgument)
	}
	return s.chargedText(level, ptr, n)
}

func (s *State) chargedText(level Level, ptr, n uint64) int64 {
	if uint64(uint32(n)) > s.limits.LogBytes-s.log.bytes {
		return s.dropText(int(uint32(n)), LimitHit)
	}
	s.charge(int(uint32(n)))
	p, _ := s.bytes(ptr, n)
	s.journal.data(p)
	s.in = uint64(len(p))
	return int64(s.emit(level, p))
}

// dropDenied counts the text of a denied call, if there is such text.
func (s *State) dropDenied(ptr, n uint64) {
	if p, ok := s.bytes(ptr, n); ok {
		s.log.dropped += uint64(len(p))
	}
}

func (s *State) dropText(n int, code Code) int64 {
	s.log.dropped += uint64(n)
	return int64(code)
}

// printText joins text to the unfinished line and puts out the finished ones.
func (s *State) printText(level Level, ptr, n uint64, end bool) int64 {
	p, ok := s.bytes(ptr, n)
	if !ok {
		return int64(BadMemory)
	}
	if len(p) > MaxText {
		return s.dropText(len(p), BadArgument)
	}
	if s.svc.Logger == nil {
		return s.dropText(len(p), Unavailable)
	}
	if uint64(len(p)) > s.limits.LogBytes-s.log.bytes {
		return s.dropText(len(p), LimitHit)
	}
	s.charge(len(p))
	p, _ = s.bytes(ptr, n)
	s.journal.data(p)
	s.in = uint64(len(p))
	return int64(s.join(&s.log.partial, level, p, end))
}

// join appends text to an unfinished line and puts out what ends with a
// newline, everything if end, or everything once it is longer than MaxText.
func (s *State) join(partial *[]byte, level Level, text []byte, end bool) Code {
	cut := bytes.LastIndexByte(text, '\n') + 1
	if end || len(*partial)+len(text)-cut > MaxText {
		cut = len(text)
	}
	if cut == 0 && !end {
		*partial = append(*partial, text...)
		return Success
	}
	whole := append(*partial, text[:cut]...)
	*partial = nil
	if rest := text[cut:]; len(rest) > 0 {
		*partial = append([]byte(nil), rest...)
	}
	if end {
		whole = append(whole, '\n') // emit takes one newline as the end
	}
	return s.emit(level, whole)
}

// flushText puts out the unfinished lines at the end of a call.
func (s *State) flushText() {
	if p := s.log.partial; len(p) > 0 {
		s.log.partial = nil
		s.emit(LevelInfo, p)
	}
	if p := s.log.stderr; len(p) > 0 {
		s.log.stderr = nil
		s.emit(LevelError, p)
	}
}

// trapText ends the run with the guest's own text, which the parameters from
// index at give, on one line.
func (s *State) trapText(kind fault.Kind, a []uint64, at int) {
	text := ""
	if p, ok := s.bytes(a[at], a[at+1]); ok {
		text = diag.Escape(string(p[:min(len(p), MaxText)]))
	}
	s.journal.data([]byte(text))
	s.leave(s.current, a, Success, 0)
	s.m.Trap(kind, text)
}
