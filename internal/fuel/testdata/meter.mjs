// Runs metered modules in V8 and prints what each call used. Input: JSON on
// standard input, [{wasm: base64, start: bool, max: pages, tables: [[min, max or -1]],
// slice: fuel, calls: [{export, params, args}]}]. Output: per module a list of
// {fuel, trap} as JSON; the first entry is the start function.
import { readFileSync } from "node:fs";

const reserved = "vudo:meter";
const view = new DataView(new ArrayBuffer(8));

// value makes a JavaScript value from the bits of a wasm value.
function value(type, bits) {
  view.setBigUint64(0, BigInt(bits), true);
  switch (type) {
    case "i32": return view.getInt32(0, true);
    case "i64": return view.getBigInt64(0, true);
    case "f32": return view.getFloat32(0, true);
    case "f64": return view.getFloat64(0, true);
  }
  throw new Error("type " + type);
}

function run(program) {
  const module = new WebAssembly.Module(Buffer.from(program.wasm, "base64"));
  let handed = 0n, exports;
  const hook = () => {
    const counter = exports[reserved + "/fuel"];
    let left = counter.value;
    while (left < 0n) {
      left += BigInt(program.slice);
      handed += BigInt(program.slice);
    }
    counter.value = left;
  };
  const charge = (n) => {
    exports[reserved + "/fuel"].value -= BigInt(n);
    hook();
  };
  const sizes = program.tables.map((t) => t[0]);
  const meter = {
    hook,
    stack_overflow() { throw new Error("stack depth"); },
    memory_grow(delta) {
      delta >>>= 0;
      if (exports[reserved + "/memory"].buffer.byteLength / 65536 + delta > program.max) return 0;
      charge(64 * delta);
      return 1;
    },
    table_grow(table, delta) {
      delta >>>= 0;
      const max = program.tables[table][1];
      if (max >= 0 && sizes[table] + delta > max) return 0;
      sizes[table] += delta;
      charge(Math.ceil(delta / 8));
      return 1;
    },
  };
  exports = new WebAssembly.Instance(module, { [reserved]: meter }).exports;
  const consumed = () => handed - exports[reserved + "/fuel"].value;
  let last = 0n;
  const steps = [];
  const step = (f) => {
    const depth = exports[reserved + "/depth"];
    if (depth) depth.value = 1 << 20;
    let trap = false;
    try { f(); } catch (e) {
      if (!(e instanceof WebAssembly.RuntimeError)) throw e;
      trap = true;
    }
    const now = consumed();
    steps.push({ fuel: Number(now - last), trap });
    last = now;
  };
  step(() => { if (program.start) exports[reserved + "/start"](); });
  if (steps[0].trap) return steps;
  for (const c of program.calls) {
    step(() => exports[c.export](...c.args.map((a, i) => value(c.params[i], a))));
  }
  return steps;
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(run)));
