package typed

// Library are the functions of the standard library that lowering calls by name
// where the language says something that takes an algorithm. Program.Known.Funcs
// holds each under its key; a program that needs one and lacks it is refused.
var Library = map[string]string{
	// Numbers.
	"f64_rem": "fun f64_rem(x: f64, y: f64) -> f64, the exact remainder with the sign of x, as C fmod",
	"f64_pow": "fun f64_pow(x: f64, y: f64) -> f64",
	"u64_pow": "fun u64_pow(x: u64, n: u64) -> u64, wrapping",

	// Text of single values; numbers as to_string prints them.
	"i64_text":   "fun i64_text(x: i64) -> string",
	"u64_text":   "fun u64_text(x: u64) -> string",
	"f32_text":   "fun f32_text(x: f32) -> string, the shortest digits that read back equal as f32",
	"f64_text":   "fun f64_text(x: f64) -> string, likewise, with at least one decimal",
	"f64_fixed":  "fun f64_fixed(x: f64, decimals: i64) -> string",
	"char_text":  "fun char_text(c: char) -> string",
	"bytes_text": "fun bytes_text(b: bytes) -> string",
	"quote":      "fun quote(s: string) -> string, as a DOL literal, quotes included: how text prints inside other values",
	"quote_char": "fun quote_char(c: char) -> string, likewise with '",

	// A text that grows.
	"vec_push":  "fun vec_push<T>(v: Vec<T>, x: T), one more element",
	"text_push": "fun text_push(out: Vec<u8>, s: string), appends the bytes of s",
	"text_done": "fun text_done(out: Vec<u8>) -> string, a copy",

	// Tables. Keys, values and items are in insertion order.
	"map_new":    "fun map_new<K, V>() -> Map<K, V>",
	"map_put":    "fun map_put<K, V>(m: Map<K, V>, k: K, v: V)",
	"map_keys":   "fun map_keys<K, V>(m: Map<K, V>) -> Vec<K>",
	"map_values": "fun map_values<K, V>(m: Map<K, V>) -> Vec<V>",
	"map_equals": "fun map_equals<K, V>(a: Map<K, V>, b: Map<K, V>) -> bool, the same keys with equal values in any order",
	"set_new":    "fun set_new<T>() -> Set<T>",
	"set_put":    "fun set_put<T>(s: Set<T>, x: T)",
	"set_items":  "fun set_items<T>(s: Set<T>) -> Vec<T>",
	"set_equals": "fun set_equals<T>(a: Set<T>, b: Set<T>) -> bool",

	// JSON of exports. JsonReader is a record of the library's own; all that read
	// skip white space before, and panic on other input with what was expected and
	// the byte offset.
	"json_quote":  "fun json_quote(s: string) -> string",
	"json_float":  "fun json_float(x: f64) -> string, null for what is no finite number",
	"json_reader": "fun json_reader(text: string) -> JsonReader",
	"json_end":    "fun json_end(r: JsonReader), nothing may follow",
	"json_null":   "fun json_null(r: JsonReader) -> bool, takes null if it comes next",
	"json_bool":   "fun json_bool(r: JsonReader) -> bool",
	"json_i64":    "fun json_i64(r: JsonReader, least: i64, most: i64) -> i64, an integer in that range",
	"json_u64":    "fun json_u64(r: JsonReader, most: u64) -> u64",
	"json_f64":    "fun json_f64(r: JsonReader) -> f64, null is NAN",
	"json_string": "fun json_string(r: JsonReader) -> string",
	"json_char":   "fun json_char(r: JsonReader) -> char, a string of one character",
	"json_quoted": "fun json_quoted(r: JsonReader) -> bool, whether a string comes next; takes nothing",
	"json_enter":  "fun json_enter(r: JsonReader, open: u8), takes [ or {; at most 256 open at a time",
	"json_more":   "fun json_more(r: JsonReader, first: bool, close: u8) -> bool, true: another item comes, its comma taken unless first; false: the closing ] or } is taken",
	"json_key":    "fun json_key(r: JsonReader) -> string, a name and its colon",
	"json_fail":   "fun json_fail(r: JsonReader, what: string) -> !, panics with what and the offset",
}
