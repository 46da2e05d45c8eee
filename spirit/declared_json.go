package spirit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The standard decoder takes keys in any case, keys that stand twice, null for
// anything, and half a surrogate pair for a replacement character. A format
// that two programs must read alike allows none of that.

// object is a JSON object whose keys are looked at once each.
type object struct {
	at     string // "exports[2].", or "" at the top
	keys   []string
	values map[string]json.RawMessage
}

// readObject reads one object and nothing behind it.
func readObject(raw []byte, at string) (*object, error) {
	o := &object{values: map[string]json.RawMessage{}}
	if at != "" {
		o.at = at + "."
	}
	place := func(err error) error {
		if at == "" {
			return err
		}
		return fmt.Errorf("%s: %w", at, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	first, err := dec.Token()
	if err != nil {
		return nil, place(jsonProblem(err))
	}
	if first != json.Delim('{') {
		return nil, place(fmt.Errorf("an object is expected, not %s", jsonKind(raw)))
	}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, place(jsonProblem(err))
		}
		key := k.(string) // the decoder lets nothing else stand there
		if _, twice := o.values[key]; twice {
			return nil, place(fmt.Errorf("the key %q stands twice", key))
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, place(jsonProblem(err))
		}
		o.keys = append(o.keys, key)
		o.values[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, place(jsonProblem(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, place(errors.New("something stands behind the object"))
	}
	return o, nil
}

// jsonProblem words an error of the decoder for whom it was no end of a file.
func jsonProblem(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return err
}

// jsonKind names what a JSON value is by its first byte.
func jsonKind(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// only refuses keys that are not in the list.
func (o *object) only(known ...string) error {
	for _, k := range o.keys {
		if !slices.Contains(known, k) {
			return fmt.Errorf("%s%s: not a known key (%s)", o.at, k, strings.Join(known, ", "))
		}
	}
	return nil
}

func (o *object) has(key string) bool {
	_, ok := o.values[key]
	return ok
}

// text is a string that must be there and not be empty.
func (o *object) text(key string) (string, error) {
	raw, ok := o.values[key]
	if !ok {
		return "", fmt.Errorf("%s%s is missing", o.at, key)
	}
	s, err := readText(raw, o.at+key)
	if err == nil && s == "" {
		err = fmt.Errorf("%s%s is empty", o.at, key)
	}
	return s, err
}

// word is a number of 32 bits that must be there.
func (o *object) word(key string) (uint32, error) {
	raw, ok := o.values[key]
	if !ok {
		return 0, fmt.Errorf("%s%s is missing", o.at, key)
	}
	n, err := readNumber(raw, o.at+key, 0, 1<<32-1)
	return uint32(n), err
}

// each calls f for the items of a list; an absent one has none.
func (o *object) each(key string, f func(raw json.RawMessage, at string) error) error {
	raw, ok := o.values[key]
	if !ok {
		return nil
	}
	if k := jsonKind(raw); k != "array" {
		return fmt.Errorf("%s%s: an array is expected, not %s", o.at, key, k)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return fmt.Errorf("%s%s: %w", o.at, key, err)
	}
	for i, item := range items {
		if err := f(item, fmt.Sprintf("%s%s[%d]", o.at, key, i)); err != nil {
			return err
		}
	}
	return nil
}

func readText(raw json.RawMessage, at string) (string, error) {
	if k := jsonKind(raw); k != "string" {
		return "", fmt.Errorf("%s: a string is expected, not %s", at, k)
	}
	s, err := unquote(raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	return s, nil
}

// unquote reads a JSON string. Raw is one, by the decoder's word, and UTF-8.
func unquote(raw []byte) (string, error) {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			continue
		}
		unit := hexUnit(raw[i+1:])
		i += 4
		if unit < 0xd800 || unit > 0xdfff {
			continue
		}
		if unit >= 0xdc00 || len(raw) < i+7 || raw[i+1] != '\\' || raw[i+2] != 'u' {
			return "", fmt.Errorf(`\u%04x is half of a character`, unit)
		}
		if low := hexUnit(raw[i+3:]); low < 0xdc00 || low > 0xdfff {
			return "", fmt.Errorf(`\u%04x is half of a character`, unit)
		}
		i += 6
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func hexUnit(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b[:min(4, len(b))]), 16, 16)
	return n
}

// readNumber reads a whole number in decimal, within its bounds.
func readNumber(raw json.RawMessage, at string, least, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || n < least || n > most {
		text := string(raw)
		if len(text) > 40 {
			text = text[:40] + "..."
		}
		return 0, fmt.Errorf("%s: a whole number of %d to %d is expected, not %s", at, least, most, text)
	}
	return n, nil
}
