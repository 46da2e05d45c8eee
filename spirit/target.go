package spirit

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/univrs/vudo/diag"
)

// This file reads the targets of docs/spec/vm.md section 4.1, one function per
// type. Each returns the target in canonical form, so that equal targets are
// equal strings, or an error that says what is wrong with this one.

// connect is a target of network.connect.
type connect struct {
	methods []string // upper case, sorted; nil = every method
	scheme  string   // https, http or tcp
	host    string   // lower case; "*.domain" stands for every name below domain
	port    uint16   // never 0: the scheme's own where none is written
	prefix  string   // "/" or longer; "" for tcp
}

var defaultPort = map[string]uint16{"https": 443, "http": 80}

func parseConnect(s string) (string, error) {
	c, err := splitConnect(s)
	if err != nil {
		return "", err
	}
	return c.String(), nil
}

func splitConnect(s string) (connect, error) {
	var c connect
	if methods, rest, ok := strings.Cut(s, " "); ok {
		for m := range strings.SplitSeq(methods, ",") {
			m = strings.ToUpper(m)
			if m == "" || len(m) > 16 || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				return c, fmt.Errorf("has %q where a method such as GET is expected", m)
			}
			c.methods = append(c.methods, m)
		}
		slices.Sort(c.methods)
		c.methods = slices.Compact(c.methods)
		s = rest
	}
	scheme, rest, ok := strings.Cut(s, "://")
	c.scheme = strings.ToLower(scheme)
	if !ok || c.scheme != "https" && c.scheme != "http" && c.scheme != "tcp" {
		return c, errors.New("must name https://, http:// or tcp://")
	}
	hostport := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		hostport, c.prefix = rest[:i], rest[i:]
	}
	if strings.ContainsRune(hostport, '@') {
		return c, errors.New("must not hold a user name")
	}
	port := ""
	if i := strings.LastIndexByte(hostport, ':'); i >= 0 && !strings.HasSuffix(hostport, "]") {
		hostport, port = hostport[:i], hostport[i+1:]
		n, err := parsePort(port)
		if err != nil || n == 0 {
			return c, fmt.Errorf("has the port %q, which is no number from 1 to 65535", port)
		}
		c.port = n
	}
	host, err := parseHost(hostport)
	if err != nil {
		return c, err
	}
	c.host = host
	if c.scheme == "tcp" {
		if c.port == 0 {
			return c, errors.New("needs a port after the host of tcp://")
		}
		if c.prefix != "" || c.methods != nil {
			return c, errors.New("has a method or a path, which tcp:// does not know")
		}
		return c, nil
	}
	if c.port == 0 {
		c.port = defaultPort[c.scheme]
	}
	if c.prefix == "" {
		c.prefix = "/"
	}
	return c, checkPrefix(c.prefix)
}

// checkPrefix refuses paths that two readers could understand differently.
func checkPrefix(p string) error {
	for seg := range strings.SplitSeq(p[1:], "/") {
		if seg == "." || seg == ".." {
			return errors.New("has a path with the segment " + seg)
		}
	}
	for i := 0; i < len(p); i++ {
		if b := p[i]; b <= ' ' || b >= 0x7f || strings.IndexByte(`?#\%"<>^`+"`{|}", b) >= 0 {
			return fmt.Errorf("has %q in its path", b)
		}
	}
	return nil
}

// parseHost accepts a dotted IPv4 address, a bracketed IPv6 address, a name, or
// "*." and a name of at least two labels.
func parseHost(h string) (string, error) {
	if h == "" {
		return "", errors.New("has no host")
	}
	if strings.HasPrefix(h, "[") && strings.HasSuffix(h, "]") {
		a, err := netip.ParseAddr(h[1 : len(h)-1])
		if err != nil || !a.Is6() || a.Zone() != "" {
			return "", fmt.Errorf("has %q where an IPv6 address is expected", h)
		}
		return "[" + a.String() + "]", nil
	}
	h = strings.ToLower(h)
	if a, err := netip.ParseAddr(h); err == nil && a.Is4() {
		return a.String(), nil
	}
	name := strings.TrimPrefix(h, "*.")
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if !isLabel(l) {
			return "", fmt.Errorf("has the host %q, which is no name", h)
		}
	}
	if last := labels[len(labels)-1]; '0' <= last[0] && last[0] <= '9' {
		return "", fmt.Errorf("has the host %q, which reads as a number; write a plain dotted address", h)
	}
	if len(name) > 253 || name != h && len(labels) < 2 {
		return "", fmt.Errorf("has the host %q, which is too wide or too long", h)
	}
	return h, nil
}

func isLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := 0; i < len(l); i++ {
		if b := l[i]; !('a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-' || b == '_') {
			return false
		}
	}
	return true
}

func parsePort(s string) (uint16, error) {
	if len(s) > 1 && s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return 0, errors.New("no port")
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err
}

func (c connect) String() string {
	var b strings.Builder
	if c.methods != nil {
		b.WriteString(strings.Join(c.methods, ","))
		b.WriteByte(' ')
	}
	b.WriteString(c.scheme + "://" + c.host)
	if c.port != defaultPort[c.scheme] {
		b.WriteString(":" + strconv.Itoa(int(c.port)))
	}
	b.WriteString(c.prefix)
	return b.String()
}

// listen is a target of network.listen: one address, a range of ports.
type listen struct {
	addr     netip.Addr
	from, to uint16
}

// loopback is what network.listen permits without a target: an ephemeral port
// (written 0) of the loopback address.
var loopback = listen{addr: netip.AddrFrom4([4]byte{127, 0, 0, 1})}

func parseListen(s string) (string, error) {
	l, err := splitListen(s)
	if err != nil {
		return "", err
	}
	return l.String(), nil
}

func splitListen(s string) (listen, error) {
	rest, ok := strings.CutPrefix(s, "tcp://")
	if !ok {
		return listen{}, errors.New("must begin with tcp://")
	}
	i := strings.LastIndexByte(rest, ':')
	if i < 0 {
		return listen{}, errors.New("needs a port")
	}
	host, ports := rest[:i], rest[i+1:]
	plain := host
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		plain = host[1 : len(host)-1]
	}
	addr, err := netip.ParseAddr(plain)
	if err != nil || addr.Zone() != "" || addr.Is6() != (plain != host) {
		return listen{}, fmt.Errorf("has %q where an address such as 127.0.0.1 or [::1] is expected", host)
	}
	first, last, isRange := strings.Cut(ports, "-")
	if !isRange {
		last = first
	}
	from, err1 := parsePort(first)
	to, err2 := parsePort(last)
	if err1 != nil || err2 != nil || from > to || isRange && from == 0 {
		return listen{}, fmt.Errorf("has %q where a port or a range such as 8080-8090 is expected", ports)
	}
	return listen{addr, from, to}, nil
}

// String returns the canonical target: none for what no target means.
func (l listen) String() string {
	if l == loopback {
		return ""
	}
	s := "tcp://" + netip.AddrPortFrom(l.addr, l.from).String()
	if l.to != l.from {
		s += "-" + strconv.Itoa(int(l.to))
	}
	return s
}

func parseTopic(s string) (string, error) {
	if len(s) > 256 || !diag.Printable(s) {
		return "", errors.New("is no topic prefix: at most 256 bytes of printable text")
	}
	return s, nil
}

// dirWord begins a storage target that names a directory instead of keys.
const dirWord = "dir:"

func parseStorage(s string) (string, error) {
	if dir, ok := strings.CutPrefix(s, dirWord); ok {
		if !strings.HasPrefix(dir, "/") || !diag.Printable(dir) || strings.Contains(dir, `\`) {
			return "", errors.New("needs an absolute guest path, as in dir:/data")
		}
		if slices.Contains(strings.Split(dir, "/"), "..") {
			return "", errors.New("has .. in its path")
		}
		return dirWord + path.Clean(dir), nil
	}
	if len(s) > 1024 || !diag.Printable(s) {
		return "", errors.New("is no key prefix: at most 1,024 bytes of printable text")
	}
	return s, nil
}

func parseSpirit(s string) (string, error) { return s, CheckName(s) }

func parseCall(s string) (string, error) {
	name, export, dotted := strings.Cut(s, ".")
	if err := CheckName(name); err != nil {
		return "", err
	}
	if dotted && (export == "" || len(export) > 256 || !diag.Printable(export)) {
		return "", errors.New("has no export name after the dot")
	}
	return s, nil
}

func parseEnvironment(s string) (string, error) {
	name, wild := strings.CutSuffix(s, "*")
	if wild && !strings.HasSuffix(name, "_") {
		return "", errors.New("has a * that does not follow a prefix ending in _")
	}
	if !isVariable(name) {
		return "", errors.New("is no variable name: letters, digits and _, at most 256, no digit first")
	}
	return s, nil
}

func isVariable(s string) bool {
	if s == "" || len(s) > 256 || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if b := s[i]; !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_') {
			return false
		}
	}
	return true
}

// operatorChannel is where notices go when no channel is named; it is written
// as no target, so that the two forms are one value.
const operatorChannel = "operator"

func parseChannel(s string) (string, error) {
	if err := CheckName(s); err != nil {
		return "", fmt.Errorf("is no channel: it %w", err)
	}
	if s == operatorChannel {
		return "", nil
	}
	return s, nil
}

// credit is a target of actuator.credit with a right to pay.
type credit struct {
	pay, each Microcredits // the sum and each single payment; each <= pay
	to        string       // did:key; "" = anyone
}

func parseCredit(s string) (string, error) {
	c, err := splitCredit(s)
	if err != nil {
		return "", err
	}
	return c.String(), nil
}

func splitCredit(s string) (credit, error) {
	var c credit
	var seen [3]bool
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		i := slices.Index([]string{"pay", "each", "to"}, key)
		if i < 0 {
			return c, fmt.Errorf("has %q where pay=, each= or to= is expected", part)
		}
		if seen[i] {
			return c, fmt.Errorf("names %s twice", key)
		}
		seen[i] = true
		if key == "to" {
			if err := CheckKey(value); err != nil {
				return c, err
			}
			c.to = value
			continue
		}
		n, err := parseAmount(value)
		if err != nil {
			return c, fmt.Errorf("has %s=%s: %w", key, value, err)
		}
		if key == "pay" {
			c.pay = n
		} else {
			c.each = n
		}
	}
	if !seen[0] {
		return c, errors.New("needs pay=MAX")
	}
	if !seen[1] || c.each > c.pay {
		c.each = c.pay
	}
	return c, nil
}

func parseAmount(s string) (Microcredits, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" || len(s) > 1 && s[0] == '0' {
		return 0, errors.New("not a whole number of microcredits")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errors.New("above 2^63 - 1 microcredits")
	}
	if n == 0 {
		return 0, errors.New("nothing can be paid with 0")
	}
	return Microcredits(n), nil
}

func (c credit) String() string {
	s := fmt.Sprintf("pay=%d", c.pay)
	if c.each < c.pay {
		s += fmt.Sprintf(",each=%d", c.each)
	}
	if c.to != "" {
		s += ",to=" + c.to
	}
	return s
}

// CheckKey reports whether s is the public form of an Ed25519 key: "did:key:z"
// and the base58btc digits of 0xed 0x01 and 32 bytes (docs/spec/spirit.md,
// section 7.1). The key's own value is not judged here.
func CheckKey(s string) error {
	digits, ok := strings.CutPrefix(s, "did:key:z")
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	bad := fmt.Errorf("has %q where a key such as did:key:z6Mk... is expected", s)
	if !ok || len(digits) > 64 {
		return bad
	}
	n, base := new(big.Int), big.NewInt(58)
	for i := 0; i < len(digits); i++ {
		d := strings.IndexByte(alphabet, digits[i])
		if d < 0 {
			return bad
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(d)))
	}
	b := n.Bytes() // a leading digit '1' would be a zero byte, which 0xed is not
	if len(b) != 34 || b[0] != 0xed || b[1] != 0x01 || digits[0] == '1' {
		return bad
	}
	return nil
}
