// Package spirit is the format of a Spirit: the manifest that says what it is
// called, what it asks for and how it may be limited, and the package that
// joins a manifest with a module.
//
//   - ParseManifest reads manifest.toml strictly: every problem comes back with
//     its place. Manifest.Encode writes the canonical form.
//   - FromModule makes a Package of a manifest and the bytes of a module.
//   - Capability, Type and Category are the rights that can be asked for and
//     granted; Limits are the bounds of a call, with their defaults and caps.
//
// The package says what a Spirit is, not how one is run: it decodes no
// WebAssembly and knows no sandbox. What it returns is not changed afterwards
// and safe for concurrent use.
package spirit
