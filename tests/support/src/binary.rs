//! Where the real binary is.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// The `twinfunnel` binary of the profile under test, built if it is not there.
pub fn twinfunnel_binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // target/<profile>/deps/<test>, or target/<profile>/<program>
    let profile = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("a test runs from a target folder")?;
    let binary = profile.join("twinfunnel");
    if !binary.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--locked", "-p", "twinfunnel"]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "the binary could not be built");
    }
    Ok(binary)
}
