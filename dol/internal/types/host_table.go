package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/typed"
)

// HostFunc is a function of the host's table, as the compiler knows it.
type HostFunc struct {
	Name   string
	Params string // of i32 i64 f64, separated by blanks
	Result string // "" = none
	Effect string // "" = none
	Caps   string // canonical capability; "" = none
}

// HostFuncs is the compiler's copy of the table of internal/host, sorted by name;
// a test holds the two against each other. Effects are those of dol 6-b.
var HostFuncs = []HostFunc{
	{"host_abi_version", "", "i32", "", ""},
	{"host_capability_check", "i32 i32", "i32", "", ""},
	{"host_credit_balance", "", "i64", "credit", "actuator.credit"},
	{"host_credit_transfer", "i32 i64", "i32", "credit", "actuator.credit"},
	{"host_env_get", "i32 i32 i32 i32", "i32", "ffi", "sensor.environment"},
	{"host_fail", "i32 i32 i32", "i32", "ffi", ""},
	{"host_fuel_remaining", "", "i64", "ffi", ""},
	{"host_input_len", "", "i32", "ffi", ""},
	{"host_input_read", "i32 i32 i32", "i32", "ffi", ""},
	{"host_last_error", "", "i32", "ffi", ""},
	{"host_log", "i32 i32 i32", "i32", "io", "actuator.log"},
	{"host_log_error", "i32 i32", "i32", "io", "actuator.log"},
	{"host_log_info", "i32 i32", "i32", "io", "actuator.log"},
	{"host_network_accept", "i64", "i64", "net", "network.listen"},
	{"host_network_broadcast", "i32 i32", "i64", "net", "network.broadcast"},
	{"host_network_close", "i64", "i32", "net", ""},
	{"host_network_connect", "i32 i32", "i64", "net", "network.connect"},
	{"host_network_fetch", "i32 i32 i32 i32", "i32", "net", "network.connect"},
	{"host_network_listen", "i32", "i64", "net", "network.listen"},
	{"host_network_read", "i64 i32 i32", "i32", "net", ""},
	{"host_network_write", "i64 i32 i32", "i32", "net", ""},
	{"host_notify", "i32 i32", "i32", "ffi", "actuator.notify"},
	{"host_output_write", "i32 i32", "i32", "ffi", ""},
	{"host_random_bytes", "i32 i32", "i32", "random", "sensor.random"},
	{"host_random_u64", "", "i64", "random", "sensor.random"},
	{"host_result_read", "i32 i32 i32", "i32", "ffi", ""},
	{"host_spirit_call", "i32 i32 i32 i32 i32 i32", "i32", "msg", "compute.call"},
	{"host_storage_commit", "", "i32", "storage", ""},
	{"host_storage_delete", "i32 i32", "i32", "storage", "storage.delete"},
	{"host_storage_get", "i32 i32 i32 i32", "i32", "storage", "storage.read"},
	{"host_storage_list", "i32 i32 i32 i32 i32 i32", "i32", "storage", "storage.read"},
	{"host_storage_set", "i32 i32 i32 i32", "i32", "storage", "storage.write"},
	{"host_time_monotonic", "", "i64", "time", "sensor.time"},
	{"host_time_now", "", "i64", "time", "sensor.time"},
	{"host_time_sleep", "i64", "i32", "time", "sensor.time"},
	{"vudo_alloc", "i32", "i32", "", ""},
	{"vudo_assert", "i32 i32 i32", "", "", ""},
	{"vudo_breakpoint", "", "", "debug", ""},
	{"vudo_broadcast", "i32 i32", "i32", "msg", "network.broadcast"},
	{"vudo_emit_effect", "i32 i32 i32", "i32", "effect", ""},
	{"vudo_error", "i32 i32", "", "io", "actuator.log"},
	{"vudo_free", "i32 i32", "", "", ""},
	{"vudo_free_message", "i32", "", "msg", ""},
	{"vudo_log", "i32 i32 i32", "", "io", "actuator.log"},
	{"vudo_monotonic_now", "", "i64", "time", "sensor.time"},
	{"vudo_now", "", "i64", "time", "sensor.time"},
	{"vudo_panic", "i32 i32", "", "", ""},
	{"vudo_pending", "", "i32", "msg", ""},
	{"vudo_print", "i32 i32", "", "io", "actuator.log"},
	{"vudo_println", "i32 i32", "", "io", "actuator.log"},
	{"vudo_random", "", "f64", "random", "sensor.random"},
	{"vudo_random_bytes", "i32 i32", "", "random", "sensor.random"},
	{"vudo_realloc", "i32 i32 i32", "i32", "", ""},
	{"vudo_recv", "", "i32", "msg", ""},
	{"vudo_send", "i32 i32 i32 i32", "i32", "msg", "compute.call"},
	{"vudo_sleep", "i32", "", "time", "sensor.time"},
	{"vudo_subscribe", "i32 i32", "i32", "msg", "network.broadcast"},
}

// effectCapabilities are the capabilities of the effects that emit_effect asks for
// (docs/spec/vm.md, section 5.4), by number.
var effectCapabilities = map[uint64]string{
	2: "compute.spawn", 10: "storage.read", 11: "storage.write", 20: "network.connect", 21: "network.connect",
}

var hostByName = func() map[string]*HostFunc {
	m := make(map[string]*HostFunc, len(HostFuncs))
	for i := range HostFuncs {
		m[HostFuncs[i].Name] = &HostFuncs[i]
	}
	return m
}()

// machineType is the WebAssembly type of a value at the host border; "" for one
// that cannot cross.
func machineType(t typed.Type) string {
	switch k := typed.KindOf(t); {
	case k == typed.Unit:
		return ""
	case k == typed.I64 || k == typed.U64:
		return "i64"
	case k == typed.F64 || k == typed.F32:
		return k.String()
	case k == typed.String || k == typed.Bytes:
		return "i32 i32"
	case k == typed.Bool || k == typed.Char || k.IsInt() && k.Bits() <= 32:
		return "i32"
	}
	return "?"
}

// hostImport says where a function without a body comes from (dol 8.5-b): the
// host's table, which fixes its type, or else module loa.
func (c *checker) hostImport(f *funcInfo) *typed.Import {
	host := hostByName[f.name]
	var got []string
	for _, p := range f.params {
		m := machineType(p.typ)
		if m == "?" && p.typ != typed.Type(tInvalid) {
			f.src.report("host-signature", p.at, "%s cannot be handed to the host; it takes numbers, bool, char, string and bytes", f.src.typeName(p.typ))
			return nil
		}
		if m != "" {
			got = append(got, m)
		}
	}
	result := machineType(f.result)
	if result == "?" || result == "i32 i32" {
		f.src.report("host-signature", f.decl.Result.Range(), "a host function cannot return %s", f.src.typeName(f.result))
		return nil
	}
	if host == nil {
		return &typed.Import{Module: "loa", Name: f.name}
	}
	if host.Name == "vudo_panic" && f.result == typed.Type(tNever) {
		result = ""
	}
	if params := strings.Join(got, " "); params != host.Params || result != host.Result {
		d := f.src.report("host-signature", f.at, "%s of the host is (%s) -> %s, not (%s) -> %s", f.name, host.Params, orUnit(host.Result), params, orUnit(result))
		note(d, "a string or bytes parameter counts as two i32, its address and its length")
	}
	return &typed.Import{Module: "vudo", Name: f.name}
}

func orUnit(s string) string {
	if s == "" {
		return "()"
	}
	return s
}
