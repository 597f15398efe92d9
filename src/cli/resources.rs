//! What the process took so far, as Linux tells it. Elsewhere nothing is known, and nothing reported.

use std::fs;

/// Seconds and memory.
pub(super) struct Resources {
    /// Seconds of computing.
    pub(super) user: f64,
    /// Seconds in the system.
    pub(super) kernel: f64,
    /// The most memory held, in KiB.
    pub(super) peak: u64,
    /// Blocks fetched from storage.
    pub(super) blocks_read: u64,
    /// Blocks sent to storage.
    pub(super) blocks_written: u64,
}

/// The size of a block, in bytes, as the kernel counts them.
const BLOCK: u64 = 512;

/// The clock of `/proc`: ticks a second, fixed by Linux for programs on every architecture we build for.
const TICKS: f64 = 100.0;

impl Resources {
    /// Reads `/proc/self`.
    pub(super) fn of_process() -> Option<Self> {
        Self::parse(
            &fs::read_to_string("/proc/self/stat").ok()?,
            &fs::read_to_string("/proc/self/status").ok()?,
            // Some containers hide it.
            &fs::read_to_string("/proc/self/io").unwrap_or_default(),
        )
    }

    fn parse(stat: &str, status: &str, io: &str) -> Option<Self> {
        // The name, second of all, is in brackets and may hold blanks: count from behind it.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut times = rest.split_whitespace().skip(11).map(str::parse::<f64>);
        let (user, kernel) = (times.next()?.ok()? / TICKS, times.next()?.ok()? / TICKS);
        let peak = figure(status, "VmHWM:")?;
        let blocks = |key| figure(io, key).unwrap_or(0) / BLOCK;
        let (blocks_read, blocks_written) = (blocks("read_bytes:"), blocks("write_bytes:"));
        Some(Self { user, kernel, peak, blocks_read, blocks_written })
    }
}

/// Reads the number behind a key at the beginning of a line.
fn figure(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_in_the_name_moves_nothing() {
        let stat = "7 (my (odd) name) S 1 7 7 0 -1 4194560 100 0 0 0 250 75 0 0 20 0 4 0 1 1 1";
        let found = Resources::parse(stat, "Name:\tx\nVmHWM:\t  2048 kB\n", "rchar: 9\nread_bytes: 1024\n");
        let found = found.unwrap();
        assert_eq!(
            (found.user.to_string(), found.kernel.to_string(), found.peak, found.blocks_read),
            ("2.5".into(), "0.75".into(), 2048, 2)
        );
    }
}
