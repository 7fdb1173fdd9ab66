//! Reads the commands in README.md.

use crate::error::Error;

/// The two commands of the first code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Runs the quickstart.
    pub quickstart: Vec<String>,
    /// Runs all tests.
    pub test: Vec<String>,
}

/// Reads the commands from the content of README.md.
///
/// # Errors
/// If the first code block is not `sh` with exactly two `cargo` commands. Readers copy it.
pub fn commands(readme: &str) -> Result<Commands, Error> {
    let fail = |reason: String| Error::Step {
        step: "README.md".to_owned(),
        reason,
    };
    let mut lines = readme.lines().skip_while(|line| !line.starts_with("```"));
    match lines.next() {
        Some("```sh") => {}
        Some(other) => {
            return Err(fail(format!(
                "the first code block starts with {other}; it must start with ```sh"
            )));
        }
        None => {
            return Err(fail(
                "there is no code block; the first one must have the two quickstart commands".to_owned(),
            ));
        }
    }
    let block: Vec<Vec<String>> = lines
        .take_while(|line| !line.starts_with("```"))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    match <[_; 2]>::try_from(block) {
        Ok([quickstart, test])
            if [&quickstart, &test]
                .iter()
                .all(|c| c.first().is_some_and(|w| w == "cargo")) =>
        {
            Ok(Commands { quickstart, test })
        }
        Ok(_) => Err(fail(
            "both commands of the first code block must start with `cargo`".to_owned(),
        )),
        Err(block) => Err(fail(format!(
            "the first code block has {} line(s); it must have two commands",
            block.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_code_block_has_two_commands() {
        let readme = "# Name\n\n```sh\ncargo run --example quickstart\ncargo test --workspace\n```\n\n```rust\nx\n```\n";
        let commands = commands(readme).unwrap();
        assert_eq!(commands.quickstart, ["cargo", "run", "--example", "quickstart"]);
        assert_eq!(commands.test, ["cargo", "test", "--workspace"]);
    }

    #[test]
    fn another_first_code_block_is_refused() {
        let refused = [
            ("# Name", "there is no code block"),
            ("```rust\nfn main() {}\n```", "starts with ```rust"),
            ("```sh\ncargo test\n```", "has 1 line(s)"),
            ("```sh\ncargo run\nrm -r x\n```", "must start with `cargo`"),
        ];
        for (readme, reason) in refused {
            let message = commands(readme).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }
}
