// A Spirit in AssemblyScript: exports that follow the bytes and scalar conventions.

// @ts-ignore: decorator
@external("vudo", "host_input_len")
declare function hostInputLen(): i32;
// @ts-ignore: decorator
@external("vudo", "host_input_read")
declare function hostInputRead(offset: i32, p: usize, len: i32): i32;
// @ts-ignore: decorator
@external("vudo", "host_output_write")
declare function hostOutputWrite(p: usize, len: i32): i32;

/** Reads the whole input of the call; null when the host refuses. */
function input(): Uint8Array | null {
  const n = hostInputLen();
  if (n < 0) return null;
  const bytes = new Uint8Array(n);
  for (let got = 0; got < n; ) {
    const k = hostInputRead(got, bytes.dataStart + got, n - got);
    if (k <= 0) return null;
    got += k;
  }
  return bytes;
}

/** Counts the ASCII vowels of the input and answers {"count":N}. */
export function vowels(): i32 {
  const text = input();
  if (text === null) return 1;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text[i] | 0x20) {
      case 0x61: // a
      case 0x65: // e
      case 0x69: // i
      case 0x6f: // o
      case 0x75: // u
        count++;
    }
  }
  const answer = String.UTF8.encode('{"count":' + count.toString() + "}");
  return hostOutputWrite(changetype<usize>(answer), answer.byteLength) < 0 ? 2 : 0;
}

/** The greatest common divisor. */
export function gcd(a: i64, b: i64): i64 {
  while (b != 0) {
    const t = a % b;
    a = b;
    b = t;
  }
  return a;
}
