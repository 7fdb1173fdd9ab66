//! Prints the verdict on each model of the standard input, to compare it with that of another parser.
//!
//! The input has one JSON document per line. The output has one line for each: `{"codes": […], "unresolved": […]}`, with
//! the identifiers of the errors and the identifiers that are not defined. Both are empty if the document is valid.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use dtdl::Parser;
use serde_json::json;

fn main() -> io::Result<()> {
    let parser = Parser::new();
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let (codes, unresolved): (BTreeSet<_>, BTreeSet<_>) = match parser.parse([line?]) {
            Ok(_) => Default::default(),
            Err(error) => (
                error
                    .diagnostics
                    .iter()
                    .map(|found| found.code.to_string())
                    .collect(),
                error
                    .unresolved
                    .iter()
                    .map(|missing| missing.id.to_string())
                    .collect(),
            ),
        };
        writeln!(output, "{}", json!({ "codes": codes, "unresolved": unresolved }))?;
    }
    output.flush()
}
