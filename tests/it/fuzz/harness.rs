//! Runs one target on one input after the other, and watches it.
//!
//! Input: a corpus, words, a grammar, and what to try. Output: a failed test that names every way in which the target failed, each
//! with its smallest input, which is kept as `target/tmp/fuzz-<target>-<n>`. Invariant: an input that never comes back, fills the
//! memory or overflows the stack fails loudly too: it ends the process, and is found in `target/tmp/fuzz-<target>-now`.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use super::inputs::{Grammar, Inputs, LONGEST, deep};

/// An input that takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// A process that holds more pages of 4 KiB has no bound: 3 GiB.
const MOST_PAGES: u64 = 3 << 18;
/// What is spent on a target when nobody asks for more.
const QUICK: Duration = Duration::from_millis(1500);
/// So many different failures are collected.
const MOST_FAILURES: usize = 20;

/// What is fed to whom.
pub(super) struct Target<'a> {
    /// Its name: `fixtures/fuzz/<name>.grammar` makes inputs, `fixtures/fuzz/<name>/` holds those that failed once.
    pub(super) name: &'static str,
    /// Inputs that make sense.
    pub(super) corpus: Vec<Vec<u8>>,
    /// Texts in which a `?` may stand for something very deep or very long.
    pub(super) frames: &'static [&'static str],
    /// Panics if something is not as it should be.
    pub(super) run: &'a dyn Fn(&[u8]),
}

thread_local! {
    /// The message of the last panic of this thread while it tries inputs.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz")
}

fn kept(target: &str, what: impl std::fmt::Display) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}-{what}"))
}

/// Feeds the target: first what failed once, what is very deep, and the corpus, then new inputs, each for a moment or for
/// `TIDEGATE_FUZZ_SECONDS`.
/// The inputs are the same each time unless `TIDEGATE_FUZZ_SEED` says otherwise.
pub(super) fn feed(target: Target<'_>) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let time = number("TIDEGATE_FUZZ_SECONDS").map_or(QUICK, Duration::from_secs);
    let seed = number("TIDEGATE_FUZZ_SEED").unwrap_or(1);
    let grammar = std::fs::read_to_string(fixtures().join(format!("{}.grammar", target.name))).ok();
    let grammar = grammar.map(|text| Grammar::read(&text));
    let mut session = Session::new(target.name, target.run);
    known(target.name).iter().for_each(|input| session.one(input));
    // Who asks for more time gets all that is sensible and all that is deep; otherwise a part of it.
    let most = if time == QUICK { 4000 } else { LONGEST };
    for inputs in [&deep(target.frames, most), &target.corpus] {
        let until = Instant::now() + time;
        inputs.iter().take_while(|_| Instant::now() < until).for_each(|input| session.one(input));
    }
    let mut inputs = Inputs::new(target.corpus, grammar, seed);
    let until = Instant::now() + time;
    while Instant::now() < until && session.failures.len() < MOST_FAILURES {
        let input = inputs.next_input();
        session.one(&input);
    }
    session.end(seed);
}

/// Inputs that failed once, by name.
fn known(target: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(fixtures().join(target)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The input that is being tried, and since when.
type Now = Arc<Mutex<Option<Instant>>>;

struct Session<'a> {
    name: &'static str,
    run: &'a dyn Fn(&[u8]),
    now: Now,
    tried: u64,
    slowest: (Duration, usize),
    /// Message → smallest input.
    failures: Vec<(String, Vec<u8>)>,
}

impl<'a> Session<'a> {
    fn new(name: &'static str, run: &'a dyn Fn(&[u8])) -> Self {
        hush_panics();
        let now = Now::default();
        watch(name, Arc::clone(&now));
        Self { name, run, now, tried: 0, slowest: (Duration::ZERO, 0), failures: Vec::new() }
    }

    fn one(&mut self, input: &[u8]) {
        self.tried += 1;
        let began = Instant::now();
        let result = self.attempt(input);
        if began.elapsed() > self.slowest.0 {
            self.slowest = (began.elapsed(), input.len());
            std::fs::write(kept(self.name, "slowest"), input).unwrap();
        }
        let Err(message) = result else { return };
        if self.failures.iter().any(|(known, _)| *known == message) {
            return;
        }
        let smallest = self.shrink(input, &message);
        std::fs::write(kept(self.name, self.failures.len()), &smallest).unwrap();
        self.failures.push((message, smallest));
    }

    /// Tries an input; errors with where it panicked and why.
    fn attempt(&self, input: &[u8]) -> Result<(), String> {
        std::fs::write(kept(self.name, "now"), input).unwrap();
        *self.now.lock().unwrap() = Some(Instant::now());
        PANIC.set(Some(String::new()));
        let result = catch_unwind(AssertUnwindSafe(|| (self.run)(input)));
        *self.now.lock().unwrap() = None;
        let message = PANIC.take().unwrap_or_default();
        result.map_err(|_| message)
    }

    /// Cuts pieces off, ever smaller ones, while it fails the same way.
    fn shrink(&self, input: &[u8], message: &str) -> Vec<u8> {
        let mut input = input.to_vec();
        let until = Instant::now() + Duration::from_secs(20);
        let mut size = input.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < input.len() && Instant::now() < until {
                let end = (at + size).min(input.len());
                let without = [&input[..at], &input[end..]].concat();
                if self.attempt(&without).as_ref().is_err_and(|found| found == message) {
                    input = without;
                } else {
                    at = end;
                }
            }
            size /= 2;
        }
        input
    }

    #[expect(clippy::print_stderr, reason = "what was tried is shown beside the test")]
    fn end(self, seed: u64) {
        let Self { name, tried, slowest: (time, bytes), failures, .. } = self;
        eprintln!("fuzz {name}: {tried} inputs, seed {seed}, the slowest took {time:?} ({bytes} bytes)");
        let shown: Vec<String> = failures
            .iter()
            .map(|(message, input)| format!("{message}\n  on {:?}", String::from_utf8_lossy(input)))
            .collect();
        assert!(failures.is_empty(), "{name}: {} failures\n{}", failures.len(), shown.join("\n"));
    }
}

/// Has panics of the thread that tries inputs kept instead of printed.
fn hush_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let hushed = PANIC.with_borrow_mut(|message| {
                message.as_mut().map(|message| *message = panic.to_string()).is_some()
            });
            if !hushed {
                usual(panic);
            }
        }));
    });
}

/// Ends the process when an input takes too much time or memory, since nothing else could end it.
#[expect(clippy::print_stderr, reason = "the process ends here, and has to say why")]
fn watch(name: &'static str, now: Now) {
    let look = move || {
        while Arc::strong_count(&now) > 1 {
            std::thread::sleep(Duration::from_millis(50));
            let hangs = now.lock().unwrap().is_some_and(|since| since.elapsed() > PATIENCE);
            let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
            let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0_u64);
            if hangs || pages > MOST_PAGES {
                let what = if hangs { "hangs" } else { "takes memory without bound" };
                eprintln!("fuzz {name}: an input {what}: {}", kept(name, "now").display());
                std::process::abort();
            }
        }
    };
    std::thread::spawn(look);
}
