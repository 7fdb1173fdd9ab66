//! Sets the cfg `upstream_specs` if the published descriptions are available, so that the tests that need them are
//! reported as ignored otherwise.

use std::path::PathBuf;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(upstream_specs)");
    println!("cargo::rerun-if-env-changed=UPSTREAM_SPECS");
    let folder =
        std::env::var_os("UPSTREAM_SPECS").map_or_else(|| "../../shared/upstream".into(), PathBuf::from);
    if folder.is_dir() {
        println!("cargo::rerun-if-changed={}", folder.display());
        println!("cargo::rustc-cfg=upstream_specs");
    }
}
