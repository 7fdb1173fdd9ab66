//! Access to internal parsers for the targets in `fuzz/`. Compiled only with `--cfg fuzzing`.

use std::ops::Range;

use serde_json::Value;

use crate::json::{self, Data, Node};

/// Maximum depth of a document.
pub const MAX_JSON_DEPTH: usize = json::MAX_DEPTH;

/// A document with the positions of its parts.
#[derive(Debug)]
pub struct ReadJson {
    /// The document.
    pub value: Value,
    /// The maximum number of arrays and objects around a value.
    pub depth: usize,
    /// Every value of the document, and every member name as a string, each with its byte range.
    pub parts: Vec<(Range<usize>, Value)>,
}

/// Reads a document.
///
/// # Errors
/// Returns the byte offset of the first error if `text` is not JSON, or is nested too deeply.
pub fn read_json(text: &str) -> Result<ReadJson, usize> {
    let node = json::read(text).map_err(|error| error.offset as usize)?;
    let mut read = ReadJson {
        value: node.to_value(),
        depth: 0,
        parts: Vec::new(),
    };
    collect(&node, 0, &mut read);
    Ok(read)
}

fn collect(node: &Node, depth: usize, read: &mut ReadJson) {
    read.depth = read.depth.max(depth);
    let range = node.start as usize..node.end as usize;
    read.parts.push((range, node.to_value()));
    match &node.data {
        Data::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, read)),
        Data::Object(members) => {
            for member in members {
                let range = member.name_start as usize..member.name_end as usize;
                read.parts.push((range, Value::from(&*member.name)));
                collect(&member.value, depth + 1, read);
            }
        }
        _ => {}
    }
}
