package std_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/std"
	"github.com/univrs/vudo/internal/host"
)

// Each host_* function of the virtual machine has one of the same name in module
// host, and that module imports nothing that the machine lacks.
//
// Proves: dol 16-c
func TestHostModuleIsTheTable(t *testing.T) {
	var text string
	for _, f := range std.Files() {
		if f.Name == "std/host.dol" {
			text = f.Text
		}
	}
	names := func(pattern string) (out []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return out
	}
	var want []string
	for _, f := range host.Table() {
		if strings.HasPrefix(f.Name, "host_") {
			want = append(want, f.Name)
		}
	}
	slices.Sort(want)
	if got := names(`name = "(host_\w+)"`); !slices.Equal(got, want) {
		t.Errorf("host.dol imports %v, the machine has %v", got, want)
	}
	public := names(`pub sex fun (host_\w+)`)
	for _, name := range want {
		if !slices.Contains(public, name) {
			t.Errorf("host.dol lacks %s", name)
		}
	}
}

// The functions of module host in the virtual machine.
//
// Proves: dol 16-c, dol 8.5-a
func TestHostFunctions(t *testing.T) {
	g := load(t, `use host.*
pub sex fun storage() -> string {
  let big = "x".repeat(1000)
  host_storage_set("a/1", "one").unwrap()
  host_storage_set("a/2", big).unwrap()
  let list = host_storage_list("a/").unwrap()
  let gone = host_storage_get("a/3").is_err()
  let result = to_string((host_storage_get("a/1"), host_storage_get("a/2") == Ok(big), gone, list, host_storage_list("a/", "a/1"),
    host_storage_delete("a/1"), host_storage_delete("a/1"), host_storage_get("a/1"), host_storage_set("", "x")))
  host_storage_commit().unwrap()
  result
}
pub sex fun others() -> string {
  to_string((host_time_now().unwrap() > 0, host_time_monotonic().is_ok(), host_time_sleep(0), host_time_sleep(60001), host_random_bytes(9).unwrap().len(),
    host_random_bytes(0), host_random_u64() != host_random_u64(), host_log(2, "line"), host_log(9, "line"), host_log_info("i"), host_log_error("e"),
    host_abi_version(), host_fuel_remaining() > 0, host_capability_check("actuator.log"), host_capability_check("network.connect"),
    host_last_error()))
}
pub sex fun input(text: string) -> string {
  host_output_write("out")
  text
}
pub sex fun prelude() -> string {
  println(1)
  print("a")
  println([1, 2])
  eprintln("e")
  log("l", 2)
  sleep(0)
  let r = random()
  to_string((now() > 0, r >= 0.0 && r < 1.0))
}
`)
	for _, c := range [][2]string{
		{"storage", `(Ok("one"), true, true, ["a/1", "a/2"], Ok(["a/2"]), Ok(true), Ok(false), Err(NotFound), Err(BadArgument))`},
		{"others", `(true, true, Ok(()), Err(BadArgument), 9, Err(BadArgument), true, Ok(()), Err(BadArgument), Ok(()), Ok(()), 1, true, Ok(true), Ok(false), 0)`},
		{"prelude", "(true, true)"},
	} {
		if got := g.call(c[0], ""); got != c[1] {
			t.Errorf("%s = %s, want %s", c[0], got, c[1])
		}
	}
	want := "info line\ninfo i\nerror e\ninfo 1\ninfo a[1, 2]\nerror e\nwarn l\n"
	if got := g.log.String(); got != want {
		t.Errorf("log %q, want %q", got, want)
	}
}
