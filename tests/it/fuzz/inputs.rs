//! Makes inputs: sensible ones with something changed, and those that a grammar gives.
//!
//! Input: a corpus, maybe a grammar, a seed. Output: inputs, the same ones for the same seed. Called by `harness`.

use std::collections::HashMap;

use fastrand::Rng;

/// No input is longer, in bytes.
pub(super) const LONGEST: usize = 60_000;

/// Pieces that mean something to most of what reads text.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "\\u",
    "\\x4",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "é",
    "😀",
    "ß",
    "İ",
    "e\u{301}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-%}",
    "{%-",
    "<",
    ">",
    "--",
    "/*",
    "*/",
    "//",
    ":",
    "::",
    ";",
    ",",
    ".",
    "..",
    "*",
    "**",
    "&",
    "&a",
    "*a",
    "!",
    "!!int",
    "!!binary",
    "|",
    ">-",
    "|2",
    "? ",
    "- ",
    "#",
    "@",
    "$$",
    "$",
    "%",
    "%s",
    "%(",
    "+",
    "-",
    "=",
    "==",
    "!=",
    "~",
    "^",
    "<<: ",
    "---",
    "...",
    "null",
    "None",
    "true",
    "0",
    "-1",
    "1e309",
    "0x",
    "017",
    "12:30:59",
    "2147483648",
    "9223372036854775807",
    "18446744073709551616",
    "1e-400",
    "NaN",
    ".inf",
    "2024-02-30",
    "9999-12-31 23:59:60",
    "\u{1b}[31m",
    "a",
    " ",
    "  ",
    "../",
    "/",
    "\\N{DASH}",
    "\u{fffd}",
    "_",
    "__class__",
];

/// Rules that make text: a name, then its alternatives, indented, with `<name>` for others and `\n` for a line break.
pub(super) struct Grammar {
    first: String,
    rules: HashMap<String, Vec<Vec<Part>>>,
}

enum Part {
    Text(String),
    Rule(String),
}

impl Grammar {
    pub(super) fn read(text: &str) -> Self {
        let (mut rules, mut names) = (HashMap::<String, Vec<Vec<Part>>>::new(), Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("    ") {
                None => names.push(line.trim().to_owned()),
                Some(alternative) => {
                    let name: &String = names.last().expect("a rule has a name");
                    rules.entry(name.clone()).or_default().push(parts(&alternative.replace("\\n", "\n")));
                }
            }
        }
        for part in rules.values().flatten().flatten() {
            if let Part::Rule(name) = part {
                assert!(rules.contains_key(name), "no rule `{name}`");
            }
        }
        Self { first: names.first().cloned().expect("there are rules"), rules }
    }

    fn make(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.expand(&self.first, 12, rng, &mut out);
        out
    }

    /// Writes a rule. Deep inside, only its first alternative is left, which has to lead to an end.
    fn expand(&self, rule: &str, depth: usize, rng: &mut Rng, out: &mut String) {
        let alternatives = &self.rules[rule];
        let ends = depth == 0 || out.len() > LONGEST / 10;
        let chosen = if ends { alternatives.first() } else { rng.choice(alternatives) };
        for part in chosen.into_iter().flatten() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Rule(name) => self.expand(name, depth.saturating_sub(1), rng, out),
            }
        }
    }
}

/// Cuts `<name>`s out of an alternative. A `<` that no name follows is text.
fn parts(mut text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    while let Some((before, rest)) = text.split_once('<') {
        plain.push_str(before);
        let name = rest
            .split_once('>')
            .filter(|(name, _)| name.len() > 1 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        match name {
            Some((name, rest)) => {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Rule(name.to_owned()));
                text = rest;
            }
            None => {
                plain.push('<');
                text = rest;
            }
        }
    }
    plain.push_str(text);
    parts.push(Part::Text(plain));
    parts
}

/// What makes a text deep or long when it is repeated before and behind a part of it.
const PAIRS: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("{'a': ", "}"),
    ("f(", ")"),
    ("not ", ""),
    ("- ", ""),
    ("a: ", ""),
    ("(select ", ")"),
    ("case when ", " then 1 end"),
    ("{% if 1 %}", "{% endif %}"),
    ("<<: ", ""),
    ("/*", "*/"),
    ("1 + ", ""),
    ("", ".a"),
    ("", "[0]"),
    ("", "|string"),
    ("&a ", ""),
    ("1 union all select ", ""),
    ("x -> ", ""),
    ("", "::int"),
    ("cast(", " as int)"),
    ("", ".a()"),
    ("{% for x in xs %}", "{% endfor %}"),
    ("1 if ", " else 1"),
    ("- - ", ""),
    ("[{a: ", "}]"),
    ("**/", ""),
    ("a,", ""),
];

/// Puts something very deep, and something very long, into each place for it, with and without what closes it. Of `most` bytes.
pub(super) fn deep(frames: &[&str], most: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (open, close) in PAIRS {
        let times = most / (open.len() + close.len());
        for close in [close, ""] {
            let part = format!("{}a{}", open.repeat(times), close.repeat(times));
            all.extend(frames.iter().map(|frame| frame.replace('?', &part).into_bytes()));
        }
    }
    all
}

/// An endless row of inputs.
pub(super) struct Inputs {
    corpus: Vec<Vec<u8>>,
    grammar: Option<Grammar>,
    rng: Rng,
}

impl Inputs {
    pub(super) fn new(corpus: Vec<Vec<u8>>, grammar: Option<Grammar>, seed: u64) -> Self {
        assert!(grammar.is_some() || !corpus.is_empty(), "nothing to begin with");
        Self { corpus, grammar, rng: Rng::with_seed(seed) }
    }

    pub(super) fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.sensible();
        // Some stay as the grammar made them.
        let changes = match self.rng.u32(..10) {
            0 if self.grammar.is_some() => 0,
            1..=6 => self.rng.u32(1..4),
            _ => self.rng.u32(1..16),
        };
        for _ in 0..changes {
            self.change(&mut input);
            input.truncate(LONGEST);
        }
        input
    }

    fn sensible(&mut self) -> Vec<u8> {
        match &self.grammar {
            Some(grammar) if self.corpus.is_empty() || self.rng.bool() => {
                grammar.make(&mut self.rng).into_bytes()
            }
            _ => self.rng.choice(&self.corpus).cloned().unwrap_or_default(),
        }
    }

    /// A place where a word, a number or a sign begins, mostly.
    fn place(&mut self, input: &[u8]) -> usize {
        let at = self.rng.usize(..=input.len());
        if self.rng.u8(..10) == 0 {
            return at;
        }
        let kind = |byte: &u8| match byte {
            b'_' | 0x80.. => 1,
            byte if byte.is_ascii_alphanumeric() => 1,
            byte if byte.is_ascii_whitespace() => 2,
            _ => 3,
        };
        let boundary = |at: &usize| {
            *at == 0 || *at >= input.len() || {
                let (before, after) = (kind(&input[*at - 1]), kind(&input[*at]));
                before != after || after == 3
            }
        };
        (at..=input.len()).find(boundary).unwrap_or(at)
    }

    /// A part, short more often than long.
    fn part(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.place(input);
        let end = if self.rng.u8(..4) == 0 {
            self.place(input)
        } else {
            let near = (start + self.rng.usize(1..24)).min(input.len());
            (start..=near).rev().find(|at| self.rng.u8(..3) == 0 || *at == start).unwrap_or(near)
        };
        start.min(end)..start.max(end)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        match self.rng.u8(..12) {
            0 | 1 => drop(input.drain(self.part(input))),
            2 => {
                // Once mostly, sometimes so often that the tree becomes very deep or long.
                let part = input[self.part(input)].to_vec();
                let times = if self.rng.u8(..8) == 0 { self.rng.usize(1..5000) } else { 1 };
                let at = self.place(input);
                let most = LONGEST / part.len().max(1);
                insert(input, at, &part.repeat(times.min(most)));
            }
            3..=5 => {
                let piece = self.rng.choice(PIECES).copied().unwrap_or_default();
                let at = self.place(input);
                insert(input, at, piece.as_bytes());
            }
            6 => {
                let part = self.part(input);
                let piece = self.rng.choice(PIECES).copied().unwrap_or_default();
                input.splice(part, piece.bytes());
            }
            7 => {
                let other = self.sensible();
                let (from, to) = (self.part(&other), self.part(input));
                input.splice(to, other[from].iter().copied());
            }
            8 => {
                let other = self.sensible();
                let (cut, from) = (self.place(input), self.place(&other));
                input.truncate(cut);
                input.extend_from_slice(&other[from..]);
            }
            9 => self.deepen(input),
            10 => {
                let (from, to) = (self.part(input), self.place(input));
                let part = input[from].to_vec();
                insert(input, to, &part);
            }
            _ => {
                if let Some(at) = input.len().checked_sub(1).map(|last| self.rng.usize(..=last)) {
                    input[at] = self.rng.u8(..);
                }
            }
        }
    }

    /// Puts many brackets around a part.
    fn deepen(&mut self, input: &mut Vec<u8>) {
        let part = self.part(input);
        let (open, close) = self.rng.choice(PAIRS).copied().unwrap_or_default();
        let times = if self.rng.bool() { self.rng.usize(1..20) } else { self.rng.usize(1..4000) };
        let times = times.min(LONGEST / (open.len() + close.len()).max(1));
        if self.rng.u8(..4) != 0 {
            insert(input, part.end, close.repeat(times).as_bytes());
        }
        insert(input, part.start, open.repeat(times).as_bytes());
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}
