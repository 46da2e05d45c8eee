;; echo: gives back what it gets. It asks for no capability at all.
;;
;; Assemble with: wat2wasm --debug-names main.wat -o main.wasm
(module
  (import "vudo" "host_input_read" (func $input_read (param $offset i32) (param $ptr i32) (param $len i32) (result i32)))
  (import "vudo" "host_output_write" (func $output_write (param $ptr i32) (param $len i32) (result i32)))
  (import "vudo" "host_fail" (func $fail (param $code i32) (param $ptr i32) (param $len i32) (result i32)))

  (memory (export "memory") 1 1)
  (data (i32.const 0) "the input could not be read")
  (data (i32.const 32) "the output could not be written")
  (global $buffer i32 (i32.const 1024))
  (global $buffer_len i32 (i32.const 32768))

  ;; Arithmetic wraps at the ends of i32, as WebAssembly's does.
  (func (export "echo") (param $x i32) (result i32)
    (local.get $x))

  (func (export "double") (param $x i32) (result i32)
    (i32.shl (local.get $x) (i32.const 1)))

  (func (export "triple") (param $x i32) (result i32)
    (i32.mul (local.get $x) (i32.const 3)))

  (func (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b)))

  ;; echo_text copies the input to the output piece by piece, byte for byte.
  (func (export "echo_text")
    (local $offset i32) (local $n i32) (local $code i32)
    (loop $more
      (local.set $n (call $input_read (local.get $offset) (global.get $buffer) (global.get $buffer_len)))
      (if (i32.lt_s (local.get $n) (i32.const 0))
        (then
          (drop (call $fail (local.get $n) (i32.const 0) (i32.const 27)))
          (return)))
      (if (i32.eqz (local.get $n))
        (then (return)))
      (if (i32.lt_s (local.tee $code (call $output_write (global.get $buffer) (local.get $n))) (i32.const 0))
        (then
          (drop (call $fail (local.get $code) (i32.const 32) (i32.const 31)))
          (return)))
      (local.set $offset (i32.add (local.get $offset) (local.get $n)))
      (br $more))))
