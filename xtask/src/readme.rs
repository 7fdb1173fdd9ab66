//! The commands that README.md promises.

use crate::error::Error;

/// The first code block's two commands: the quickstart and the tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Runs the quickstart.
    pub quickstart: Vec<String>,
    /// Runs all tests.
    pub test: Vec<String>,
}

/// Reads the commands from the text of README.md.
///
/// # Errors
/// When the first code block is not `sh` with exactly two `cargo` commands; a reader who copies it relies on that.
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
                "the first code block starts with `{other}`, not with ```sh"
            )));
        }
        None => return Err(fail("there is no code block".to_owned())),
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
            "both commands of the first code block have to be cargo's".to_owned(),
        )),
        Err(block) => Err(fail(format!(
            "the first code block has {} lines instead of two commands",
            block.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_commands_are_found() {
        let readme = "# Name\n\n```sh\ncargo run --example quickstart\ncargo test --workspace\n```\n\n```rust\nx\n```\n";
        let commands = commands(readme).unwrap();
        assert_eq!(commands.quickstart, ["cargo", "run", "--example", "quickstart"]);
        assert_eq!(commands.test, ["cargo", "test", "--workspace"]);
    }

    #[test]
    fn any_other_block_is_refused() {
        let refused = [
            ("# Name", "there is no code block"),
            ("```rust\nfn main() {}\n```", "starts with `"),
            ("```sh\ncargo test\n```", "has 1 lines"),
            ("```sh\ncargo run\nrm -r x\n```", "have to be cargo's"),
        ];
        for (readme, reason) in refused {
            let said = commands(readme).unwrap_err().to_string();
            assert!(said.contains(reason), "{said}");
        }
    }
}
