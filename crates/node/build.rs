//! Linker flags of the addon.

use std::env::var;
use std::path::Path;
use std::process::Command;

fn main() {
    napi_build::setup();
    if var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The core's threads outlive an environment: the code they run must not be unloaded with it.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    if links_with_lld() {
        // Functions whose code is the same become one: nobody compares the addresses of functions. Windows does it by default.
        println!("cargo:rustc-link-arg-cdylib=-Wl,--icf=all");
    }
}

/// Whether rustc links with the lld that it brings, as it does for this target alone, unless it is told otherwise or a
/// distribution has left that out. The linker of GNU refuses what it does not know.
fn links_with_lld() -> bool {
    let target = "x86_64-unknown-linux-gnu";
    let is = |name: &str| var(name).as_deref() == Ok(target);
    let is_told = var("RUSTC_LINKER").is_ok()
        || var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    is("TARGET")
        && is("HOST")
        && !is_told
        && sysroot().is_some_and(|sysroot| {
            Path::new(&sysroot)
                .join("lib/rustlib")
                .join(target)
                .join("bin/gcc-ld/ld.lld")
                .exists()
        })
}

fn sysroot() -> Option<String> {
    let rustc = var("RUSTC").ok()?;
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
