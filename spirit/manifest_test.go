package spirit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/internal/fault"
)

// given is the manifest example of the specification.
const given = `[spirit]
name = "hello-world"
version = "1.0.0"
description = "A simple greeting Spirit"
author = "creator@example.com"

[capabilities]
required = ["log"]
optional = ["network"]

[dependencies]
utils = "^1.0.0"

[pricing]
model = "per-invocation"
base_cost = 10
`

// full sets every key that a manifest can have.
const full = `[spirit]
name = "full"
version = "1.2.3-rc.1+build.5"
description = "Ümlauts \"and\" quotes\\"
author = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
publisher = "` + aKey + `"
license = "(MIT OR Apache-2.0) AND BSD-3-Clause"
repository = "https://example.org/full"
homepage = "https://example.org/"
keywords = ["one", "two-2"]
categories = ["tools"]
entry = "greet"
abi = 1

[capabilities]
required = ["LOG", "storage", "env:LANG"]
optional = ["network.connect:GET https://api.example.org/v1/", "credit:pay=5"]

[capabilities.reasons]
log = "to say what happens"
"storage.read" = "to remember"

[limits]
max_memory_bytes = 1_048_576
max_cpu_quota_percent = 50
max_fuel = 9223372036854775807
max_duration_ms = 1500
max_table_elements = 100
max_instances = 2
max_stack_depth = 4096
max_module_bytes = 0x100000
max_input_bytes = 1
max_output_bytes = 2
max_log_bytes = 3
max_storage_bytes = 4
max_network_bytes = 5
max_storage_reads = 6
max_storage_writes = 7
max_network_ops = 8

[exports.greet]
description = "says hello"
input = "text"
output = "i32,i64"
capabilities = ["log"]

[exports."two words"]

[dependencies]
utils = "^1.0.0"
local = { path = "../local" }
other = { version = ">=1.2, <1.8", registry = "local", name = "@ada/other", optional = true, features = ["x", "y"] }

[features]
default = ["fast"]
fast = ["dep:other"]

[pricing]
model = "subscription"
base_cost = 1
period = "month"
per_fuel_cost = 2
per_memory_cost = 3
per_storage_read_cost = 4
per_storage_write_cost = 5
per_network_cost = 6
min_balance = 7

[[lineage]]
ref = "ancestor@0.1.0"
digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
author = "` + aKey + `"
share_bps = 9999

[[lineage]]
ref = "@ada/older@0.0.1"
digest = "sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
share_bps = 1

[build]
lang = "wat"
source = "wat"
entry = "wat/a.wat"
optimize = "size"

[metadata]
anything = [1, 2.5, true, 1979-05-27T07:32:00Z, { deep = "yes" }]
table.nested = "x"
`

func parse(t *testing.T, text string) *Manifest {
	t.Helper()
	m, problems := ParseManifest([]byte(text), "manifest.toml")
	if m == nil || len(problems) > 0 {
		t.Fatalf("the manifest is refused:\n%s\n%v", text, problems)
	}
	return m
}

// The example parses; writing it and the full manifest gives text that parses
// back equal and is written the same again.
//
// Proves: spirit 12.1
func TestManifestRoundTrip(t *testing.T) {
	for _, text := range []string{given, full, "[spirit]\nname = \"a\"\nversion = \"0.0.0\"\n"} {
		m := parse(t, text)
		written := m.Encode()
		again := parse(t, string(written))
		if !reflect.DeepEqual(m, again) {
			t.Errorf("written and read again it differs:\n%+v\n%+v\n%s", m, again, written)
		}
		if twice := again.Encode(); !bytes.Equal(twice, written) {
			t.Errorf("writing is not stable:\n%s\n%s", written, twice)
		}
	}
}

func TestGivenManifest(t *testing.T) {
	m := parse(t, given)
	want := &Manifest{
		Name: "hello-world", Version: "1.0.0", Description: "A simple greeting Spirit", Author: "creator@example.com",
		Entry: "main", ABI: 1,
		Required:     []Capability{ActuatorLog},
		Optional:     []Capability{NetworkConnect, NetworkListen, NetworkBroadcast},
		Dependencies: map[string]Dependency{"utils": {Version: "^1.0.0"}},
		Pricing:      Pricing{Model: PerInvocation, BaseCost: 10},
		Build:        Build{"dol", "src", "src/main.dol", "speed"},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
}

// One line per key of section 2.2: the key, changed in the full manifest, must
// change the value that is read. A key that is ignored fails here.
//
// Proves: spirit 12.1
func TestEveryKeyIsRead(t *testing.T) {
	before := parse(t, full)
	for _, c := range [][2]string{
		{`name = "full"`, `name = "other"`},
		{`1.2.3-rc.1+build.5`, `2.0.0`},
		{`Ümlauts`, `Umlauts`},
		{`author = "01`, `author = "11`},
		{`publisher = "` + aKey, `publisher = "` + anotherKey},
		{`(MIT OR`, `(ISC OR`},
		{`org/full`, `org/fuller`},
		{`homepage = "https://example.org/"`, `homepage = "https://example.com/"`},
		{`"two-2"`, `"two-3"`},
		{`["tools"]`, `["toys"]`},
		{`entry = "greet"`, `entry = "main"`},
		{`required = ["LOG", `, `required = ["log", "time", `},
		{`optional = ["network.connect:GET`, `optional = ["network.connect:PUT`},
		{`to say what happens`, `because`},
		{`1_048_576`, `1_048_577`},
		{`= 50`, `= 51`},
		{`9223372036854775807`, `9223372036854775806`},
		{`= 1500`, `= 1501`},
		{`max_table_elements = 100`, `max_table_elements = 101`},
		{`max_instances = 2`, `max_instances = 3`},
		{`= 4096`, `= 4097`},
		{`0x100000`, `0x100001`},
		{`max_input_bytes = 1`, `max_input_bytes = 9`},
		{`max_output_bytes = 2`, `max_output_bytes = 9`},
		{`max_log_bytes = 3`, `max_log_bytes = 9`},
		{`max_storage_bytes = 4`, `max_storage_bytes = 9`},
		{`max_network_bytes = 5`, `max_network_bytes = 9`},
		{`max_storage_reads = 6`, `max_storage_reads = 9`},
		{`max_storage_writes = 7`, `max_storage_writes = 9`},
		{`max_network_ops = 8`, `max_network_ops = 9`},
		{`says hello`, `says bye`},
		{`input = "text"`, `input = "json"`},
		{`"i32,i64"`, `"i32"`},
		{`capabilities = ["log"]`, `capabilities = []`},
		{`"two words"`, `"three words"`},
		{`utils = "^1.0.0"`, `utils = "~1.0.0"`},
		{`../local`, `../locals`},
		{`>=1.2, <1.8`, `>=1.2, <1.9`},
		{`registry = "local"`, `registry = "far"`},
		{`@ada/other`, `@ada/another`},
		{`["x", "y"]`, `["x"]`},
		{`default = ["fast"]`, `default = []`},
		{`fast = ["dep:other"]`, `fast = []`},
		{"model = \"subscription\"\nbase_cost = 1\nperiod = \"month\"", "model = \"per-second\"\nbase_cost = 1\nper_second_cost = 1"},
		{`base_cost = 1`, `base_cost = 2`},
		{`"month"`, `"year"`},
		{`per_fuel_cost = 2`, `per_fuel_cost = 9`},
		{`per_memory_cost = 3`, `per_memory_cost = 9`},
		{`per_storage_read_cost = 4`, `per_storage_read_cost = 9`},
		{`per_storage_write_cost = 5`, `per_storage_write_cost = 9`},
		{`per_network_cost = 6`, `per_network_cost = 9`},
		{`min_balance = 7`, `min_balance = 9`},
		{`ancestor@0.1.0`, `ancestor@0.1.1`},
		{`sha256:01`, `sha256:02`},
		{`9999`, `9998`},
		{"author = \"" + aKey + "\"\nshare", "author = \"" + anotherKey + "\"\nshare"},
		{`lang = "wat"`, `lang = "c"`},
		{`source = "wat"`, `source = "src"`},
		{`wat/a.wat`, `wat/b.wat`},
		{`optimize = "size"`, `optimize = "none"`},
		{`deep = "yes"`, `deep = "no"`},
	} {
		if !strings.Contains(full, c[0]) {
			t.Fatalf("%q is not in the manifest", c[0])
		}
		after := parse(t, strings.Replace(full, c[0], c[1], 1))
		if reflect.DeepEqual(before, after) {
			t.Errorf("%q in place of %q changes nothing", c[1], c[0])
		}
	}
	// optional and abi have one other value that is accepted each: none, and the default.
	if m := parse(t, strings.Replace(full, "optional = true, ", "", 1)[:strings.Index(full, "[features]")-len("optional = true, ")]); m.Dependencies["other"].Optional {
		t.Error("dependencies.other.optional is read as true when it is not written")
	}
	if l := before.Limits; l.Duration != 1500*time.Millisecond || l.CPUQuotaPercent != 50 {
		t.Errorf("limits are %+v", l)
	}
}

// Each problem: its place, its code and what the hint or message must say.
// An edit "old => new" is made in the given manifest; text without "=>" is appended.
//
// Proves: spirit 12.2, spirit 12.3, spirit 12.10, spirit 12.20, vm 14.12, vm 14.20
func TestManifestProblems(t *testing.T) {
	for _, c := range []struct {
		edit, at, code, says string
	}{
		// the form
		{`[spirit] => [spirit`, "1:8", "manifest-syntax", ""},
		{`name = "hello-world" => name = `, "2:8", "manifest-syntax", ""},
		{"[spirit2]\n", "18:2", "manifest-key", "did you mean spirit?"},
		{"[zzzzzzzz]\n", "18:2", "manifest-key", "[metadata] is free"},
		{`author = => auhtor =`, "5:1", "manifest-key", "did you mean author?"},
		{`author = => name =`, "5:1", "manifest-key", "written twice"},
		{"[pricing]\n", "18:2", "manifest-key", "written twice"},
		{"spirit.name = \"x\"\n", "18:1", "manifest-key", "unknown key pricing.spirit"},
		{`version = "1.0.0" => version = 1`, "3:11", "manifest-value", "must be text, not a number"},
		{`version = "1.0.0" => version = 1.0`, "3:11", "manifest-value", `write it in quotes: "1.0"`},
		{"[spirit] => [[spirit]]", "1:3", "manifest-value", "must be a table, not a list"},
		// names, versions, texts
		{`name = "hello-world" => name = "Hello"`, "2:8", "manifest-value", "write hello"},
		{`name = "hello-world" => name = "@ada/hello"`, "2:8", "manifest-value", "owner is not written here"},
		{`name = "hello-world" => name = "con"`, "2:8", "manifest-value", "reserved"},
		{`name = "hello-world" => `, "1:2", "manifest-key", "spirit.name is missing"},
		{`version = "1.0.0" => `, "1:2", "manifest-key", "spirit.version is missing"},
		{`version = "1.0.0" => version = "1.0.01"`, "3:16", "version-syntax", "leading zero"},
		{`version = "1.0.0" => version = "1.0"`, "3:15", "version-syntax", "write 1.0.0"},
		{`version = "1.0.0" => version = "v1.0.0"`, "3:12", "version-syntax", "write 1.0.0"},
		{`A simple => A\u001bsimple`, "4:15", "manifest-value", "control or bidirectional"},
		{`A simple => A` + "\u202e" + `simple`, "4:15", "manifest-value", "control or bidirectional"},
		{`A simple greeting Spirit => ` + strings.Repeat("ü", 501), "4:15", "manifest-value", "501 characters, above the limit of 500"},
		{`author = "creator@example.com" => publisher = "bob"`, "5:13", "manifest-value", "did:key"},
		{`author = "creator@example.com" => license = "Apache 2"`, "5:11", "manifest-value", "SPDX"},
		{`author = "creator@example.com" => license = "MIT OR"`, "5:11", "manifest-value", "SPDX"},
		{`author = "creator@example.com" => homepage = "http://x.example"`, "5:12", "manifest-value", "https://"},
		{`author = "creator@example.com" => repository = "https://u@x.example"`, "5:14", "manifest-value", "https://"},
		{`author = "creator@example.com" => keywords = ["a", "B"]`, "5:18", "manifest-value", "lower-case"},
		{`author = "creator@example.com" => keywords = ["a", "a"]`, "5:18", "manifest-value", "twice"},
		{`author = "creator@example.com" => keywords = ["1","2","3","4","5","6","7","8","9","10","11"]`, "5:1", "manifest-value", "11 entries, above the limit of 10"},
		{`author = "creator@example.com" => categories = ["1","2","3","4","5","6"]`, "5:1", "manifest-value", "6 entries, above the limit of 5"},
		{`author = "creator@example.com" => entry = ""`, "5:9", "manifest-value", "empty"},
		{`author = "creator@example.com" => abi = 2`, "5:7", "manifest-value", "outside 1 to 1"},
		// capabilities
		{`required = ["log"] => required = true`, "8:12", "manifest-value", "must be a list"},
		{`required = ["log"] => required = [true]`, "8:13", "manifest-value", `name what is needed, such as "log"`},
		{`required = ["log"] => required = ["lgo"]`, "8:13", "manifest-value", "did you mean log?"},
		{`required = ["log"] => required = ["unrestricted"]`, "8:13", "manifest-value", "only be granted by an operator"},
		{`required = ["log"] => required = ["minimal"]`, "8:13", "manifest-value", "unknown"},
		{`required = ["log"] => required = ["log", "net.connect"]`, "8:20", "manifest-value", "unknown"},
		{`required = ["log"] => required = ["network_connect"]`, "9:1", "manifest-value", "both required and optional"},
		{`required = ["log"] => required = { log = true }`, "8:12", "manifest-value", `write required = ["log"]`},
		{"[capabilities.reasons]\ntime = \"x\"\n", "19:1", "manifest-key", "which is not asked for"},
		{"[capabilities.reasons]\nlgo = \"x\"\n", "19:1", "manifest-key", "no capability type"},
		{"[capabilities.reasons]\nlog = \"x\"\n\"actuator.log\" = \"y\"\n", "20:1", "manifest-key", "second reason"},
		{"[capabilities.reasons]\nactuator.log = \"x\"\n", "19:1", "manifest-key", "in quotes"},
		// limits
		{"[limits]\nmax_fuel = 0\n", "19:12", "manifest-value", "limits.max_fuel is 0"},
		{"[limits]\nmax_cpu_quota_percent = 101\n", "19:25", "manifest-value", "limits.max_cpu_quota_percent is 101, outside 1 to 100"},
		{"[limits]\nmax_cpu_quota_percent = 356\n", "19:25", "manifest-value", "356"},
		{"[limits]\nmax_memory_bytes = 1073741825\n", "19:20", "manifest-value", "outside 1 to 1073741824"},
		{"[limits]\nmax_memory_bytes = -1\n", "19:20", "manifest-value", "limits.max_memory_bytes is -1"},
		{"[limits]\nmax_memory_bytes = \"1mb\"\n", "19:20", "manifest-value", "whole number"},
		{"[limits]\nmax_memory = 1\n", "19:1", "manifest-key", "max_memory_bytes"},
		// exports
		{"[exports.x]\ninput = \"utf8\"\n", "19:9", "manifest-value", "bytes, text, json, none"},
		{"[exports.x]\noutput = \"i32,\"\n", "19:10", "manifest-value", "scalars"},
		{"[exports.x]\ncapabilities = [\"time\"]\n", "19:1", "manifest-value", "does not ask for"},
		{"[exports.\"\"]\n", "18:10", "manifest-key", "no name of an export"},
		// dependencies and features
		{`utils = "^1.0.0" => utils = "1 || 2"`, "12:11", "requirement-syntax", "comma"},
		{`utils = "^1.0.0" => utils = "1||2"`, "12:11", "requirement-syntax", `no "or"`},
		{`utils = "^1.0.0" => utils = ">1,"`, "12:13", "requirement-syntax", "leave the comma out"},
		{`utils = "^1.0.0" => utils = ">2, <1"`, "12:10", "requirement-syntax", "no version can meet"},
		{`utils = "^1.0.0" => utils = { git = "https://x.example" }`, "12:11", "manifest-key", "use path, or name a version"},
		{`utils = "^1.0.0" => utils = { optional = true }`, "12:9", "manifest-key", "neither version nor path"},
		{`utils = "^1.0.0" => utils = { path = "/abs" }`, "12:18", "manifest-value", "relative"},
		{`utils = "^1.0.0" => utils = { version = "1", vresion = "1" }`, "12:26", "manifest-key", "did you mean version?"},
		{`utils = "^1.0.0" => utils = 1`, "12:9", "manifest-value", "requirement or a table"},
		{`utils = "^1.0.0" => "@ada/utils" = "1"`, "12:1", "manifest-key", "a name of your own"},
		{"[features]\nfast = [\"dep:utils\"]\n", "19:9", "manifest-value", "no optional dependency"},
		{"[features]\nfast = [\"slow\"]\n", "19:9", "manifest-value", "no feature"},
		{"[features]\na = [\"b\"]\nb = [\"c\"]\nc = [\"b\"]\n", "20:1", "manifest-value", "b -> c -> b"},
		// pricing
		{`model = "per-invocation" => model = "PerInvocation"`, "15:9", "manifest-value", "per-invocation"},
		{`model = "per-invocation" => `, "14:2", "manifest-key", "pricing.model is missing"},
		{`model = "per-invocation" => model = "free"`, "16:1", "manifest-key", "no meaning for the model free"},
		{`model = "per-invocation" => model = "per-second"`, "14:2", "manifest-key", "pricing.per_second_cost is missing"},
		{`model = "per-invocation" => model = "subscription"`, "14:2", "manifest-key", "pricing.period is missing"},
		{"period = \"month\"\n", "18:1", "manifest-key", "no meaning for the model per-invocation"},
		{`base_cost = 10 => base_cost = 9223372036854775808`, "", "manifest-syntax", ""},
		{`base_cost = 10 => base_cost = -1`, "16:13", "manifest-value", "outside 0"},
		// lineage
		{"[[lineage]]\nref = \"a@1.0.0\"\ndigest = \"sha256:00\"\nshare_bps = 1\n", "20:10", "manifest-value", "64 lower-case hex"},
		{"[[lineage]]\nref = \"a\"\n", "19:7", "manifest-value", "name@version"},
		{"[[lineage]]\nref = \"a@1.0.0\"\ndigest = \"sha256:" + strings.Repeat("0a", 32) + "\"\nshare_bps = 10000\n" +
			"[[lineage]]\nref = \"b@1.0.0\"\ndigest = \"sha256:" + strings.Repeat("0b", 32) + "\"\nshare_bps = 1\n", "18:3", "manifest-value", "add up to 10001"},
		{"[[lineage]]\nref = \"a@1.0.0\"\ndigest = \"sha256:" + strings.Repeat("0a", 32) + "\"\nshare_bps = 1\n" +
			"[[lineage]]\nref = \"b@1.0.0\"\ndigest = \"sha256:" + strings.Repeat("0a", 32) + "\"\nshare_bps = 1\n", "22:3", "manifest-value", "stands before"},
		// build
		{"[build]\nlang = \"python\"\n", "19:8", "manifest-value", "write dol, go, rust, c, assemblyscript, wat or wasm"},
		{"[build]\nsource = \"../src\"\n", "19:10", "manifest-value", "inside the project"},
		{"[build]\nentry = \"src\\\\main.dol\"\n", "19:9", "manifest-value", "inside the project"},
		{"[build]\nentry = \"/etc/passwd\"\n", "19:9", "manifest-value", "inside the project"},
		{"[build]\noptimize = \"fast\"\n", "19:12", "manifest-value", "none, size or speed"},
	} {
		t.Run(c.edit, func(t *testing.T) {
			text := given + "\n" + c.edit
			if old, new, ok := strings.Cut(c.edit, " => "); ok {
				if !strings.Contains(given, old) {
					t.Fatalf("%q is not in the manifest", old)
				}
				text = strings.Replace(given, old, strings.ReplaceAll(new, `\n`, "\n"), 1)
			}
			m, problems := ParseManifest([]byte(text), "manifest.toml")
			if m != nil || len(problems) == 0 {
				t.Fatalf("accepted:\n%s", text)
			}
			for _, d := range problems {
				if (c.at == "" || d.Span.Start.String() == c.at) && d.Code == c.code && strings.Contains(d.Message+" "+d.Hint(), c.says) {
					return
				}
			}
			var b strings.Builder
			diag.Renderer{}.Render(&b, problems)
			t.Errorf("want %s %s %q, got\n%s", c.at, c.code, c.says, b.String())
		})
	}
}

// Three mistakes give three errors, in the order of the file, each with its key.
//
// Proves: spirit 12.2
func TestAllProblemsAreReported(t *testing.T) {
	text := strings.NewReplacer(`"1.0.0"`, `"1"`, `base_cost`, `base_cots`, `["log"]`, `["lgo"]`).Replace(given)
	_, problems := ParseManifest([]byte(text), "m.toml")
	var got []string
	for _, d := range problems {
		got = append(got, fmt.Sprintf("%d %s", d.Span.Start.Line, d.Key))
		if d.Span.File != "m.toml" || d.Fix == nil && d.Key != "pricing.base_cost" {
			t.Errorf("%s has file %q and hint %q", d.Key, d.Span.File, d.Hint())
		}
	}
	if s := strings.Join(got, ", "); s != "3 spirit.version, 8 capabilities.required[0], 14 pricing.base_cost, 16 pricing.base_cots" {
		t.Errorf("got %s", s)
	}
}

// Proves: spirit 12.6
func TestManifestLimits(t *testing.T) {
	text := []byte(given + "# ")
	text = append(text, bytes.Repeat([]byte("x"), MaxManifestBytes-len(text))...)
	if m, problems := ParseManifest(text, "m"); m == nil {
		t.Errorf("%d bytes are refused: %v", len(text), problems)
	}
	_, problems := ParseManifest(append(text, 'x'), "m")
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "262145 bytes long, above the limit of 262144") {
		t.Errorf("%d bytes give %v", len(text)+1, problems)
	}

	var many strings.Builder
	for i := range MaxManifestKeys {
		fmt.Fprintf(&many, "k%d=1\n", i)
	}
	_, problems = ParseManifest([]byte(many.String()), "m")
	if len(problems) != MaxManifestProblems || problems[49].Notes[0].Text != "8143 more problems are not shown" {
		t.Errorf("8,193 problems give %d, the last with %v", len(problems), problems[len(problems)-1].Notes)
	}
	_, problems = ParseManifest([]byte(many.String()+"more=1\n"), "m")
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "8193 keys, above the limit of 8192") {
		t.Errorf("8,193 keys give %v", problems)
	}

	names := func(n int) string {
		var cs []string
		for i := range n {
			cs = append(cs, fmt.Sprintf("%q", fmt.Sprintf("env:V%d", i)))
		}
		return strings.Replace(given, `["log"]`, "["+strings.Join(cs, ",")+"]", 1)
	}
	parse(t, names(64))
	if m, _ := ParseManifest([]byte(names(65)), "m"); m != nil {
		t.Error("65 required capabilities are accepted")
	}
	// 63 capabilities and a category of two: 65 when written out.
	if m, _ := ParseManifest([]byte(strings.Replace(names(63), `["env:V0"`, `["env:V0","sensor"`, 1)), "m"); m != nil {
		t.Error("64 entries that expand to 65 capabilities are accepted")
	}
}

func TestFromModule(t *testing.T) {
	module := []byte("\x00asm\x01\x00\x00\x00")
	p, err := FromModule([]byte(given), module)
	if err != nil {
		t.Fatal(err)
	}
	if p.Manifest().Name != "hello-world" || string(p.ManifestText()) != given || !bytes.Equal(p.Module(), module) {
		t.Errorf("the package holds %+v", p)
	}
	// Computed once with sha256sum over the text that the format prescribes.
	if got := p.ModuleDigest().String(); got != "sha256:93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476" {
		t.Errorf("the module's digest is %s", got)
	}
	if d, err := ParseDigest(p.Digest().String()); err != nil || d != p.Digest() {
		t.Errorf("%v does not read back: %v", p.Digest(), err)
	}
	other, err := FromModule([]byte(given+"#\n"), module)
	if err != nil || other.Digest() == p.Digest() || other.ModuleDigest() != p.ModuleDigest() {
		t.Errorf("another manifest gives %v, %v", other.Digest(), err)
	}

	for name, c := range map[string]struct {
		manifest string
		module   []byte
		is       error
		says     string
	}{
		"manifest": {"[spirit]\n", module, nil, "manifest.toml:1:2: spirit.name is missing (and 1 more)"},
		"empty":    {given, nil, fault.ErrInvalidModule, "empty"},
		"too long": {given, make([]byte, 104_857_601), fault.ErrInvalidModule, "exceeds maximum"},
	} {
		_, err := FromModule([]byte(c.manifest), c.module)
		var problems diag.List
		if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) || c.is == nil && !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Keys in conflict are found here and not by the decoder, so that the rest of the
// manifest is still read: the rules of TOML 1.0 about tables written twice.
func TestConflictingKeys(t *testing.T) {
	head := "[spirit]\nname = \"a\"\nversion = \"1.0.0\"\n"
	for text, ok := range map[string]bool{
		"[metadata]\na.b = 1\na.c = 2\n":                                   true,
		"[metadata.a]\n[metadata]\n":                                       true,
		"[metadata]\na.b.c = 1\n[metadata.a.d]\n":                          true,
		"[[metadata.a]]\nx = 1\n[[metadata.a]]\nx = 2\n":                   true,
		"[[metadata.a]]\n[metadata.a.b]\n[[metadata.a]]\n[metadata.a.b]\n": true,
		"[metadata]\na = 1\na = 2\n":                                       false,
		"[metadata]\na = 1\n\"a\" = 2\n":                                   false,
		"[metadata]\na = 1\na.b = 2\n":                                     false,
		"[metadata]\na = {b = 1}\na.c = 2\n":                               false,
		"[metadata]\na = {b = 1, b = 2}\n":                                 false,
		"[metadata]\na = {b.c = 1, b.d = 2}\n":                             true,
		"[metadata]\na = {b = {c = 1}, b.d = 2}\n":                         false,
		"[metadata]\n[metadata]\n":                                         false,
		"[metadata]\na.b = 1\n[metadata.a]\n":                              false,
		"[metadata]\na = {}\n[metadata.a.b]\n":                             false,
		"[metadata]\na = []\n[[metadata.a]]\n":                             false,
		"[metadata.a]\n[[metadata.a]]\n":                                   false,
		"[[metadata.a]]\n[metadata.a]\n":                                   false,
		"[metadata.a.b]\n[metadata]\na.c = 1\n":                            false,
	} {
		m, problems := ParseManifest([]byte(head+text), "m")
		if (m != nil) != ok {
			t.Errorf("accepted %v, want %v:\n%s%v", m != nil, ok, text, problems)
		}
		if !ok && (len(problems) != 1 || problems[0].Code != codeKey || len(problems[0].Notes) != 1) {
			t.Errorf("%s gives %v", text, problems)
		}
	}
}

// What parses is written in a form that parses to the same and is stable; what
// does not parse has at least one problem, all of them with a place and a code.
//
// Proves: spirit 12.46
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(given))
	f.Add([]byte(full))
	files, _ := filepath.Glob(filepath.Join("..", "examples", "*", ManifestName))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, problems := ParseManifest(text, "m")
		if m == nil {
			if len(problems) == 0 || len(problems) > MaxManifestProblems {
				t.Fatalf("%d problems", len(problems))
			}
			for _, d := range problems {
				if d.Code == "" || d.Message == "" || !d.Span.Start.Known() {
					t.Errorf("incomplete: %+v", d)
				}
			}
			return
		}
		written := m.Encode()
		again, problems := ParseManifest(written, "m")
		if again == nil {
			if len(written) > MaxManifestBytes {
				return
			}
			t.Fatalf("the written manifest is refused: %v\n%s", problems, written)
		}
		if twice := again.Encode(); !bytes.Equal(twice, written) {
			t.Errorf("writing is not stable:\n%s\n%s", written, twice)
		}
	})
}
