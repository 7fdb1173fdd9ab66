//! How much memory parsed models take, for ontologies of growing size: it grows as the text does.
//!
//! `cargo run --release -p dtdl --example memory` (Linux)

#[path = "../tests/support/ontology.rs"]
mod ontology;

use dtdl::Parser;

/// The resident memory of this process in kilobytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "a program that talks to its user")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if resident().is_none() {
        println!("nothing to do: there is no /proc/self/status here");
        return Ok(());
    }
    println!("interfaces  elements  text kB  model kB  model/text  ms");
    // Kept until the end, so that each one needs memory of its own.
    let mut models = Vec::new();
    // An optimised build has the breath for more.
    let counts: &[usize] = if cfg!(debug_assertions) {
        &[250, 500, 1000]
    } else {
        &[500, 1000, 2000, 4000, 8000]
    };
    for &count in counts {
        let documents = ontology::documents(count);
        let text = documents.iter().map(String::len).sum::<usize>() as u64 / 1024;
        let before = resident().ok_or("there is no /proc/self/status here")?;
        let started = std::time::Instant::now();
        let model = Parser::new().parse(&documents)?;
        let elapsed = started.elapsed().as_millis();
        drop(documents);
        let used = resident()
            .ok_or("there is no /proc/self/status here")?
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
