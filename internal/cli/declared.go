package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// readDeclared reads the section vudo.manifest of a decoded module.
func (t *target) readDeclared(m *wasm.Module) error {
	c := m.Custom(spirit.DeclaredSection)
	if c == nil {
		return nil
	}
	d, err := spirit.ParseDeclared(c.Data)
	if err != nil {
		return moduleFailure(t.path, fmt.Errorf("%w: %w", fault.ErrInvalidModule, err))
	}
	t.declared = d
	return nil
}

// signature is how an export is declared, or nil. One with neither parameters
// nor result is called as if it were not, like the commands of WASI.
func (t *target) signature(export string) *spirit.Signature {
	if t.declared == nil || export == "_start" || export == "_initialize" {
		return nil
	}
	sig := t.declared.Export(export)
	if sig == nil || len(sig.Params) == 0 && sig.Result.ABI == spirit.ABINone {
		return nil
	}
	return sig
}

// planDeclared turns the operands behind a declared export into its input: one
// of text or bytes as for a bytes export, else one operand per parameter, which
// become the JSON array that the library reads.
func (c *plannedCall) planDeclared(s *session, t *target, o *runOptions, args []string, limit uint64) error {
	if c.signature.TakesInput() {
		if err := c.planBytes(s, o, args, limit); err != nil {
			return err
		}
		return c.readAll(limit)
	}
	if o.input != "" {
		return usage("give its arguments behind its name", "--input: %s takes no bytes: it is %s", c.export, c.signature)
	}
	input, err := encodeArguments(c.signature, args)
	if err == nil {
		_, err = c.signature.Arguments(input) // what is left: bytes that are no base64
	}
	if err != nil {
		if !errors.Is(err, fault.ErrArguments) {
			err = fmt.Errorf("%w: %w", fault.ErrArguments, err)
		}
		f := asFailure(err)
		words := make([]string, len(c.signature.Params))
		for i, p := range c.signature.Params {
			words[i] = strings.ToUpper(p.Name)
		}
		f.hint = strings.TrimSpace(fmt.Sprintf("vudo run %s %s %s", shellWord(t.shown()), c.export, strings.Join(words, " ")))
		return f
	}
	c.input = input
	return nil
}

// readAll turns the stream into bytes: arguments are there before the guest is.
func (c *plannedCall) readAll(limit uint64) error {
	if c.stream == nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(c.stream, int64(min(limit, 1<<62))+1))
	if err != nil {
		return err
	}
	if uint64(len(data)) > limit {
		return tooMuchInput(fmt.Sprintf("more than %s bytes came", count(limit)), limit)
	}
	c.input, c.stream = data, nil
	return nil
}

// encodeArguments writes the words behind a declared export as the JSON array
// of its input.
func encodeArguments(sig *spirit.Signature, args []string) ([]byte, error) {
	if len(args) != len(sig.Params) {
		return nil, fmt.Errorf("%s takes %s, got %d: it is %s", sig.Name, plural(len(sig.Params), "argument"), len(args), sig)
	}
	out := []byte("[")
	for i, word := range args {
		if i > 0 {
			out = append(out, ',')
		}
		b, err := encodeArgument(&sig.Params[i], word)
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s, %s: %w", i+1, sig.Name, sig.Params[i].Name, err)
		}
		out = append(out, b...)
	}
	return append(out, ']'), nil
}

func encodeArgument(p *spirit.Slot, word string) ([]byte, error) {
	switch {
	case !utf8.ValidString(word):
		return nil, fmt.Errorf("%q is no UTF-8", word)
	case p.ABI == spirit.ABIText:
		return json.Marshal(word)
	case p.ABI.InMemory():
		if !json.Valid([]byte(word)) {
			return nil, fmt.Errorf("%q is no JSON, as which a %s is written", word, p.Type)
		}
		return []byte(word), nil
	}
	bits, err := p.ParseScalar(word)
	if err != nil {
		return nil, err
	}
	v := p.JSONValue(bits)
	if _, text := v.(string); text && p.ABI == spirit.ABII64 {
		return []byte(p.FormatScalar(bits)), nil // the library reads numbers of 64 bits exactly
	}
	return json.Marshal(v)
}

// showDeclared prints what a declared export gave: its output as it is, a number
// by its type on a line of its own. failed says that the call did not succeed:
// what it wrote until then is shown all the same, as a stream would have.
func (j *job) showDeclared(failed bool) error {
	out := j.result.Output
	if !failed {
		for _, v := range j.result.Values {
			if len(out) > 0 && out[len(out)-1] != '\n' {
				out = append(out, '\n')
			}
			out = append(out, j.call.signature.Result.FormatScalar(v.Bits)+"\n"...)
		}
	}
	if j.json || len(out) == 0 {
		return nil
	}
	_, err := j.output.w.Write(out)
	return err
}

// declaredAsks lists what a bare module asks for by its section.
func declaredAsks(d *spirit.Declared) []ask {
	asked := []ask{}
	for _, c := range d.Capabilities {
		asked = append(asked, ask{c, true, "", spirit.DeclaredSection})
	}
	return asked
}
