// Allocation: binary trees of depth 10 built, counted and dropped, n hundred times.
class Tree {
  left: Tree | null = null;
  right: Tree | null = null;
}

function build(depth: i32): Tree {
  const t = new Tree();
  if (depth > 0) {
    t.left = build(depth - 1);
    t.right = build(depth - 1);
  }
  return t;
}

function count(t: Tree): u64 {
  const left = t.left, right = t.right;
  if (left == null || right == null) return 1;
  return 1 + count(left) + count(right);
}

export function run(n: u32): u64 {
  let total: u64 = 0;
  for (let i: u32 = 0; i < n * 100; i++) total += count(build(10));
  return total;
}
