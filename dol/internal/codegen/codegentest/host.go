package codegentest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/univrs/vudo/dol/internal/ir"
)

// Host is a mock of the host functions that the library uses, for the evaluator
// and for instances alike. Time stands still but for sleeping, random numbers
// count. The zero value is ready.
type Host struct {
	Lines   []string          // "println text", "log 1 text", "send to text" and so on, in order
	Storage map[string][]byte // of host_storage_*
	Inbox   []Message         // taken by vudo_recv
	Now     int64             // milliseconds
	Output  []byte            // of host_output_write

	// Other answers what is not in the mock; nil: an error.
	Other func(imp *ir.Import, args []ir.HostArg) (uint64, error)

	random   uint64
	messages []byte           // what vudo_recv handed out, for the evaluator
	memory   func(int) uint32 // room in the memory of an instance
	write    func(at uint32, b []byte)
}

// Message is a message that waits.
type Message struct {
	Sender, Text string
	Time         int64
}

// messagesAt is the address that the evaluator sees for the first message.
const messagesAt = 1 << 20

const (
	codeNotFound = -9
	codeArgument = -3
)

// Call implements ir.Host.
func (h *Host) Call(imp *ir.Import, args []ir.HostArg) (uint64, error) {
	text := func(i int) string { return string(args[i].Bytes) }
	note := func(parts ...any) (uint64, error) {
		h.Lines = append(h.Lines, strings.TrimSuffix(fmt.Sprintln(parts...), "\n"))
		return 0, nil
	}
	switch name := strings.TrimPrefix(imp.Name, "vudo_"); name {
	case "print", "println", "error", "broadcast", "subscribe":
		return note(name, text(0))
	case "log", "host_log", "emit_effect":
		return note(name, int32(args[0].Bits), text(1))
	case "send":
		return note(name, text(0), text(1))
	case "assert":
		if uint32(args[0].Bits) == 0 {
			return 0, &ir.Trap{Kind: ir.TrapPanic, Message: text(1)}
		}
		return 0, nil
	case "breakpoint":
		return note(name)
	case "now":
		return uint64(h.Now), nil
	case "monotonic_now", "host_time_now", "host_time_monotonic":
		return uint64(h.Now) * 1_000_000, nil
	case "sleep":
		h.Now += int64(int32(args[0].Bits))
		return note(name, int32(args[0].Bits))
	case "random":
		h.random++
		return math.Float64bits(float64(h.random%16) / 16), nil
	case "host_random_u64":
		h.random++
		return h.random, nil
	case "random_bytes", "host_random_bytes":
		for i := range args[0].Bytes {
			h.random++
			args[0].Bytes[i] = byte(h.random)
		}
		return 0, nil
	case "pending":
		return uint64(len(h.Inbox)), nil
	case "recv":
		return uint64(h.receive()), nil
	case "free_message":
		return note(name)
	case "host_output_write":
		h.Output = append(h.Output, args[0].Bytes...)
		return uint64(len(args[0].Bytes)), nil
	case "host_storage_get", "host_storage_set", "host_storage_delete", "host_storage_commit":
		return h.store(name, args), nil
	}
	if h.Other != nil {
		return h.Other(imp, args)
	}
	return 0, fmt.Errorf("the mock has no %s.%s", imp.Module, imp.Name)
}

func code(n int32) uint64 { return uint64(uint32(n)) }

func (h *Host) store(name string, args []ir.HostArg) uint64 {
	if name == "host_storage_commit" {
		return 0
	}
	key := string(args[0].Bytes)
	if key == "" {
		return code(codeArgument)
	}
	old, there := h.Storage[key]
	switch name {
	case "host_storage_get":
		if !there {
			return code(codeNotFound)
		}
		if len(old) <= len(args[1].Bytes) {
			copy(args[1].Bytes, old)
		}
		return uint64(len(old))
	case "host_storage_set":
		if h.Storage == nil {
			h.Storage = map[string][]byte{}
		}
		h.Storage[key] = slices.Clone(args[1].Bytes)
		return 0
	}
	delete(h.Storage, key)
	if there {
		return 1
	}
	return 0
}

// receive hands out the next message and returns its address, 0 without one.
func (h *Host) receive() uint32 {
	if len(h.Inbox) == 0 {
		return 0
	}
	m := h.Inbox[0]
	h.Inbox = h.Inbox[1:]
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(m.Sender)))
	b = append(b, m.Sender...)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.Time))
	b = append(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.Text)))
	b = append(b, m.Text...)
	if h.memory != nil {
		at := h.memory(len(b))
		h.write(at, b)
		return at
	}
	at := messagesAt + len(h.messages)
	h.messages = append(h.messages, b...)
	return uint32(at)
}

// Read implements ir.Host.
func (h *Host) Read(addr, n uint32) ([]byte, error) {
	at := int64(addr) - messagesAt
	if at < 0 || at+int64(n) > int64(len(h.messages)) {
		return nil, fmt.Errorf("no message at %d", addr)
	}
	return h.messages[at : at+int64(n)], nil
}
