//! Validates each JSON document from standard input and prints the result, for comparison with another parser.
//!
//! The input has one document per line. The output has one line per document: `{"codes": […], "unresolved": […]}`, with
//! the codes of the errors and the identifiers of missing elements. Both lists are empty if the document is valid.

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
