//! A reader of blobs that limits the length of lines and can be stopped.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};

/// Maximum length of a line, in bytes. The longest valid row is a model of 1 MiB, whose characters may be escaped.
const MAX_LINE_LENGTH: usize = 4 * 1024 * 1024;

/// A file whose reads fail if a line is too long or the job must stop. This bounds the memory for a line, and keeps
/// a long file from delaying a cancellation.
pub(super) struct BlobReader<'a> {
    file: File,
    may_continue: Box<dyn Fn() -> bool + 'a>,
    /// Number of complete lines so far.
    lines: usize,
    /// Length of the current line so far.
    line_length: usize,
}

impl<'a> BlobReader<'a> {
    pub(super) fn new(file: File, may_continue: impl Fn() -> bool + 'a) -> Self {
        Self {
            file,
            may_continue: Box::new(may_continue),
            lines: 0,
            line_length: 0,
        }
    }

    /// Continues at the beginning of the same file, even if the name is that of another file by now.
    pub(super) fn rewind(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        (self.lines, self.line_length) = (0, 0);
        Ok(())
    }

    fn follow(&mut self, bytes: &[u8]) -> io::Result<()> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line_length += line.len();
            if self.line_length > MAX_LINE_LENGTH {
                let message = format!("line {} is longer than {MAX_LINE_LENGTH} bytes", self.lines + 1);
                return Err(io::Error::new(ErrorKind::InvalidData, message));
            }
            if line.ends_with(b"\n") {
                self.lines += 1;
                self.line_length = 0;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BlobReader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BlobReader").finish_non_exhaustive()
    }
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !(self.may_continue)() {
            return Err(io::Error::other("the job must stop"));
        }
        let length = self.file.read(buffer)?;
        self.follow(buffer.get(..length).unwrap_or_default())?;
        Ok(length)
    }
}
