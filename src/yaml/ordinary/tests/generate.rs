//! Random documents: YAML as people write it at its oddest, and edits that break it.

/// A small generator of random numbers, so that each run makes the same documents.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

const WORDS: [&str; 44] = [
    "a",
    "b",
    "name",
    "name",
    "id",
    "x y",
    "the order",
    "a:b",
    "a#b",
    "it's",
    "\"q\"",
    "1",
    "1.5",
    "007",
    "0x1f",
    "1_000",
    "12:30",
    "2024-01-31",
    "2024-01-31 10:00:00",
    "yes",
    "on",
    "~",
    "null",
    "é",
    "日本",
    "-a",
    "a - b",
    "a -",
    "{{ x }}",
    "a, b",
    "[a",
    "a]",
    "a}",
    "::",
    ":a",
    "?a",
    "a?",
    "<<",
    "=",
    "\u{a0}",
    "a\tb",
    ".",
    "!x",
    "a\\b",
];

const KEYS: [&str; 20] = [
    "a",
    "b",
    "c",
    "name",
    "description",
    "columns",
    "'a'",
    "\"b\"",
    "a b",
    "1",
    "yes",
    "null",
    "2024-01-31",
    "1.5",
    "é",
    "a:b",
    "a#b",
    "-a",
    "'it''s'",
    "\"a\\tb\"",
];

const COMMENTS: [&str; 6] = ["# c", "#", "# a: b", "#a", "# \"it's\"", "# name"];

struct Writer<'a> {
    random: &'a mut Random,
    out: String,
}

/// Makes a document. Most are YAML, some only nearly.
pub(super) fn document(random: &mut Random) -> String {
    let mut writer = Writer { random, out: String::new() };
    if writer.random.one_in(10) {
        writer.out.push_str("---");
        writer.end_line();
    }
    if writer.random.one_in(4) {
        writer.out.push('\n');
        writer.between_lines();
    }
    match writer.random.below(10) {
        0 => writer.flow(3),
        1..3 => writer.sequence(0, 4),
        _ => writer.mapping(0, 4, false),
    }
    let mut out = writer.out;
    if random.one_in(5) {
        out.truncate(out.trim_end_matches('\n').len());
    }
    if random.one_in(12) { out.replace('\n', "\r\n") } else { out }
}

impl Writer<'_> {
    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// Ends a line, perhaps with space or a comment, and perhaps with lines that mean nothing.
    fn end_line(&mut self) {
        if self.random.one_in(6) {
            let spaces = 1 + self.random.below(3);
            self.spaces(spaces);
            if self.random.one_in(2) {
                self.out.push_str(self.random.pick(&COMMENTS));
            }
        }
        self.out.push('\n');
        self.between_lines();
    }

    fn between_lines(&mut self) {
        while self.random.one_in(6) {
            let spaces = self.random.below(6);
            self.spaces(spaces);
            if self.random.one_in(2) {
                self.out.push_str(self.random.pick(&COMMENTS));
            }
            self.out.push('\n');
        }
    }

    fn mapping(&mut self, indent: usize, depth: usize, behind_dash: bool) {
        for at in 0..=self.random.below(4) {
            if at > 0 || !behind_dash {
                self.spaces(indent);
            }
            self.out.push_str(self.random.pick(&KEYS));
            if self.random.one_in(20) {
                self.out.push(' ');
            }
            self.out.push(':');
            self.value(indent, depth);
        }
    }

    /// Writes what stands behind a colon.
    fn value(&mut self, indent: usize, depth: usize) {
        match self.random.below(if depth == 0 { 6 } else { 10 }) {
            0 => self.end_line(),
            1 if self.random.one_in(2) => {
                self.end_line();
                let more = 1 + self.random.below(3);
                self.spaces(indent + more);
                self.scalar(indent, depth);
            }
            1..6 => {
                let space = 1 + self.random.below(2);
                self.spaces(space);
                self.scalar(indent, depth);
            }
            6..8 => {
                self.end_line();
                let more = 1 + self.random.below(3);
                self.mapping(indent + more, depth - 1, false);
            }
            _ => {
                self.end_line();
                let more = self.random.below(3);
                self.sequence(indent + more, depth - 1);
            }
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.random.below(3) {
            self.spaces(indent);
            self.out.push('-');
            let space = 1 + self.random.below(3);
            match self.random.below(if depth == 0 { 5 } else { 10 }) {
                0 => self.value(indent, depth),
                1..5 => {
                    self.spaces(space);
                    self.scalar(indent, depth);
                }
                5 => {
                    self.spaces(space);
                    // The list within begins on this line, so its other dashes are the only ones indented.
                    let start = self.out.len();
                    self.sequence(indent + 1 + space, depth - 1);
                    self.out.replace_range(start..start + indent + 1 + space, "");
                }
                _ => {
                    self.spaces(space);
                    self.mapping(indent + 1 + space, depth - 1, true);
                }
            }
        }
    }

    /// Writes a scalar of any style, or brackets, and ends the line.
    fn scalar(&mut self, indent: usize, depth: usize) {
        match self.random.below(12) {
            0 => self.quoted('\'', indent),
            1 => self.quoted('"', indent),
            2 => return self.block_scalar(indent),
            3 => self.flow(depth.min(2)),
            4..7 => self.plain_lines(indent),
            _ => self.out.push_str(self.random.pick(&WORDS)),
        }
        self.end_line();
    }

    /// Goes to the next line of a scalar.
    fn next_line(&mut self, indent: usize) {
        if self.random.one_in(4) {
            self.out.push(' ');
        }
        self.out.push('\n');
        while self.random.one_in(4) {
            let spaces = self.random.below(4);
            self.spaces(spaces);
            self.out.push('\n');
        }
        let more = 1 + self.random.below(3);
        self.spaces(indent + more);
    }

    fn plain_lines(&mut self, indent: usize) {
        self.out.push_str(self.random.pick(&["a", "the", "an order", "x"]));
        for _ in 0..self.random.below(3) {
            self.next_line(indent);
            self.out.push_str(self.random.pick(&WORDS));
        }
    }

    fn quoted(&mut self, quote: char, indent: usize) {
        self.out.push(quote);
        for at in 0..self.random.below(4) {
            match self.random.below(4) {
                _ if at == 0 => {}
                0 => self.next_line(indent),
                _ => self.out.push(' '),
            }
            let word = self.random.pick(&WORDS).replace(quote, "");
            self.out.push_str(&word);
            if self.random.one_in(4) {
                let odd = ["''", "' ", "#", ": "];
                let escapes = [
                    "\\n",
                    "\\t",
                    "\\\"",
                    "\\\\",
                    "\\x41",
                    "\\u00e9",
                    "\\U0001f600",
                    "\\/",
                    "\\r",
                    "\\ ",
                    "\\e",
                    "\\\n  ",
                    "\\\n\n",
                ];
                let piece = if quote == '"' { self.random.pick(&escapes) } else { self.random.pick(&odd) };
                self.out.push_str(piece);
            }
        }
        self.out.push(quote);
    }

    fn block_scalar(&mut self, indent: usize) {
        self.out.push_str(self.random.pick(&["|", ">", "|-", ">-", "|+", ">+", "|", ">", "|2", "| # c"]));
        let own = indent + 1 + self.random.below(3);
        for _ in 0..self.random.below(4) {
            self.out.push('\n');
            if self.random.one_in(4) {
                let spaces = self.random.below(5);
                self.spaces(spaces);
                continue;
            }
            let more = if self.random.one_in(4) { self.random.below(3) } else { 0 };
            self.spaces(own + more);
            self.out.push_str(self.random.pick(&WORDS));
        }
        self.out.push('\n');
        self.between_lines();
    }

    fn flow(&mut self, depth: usize) {
        let list = self.random.one_in(2);
        self.out.push(if list { '[' } else { '{' });
        for at in 0..self.random.below(4) {
            if at > 0 {
                self.out.push(',');
            }
            self.flow_space();
            if !list {
                self.out.push_str(self.random.pick(&KEYS));
                self.out.push_str(self.random.pick(&[": ", ": ", ": ", ":", " : ", ":\n  "]));
            }
            match self.random.below(if depth == 0 { 6 } else { 8 }) {
                5 if !list => {}
                0 => self.quoted('\'', 1),
                1 => self.quoted('"', 1),
                2..6 => self.out.push_str(self.random.pick(&WORDS)),
                _ => self.flow(depth - 1),
            }
            self.flow_space();
        }
        if self.random.one_in(8) {
            self.out.push_str(self.random.pick(&[",", " ", "\n", ", "]));
        }
        self.out.push(if list { ']' } else { '}' });
    }

    fn flow_space(&mut self) {
        self.out.push_str(self.random.pick(&["", " ", "", " ", "", " ", "  ", "\n  ", " # c\n  ", "\n"]));
    }
}

/// What is set in: all that means something in YAML.
const PIECES: [&str; 46] = [
    " ", "  ", "\n", "\n\n", "\n  ", "\n - ", "\t", ":", ": ", ":\n", "- ", "-", "#", " #", "'", "\"", "''",
    "[", "]", "{", "}", ",", "?", "? ", "|", ">", "|+\n", ">-\n", "&a ", "*a", "!t ", "!!str ", "---\n",
    "...\n", "%", "@", "`", "\\", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{feff}", "\0", "\u{a0}", "é",
];

/// Changes a text in one to four places.
pub(super) fn edit(text: &str, random: &mut Random) -> String {
    let mut out = text.to_owned();
    for _ in 0..=random.below(4) {
        let mut places: Vec<usize> = out.char_indices().map(|(at, _)| at).collect();
        places.push(out.len());
        let at = random.pick(&places);
        let near = places.iter().position(|place| *place == at).unwrap() + 1 + random.below(6);
        let end = places.get(near).copied().unwrap_or(out.len()).max(at);
        let line = out[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = out[at..].find('\n').map_or(out.len(), |newline| at + newline + 1);
        match random.below(8) {
            0 => out.replace_range(at..end, ""),
            1..4 => out.insert_str(at, random.pick(&PIECES)),
            4 => out.replace_range(at..end, random.pick(&PIECES)),
            5 => out.insert_str(line, random.pick(&[" ", "  ", "   ", "\t", "# ", "- "])),
            6 => {
                let copy = out[line..line_end].to_owned();
                let to = random.pick(&places);
                out.insert_str(to, &copy);
            }
            _ => {
                let indent = out[line..].bytes().take_while(|byte| *byte == b' ').count();
                out.replace_range(line..line + random.below(indent + 1), "");
            }
        }
    }
    out
}
