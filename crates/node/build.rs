//! Linker flags of the addon.

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The core's threads outlive an environment: the code they run must not be unloaded with it.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
