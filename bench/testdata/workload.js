// The JavaScript engine's workload: objects, closures, strings, sorting, a
// regular expression and a little recursion; it prints one checksum.
function hash(h, v) {
	return (Math.imul(h ^ v, 16777619)) >>> 0;
}

function tree(depth) {
	return depth === 0 ? { value: 1 } : { left: tree(depth - 1), right: tree(depth - 1), value: depth };
}

function sum(t) {
	return t.left ? sum(t.left) + sum(t.right) + t.value : t.value;
}

let h = 2166136261;
for (let i = 0; i < 3; i++) h = hash(h, sum(tree(13)));

const words = [];
let seed = 12345;
for (let i = 0; i < 8000; i++) {
	seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
	words.push("w" + (seed % 1000).toString(36));
}
const counts = new Map();
for (const w of words) counts.set(w, (counts.get(w) || 0) + 1);
const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
for (const [w, n] of sorted) h = hash(h, n + w.length);

const text = words.join(" ");
h = hash(h, text.replace(/w(\w)(\w?)/g, "$2$1").length);
h = hash(h, JSON.stringify(JSON.parse(JSON.stringify(sorted))).length);

const primes = new Uint8Array(100000);
let found = 0;
for (let i = 2; i < primes.length; i++) {
	if (primes[i]) continue;
	found++;
	for (let j = i * 2; j < primes.length; j += i) primes[j] = 1;
}
print(hash(h, found));
