//! Who holds a database file: DuckDB names the program and its process, the system knows the command line.
//!
//! Input: DuckDB's message. Output: words for people. Called by `error`.

/// The longest command line that is shown, in characters.
const LONGEST: usize = 100;

/// Says who holds the file, for example ``process 42 (`duckdb shop.duckdb`)``.
pub(super) fn holder(message: &str) -> Option<String> {
    // `Conflicting lock is held in /usr/bin/duckdb (PID 42)`
    let held = message.split_once("lock is held in ")?.1;
    let (program, rest) = held.split_once(" (PID ")?;
    let process = rest.split_once(')')?.0;
    let line = command_line(process).unwrap_or_else(|| base_name(program).to_owned());
    Some(format!("process {process} (`{line}`)"))
}

/// Returns the command line of a process, where the system shows it.
fn command_line(process: &str) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.trim_end_matches('\0').split('\0');
    let program = base_name(words.next().filter(|word| !word.is_empty())?).to_owned();
    let line = words.map(shown).fold(program, |line, word| line + " " + word);
    let short: String = line.chars().take(LONGEST).collect();
    Some(if short.len() < line.len() { short + "…" } else { line })
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Leaves out what may hold a secret: addresses, mappings, SQL.
fn shown(word: &str) -> &str {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | ',');
    if word.chars().all(plain) { word } else { "…" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let message = |process: u32| {
            format!(
                "Could not set lock on file \"/w/a.duckdb\": Conflicting lock is held in /usr/bin/duckdb (PID {process}). See also https://x"
            )
        };
        // There is no such process.
        assert_eq!(holder(&message(u32::MAX)).as_deref(), Some("process 4294967295 (`duckdb`)"));
        assert_eq!(holder("Could not set lock on file"), None);
        if cfg!(target_os = "linux") {
            let own = holder(&message(std::process::id())).unwrap();
            assert!(!own.contains("`duckdb`") && own.contains('`'), "{own}");
        }
        assert_eq!(
            ["--vars", "{a: b}", "postgres://u:p@h", "a.duckdb"].map(shown),
            ["--vars", "…", "…", "a.duckdb"]
        );
    }
}
