package spirit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxNameBytes is the greatest length of a Spirit's or owner's name.
const MaxNameBytes = 64

// reserved are the device names of systems on which a file cannot have them.
var reserved = func() []string {
	names := []string{"con", "prn", "aux", "nul"}
	for d := '0'; d <= '9'; d++ {
		names = append(names, "com"+string(d), "lpt"+string(d))
	}
	return names
}()

// CheckName reports what keeps s from being the name of a Spirit or an owner: 1
// to 64 characters, lower-case letters, digits, '-' and '_', no '-' or '_'
// first, and not a device name such as "con". The error is a phrase that
// follows the name.
func CheckName(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > MaxNameBytes:
		return fmt.Errorf("is %d bytes long, above the limit of %d", len(s), MaxNameBytes)
	case slices.Contains(reserved, s):
		return errors.New("is a reserved device name")
	}
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', i > 0 && (r == '-' || r == '_'):
		case 'A' <= r && r <= 'Z':
			return errors.New("has the upper-case letter " + string(r) + "; write " + strings.ToLower(s))
		default:
			return fmt.Errorf("has %q where a lower-case letter or a digit is expected", r)
		}
	}
	return nil
}

// Microcredits is an amount of money: a millionth of a credit. Prices are
// never negative.
type Microcredits int64
