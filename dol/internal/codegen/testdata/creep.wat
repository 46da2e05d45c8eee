(module ;; "creep"
  (func (;1;) (type 1) (local i32 i32) ;; "hold"
    global.get 0
    local.tee 2
    i32.const 64792
    i32.gt_u
    if
      call 10
      unreachable
    end
    local.get 0
    i32.const 272
    call 9
    local.set 0
    i32.const 3
    i32.const 272
    local.get 2
    local.get 0
    i32.store
    local.get 2
    i32.const 4
    i32.add
    global.set 0
    call 9
    local.set 1
    i32.const 16
    i32.const 520
    local.get 2
    local.get 0
    i32.store
    local.get 2
    local.get 1
    i32.store offset=4
    local.get 2
    i32.const 8
    i32.add
    global.set 0
    call 6
    local.get 2
    global.set 0
    local.tee 2
    local.get 1
    i32.store
    local.get 2
    local.set 1
    local.get 0
    i32.const 4
    i32.sub
    i32.load
    local.get 1
    i32.load
    i32.const 4
    i32.sub
    i32.load
    i32.add
    return
  )
  (func (;2;) (type 1) (local i32) ;; "run"
    block
      loop
        local.get 0
        i32.eqz
        br_if 1
        local.get 1
        i32.const 1
        call 1
        i32.add
        local.set 1
        local.get 0
        i32.const 1
        i32.sub
        local.set 0
        br 0
      end
      unreachable
    end
    local.get 1
    return
  )
)
