package vudo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/spirit"
)

// ReceiptVersion is the version of the receipt's fields.
const ReceiptVersion = 1

// Digest is a SHA-256; it prints as "sha256:" and 64 hex digits.
type Digest = spirit.Digest

// Outcome is how a call ended, or where it stands.
type Outcome = sandbox.Outcome

// The outcomes of a receipt. OutcomeNone says that no guest code ran.
const (
	OutcomeNone       = Outcome(0)
	OutcomeOK         = sandbox.OutcomeOK
	OutcomeAppError   = sandbox.OutcomeAppError
	OutcomeTrap       = sandbox.OutcomeTrap
	OutcomeOutOfFuel  = sandbox.OutcomeOutOfFuel
	OutcomeDeadline   = sandbox.OutcomeDeadline
	OutcomeLimit      = sandbox.OutcomeLimit
	OutcomeDenied     = sandbox.OutcomeDenied
	OutcomeTerminated = sandbox.OutcomeTerminated
	OutcomePaused     = sandbox.OutcomePaused
	OutcomeConflict   = sandbox.OutcomeConflict
)

// HostCall is how often one host function was called, and what it moved.
type HostCall = host.CallCount

// Receipt says what a call consumed. It is valid whenever guest code ran (its
// Outcome is then not OutcomeNone), also beside an error. A paused call gives a
// partial one; the next is cumulative, so only the last counts. Digests are
// computed when they are asked for, from the input and output of the call.
type Receipt struct {
	Sandbox ID
	Export  string // "" for start code
	Started time.Time
	Outcome Outcome
	Tariff  int // version of the fuel tariff

	FuelUsed        uint64        // host functions included; may pass FuelLimit by fuel's overshoot constant
	FuelLimit       uint64        // what was granted, refuels included
	MemoryPeakBytes uint64        // linear memory
	Duration        time.Duration // without Paused
	Paused          time.Duration
	CPU             time.Duration // Duration without waiting

	HostCalls       []HostCall // functions called at least once
	StorageReads    uint64
	StorageWrites   uint64
	LogBytes        uint64
	LogBytesDropped uint64

	sequence                  uint64
	pkg                       Digest
	input, output             []byte
	inputStream, outputStream Digest
	journal                   Digest
}

func newReceipt(pkg Digest, u *sandbox.Usage, output []byte) Receipt {
	if u.Outcome == OutcomeNone {
		return Receipt{}
	}
	return Receipt{
		Sandbox: u.Sandbox, Export: u.Export, Started: u.Started, Outcome: u.Outcome, Tariff: fuel.TariffVersion,
		FuelUsed: u.FuelUsed, FuelLimit: u.FuelLimit, MemoryPeakBytes: u.MemoryPeak,
		Duration: u.Duration, Paused: u.Paused, CPU: u.CPU,
		HostCalls: u.Host.Calls, StorageReads: u.Host.StorageReads, StorageWrites: u.Host.StorageWrites,
		LogBytes: u.Host.LogBytes, LogBytesDropped: u.Host.LogBytesDropped,
		sequence: u.Sequence, pkg: pkg, input: u.Input, output: output,
		inputStream: u.Host.Input, outputStream: u.Host.Output, journal: u.Host.Journal,
	}
}

// Invocation is the id of the call: it follows from the sandbox's id and the
// call's number in it.
func (r *Receipt) Invocation() ID {
	u := sandbox.Usage{Sandbox: r.Sandbox, Sequence: r.sequence}
	return u.Invocation()
}

// Package is the digest of the package, or of the bare module, that ran.
func (r *Receipt) Package() Digest { return r.pkg }

// Input is the digest of the call's input; of a stream, of what was read.
func (r *Receipt) Input() Digest { return streamOr(r.inputStream, r.input) }

// Output is the digest of the call's output; of a stream, of what was written.
func (r *Receipt) Output() Digest { return streamOr(r.outputStream, r.output) }

func streamOr(stream Digest, buffer []byte) Digest {
	if stream != (Digest{}) {
		return stream
	}
	return sha256.Sum256(buffer)
}

// HostLog is the digest of the ordered journal of host calls.
func (r *Receipt) HostLog() Digest { return r.journal }

// Digest is the SHA-256 of the canonical bytes: it changes with any field.
func (r *Receipt) Digest() Digest { return sha256.Sum256(r.canonical()) }

// ExecutionDigest covers what a replay must repeat: the export, the digests,
// tariff, fuel, memory peak, outcome and all counts. Ids and times are outside.
func (r *Receipt) ExecutionDigest() Digest { return sha256.Sum256(canonical(r.execution())) }

// MarshalCanonical returns the receipt as canonical JSON (RFC 8785); numbers
// that may need 64 bits are decimal strings.
func (r *Receipt) MarshalCanonical() ([]byte, error) {
	if r.Outcome == OutcomeNone {
		return nil, fmt.Errorf("%w: no guest code ran, so there is no receipt", ErrState)
	}
	return r.canonical(), nil
}

// MarshalFile returns the canonical bytes, a newline, their SHA-256 in hex and
// a newline: the form of a receipt on disk.
func (r *Receipt) MarshalFile() ([]byte, error) {
	b, err := r.MarshalCanonical()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	b = append(b, '\n')
	b = hex.AppendEncode(b, sum[:])
	return append(b, '\n'), nil
}

func (r *Receipt) canonical() []byte {
	f := r.execution()
	f["version"] = ReceiptVersion
	f["invocation"] = r.Invocation().String()
	f["sandbox"] = r.Sandbox.String()
	f["started_at_ms"] = number(r.Started.UnixMilli())
	f["execution_digest"] = r.ExecutionDigest().String()
	f["duration_ms"] = number(r.Duration.Milliseconds())
	f["paused_ms"] = number(r.Paused.Milliseconds())
	f["cpu_ms"] = number(r.CPU.Milliseconds())
	return canonical(f)
}

func (r *Receipt) execution() map[string]any {
	calls := map[string]any{}
	for _, c := range r.HostCalls {
		calls[c.Name] = map[string]string{
			"count": number(c.Count), "bytes_in": number(c.In), "bytes_out": number(c.Out), "denied": number(c.Denied),
		}
	}
	return map[string]any{
		"export": r.Export, "package": r.pkg.String(), "input": r.Input().String(), "output": r.Output().String(),
		"host_log": r.journal.String(), "tariff": r.Tariff, "outcome": r.Outcome.String(),
		"fuel_used": number(r.FuelUsed), "fuel_limit": number(r.FuelLimit), "memory_peak_bytes": number(r.MemoryPeakBytes),
		"host_calls": calls, "storage_reads": number(r.StorageReads), "storage_writes": number(r.StorageWrites),
		"log_bytes": number(r.LogBytes), "log_bytes_dropped": number(r.LogBytesDropped),
	}
}

func number[N int64 | uint64](n N) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

// canonical writes fields made of strings and small integers as RFC 8785 wants.
func canonical(fields map[string]any) []byte {
	b, err := json.Marshal(fields)
	if err == nil {
		b, err = jcs.Transform(b)
	}
	if err != nil {
		panic(fmt.Sprintf("vudo: a receipt does not marshal: %v", err)) // strings and integers always do
	}
	return b
}
