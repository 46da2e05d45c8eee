(module ;; "hello"
  (func (;1;) (type 1) ;; "hello.main"
    i32.const 24
    i32.const 13
    call 0
  )
)
