//! What the process takes, as Linux tells it; nothing elsewhere.

use std::time::Duration;

/// Bytes in memory.
pub(crate) fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Time of processors, of all threads; the kernel's work for them counts.
pub(crate) fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name before the parenthesis may hold spaces; user and system time are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields
        .split_whitespace()
        .skip(11)
        .map_while(|field| field.parse::<u64>().ok());
    let ticks = times.next()? + times.next()?;
    // Linux counts in hundredths of a second for every program.
    Some(Duration::from_millis(ticks * 10))
}
