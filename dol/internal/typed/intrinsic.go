package typed

// Intrinsics are the functions of the standard library that DOL cannot say.
// The library declares each without a body, as #[intrinsic(name)]; lowering
// knows the names. Raw arrays are not checked: the library has done so.
//
// A string, a bytes value and an Array<u8> are the same object; nobody changes
// the array of a string once it is one.
var Intrinsics = map[string]string{
	"array_new":  "fun array_new<T>(n: u32) -> Array<T>, all zero",
	"array_len":  "fun array_len<T>(a: Array<T>) -> u32",
	"array_get":  "fun array_get<T>(a: Array<T>, i: u32) -> T, unchecked",
	"array_set":  "fun array_set<T>(a: Array<T>, i: u32, x: T), unchecked",
	"array_copy": "fun array_copy<T>(to: Array<T>, at: u32, from: Array<T>, start: u32, n: u32), overlap-safe, unchecked",
	"array_fill": "fun array_fill<T>(a: Array<T>, at: u32, x: T, n: u32), unchecked",

	"string_array": "fun string_array(s: string) -> Array<u8>, not copied",
	"array_string": "fun array_string(a: Array<u8>) -> string, not copied, valid UTF-8",
	"bytes_array":  "fun bytes_array(b: bytes) -> Array<u8>, not copied",
	"array_bytes":  "fun array_bytes(a: Array<u8>) -> bytes, not copied",

	"zero":      "fun zero<T>() -> T, the value of an unused slot: 0, false, no object",
	"is_object": "fun is_object<T>() -> bool, whether T is held by reference; constant",
	"equals":    "fun equals<T>(a: T, b: T) -> bool, structural",
	"compare":   "fun compare<T>(a: T, b: T) -> i32, below, at or above 0",
	"hash":      "fun hash<T>(x: T) -> u32",
	"to_text":   "fun to_text<T>(x: T) -> string, as to_string",
	"clone":     "fun clone<T>(x: T) -> T, a shallow copy of a record or payload enum; Vec, Map, Set have their own",
	"validate":  "fun validate<T>(x: T) -> Result<(), string>, Err with the first rule of the record x that is broken",
	"same":      "fun same<T>(a: T, b: T) -> bool, the same object",

	"f64_bits": "fun f64_bits(x: f64) -> u64", "bits_f64": "fun bits_f64(x: u64) -> f64",
	"f32_bits": "fun f32_bits(x: f32) -> u32", "bits_f32": "fun bits_f32(x: u32) -> f32",
	"f64_sqrt": "fun f64_sqrt(x: f64) -> f64", "f64_floor": "fun f64_floor(x: f64) -> f64",
	"f64_ceil": "fun f64_ceil(x: f64) -> f64", "f64_trunc": "fun f64_trunc(x: f64) -> f64",
	"f64_nearest": "fun f64_nearest(x: f64) -> f64, ties to even", "f64_abs": "fun f64_abs(x: f64) -> f64",
	"f64_copysign": "fun f64_copysign(x: f64, sign: f64) -> f64",
	"f64_min":      "fun f64_min(a: f64, b: f64) -> f64, as WebAssembly", "f64_max": "fun f64_max(a: f64, b: f64) -> f64",
	"f32_sqrt": "fun f32_sqrt(x: f32) -> f32", "f32_floor": "fun f32_floor(x: f32) -> f32",
	"f32_ceil": "fun f32_ceil(x: f32) -> f32", "f32_trunc": "fun f32_trunc(x: f32) -> f32",
	"f32_nearest": "fun f32_nearest(x: f32) -> f32", "f32_abs": "fun f32_abs(x: f32) -> f32",
	"u64_clz": "fun u64_clz(x: u64) -> u64", "u64_ctz": "fun u64_ctz(x: u64) -> u64",
	"u64_popcount": "fun u64_popcount(x: u64) -> u64",

	"panic": "fun panic(message: string) -> !, as Panic at the call",

	// The operators that have a method for their spelling.
	"bit_and": "fun bit_and<T>(a: T, b: T) -> T, as Binary with BitAnd", "bit_or": "fun bit_or<T>(a: T, b: T) -> T",
	"bit_xor": "fun bit_xor<T>(a: T, b: T) -> T", "bit_not": "fun bit_not<T>(a: T) -> T",
	"shl": "fun shl<T>(a: T, n: T) -> T, n modulo the width of T", "shr": "fun shr<T>(a: T, n: T) -> T, likewise",

	"raw_bytes": "fun raw_bytes(address: u32, n: u32) -> Array<u8>, a copy of memory that a host function handed out",
	"raw_u32":   "fun raw_u32(address: u32) -> u32, of such memory, unaligned",
	"raw_u64":   "fun raw_u64(address: u32) -> u64, of such memory, unaligned",
}
