//! A progress bar on standard error, if that is a terminal; gone when the work is done.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar to a known length; `what` is counted.
pub(crate) fn bar(len: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(len);
    let template = format!("{{bar:30}} {{human_pos}}/{{human_len}} {what}, {{per_sec}}, {{eta}}");
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
