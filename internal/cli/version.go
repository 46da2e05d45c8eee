package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
)

// Set at link time by a release build: -X github.com/univrs/vudo/internal/cli.version=...
var (
	version = ""
	date    = ""
)

func versionCommand() command {
	return command{
		name: "version", max: 0, lenient: true,
		short: "show the version of vudo and of every format it speaks",
		examples: []example{
			{"vudo version", "version, commit, engine, fuel tariff"},
			{"vudo version --json", "the same for a program"},
		},
		run: runVersion,
	}
}

// versionInfo is the JSON data of `vudo version`.
type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"` // the working tree had uncommitted changes
	Built    string `json:"built"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Engine   string `json:"engine"`
	Tariff   int    `json:"tariff"`
	ABI      int    `json:"abi"`
	Manifest int    `json:"manifest"`
	Receipt  int    `json:"receipt"`
	Config   int    `json:"config"`
}

// about reads what the linker recorded in the binary; what it did not record
// is "unknown", never a guess.
func about() versionInfo {
	v := versionInfo{
		Version: version, Commit: "unknown", Built: date,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Engine: "unknown",
		Tariff: fuel.TariffVersion, ABI: abiVersion, Manifest: manifestVersion, Receipt: vudo.ReceiptVersion, Config: configVersion,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Version == "" {
			v.Version = info.Main.Version
		}
		for _, set := range info.Settings {
			switch set.Key {
			case "vcs.revision":
				v.Commit = set.Value
			case "vcs.modified":
				v.Modified = set.Value == "true"
			}
		}
		for _, d := range info.Deps {
			if d.Path == engineModule {
				v.Engine = "wazero " + d.Version
			}
		}
	}
	if v.Version == "" {
		v.Version = "unknown"
	}
	if v.Built == "" {
		v.Built = "unknown"
	}
	return v
}

// The versions that have no constant of their own elsewhere: host ABI v1
// (docs/spec/vm.md, section 5) and the manifest's form (docs/spec/spirit.md, 2).
const (
	abiVersion      = 1
	manifestVersion = 1
)

// engineModule is the module whose version names the engine.
const engineModule = "github.com/tetratelabs/wazero"

func runVersion(*session, []string) (*result, error) {
	v := about()
	commit := v.Commit
	if v.Modified {
		commit += " (modified)"
	}
	return &result{data: v, text: func(out *terminal) {
		for _, row := range [][2]string{
			{"vudo", v.Version},
			{"commit", commit},
			{"built", v.Built},
			{"go", v.Go + " " + v.Platform},
			{"engine", v.Engine},
			{"fuel tariff", fmt.Sprint(v.Tariff)},
			{"host abi", fmt.Sprint(v.ABI)},
			{"manifest", fmt.Sprint(v.Manifest)},
			{"receipt", fmt.Sprint(v.Receipt)},
			{"config", fmt.Sprint(v.Config)},
		} {
			out.line("%-12s %s", row[0], row[1])
		}
	}}, nil
}
