//! Statistics in the output of libFuzzer.

use std::fmt;

/// The statistics of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statistics {
    executions: u64,
    /// Executions per second.
    rate: u64,
    /// Number of inputs with their total size, as `16/1234b`.
    corpus: String,
    /// Number of code edges that the corpus covers.
    coverage: String,
}

impl Statistics {
    /// Reads the last status line and the final statistics; returns `None` if they are missing.
    pub(super) fn parse(log: &str) -> Option<Self> {
        let number = |name: &str| {
            let value = log.lines().rev().find_map(|line| line.strip_prefix(name))?;
            value.trim().parse().ok()
        };
        let status = log
            .lines()
            .rev()
            .find(|line| line.starts_with('#') && line.contains(" corp: "))?;
        let word_after = |label: &str| {
            let mut words = status.split_whitespace();
            words.find(|word| *word == label)?;
            words.next().map(str::to_owned)
        };
        Some(Self {
            executions: number("stat::number_of_executed_units:")?,
            rate: number("stat::average_exec_per_sec:")?,
            corpus: word_after("corp:")?,
            coverage: word_after("cov:")?,
        })
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            executions,
            rate,
            corpus,
            coverage,
        } = self;
        write!(
            formatter,
            "{executions} executions ({rate}/s), corpus {corpus}, coverage {coverage}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_and_corpus_are_read_from_the_log() {
        let log = "INFO: seed corpus: files: 5\n#6\tINITED cov: 70 ft: 71 corp: 5/30b exec/s: 0 rss: 41Mb\n\
                   #4096\tDONE   cov: 137 ft: 219 corp: 16/1234b lim: 4096 exec/s: 2048 rss: 45Mb\n\
                   Done 4096 runs in 2 second(s)\nstat::number_of_executed_units: 4096\nstat::average_exec_per_sec:     2048\n";
        let statistics = Statistics::parse(log).unwrap();
        assert_eq!(
            statistics.to_string(),
            "4096 executions (2048/s), corpus 16/1234b, coverage 137"
        );
    }

    #[test]
    fn a_log_without_statistics_has_none() {
        assert_eq!(Statistics::parse("thread panicked\n"), None);
    }
}
