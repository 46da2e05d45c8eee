;; counter: a number that survives a restart. It lies in this Spirit's storage
;; under the key "count", as four bytes, little-endian; it may go below zero
;; and wraps at the ends of i32.
;;
;; Assemble with: wat2wasm --debug-names main.wat -o main.wasm
(module
  (import "vudo" "host_storage_get" (func $storage_get (param $kptr i32) (param $klen i32) (param $vptr i32) (param $vcap i32) (result i32)))
  (import "vudo" "host_storage_set" (func $storage_set (param $kptr i32) (param $klen i32) (param $vptr i32) (param $vlen i32) (result i32)))
  (import "vudo" "host_fail" (func $fail (param $code i32) (param $ptr i32) (param $len i32) (result i32)))

  (memory (export "memory") 1 1)
  (data (i32.const 0) "count")
  (data (i32.const 16) "the count could not be read")
  (data (i32.const 48) "the count could not be stored")
  (data (i32.const 80) "the stored count is not four bytes")
  (global $value i32 (i32.const 128))

  ;; $load leaves the count in memory at $value and returns 0, or makes the
  ;; call fail and returns the code. An absent key counts as 0.
  (func $load (result i32)
    (local $n i32)
    (i32.store (global.get $value) (i32.const 0))
    (local.set $n (call $storage_get (i32.const 0) (i32.const 5) (global.get $value) (i32.const 4)))
    (if (i32.eq (local.get $n) (i32.const -9)) ;; NOT_FOUND
      (then (return (i32.const 0))))
    (if (i32.lt_s (local.get $n) (i32.const 0))
      (then
        (drop (call $fail (local.get $n) (i32.const 16) (i32.const 27)))
        (return (local.get $n))))
    (if (i32.ne (local.get $n) (i32.const 4))
      (then
        (drop (call $fail (i32.const -4) (i32.const 80) (i32.const 34)))
        (return (i32.const -4))))
    (i32.const 0))

  ;; $store keeps the count and returns it; a refusal fails the call.
  (func $store (param $count i32) (result i32)
    (local $code i32)
    (i32.store (global.get $value) (local.get $count))
    (if (i32.lt_s (local.tee $code (call $storage_set (i32.const 0) (i32.const 5) (global.get $value) (i32.const 4))) (i32.const 0))
      (then (drop (call $fail (local.get $code) (i32.const 48) (i32.const 29)))))
    (local.get $count))

  (func $add (param $delta i32) (result i32)
    (if (call $load)
      (then (return (i32.const 0))))
    (call $store (i32.add (i32.load (global.get $value)) (local.get $delta))))

  (func (export "init") (result i32)
    (call $store (i32.const 0)))

  (func (export "increment") (result i32)
    (call $add (i32.const 1)))

  (func (export "decrement") (result i32)
    (call $add (i32.const -1)))

  (func (export "get") (result i32)
    (if (call $load)
      (then (return (i32.const 0))))
    (i32.load (global.get $value))))
