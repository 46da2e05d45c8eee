//! A Spirit in Rust: a `cdylib` whose exports follow the bytes and scalar
//! conventions.

#[link(wasm_import_module = "vudo")]
extern "C" {
    fn host_input_len() -> i32;
    fn host_input_read(offset: i32, p: *mut u8, len: i32) -> i32;
    fn host_output_write(p: *const u8, len: i32) -> i32;
}

/// Reads the whole input of the call, or gives the code of the failed host call.
fn input() -> Result<Vec<u8>, i32> {
    let n = unsafe { host_input_len() };
    if n < 0 {
        return Err(n);
    }
    let mut bytes = vec![0u8; n as usize];
    let mut got = 0;
    while got < bytes.len() {
        let rest = &mut bytes[got..];
        let k = unsafe { host_input_read(got as i32, rest.as_mut_ptr(), rest.len() as i32) };
        if k <= 0 {
            return Err(k);
        }
        got += k as usize;
    }
    Ok(bytes)
}

/// Counts the ASCII vowels of the input and answers {"count":N}.
#[no_mangle]
pub extern "C" fn vowels() -> i32 {
    let text = match input() {
        Ok(text) => text,
        Err(_) => return 1,
    };
    let count = text.iter().filter(|b| b"aeiou".contains(&b.to_ascii_lowercase())).count();
    let answer = format!("{{\"count\":{count}}}");
    if unsafe { host_output_write(answer.as_ptr(), answer.len() as i32) } < 0 {
        return 2;
    }
    0
}

/// The greatest common divisor.
#[no_mangle]
pub extern "C" fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
