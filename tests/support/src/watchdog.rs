//! Cleans up after this process even when it is killed: a shell that waits on a pipe which only
//! this process holds open.

use std::process::{Child, Command, Stdio};

/// Runs a shell command once this process, or this value, has gone.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    pub(crate) fn new(clean_up: &str) -> std::io::Result<Self> {
        let script = format!("cat >/dev/null; {clean_up}");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Ctrl-C reaches the whole foreground group; the watchdog must outlive it.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map(Self)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends by itself once it has cleaned up; its exit status says nothing of ours.
        let _ = self.0.wait();
    }
}
