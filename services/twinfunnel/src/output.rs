//! Standard output: results only. Standard error: what is told besides. Both are quiet when the
//! reader has gone.

use std::io::{self, ErrorKind, Write as _};

/// Writes text to standard output. False if nobody reads any more (`twinfunnel log | head`): the
/// caller then stops as if it were done.
pub(crate) fn write(text: &str) -> anyhow::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Writes a line to standard output, likewise.
pub(crate) fn write_line(line: &str) -> anyhow::Result<bool> {
    write(&format!("{line}\n"))
}

/// Tells people something on standard error; if nobody reads it, so be it.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Tells a line, likewise.
pub(crate) fn tell_line(line: &str) {
    tell(&format!("{line}\n"));
}
