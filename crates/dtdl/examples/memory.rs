//! Measures the memory of parsed models for ontologies of increasing size. Memory grows linearly with the size of the
//! documents.
//!
//! `cargo run --release -p dtdl --example memory` (Linux only)

#[path = "../tests/support/ontology.rs"]
mod ontology;

use dtdl::Parser;

/// Returns the resident memory of this process in kilobytes. `None` if it cannot be read.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "a command-line program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if resident().is_none() {
        println!("skipped: /proc/self/status is not available");
        return Ok(());
    }
    println!("interfaces  elements  text kB  model kB  model/text  ms");
    // Models are kept until the end, so that later models cannot reuse their memory.
    let mut models = Vec::new();
    // A debug build is too slow for the larger sizes.
    let counts: &[usize] = if cfg!(debug_assertions) {
        &[250, 500, 1000]
    } else {
        &[500, 1000, 2000, 4000, 8000]
    };
    for &count in counts {
        let documents = ontology::documents(count);
        let text = documents.iter().map(String::len).sum::<usize>() as u64 / 1024;
        let before = resident().ok_or("/proc/self/status is not available")?;
        let started = std::time::Instant::now();
        let model = Parser::new().parse(&documents)?;
        let elapsed = started.elapsed().as_millis();
        drop(documents);
        let used = resident()
            .ok_or("/proc/self/status is not available")?
            .saturating_sub(before)
            + text;
        println!(
            "{count:>10}  {:>8}  {text:>7}  {used:>8}  {:>10.1}  {elapsed}",
            model.elements().count(),
            used as f64 / text as f64
        );
        models.push(model);
    }
    Ok(())
}
