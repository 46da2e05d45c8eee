package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/sqlite"
)

const namespaceHelp = "NS is the name that `vudo storage list` shows, or the first digits of the id beside it."

var outputFlags = []flagSpec{
	{name: "output", short: "o", value: "FILE", usage: "write to FILE instead of stdout"},
	{name: "force", usage: "overwrite FILE when it exists"},
}

func storageListCommand() command {
	return command{
		name: "storage list", max: 0,
		short:    "list what Spirits have stored in this home",
		examples: []example{{"vudo storage list", "name, id, keys and bytes of each namespace"}},
		run:      runStorageList,
	}
}

func storageGetCommand() command {
	return command{
		name: "storage get", operands: "NS KEY", min: 2, max: 2,
		short:    "print one stored value, byte for byte",
		long:     namespaceHelp,
		flags:    append([]flagSpec{{name: "key-b64", usage: "KEY is base64, for keys that are no text"}}, outputFlags...),
		examples: []example{{"vudo storage get counter count", "the bytes of the value"}},
		run:      runStorageGet,
		complete: completeSpaces,
	}
}

func storageExportCommand() command {
	return command{
		name: "storage export", operands: "NS", min: 1, max: 1,
		short:    "print all pairs of a namespace as JSON lines",
		long:     namespaceHelp + " Each line has key (key_b64 when it is no text) and value_b64.",
		flags:    outputFlags,
		examples: []example{{"vudo storage export counter", "one line per key"}},
		run:      runStorageExport,
		complete: completeSpaces,
	}
}

func storageEraseCommand() command {
	return command{
		name: "storage erase", operands: "NS", min: 1, max: 1,
		short:    "erase a namespace, after asking",
		long:     namespaceHelp + " What the file held is overwritten. It cannot be undone.",
		examples: []example{{"vudo storage erase counter --yes", "without asking"}},
		run:      runStorageErase,
		complete: completeSpaces,
	}
}

// completeSpaces offers the names of namespaces for the first operand.
func completeSpaces(s *session, args []string) []string {
	if len(args) > 0 || s.configure(true) != nil {
		return []string{}
	}
	names := []string{}
	if store, err := s.openStorage(); err == nil && store != nil {
		defer store.Close()
		spaces, _ := spacesOf(context.Background(), store)
		for _, x := range spaces {
			names = append(names, x.Name)
		}
	}
	return names
}

func runStorageList(s *session, _ []string) (*result, error) {
	store, err := s.openStorage()
	if err != nil {
		return nil, err
	}
	if store != nil {
		defer store.Close()
	}
	spaces, err := spacesOf(context.Background(), store)
	if err != nil {
		return nil, err
	}
	return &result{data: map[string]any{"namespaces": spaces}, text: func(out *terminal) {
		if len(spaces) == 0 {
			out.line("nothing stored")
			return
		}
		for _, x := range spaces {
			out.line("%-20s %s  %8s %12s  %s", escape(x.Name), x.ID[:12], plural(int(x.Keys), "key"), count(x.Bytes)+" bytes", escape(x.Origin))
		}
	}}, nil
}

// withSpace opens storage and finds the namespace that word means.
func (s *session) withSpace(word string, f func(ctx context.Context, store *sqlite.Store, x *space) (*result, error)) (*result, error) {
	store, err := s.openStorage()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if store != nil {
		defer store.Close()
	}
	spaces, err := spacesOf(ctx, store)
	if err != nil {
		return nil, err
	}
	x, err := findSpace(spaces, word)
	if err != nil {
		return nil, err
	}
	return f(ctx, store, x)
}

func runStorageGet(s *session, args []string) (*result, error) {
	key := []byte(args[1])
	if s.on("key-b64") {
		b, err := base64.StdEncoding.DecodeString(args[1])
		if err != nil {
			return nil, usage("write KEY in standard base64", "%q is no base64: %v", args[1], err)
		}
		key = b
	}
	return s.withSpace(args[0], func(ctx context.Context, store *sqlite.Store, x *space) (*result, error) {
		var value []byte
		var revision uint64
		if err := store.View(ctx, x.digest, func(v sqlite.View) (err error) {
			value, revision, err = v.Get(key)
			return err
		}); err != nil {
			return nil, err
		}
		if revision == 0 {
			return nil, fail("not-found", "vudo storage export "+shellWord(args[0])+" shows its keys", "no key %q in %s", key, x.Name)
		}
		data := map[string]any{"namespace": x.ID, "key": args[1], "value_b64": base64.StdEncoding.EncodeToString(value)}
		return s.deliver(value, data)
	})
}

// deliver writes bytes to -o FILE, else to stdout.
func (s *session) deliver(b []byte, data map[string]any) (*result, error) {
	path, ok := s.given("output")
	if !ok {
		return &result{data: data, text: func(out *terminal) {
			if !out.tty {
				out.w.Write(b)
				return
			}
			w := &safeWriter{w: out.w}
			w.Write(b)
			w.Flush()
			if w.wrote && !w.ended {
				fmt.Fprintln(out.w)
			}
		}}, nil
	}
	if err := refuseExisting(path, s.on("force")); err != nil {
		return nil, err
	}
	if err := atomicfile.Write(path, b, 0o600); err != nil {
		return nil, err
	}
	s.say("wrote %s to %s", size(uint64(len(b))), path)
	return &result{data: map[string]any{"file": path, "bytes": len(b)}}, nil
}

// pair is one line of an export.
type pair struct {
	Key      *string `json:"key,omitempty"`
	KeyB64   *string `json:"key_b64,omitempty"`
	ValueB64 string  `json:"value_b64"`
}

// exportPage is how many keys are read at a time.
const exportPage = 1000

func runStorageExport(s *session, args []string) (*result, error) {
	return s.withSpace(args[0], func(ctx context.Context, store *sqlite.Store, x *space) (*result, error) {
		pairs := []pair{}
		var lines bytes.Buffer
		err := store.View(ctx, x.digest, func(v sqlite.View) error {
			return eachPair(v, func(p pair) error {
				pairs = append(pairs, p)
				enc := json.NewEncoder(&lines)
				enc.SetEscapeHTML(false)
				return enc.Encode(p)
			})
		})
		if err != nil {
			return nil, err
		}
		return s.deliver(lines.Bytes(), map[string]any{"namespace": x.ID, "keys": pairs})
	})
}

// eachPair calls f for every pair of a view, in order of the keys; none is
// empty (docs/spec/vm.md, section 5.2).
func eachPair(v sqlite.View, f func(pair) error) error {
	var after []byte
	for {
		keys, err := v.List(nil, after, exportPage)
		if err != nil {
			return err
		}
		for _, key := range keys {
			value, _, err := v.Get(key)
			if err != nil {
				return err
			}
			p := pair{ValueB64: base64.StdEncoding.EncodeToString(value)}
			text := string(key)
			if utf8.Valid(key) {
				p.Key = &text
			} else {
				text = base64.StdEncoding.EncodeToString(key)
				p.KeyB64 = &text
			}
			if err := f(p); err != nil {
				return err
			}
			after = key
		}
		if len(keys) < exportPage {
			return nil
		}
	}
}

func runStorageErase(s *session, args []string) (*result, error) {
	return s.withSpace(args[0], func(ctx context.Context, store *sqlite.Store, x *space) (*result, error) {
		question := fmt.Sprintf("Erase %s (%s, %s bytes, %s)? It cannot be undone (y/n)", escape(x.Name), plural(int(x.Keys), "key"), count(x.Bytes), escape(x.Origin))
		agreed, err := s.confirm(question)
		if err != nil {
			return nil, err
		}
		if !agreed {
			return &result{data: map[string]any{"erased": false}, text: func(out *terminal) { out.line("nothing erased") }}, nil
		}
		keys, held, err := store.Erase(ctx, x.digest)
		if err != nil {
			return nil, err
		}
		return &result{
			data: map[string]any{"erased": true, "id": x.ID, "keys": keys, "bytes": held},
			text: func(out *terminal) {
				out.line("erased %s, %s bytes of %s", plural(int(keys), "key"), count(held), escape(x.Name))
			},
		}, nil
	})
}
