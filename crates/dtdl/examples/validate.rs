//! Validates DTDL models and reports errors in the style of a compiler.
//!
//! `cargo run -p dtdl --example validate -- [--dtdl 3] [--limits <context>] [--allow-unknown-extensions] <file or folder>…`
//!
//! Folders are searched for `.json` files. The default path is `examples/models`. Exits with 0 if the models are valid,
//! 1 if they are not, and 2 if the arguments are wrong or a file cannot be read.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use dtdl::{Location, ModelFiles, ParseError, Parser, UnknownExtensions};

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

/// Returns the source line of a location, with carets below the value. `margin` is padding as wide as the line number.
fn excerpt(texts: &HashMap<&str, &str>, location: &Location, margin: &str) -> Option<String> {
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

fn report(error: &ParseError, texts: &HashMap<&str, &str>) -> String {
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
    let mut files = ModelFiles::default();
    for path in arguments.paths {
        files.extend([ModelFiles::read(path).map_err(|error| error.to_string())?]);
    }
    let texts: HashMap<&str, &str> = files.texts().collect();
    match parser.parse(files.documents()) {
        Ok(model) => {
            print_line(&format!(
                "{} files, {} Interfaces, no errors",
                texts.len(),
                model.len()
            ));
            Ok(true)
        }
        Err(error) => {
            let count = error.diagnostics.len() + error.unresolved.len();
            let errors = if count == 1 { "error" } else { "errors" };
            print_line(&format!(
                "{}{count} {errors} in {} files",
                report(&error, &texts),
                texts.len()
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
