package spirit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// numbers are the limits as the specification was agreed on, written out a
// second time, so that a slip in the table of the code is seen.
var numbers = map[string][4]uint64{ // default, restrictive, testing, cap
	"max_memory_bytes":      {67_108_864, 1_048_576, 1_073_741_824, 1_073_741_824},
	"max_cpu_quota_percent": {100, 10, 100, 100},
	"max_fuel":              {1_000_000_000, 100_000, 100_000_000, 1<<63 - 1},
	"max_duration_ms":       {30_000, 1_000, 300_000, 86_400_000},
	"max_table_elements":    {65_536, 100, 1_000_000, 10_000_000},
	"max_instances":         {10, 1, 1_000, 10_000},
	"max_stack_depth":       {65_536, 4_096, 262_144, 1_048_576},
	"max_module_bytes":      {33_554_432, 1_048_576, 104_857_600, 104_857_600},
	"max_input_bytes":       {8_388_608, 65_536, 67_108_864, 268_435_456},
	"max_output_bytes":      {8_388_608, 65_536, 67_108_864, 268_435_456},
	"max_log_bytes":         {1_048_576, 16_384, 16_777_216, 67_108_864},
	"max_storage_bytes":     {104_857_600, 65_536, 1_073_741_824, 1<<63 - 1},
	"max_network_bytes":     {67_108_864, 65_536, 1_073_741_824, 8_589_934_592},
	"max_storage_reads":     {1_000, 100, 1_000_000, 1_000_000_000},
	"max_storage_writes":    {1_000, 100, 1_000_000, 1_000_000_000},
	"max_network_ops":       {100, 10, 1_000_000, 1_000_000_000},
}

// Proves: vm 14.12
func TestLimitsAreThoseOfTheSpecification(t *testing.T) {
	if n := len(spirit.Fields()); n != len(numbers) {
		t.Fatalf("%d limits, want %d", n, len(numbers))
	}
	for i, name := range []string{"default", "restrictive", "testing"} {
		l, err := spirit.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Check(); err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
		for _, f := range spirit.Fields() {
			want, ok := numbers[f.Name]
			if !ok {
				t.Fatalf("%s is no limit of the specification", f.Name)
			}
			if got := f.Get(&l); got != want[i] {
				t.Errorf("preset %s: %s is %d, want %d", name, f.Name, got, want[i])
			}
			if f.Cap != want[3] {
				t.Errorf("%s: the cap is %d, want %d", f.Name, f.Cap, want[3])
			}
		}
	}
	if _, err := spirit.Preset("generous"); !errors.Is(err, fault.ErrInvalidLimits) {
		t.Errorf("an unknown preset gives %v", err)
	}
}

// TestLimitsMeetTheirCaps goes up to each cap and one beyond.
//
// Proves: vm 14.12
func TestLimitsMeetTheirCaps(t *testing.T) {
	for _, f := range spirit.Fields() {
		var l spirit.Limits
		f.Set(&l, f.Cap)
		if got := f.Get(&l); got != f.Cap {
			t.Errorf("%s: the field holds %d of the cap %d", f.Name, got, f.Cap)
		}
		if err := l.Check(); err != nil {
			t.Errorf("%s at its cap: %v", f.Name, err)
		}
		f.Set(&l, f.Cap+1)
		if err := l.Check(); !errors.Is(err, fault.ErrInvalidLimits) || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("%s above its cap: %v, want ErrInvalidLimits that names it", f.Name, err)
		}
	}
	for _, d := range []time.Duration{-time.Millisecond, time.Microsecond, 1500 * time.Microsecond} {
		if err := (spirit.Limits{Duration: d}).Check(); !errors.Is(err, fault.ErrInvalidLimits) || !strings.Contains(err.Error(), "max_duration_ms") {
			t.Errorf("a duration of %v: %v, want ErrInvalidLimits", d, err)
		}
	}
}

func TestFillKeepsWhatIsWritten(t *testing.T) {
	filled := spirit.Limits{Fuel: 5, CPUQuotaPercent: 7}.Fill()
	standard, err := spirit.Preset("default")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range spirit.Fields() {
		want := f.Get(&standard)
		switch f.Name {
		case "max_fuel":
			want = 5
		case "max_cpu_quota_percent":
			want = 7
		}
		if got := f.Get(&filled); got != want {
			t.Errorf("%s is %d after Fill, want %d", f.Name, got, want)
		}
	}
}
