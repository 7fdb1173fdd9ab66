//! Handling of text from files that may have been saved by an editor.

/// Removes the byte order mark that editors on Windows write at the start of a file.
pub(crate) fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
