package cli

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/univrs/vudo"
)

// watcher hears what happens while a guest runs: its log lines, what it was
// denied and, with --trace, its host calls. Its methods are called on the
// guest's stack.
type watcher struct {
	s     *session
	name  string
	trace bool
	began time.Time

	mu     sync.Mutex
	logs   []jsonLog
	denied []vudo.Denial
}

// jsonLog is one log line in the JSON document.
type jsonLog struct {
	Level string `json:"level"`
	Name  string `json:"name"`
	Text  string `json:"text"`
}

// jsonDenial is one kind of refusal in the JSON document.
type jsonDenial struct {
	Capability string `json:"capability"`
	Target     string `json:"target,omitempty"`
	Reason     string `json:"reason"`
	Count      uint64 `json:"count"`
}

// Log shows a line as "[level] name: text", or keeps it for the document.
func (w *watcher) Log(l vudo.LogLine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s.json {
		w.logs = append(w.logs, jsonLog{l.Level.String(), w.name, escape(l.Text)})
		return
	}
	w.s.say("[%s] %s: %s", l.Level, escape(w.name), escape(l.Text))
}

// deny keeps what the audit reports at the end of the call.
func (w *watcher) deny(d vudo.Denial) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.denied = append(w.denied, d)
}

// observer is what hears of each host call: nobody without --trace.
func (w *watcher) observer() func(vudo.HostCallInfo) {
	if !w.trace {
		return nil
	}
	return func(c vudo.HostCallInfo) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.s.err.line("trace %10.3f ms  %-24s in %s out %s -> %s, %s fuel", float64(time.Since(w.began).Microseconds())/1000,
			c.Name, count(c.In), count(c.Out), c.Code, count(c.Fuel))
	}
}

// denials lists what was denied, equal ones together.
func (w *watcher) denials() []jsonDenial {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []jsonDenial{}
	for _, d := range w.denied {
		out = append(out, jsonDenial{d.Type.String(), escape(d.Target), d.Reason.String(), d.Count})
	}
	sort.SliceStable(out, func(i, k int) bool {
		return out[i].Capability+out[i].Target < out[k].Capability+out[k].Target
	})
	return out
}

// summary is one line about everything that was denied, "" when nothing was.
func (w *watcher) summary() string {
	var parts []string
	for _, d := range w.denials() {
		part := d.Capability
		if d.Target != "" {
			part += ":" + d.Target
		}
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", part, times(d.Count), d.Reason))
	}
	return strings.Join(parts, ", ")
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return count(n) + " times"
}
