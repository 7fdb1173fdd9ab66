//! Text that people may have edited.

/// Removes the byte order mark that editors on Windows put before a text.
pub(crate) fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
