package spirit

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Every type in its two spellings and its alias, each in three cases.
//
// Proves: spirit 12.5
func TestParseCapabilitySpellings(t *testing.T) {
	want := strings.Fields("network.connect network.listen network.broadcast storage.read storage.write storage.delete " +
		"compute.spawn compute.call sensor.time sensor.random sensor.environment actuator.log actuator.notify actuator.credit")
	if got := typeNames(); !slices.Equal(got, want) {
		t.Fatalf("the types are %v, want %v", got, want)
	}
	aliases := map[string]string{
		"spawn_sandbox": "compute.spawn", "cross_sandbox_call": "compute.call", "time": "sensor.time", "random": "sensor.random",
		"env": "sensor.environment", "log": "actuator.log", "notify": "actuator.notify", "credit": "actuator.credit",
	}
	for _, name := range want {
		aliases[name] = name
		aliases[strings.Replace(name, ".", "_", 1)] = name
	}
	for written, name := range aliases {
		target := ""
		switch name {
		case "compute.call":
			target = ":utils"
		case "sensor.environment":
			target = ":LANG"
		}
		for _, word := range []string{written, strings.ToUpper(written), strings.ToUpper(written[:1]) + written[1:]} {
			cs, err := ParseCapability(word + target)
			if err != nil || len(cs) != 1 || cs[0].String() != name+target {
				t.Errorf("ParseCapability(%q) = %v, %v, want %s", word+target, cs, err, name+target)
			}
		}
	}
}

// Categories stand for their members, and the named sets have 3 and 6.
//
// Proves: vm 14.20, spirit 12.5
func TestCategoriesAndNamedSets(t *testing.T) {
	for written, want := range map[string]string{
		"network":  "[network.connect network.listen network.broadcast]",
		"net":      "[network.connect network.listen network.broadcast]",
		"Storage":  "[storage.read storage.write storage.delete]",
		"fs":       "[storage.read storage.write storage.delete]",
		"compute":  "[compute.spawn]",
		"sensor":   "[sensor.time sensor.random]",
		"ACTUATOR": "[actuator.log actuator.notify actuator.credit]",
	} {
		cs, err := ParseCapability(written)
		if got := "[" + strings.Join(capabilityTexts(cs), " ") + "]"; err != nil || got != want {
			t.Errorf("ParseCapability(%q) = %s, %v, want %s", written, got, err, want)
		}
	}
	all := 0
	for _, c := range Categories() {
		all += len(c.Types())
	}
	if all != 14 {
		t.Errorf("the categories have %d types, want 14", all)
	}
	for written, want := range map[string]int{"minimal": 3, "network-set": 6, "Unrestricted": 1, "log": 1} {
		if cs, err := ParseGrant(written); err != nil || len(cs) != want {
			t.Errorf("ParseGrant(%q) = %v, %v, want %d", written, cs, err, want)
		}
	}
	if cs, _ := Normalize(NetworkSet()); len(cs) != 6 {
		t.Errorf("network-set has %d different members, want 6", len(cs))
	}
}

func TestParseCapabilityRefuses(t *testing.T) {
	for written, want := range map[string]string{
		"":                                       "the types are",
		"storage.raed":                           "did you mean storage.read?",
		"storage-read":                           "did you mean storage.read?",
		"lgo":                                    "did you mean log?",
		"filesystem":                             "the types are",
		"true":                                   "did you mean time?",
		"unrestricted":                           "only be granted by an operator",
		"UNRESTRICTED":                           "only be granted by an operator",
		"minimal":                                "the types are",
		"network:https://a.example":              "is a category, which takes no target",
		"log:":                                   "empty target",
		"log:x":                                  "takes no target",
		"time:now":                               "takes no target",
		"env":                                    "must have a target",
		"compute.call":                           "must have a target",
		"storage.read:" + long(MaxTargetBytes+1): "above the limit of 2048",
	} {
		cs, err := ParseCapability(written)
		var e *CapabilityError
		if !errors.As(err, &e) || !strings.Contains(e.Error()+" "+e.Hint, want) {
			t.Errorf("ParseCapability(%.40q) = %v, %+v, want %q", written, cs, e, want)
		}
	}
}

func long(n int) string { return strings.Repeat("k", n) }

const aKey = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

// Targets of each type: what they are shown as, "" for refused.
func TestTargets(t *testing.T) {
	for _, c := range []struct {
		typ     Type
		written string
		want    string
	}{
		{TypeNetworkConnect, "https://api.example.org", "https://api.example.org/"},
		{TypeNetworkConnect, "HTTPS://API.Example.ORG:443/v1/", "https://api.example.org/v1/"},
		{TypeNetworkConnect, "post,GET,get https://api.example.org/v1", "GET,POST https://api.example.org/v1"},
		{TypeNetworkConnect, "http://*.example.org:8080/", "http://*.example.org:8080/"},
		{TypeNetworkConnect, "https://192.0.2.1/", "https://192.0.2.1/"},
		{TypeNetworkConnect, "https://[2001:DB8::0:1]:8443/x", "https://[2001:db8::1]:8443/x"},
		{TypeNetworkConnect, "tcp://db.example.org:5432", "tcp://db.example.org:5432"},
		{TypeNetworkConnect, "tcp://db.example.org", ""},
		{TypeNetworkConnect, "tcp://db.example.org:5432/", ""},
		{TypeNetworkConnect, "GET tcp://db.example.org:5432", ""},
		{TypeNetworkConnect, "ftp://a.example", ""},
		{TypeNetworkConnect, "api.example.org", ""},
		{TypeNetworkConnect, "https://", ""},
		{TypeNetworkConnect, "https://user@a.example/", ""},
		{TypeNetworkConnect, "https://a.example:0/", ""},
		{TypeNetworkConnect, "https://a.example:65536/", ""},
		{TypeNetworkConnect, "https://a.example:080/", ""},
		{TypeNetworkConnect, "https://a..example/", ""},
		{TypeNetworkConnect, "https://*/", ""},
		{TypeNetworkConnect, "https://*.org/", ""},
		{TypeNetworkConnect, "https://a.*.example/", ""},
		{TypeNetworkConnect, "https://2130706433/", ""},
		{TypeNetworkConnect, "https://0x7f.1/", ""},
		{TypeNetworkConnect, "https://017.0.0.1/", ""},
		{TypeNetworkConnect, "https://[::1%eth0]/", ""},
		{TypeNetworkConnect, "https://a.example/../b", ""},
		{TypeNetworkConnect, "https://a.example/%2e%2e/b", ""},
		{TypeNetworkConnect, "https://a.example/?q", ""},
		{TypeNetworkConnect, "https://a.example/#f", ""},
		{TypeNetworkConnect, "GET,, https://a.example/", ""},
		{TypeNetworkConnect, "G3T https://a.example/", ""},
		{TypeNetworkListen, "tcp://0.0.0.0:8080", "tcp://0.0.0.0:8080"},
		{TypeNetworkListen, "tcp://[::1]:8080-8090", "tcp://[::1]:8080-8090"},
		{TypeNetworkListen, "tcp://0.0.0.0:80-80", "tcp://0.0.0.0:80"},
		{TypeNetworkListen, "tcp://127.0.0.1:0", "*default*"},
		{TypeNetworkListen, "tcp://::1:8080", ""},
		{TypeNetworkListen, "tcp://localhost:8080", ""},
		{TypeNetworkListen, "tcp://0.0.0.0:90-80", ""},
		{TypeNetworkListen, "tcp://0.0.0.0:0-80", ""},
		{TypeNetworkListen, "udp://0.0.0.0:80", ""},
		{TypeNetworkListen, "tcp://0.0.0.0", ""},
		{TypeNetworkBroadcast, "weather/", "weather/"},
		{TypeNetworkBroadcast, "weather\x07", ""},
		{TypeNetworkBroadcast, long(257), ""},
		{TypeStorageRead, "cache/", "cache/"},
		{TypeStorageRead, "Ca:che", "Ca:che"},
		{TypeStorageRead, long(1024), long(1024)},
		{TypeStorageRead, long(1025), ""},
		{TypeStorageWrite, "dir:/data/", "dir:/data"},
		{TypeStorageWrite, "dir:/data//x/.", "dir:/data/x"},
		{TypeStorageWrite, "dir:/", "dir:/"},
		{TypeStorageWrite, "dir:data", ""},
		{TypeStorageWrite, "dir:/data/../x", ""},
		{TypeStorageWrite, `dir:/data\x`, ""},
		{TypeStorageDelete, "a\nb", ""},
		{TypeComputeSpawn, "worker", "worker"},
		{TypeComputeSpawn, "Worker", ""},
		{TypeComputeCall, "utils", "utils"},
		{TypeComputeCall, "utils.hash", "utils.hash"},
		{TypeComputeCall, "utils.", ""},
		{TypeComputeCall, ".hash", ""},
		{TypeSensorEnvironment, "LANG", "LANG"},
		{TypeSensorEnvironment, "MY_APP_*", "MY_APP_*"},
		{TypeSensorEnvironment, "*", ""},
		{TypeSensorEnvironment, "MY*", ""},
		{TypeSensorEnvironment, "A_*B", ""},
		{TypeSensorEnvironment, "1A", ""},
		{TypeSensorEnvironment, "A=B", ""},
		{TypeActuatorNotify, "ops", "ops"},
		{TypeActuatorNotify, "operator", "*default*"},
		{TypeActuatorNotify, "Ops!", ""},
		{TypeActuatorCredit, "pay=5000,each=100", "pay=5000,each=100"},
		{TypeActuatorCredit, "each=100,pay=5000", "pay=5000,each=100"},
		{TypeActuatorCredit, "pay=50,each=100", "pay=50"},
		{TypeActuatorCredit, "pay=50,to=" + aKey, "pay=50,to=" + aKey},
		{TypeActuatorCredit, "pay=9223372036854775807", "pay=9223372036854775807"},
		{TypeActuatorCredit, "pay=9223372036854775808", ""},
		{TypeActuatorCredit, "pay=0", ""},
		{TypeActuatorCredit, "pay=-1", ""},
		{TypeActuatorCredit, "pay=010", ""},
		{TypeActuatorCredit, "each=5", ""},
		{TypeActuatorCredit, "pay=1,pay=2", ""},
		{TypeActuatorCredit, "pay=1,to=bob", ""},
		{TypeActuatorCredit, "pay=1,to=" + aKey[:len(aKey)-1] + "L1", ""},
		{TypeActuatorCredit, "pay=1,from=x", ""},
	} {
		got, err := Capability{c.typ, c.written}.Canonical()
		want := Capability{c.typ, c.want}
		if c.want == "*default*" {
			want.Target = ""
		}
		if c.want == "" {
			if err == nil {
				t.Errorf("%v:%.40s is accepted as %v", c.typ, c.written, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%v:%.40s = %v, %v, want %v", c.typ, c.written, got, err, want)
		}
		if again, err := got.Canonical(); err != nil || again != got {
			t.Errorf("%v is not its own canonical form: %v, %v", got, again, err)
		}
	}
}

func TestCheckNames(t *testing.T) {
	for _, good := range []string{"a", "0", "hello-world", "a_b", long(64), "com10", "console"} {
		if err := CheckName(good); err != nil {
			t.Errorf("CheckName(%q) = %v", good, err)
		}
	}
	for _, bad := range []string{"", long(65), "Hello", "hеllo", "..", "a/b", "con", "nul", "com0", "lpt9", "-a", "_a", "a.b", "@a/b", "a b"} {
		if CheckName(bad) == nil {
			t.Errorf("CheckName(%q) is nil", bad)
		}
	}
}

// A capability that parses is shown in a form that parses back to itself.
func FuzzParseCapability(f *testing.F) {
	for _, s := range []string{
		"log", "network", "network.connect:GET https://*.a.example:8443/x", "network.listen:tcp://[::1]:1-2",
		"storage_read:dir:/a/b", "env:A_*", "credit:pay=5,each=2,to=" + aKey, "compute.call:a.b", "notify:operator", "fs:x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cs, err := ParseCapability(s)
		if err != nil {
			var e *CapabilityError
			if !errors.As(err, &e) {
				t.Fatalf("ParseCapability(%q) fails with %T", s, err)
			}
			return
		}
		for _, c := range cs {
			again, err := ParseCapability(c.String())
			if err != nil || len(again) != 1 || again[0] != c {
				t.Errorf("%q is shown as %q, which reads as %v, %v", s, c, again, err)
			}
			if m, ok := Meet(c, c); !ok || m != c || !c.Covers(c) {
				t.Errorf("Meet(%v, %v) = %v, %v", c, c, m, ok)
			}
		}
	})
}
