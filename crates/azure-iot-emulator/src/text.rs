//! Handling of text from files that may have been saved by an editor, and of text for people.

/// Removes the byte order mark that editors on Windows write at the start of a file.
pub(crate) fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Returns the text of an error with the names of JSON types instead of Rust types.
pub(crate) fn json_error_text(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let Some((found, rest)) = text.rsplit_once(", expected ") else {
        return text;
    };
    let (expected, position) = match rest.find(" at line ") {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let expected = match expected {
        "a map" => "an object",
        "a sequence" => "an array",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a non-negative integer",
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer",
        "f32" | "f64" => "a number",
        "variant identifier" => "a name",
        named if named.starts_with("struct ") || named.contains("enum ") => "an object",
        other => other,
    };
    let found = found
        .replacen("invalid type: map", "invalid type: object", 1)
        .replacen("invalid type: sequence", "invalid type: array", 1)
        .replacen("invalid type: floating point", "invalid type: number", 1)
        .replacen("unknown variant", "unknown value", 1);
    format!("{found}, expected {expected}{position}")
}
