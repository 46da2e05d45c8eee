;; hello-world: greets whoever the input names, and logs one line.
;;
;; Assemble with: wat2wasm --debug-names main.wat -o main.wasm
(module
  (import "vudo" "host_input_read" (func $input_read (param $offset i32) (param $ptr i32) (param $len i32) (result i32)))
  (import "vudo" "host_output_write" (func $output_write (param $ptr i32) (param $len i32) (result i32)))
  (import "vudo" "host_log_info" (func $log_info (param $ptr i32) (param $len i32) (result i32)))
  (import "vudo" "host_fail" (func $fail (param $code i32) (param $ptr i32) (param $len i32) (result i32)))

  (memory (export "memory") 1 1)
  (data (i32.const 0) "Hello, ")
  (data (i32.const 16) "world")
  (data (i32.const 32) "!")
  (data (i32.const 48) "greeting")
  (data (i32.const 64) "the input could not be read")
  (data (i32.const 96) "the greeting could not be written")

  ;; The name passes through this buffer piece by piece, so it may be longer
  ;; than the memory, and a stream is greeted as it comes.
  (global $buffer i32 (i32.const 1024))
  (global $buffer_len i32 (i32.const 32768))

  ;; $write appends to the output; a refusal becomes the error of the call.
  (func $write (param $ptr i32) (param $len i32)
    (local $code i32)
    (if (i32.lt_s (local.tee $code (call $output_write (local.get $ptr) (local.get $len))) (i32.const 0))
      (then (drop (call $fail (local.get $code) (i32.const 96) (i32.const 33))))))

  (func $greet (export "greet") (export "main")
    (local $offset i32) (local $n i32)
    ;; A log line that is refused is no reason not to greet.
    (drop (call $log_info (i32.const 48) (i32.const 8)))
    (call $write (i32.const 0) (i32.const 7))
    (block $end
      (loop $more
        (local.set $n (call $input_read (local.get $offset) (global.get $buffer) (global.get $buffer_len)))
        (if (i32.lt_s (local.get $n) (i32.const 0))
          (then
            (drop (call $fail (local.get $n) (i32.const 64) (i32.const 27)))
            (return)))
        (br_if $end (i32.eqz (local.get $n)))
        (call $write (global.get $buffer) (local.get $n))
        (local.set $offset (i32.add (local.get $offset) (local.get $n)))
        (br $more)))
    (if (i32.eqz (local.get $offset))
      (then (call $write (i32.const 16) (i32.const 5))))
    (call $write (i32.const 32) (i32.const 1))))
