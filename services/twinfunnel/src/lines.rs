//! The lines of an import file, one after another, none of them held whole if it is too long.

use std::fmt;

use tokio::io::{self, AsyncBufRead, AsyncBufReadExt as _};

/// Longest line taken, in bytes without its end.
pub(crate) const LINE_MAX_LEN: usize = 4 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// How many bytes of the file it takes up, with its end.
    pub(crate) len: u64,
    /// What it says, without its end.
    pub(crate) text: Result<String, BadLine>,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadLine {
    /// It is longer than [`LINE_MAX_LEN`].
    TooLong,
    /// It is not text.
    NotUtf8,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the line is longer than 4 MiB",
            Self::NotUtf8 => "the line is not UTF-8",
        })
    }
}

/// Reads lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    read: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The lines of a file from its beginning.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, read: 0 }
    }

    /// The next line; `None` at the end of the file.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let (mut len, mut too_long, mut ended) = (0_u64, false, false);
        while !ended {
            let buffered = self.reader.fill_buf().await?;
            if buffered.is_empty() {
                break;
            }
            let (part, taken) = match buffered.iter().position(|&byte| byte == b'\n') {
                Some(end) => (buffered.get(..end).unwrap_or_default(), end + 1),
                None => (buffered, buffered.len()),
            };
            ended = taken > part.len();
            // One byte more than a line may have: the carriage return that may end it.
            too_long = too_long || bytes.len() + part.len() > LINE_MAX_LEN + 1;
            if !too_long {
                bytes.extend_from_slice(part);
            }
            len = len.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
            self.reader.consume(taken);
        }
        if len == 0 {
            return Ok(None);
        }
        self.read += 1;
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.read == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let text = if too_long || bytes.len() > LINE_MAX_LEN {
            Err(BadLine::TooLong)
        } else {
            String::from_utf8(bytes).map_err(|_| BadLine::NotUtf8)
        };
        Ok(Some(Line {
            number: self.read,
            len,
            text,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tokio::io::BufReader;

    /// Reads through a small buffer, so that lines lie across its edges.
    async fn read(file: &[u8]) -> Vec<(u64, u64, Result<String, BadLine>)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, file));
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            read.push((line.number, line.len, line.text));
        }
        read
    }

    #[tokio::test]
    async fn ends_marks_and_empty_lines_are_tolerated() {
        let expected = [
            (1, 12, Ok("{\"a\":1}".to_owned())),
            (2, 1, Ok(String::new())),
            (3, 2, Ok(String::new())),
            (4, 12, Ok("no end here.".to_owned())),
        ];
        assert_eq!(
            read(b"\xef\xbb\xbf{\"a\":1}\r\n\n\r\nno end here.").await,
            expected
        );
        assert_eq!(read(b"").await, []);
    }

    #[tokio::test]
    async fn what_is_not_text_is_told_not_guessed() {
        let expected = [(1, 4, Err(BadLine::NotUtf8)), (2, 3, Ok("ok".to_owned()))];
        assert_eq!(read(b"a\xffb\nok\n").await, expected);
    }

    #[tokio::test]
    async fn a_line_too_long_is_passed_over() {
        let longest = vec![b'x'; LINE_MAX_LEN];
        let file = [&longest[..], b"\r\n", &longest[..], b"x\n", b"ok\n"].concat();
        let mut lines = Lines::new(BufReader::new(&file[..]));
        let mut lens = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            lens.push(line.text.map(|text| text.len()));
        }
        assert_eq!(lens, [Ok(LINE_MAX_LEN), Err(BadLine::TooLong), Ok(2)]);
    }
}
