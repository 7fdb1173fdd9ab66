//! Reads the files that command-line options name.
//!
//! Editors and shells on Windows write a byte order mark at the start of a file, and PowerShell
//! writes UTF-16.

use std::path::Path;

use serde_json::{Value, json};

/// Reads a text file and removes its byte order mark. The error names the option and the path.
pub(crate) fn read_text(option: &str, path: &Path) -> Result<String, String> {
    let failed = |reason: &str| format!("{option} {}: {reason}", path.display());
    let bytes = std::fs::read(path).map_err(|error| failed(&error.to_string()))?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(failed("the file is UTF-16; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        failed(&format!("line {line} is not UTF-8; save the file as UTF-8"))
    })?;
    Ok(text.to_owned())
}

/// Reads a JSON file. The error includes the line number.
pub(crate) fn read_json(option: &str, path: &Path) -> Result<Value, String> {
    let text = read_text(option, path)?;
    serde_json::from_str(&text).map_err(|error| format!("{option} {}: {error}", path.display()))
}

/// Reads the content of a hub. An array is a list of devices, as in a bulk request.
pub(crate) fn read_hub(option: &str, path: &Path) -> Result<Value, String> {
    Ok(match read_json(option, path)? {
        Value::Array(devices) => json!({ "devices": devices }),
        hub => hub,
    })
}
