(module ;; "constants"
  (func (;1;) (type 0) ;; "twice"
    local.get 1
    local.get 1
    i64.add
    return
  )
  (func (;2;) (type 2) (local i32) ;; "init"
    i32.const 24
    i32.const 768
    call 8
    local.tee 0
    i32.const 1
    i32.store8
    local.get 0
    i64.const 1
    i64.store offset=8
    local.get 0
    global.set 0
    i32.const 16
    i32.const 1032
    call 8
    local.tee 0
    i32.const 0
    i32.store
    local.get 0
    global.set 3
    global.get 1
    i32.eqz
    global.set 2
    i32.const 24
    i32.const 768
    call 8
    local.tee 0
    i32.const 2
    i32.store8
    local.get 0
    i64.const 2
    i64.store offset=8
    local.get 0
    global.set 1
  )
  (func (;3;) (type 3) ;; "known"
    i32.const 24
    local.get 0
    call 1
    return
  )
  (func (;4;) (type 3) (local i32) ;; "unknown"
    local.get 0
    i64.eqz
    if
      i64.const -1
      return
    end
    i32.const 24
    local.tee 1
    local.get 0
    local.get 1
    i32.load
    call_indirect 0 (type 0)
    return
  )
  (func (;5;) (type 3) (local i32 i32 i32) ;; "change"
    global.get 4
    local.tee 3
    i32.const 64840
    i32.gt_u
    if
      call 10
      unreachable
    end
    i32.const 24
    i32.const 768
    call 8
    local.tee 1
    i32.const 3
    i32.store8
    local.get 1
    local.get 0
    i64.store offset=8
    local.get 1
    global.set 0
    global.get 3
    local.tee 1
    global.get 0
    local.set 2
    i32.const 16
    i32.const 1032
    local.get 3
    local.get 1
    i32.store
    local.get 3
    local.get 2
    i32.store offset=4
    local.get 3
    i32.const 8
    i32.add
    global.set 4
    call 8
    local.get 3
    global.set 4
    local.tee 1
    local.get 2
    i32.store
    local.get 1
    i32.store
    global.get 0
    i64.load offset=8
    global.get 2
    global.get 1
    i32.load8_u
    i32.add
    i64.extend_i32_u
    i64.add
    return
  )
)
