//! Where the real binary is.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};

/// The `twinfunnel` binary of the profile under test. Cargo builds it before the program's own tests
/// and says where; anyone else has it built, so that it is never an old one.
pub fn twinfunnel_binary() -> anyhow::Result<PathBuf> {
    if let Some(built) = std::env::var_os("CARGO_BIN_EXE_twinfunnel") {
        return Ok(built.into());
    }
    // Once a process: cargo takes half a second to find that there is nothing to do.
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // target/<profile>/deps/<test>, or target/<profile>/<program>
    let profile = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("it runs from a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // No package is named, so that dependencies have the features they have in any other build: named,
    // most of them would be built again.
    build.args(["build", "--locked", "--bin", "twinfunnel"]);
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    ensure!(build.status()?.success(), "the binary could not be built");
    Ok(profile.join("twinfunnel"))
}
