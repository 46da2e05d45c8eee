// Runs generated programs on V8. Standard input: a JSON list of
// {wasm: base64, calls: [{export, params, results, args}]}, types as in the text
// format, arguments and results as decimal strings of their bits. Standard
// output: per program {calls: [[bits...] or "trap"], memory: sha256}.
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";

const view = new DataView(new ArrayBuffer(8));
const fromBits = {
  i32: (s) => Number(BigInt.asIntN(32, BigInt(s))),
  i64: (s) => BigInt.asIntN(64, BigInt(s)),
  f32: (s) => (view.setUint32(0, Number(s)), view.getFloat32(0)),
  f64: (s) => (view.setBigUint64(0, BigInt(s)), view.getFloat64(0)),
};
const toBits = {
  i32: (v) => String(v >>> 0),
  i64: (v) => String(BigInt.asUintN(64, v)),
  f32: (v) => (view.setFloat32(0, v), String(view.getUint32(0))),
  f64: (v) => (view.setFloat64(0, v), String(view.getBigUint64(0))),
};

const out = [];
for (const p of JSON.parse(readFileSync(0, "utf8"))) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(p.wasm, "base64")));
  const calls = p.calls.map((c) => {
    try {
      let r = exports[c.export](...c.args.map((a, i) => fromBits[c.params[i]](a)));
      r = c.results.length === 0 ? [] : c.results.length === 1 ? [r] : [...r];
      return r.map((v, i) => toBits[c.results[i]](v));
    } catch (e) {
      if (e instanceof WebAssembly.RuntimeError) return "trap";
      throw e;
    }
  });
  const memory = createHash("sha256").update(new Uint8Array(exports.memory.buffer)).digest("hex");
  out.push({ calls, memory });
}
process.stdout.write(JSON.stringify(out));
