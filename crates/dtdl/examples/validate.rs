//! Validates DTDL models and reports errors in the style of a compiler.
//!
//! `cargo run -p dtdl --example validate -- [--dtdl 3] [--limits <context>] [--allow-unknown-extensions] <file or folder>…`
//!
//! Folders are searched for `.json` files. The default path is `examples/models`. Exits with 0 if the models are valid, 1 if
//! they are not, and 2 if the arguments are wrong or a file cannot be read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dtdl::{Document, Location, ParseError, Parser, UnknownExtensions};

#[derive(Default)]
struct Arguments {
    paths: Vec<PathBuf>,
    versions: Vec<u8>,
    limits: Vec<String>,
    unknown_extensions: UnknownExtensions,
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--dtdl" => {
                let version = rest.next().ok_or("--dtdl needs a DTDL version")?;
                arguments.versions.push(
                    version
                        .parse()
                        .map_err(|_| format!("--dtdl: `{version}` is not a DTDL version; use 2, 3 or 4"))?,
                );
            }
            "--limits" => arguments
                .limits
                .push(rest.next().ok_or("--limits needs a context")?),
            "--allow-unknown-extensions" => arguments.unknown_extensions = UnknownExtensions::Allow,
            option if option.starts_with('-') => {
                return Err("usage: validate [--dtdl <version>] [--limits <context>] [--allow-unknown-extensions] <file or folder>…".into());
            }
            path => arguments.paths.push(path.into()),
        }
    }
    if arguments.paths.is_empty() {
        arguments
            .paths
            .push(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models").into());
    }
    Ok(arguments)
}

/// Returns all `.json` files below the folders in `paths`, and the files in `paths`.
fn files(paths: Vec<PathBuf>) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = paths;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                let entry = entry?.path();
                if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "json") {
                    open.push(entry);
                }
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Returns the line of a location with carets below the value. `margin` is as wide as the line number.
fn excerpt(texts: &HashMap<String, String>, location: &Location, margin: &str) -> Option<String> {
    let text = texts.get(&*location.document)?;
    let (line, column) = (location.line?, location.column? as usize);
    let source = text.lines().nth(line as usize - 1)?;
    // Long lines are cut to an excerpt around the column.
    let from = column.saturating_sub(60).max(1) - 1;
    let shown: String = source
        .chars()
        .skip(from)
        .take(100)
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let length = text
        .get(location.offset..location.offset + location.length)
        .unwrap_or_default();
    let length = length.lines().next().unwrap_or_default().chars().count();
    let carets = length.clamp(1, shown.chars().count().saturating_sub(column - 1 - from).max(1));
    Some(format!(
        "{margin} |\n{line} | {shown}\n{margin} | {}{}",
        " ".repeat(column - 1 - from),
        "^".repeat(carets)
    ))
}

fn report(error: &ParseError, texts: &HashMap<String, String>) -> String {
    let mut report = String::new();
    let mut add = |location: &Location, title: String, help: &str| {
        let margin = " ".repeat(location.line.unwrap_or_default().to_string().len());
        report.push_str(&format!("error: {title}\n{margin}--> {location}\n"));
        if let Some(excerpt) = excerpt(texts, location, &margin) {
            report.push_str(&excerpt);
            report.push('\n');
        }
        report.push_str(&format!("{margin} = help: {help}\n\n"));
    };
    for diagnostic in &error.diagnostics {
        let title = format!("{} [{}]", diagnostic.message, diagnostic.code);
        add(&diagnostic.location, title, &diagnostic.help);
    }
    for missing in &error.unresolved {
        let title = format!(
            "{} refers to {}, which is not defined.",
            missing.referrer, missing.id
        );
        add(
            &missing.location,
            title,
            "Add the file that defines it, or correct the identifier.",
        );
    }
    report
}

fn run() -> Result<bool, String> {
    let arguments = arguments()?;
    let mut parser = Parser::new()
        .limits(arguments.limits)
        .unknown_extensions(arguments.unknown_extensions);
    if !arguments.versions.is_empty() {
        parser = parser.versions(arguments.versions);
    }
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut contents: Vec<(String, Vec<u8>)> = Vec::new();
    for path in files(arguments.paths).map_err(|error| error.to_string())? {
        contents.push((path.display().to_string(), read(&path)?));
    }
    let documents = contents
        .iter()
        .map(|(name, bytes)| Document::named(name.as_str(), bytes.as_slice()));
    match parser.parse(documents) {
        Ok(model) => {
            print_line(&format!(
                "{} files, {} Interfaces, no errors",
                contents.len(),
                model.len()
            ));
            Ok(true)
        }
        Err(error) => {
            let texts: HashMap<String, String> = contents
                .iter()
                .map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned()))
                .collect();
            let count = error.diagnostics.len() + error.unresolved.len();
            let errors = if count == 1 { "error" } else { "errors" };
            print_line(&format!(
                "{}{count} {errors} in {} files",
                report(&error, &texts),
                contents.len()
            ));
            Ok(false)
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command-line program")]
fn print_line(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a command-line program")]
fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}
