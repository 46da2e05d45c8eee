package spirit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Category groups capability types (docs/spec/vm.md, section 4.1).
type Category uint8

// The five categories.
const (
	Network  Category = iota + 1 // network access
	Storage                      // persistent storage
	Compute                      // CPU and memory allocation: other sandboxes
	Sensor                       // input device access
	Actuator                     // output device access
)

// Categories returns the five categories in the order of the specification.
func Categories() []Category { return []Category{Network, Storage, Compute, Sensor, Actuator} }

// String returns the name in lower case, such as "network".
func (c Category) String() string {
	switch c {
	case Network:
		return "network"
	case Storage:
		return "storage"
	case Compute:
		return "compute"
	case Sensor:
		return "sensor"
	case Actuator:
		return "actuator"
	}
	return fmt.Sprintf("category(%d)", uint8(c))
}

// Types returns the category's types in the order of the specification.
func (c Category) Types() []Type {
	var ts []Type
	for _, t := range Types() {
		if t.Category() == c {
			ts = append(ts, t)
		}
	}
	return ts
}

// Capabilities returns what the category's name stands for where a capability
// is written: each member without a target. A member that must have a target
// (compute.call, sensor.environment) is not included, because without one it
// would say nothing.
func (c Category) Capabilities() []Capability {
	var cs []Capability
	for _, t := range c.Types() {
		if !t.MustHaveTarget() {
			cs = append(cs, Capability{Type: t})
		}
	}
	return cs
}

// Type is one of the 14 kinds of capability. The zero Type is none.
type Type uint8

// The capability types.
const (
	TypeNetworkConnect Type = iota + 1
	TypeNetworkListen
	TypeNetworkBroadcast
	TypeStorageRead
	TypeStorageWrite
	TypeStorageDelete
	TypeComputeSpawn
	TypeComputeCall
	TypeSensorTime
	TypeSensorRandom
	TypeSensorEnvironment
	TypeActuatorLog
	TypeActuatorNotify
	TypeActuatorCredit

	// TypeUnrestricted covers all the others. It is not one of the 14: only an
	// operator can grant it, and no manifest may name it.
	TypeUnrestricted

	typeEnd
)

// Capabilities without a target, for use in a grant. Except for sensor.environment
// and compute.call, which have no meaning without a target and so have no name
// here, each covers what its type covers when no target is written; On narrows it.
var (
	NetworkConnect   = Capability{Type: TypeNetworkConnect}   // every host
	NetworkListen    = Capability{Type: TypeNetworkListen}    // loopback, ephemeral port
	NetworkBroadcast = Capability{Type: TypeNetworkBroadcast} // every topic
	StorageRead      = Capability{Type: TypeStorageRead}      // every key and mapped directory
	StorageWrite     = Capability{Type: TypeStorageWrite}     // every key and mapped directory
	StorageDelete    = Capability{Type: TypeStorageDelete}    // every key and mapped directory
	ComputeSpawn     = Capability{Type: TypeComputeSpawn}     // the Spirit itself only
	SensorTime       = Capability{Type: TypeSensorTime}
	SensorRandom     = Capability{Type: TypeSensorRandom}
	ActuatorLog      = Capability{Type: TypeActuatorLog}
	ActuatorNotify   = Capability{Type: TypeActuatorNotify} // the channel "operator"
	ActuatorCredit   = Capability{Type: TypeActuatorCredit} // read own balance only
	Unrestricted     = Capability{Type: TypeUnrestricted}   // everything; operators only
)

// typeInfo is one row of the table of types.
type typeInfo struct {
	name     string // as shown
	alias    string // a second written form; "" = none
	category Category
	target   string // what a target looks like, for people; "" = takes none
	must     bool   // a target must be written
	parse    func(string) (string, error)
}

var types = [typeEnd]typeInfo{
	TypeNetworkConnect:    {"network.connect", "", Network, "[METHOD,...] scheme://host[:port][/prefix]", false, parseConnect},
	TypeNetworkListen:     {"network.listen", "", Network, "tcp://addr:port[-port]", false, parseListen},
	TypeNetworkBroadcast:  {"network.broadcast", "", Network, "topic prefix", false, parseTopic},
	TypeStorageRead:       {"storage.read", "", Storage, "key prefix, or dir:/guest/path", false, parseStorage},
	TypeStorageWrite:      {"storage.write", "", Storage, "key prefix, or dir:/guest/path", false, parseStorage},
	TypeStorageDelete:     {"storage.delete", "", Storage, "key prefix, or dir:/guest/path", false, parseStorage},
	TypeComputeSpawn:      {"compute.spawn", "spawn_sandbox", Compute, "Spirit name", false, parseSpirit},
	TypeComputeCall:       {"compute.call", "cross_sandbox_call", Compute, "name or name.export", true, parseCall},
	TypeSensorTime:        {"sensor.time", "time", Sensor, "", false, nil},
	TypeSensorRandom:      {"sensor.random", "random", Sensor, "", false, nil},
	TypeSensorEnvironment: {"sensor.environment", "env", Sensor, "NAME or PREFIX_*", true, parseEnvironment},
	TypeActuatorLog:       {"actuator.log", "log", Actuator, "", false, nil},
	TypeActuatorNotify:    {"actuator.notify", "notify", Actuator, "channel", false, parseChannel},
	TypeActuatorCredit:    {"actuator.credit", "credit", Actuator, "pay=MAX[,each=MAX][,to=KEY]", false, parseCredit},
	TypeUnrestricted:      {"unrestricted", "", 0, "", false, nil},
}

// Types returns the 14 types in the order of the specification.
func Types() []Type {
	ts := make([]Type, 0, TypeUnrestricted-1)
	for t := TypeNetworkConnect; t < TypeUnrestricted; t++ {
		ts = append(ts, t)
	}
	return ts
}

func (t Type) known() bool { return t > 0 && t < typeEnd }

// String returns the type as it is shown, such as "storage.read".
func (t Type) String() string {
	if !t.known() {
		return fmt.Sprintf("type(%d)", uint8(t))
	}
	return types[t].name
}

// Category returns the type's category; 0 for TypeUnrestricted and no type.
func (t Type) Category() Category {
	if !t.known() {
		return 0
	}
	return types[t].category
}

// Alias returns the short written form, such as "log", or "".
func (t Type) Alias() string {
	if !t.known() {
		return ""
	}
	return types[t].alias
}

// TargetForm describes what a target of the type looks like; "" = it takes none.
func (t Type) TargetForm() string {
	if !t.known() {
		return ""
	}
	return types[t].target
}

// MustHaveTarget reports whether the type has no meaning without a target.
func (t Type) MustHaveTarget() bool { return t.known() && types[t].must }

// Capability is one permission: a type, and what in the world it is for. An
// empty Target covers what the type covers when none is written (see the
// variables above). Values from ParseCapability are in canonical form, in which
// equal permissions are equal values; Canonical brings others there.
type Capability struct {
	Type   Type
	Target string
}

// String returns the written form in full: "type" or "type:target".
func (c Capability) String() string {
	if c.Target == "" {
		return c.Type.String()
	}
	return c.Type.String() + ":" + c.Target
}

// On returns the capability narrowed to target, which is not checked here: an
// invalid one is refused where the capability is used.
func (c Capability) On(target string) Capability { return Capability{c.Type, target} }

// Canonical checks c and returns it in canonical form. The error is a *CapabilityError.
func (c Capability) Canonical() (Capability, error) {
	if !c.Type.known() {
		return Capability{}, &CapabilityError{Text: c.String(), Problem: "is no capability type"}
	}
	info := &types[c.Type]
	switch {
	case c.Target == "" && info.must:
		return Capability{}, &CapabilityError{
			Text: c.String(), Problem: "must have a target",
			Hint: "write " + info.name + ":TARGET, where TARGET is " + info.target,
		}
	case c.Target == "":
		return c, nil
	case info.parse == nil:
		return Capability{}, &CapabilityError{Text: c.String(), Problem: "takes no target", Hint: "write " + info.name}
	case len(c.Target) > MaxTargetBytes:
		return Capability{}, &CapabilityError{
			Text:    c.Target[:40] + "...",
			Problem: fmt.Sprintf("has a target of %d bytes, above the limit of %d", len(c.Target), MaxTargetBytes),
		}
	}
	target, err := info.parse(c.Target)
	if err != nil {
		return Capability{}, &CapabilityError{Text: c.String(), Problem: err.Error(), Hint: "a target of " + info.name + " is " + info.target}
	}
	return Capability{c.Type, target}, nil
}

// MaxTargetBytes is the greatest length of a target. It lies above the longest
// thing that a target can name: a storage key of 1,024 bytes.
const MaxTargetBytes = 2048

// CapabilityError says what is wrong with a written capability.
type CapabilityError struct {
	Text    string // as it was written
	Problem string // what is wrong with it, a phrase that follows the text
	Hint    string // what to write instead; may be empty
}

// Error returns the problem on one line.
func (e *CapabilityError) Error() string { return fmt.Sprintf("capability %q %s", e.Text, e.Problem) }

// ParseCapability reads one written capability: a type with '.' or '_', an
// alias, or a category (also "net" and "fs"), in any case, with ":TARGET" after
// a type where it takes one. A category expands to its members, so the result
// holds at least one capability, each in canonical form, in the order of Types.
// "unrestricted" is refused: see ParseGrant. Errors are *CapabilityError.
func ParseCapability(text string) ([]Capability, error) {
	word, target, hasTarget := strings.Cut(text, ":")
	name := strings.ToLower(word)
	if name == "unrestricted" {
		return nil, &CapabilityError{
			Text: text, Problem: "can only be granted by an operator, never asked for",
			Hint: "name the types that are needed",
		}
	}
	if c, ok := categoryWords[name]; ok {
		if hasTarget {
			return nil, &CapabilityError{
				Text: text, Problem: "is a category, which takes no target",
				Hint: "name one of its types, such as " + c.Types()[0].String() + ":" + types[c.Types()[0]].target,
			}
		}
		return c.Capabilities(), nil
	}
	t, ok := typeWords[name]
	if !ok {
		e := &CapabilityError{Text: text, Problem: "is unknown"}
		if near := nearest(name, capabilityWords); len(near) > 0 {
			e.Hint = "did you mean " + orList(near) + "?"
		} else {
			e.Hint = "the types are " + strings.Join(typeNames(), ", ")
		}
		return nil, e
	}
	if hasTarget && target == "" {
		return nil, &CapabilityError{Text: text, Problem: "has an empty target", Hint: "leave the colon out, or write a target: " + types[t].target}
	}
	c, err := Capability{t, target}.Canonical()
	if err != nil {
		err.(*CapabilityError).Text = text
		return nil, err
	}
	return []Capability{c}, nil
}

// ParseGrant reads what a caller or operator may grant: all that
// ParseCapability reads, the named sets "minimal" and "network-set", and
// "unrestricted". Errors are *CapabilityError.
func ParseGrant(text string) ([]Capability, error) {
	switch strings.ToLower(text) {
	case "minimal":
		return Minimal(), nil
	case "network-set":
		return NetworkSet(), nil
	case "unrestricted":
		return []Capability{Unrestricted}, nil
	}
	return ParseCapability(text)
}

// Minimal is the named set "minimal": time, random and log.
func Minimal() []Capability { return []Capability{SensorTime, SensorRandom, ActuatorLog} }

// NetworkSet is the named set "network-set": Minimal and network.connect,
// storage.read and storage.write.
func NetworkSet() []Capability {
	return append(Minimal(), NetworkConnect, StorageRead, StorageWrite)
}

// Normalize brings each capability into canonical form, sorts them by type and
// target, and drops repeated ones. It reports the first that is invalid.
func Normalize(cs []Capability) ([]Capability, error) {
	out := make([]Capability, 0, len(cs))
	for _, c := range cs {
		c, err := c.Canonical()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	slices.SortFunc(out, compareCapabilities)
	return slices.Compact(out), nil
}

func compareCapabilities(a, b Capability) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(a.Target, b.Target))
}

// The written forms, all in lower case.
var (
	typeWords       = map[string]Type{}
	categoryWords   = map[string]Category{"net": Network, "fs": Storage}
	capabilityWords []string // sorted, for suggestions
)

func init() {
	for _, t := range Types() {
		typeWords[types[t].name] = t
		typeWords[strings.Replace(types[t].name, ".", "_", 1)] = t
		capabilityWords = append(capabilityWords, types[t].name)
		if types[t].alias != "" {
			typeWords[types[t].alias] = t
			capabilityWords = append(capabilityWords, types[t].alias)
		}
	}
	for _, c := range Categories() {
		categoryWords[c.String()] = c
	}
	for w := range categoryWords {
		capabilityWords = append(capabilityWords, w)
	}
	slices.Sort(capabilityWords)
}

func typeNames() []string {
	var names []string
	for _, t := range Types() {
		names = append(names, types[t].name)
	}
	return names
}
