//! CSV records, cut as Python's `csv` module cuts them.
//!
//! Input: bytes. Output: records of text fields, one at a time into one buffer. Invariant: the rules are Python's, because dbt's
//! row count and types depend on them: an empty line is a record without fields, `\r`, `\n` and `\r\n` end a line and
//! are `\n` inside quotes, a quote within an unquoted field is a character like any other. (The `csv` crate follows the
//! same rules but for empty lines, which it hides.)

use std::io::{self, BufRead, BufReader, Read};

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    RecordStart,
    FieldStart,
    Field,
    Quoted,
    /// Behind a quote inside a quoted field: its end, or the first of two.
    QuoteInQuoted,
}

/// Reads records.
pub(super) struct Records<R> {
    input: BufReader<R>,
    delimiter: Vec<u8>,
    after_cr: bool,
    line: u64,
}

/// One record: the text of all fields and where each ends.
#[derive(Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The line it begins on, from 1.
    pub(super) line: u64,
}

impl Record {
    /// Returns how many fields it has; none for an empty line.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the fields as text; `None` when the record is not UTF-8.
    pub(super) fn fields(&self) -> Option<impl Iterator<Item = &str>> {
        let text = str::from_utf8(&self.bytes).ok()?;
        let mut start = 0;
        Some(self.ends.iter().map(move |&end| {
            let field = text.get(start..end).unwrap_or_default();
            start = end;
            field
        }))
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn field_start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}

impl<R: Read> Records<R> {
    /// Starts reading; a byte order mark at the beginning is skipped.
    pub(super) fn new(input: R, delimiter: char) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(CHUNK, input);
        if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        Ok(Self { input, delimiter: delimiter.to_string().into_bytes(), after_cr: false, line: 1 })
    }

    /// Reads the next record into `record`. Returns false at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        record.bytes.clear();
        record.ends.clear();
        let mut state = State::RecordStart;
        record.line = self.line;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                if state == State::RecordStart {
                    return Ok(false);
                }
                record.end_field();
                return Ok(true);
            }
            let (used, done) =
                scan(buffer, &self.delimiter, &mut self.after_cr, &mut state, (record, &mut self.line));
            self.input.consume(used);
            if done {
                return Ok(true);
            }
        }
    }
}

/// Goes through `buffer` until the record ends. Returns how many bytes it took and whether the record is complete.
fn scan(
    buffer: &[u8],
    delimiter: &[u8],
    after_cr: &mut bool,
    state: &mut State,
    (record, line): (&mut Record, &mut u64),
) -> (usize, bool) {
    let last = delimiter.last().copied().unwrap_or(b',');
    let mut at = 0;
    while let Some(&byte) = buffer.get(at) {
        at += 1;
        if std::mem::take(after_cr) && byte == b'\n' {
            if *state == State::RecordStart {
                record.line = *line;
            }
            continue;
        }
        if byte == b'\n' || byte == b'\r' {
            *after_cr = byte == b'\r';
            *line += 1;
            match *state {
                State::Quoted => record.bytes.push(b'\n'),
                State::RecordStart => return (at, true),
                State::FieldStart | State::Field | State::QuoteInQuoted => {
                    record.end_field();
                    return (at, true);
                }
            }
            continue;
        }
        match *state {
            State::Quoted if byte == b'"' => *state = State::QuoteInQuoted,
            State::Quoted => at = copy(buffer, at, record, |b| matches!(b, b'"' | b'\n' | b'\r')),
            State::QuoteInQuoted if byte == b'"' => {
                record.bytes.push(byte);
                *state = State::Quoted;
            }
            State::RecordStart | State::FieldStart if byte == b'"' => *state = State::Quoted,
            _ if byte == last && ends_with_delimiter(record, delimiter) => {
                record.bytes.truncate(record.bytes.len() + 1 - delimiter.len());
                record.end_field();
                *state = State::FieldStart;
            }
            _ => {
                at = copy(buffer, at, record, |b| b == last || matches!(b, b'\n' | b'\r'));
                *state = State::Field;
            }
        }
    }
    (at, false)
}

/// Copies the byte before `at` and what follows up to a byte that matters. Returns where it stopped.
fn copy(buffer: &[u8], at: usize, record: &mut Record, matters: impl Fn(u8) -> bool) -> usize {
    let rest = &buffer[at..];
    let end = at + rest.iter().position(|b| matters(*b)).unwrap_or(rest.len());
    record.bytes.extend_from_slice(&buffer[at - 1..end]);
    end
}

/// Tells whether the field that is being read ends with all of the delimiter but its last byte.
fn ends_with_delimiter(record: &Record, delimiter: &[u8]) -> bool {
    let head = delimiter.split_last().map_or(&[][..], |(_, head)| head);
    record.bytes[record.field_start()..].ends_with(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads byte by byte as well, so that every state is crossed by a buffer's end.
    #[track_caller]
    fn check(text: &str, delimiter: char, want: &[(u64, &[&str])]) {
        struct OneByOne<'a>(&'a [u8]);
        impl Read for OneByOne<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.0.len().min(out.len()).min(1);
                out[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let slow = all(OneByOne(text.as_bytes()), delimiter);
        let fast = all(text.as_bytes(), delimiter);
        let want: Vec<(u64, Vec<String>)> = want
            .iter()
            .map(|(line, fields)| (*line, fields.iter().map(|f| (*f).to_owned()).collect()))
            .collect();
        assert_eq!(fast, want);
        // The mark is only seen when it comes in one piece.
        if !text.starts_with('\u{feff}') {
            assert_eq!(slow, want);
        }
    }

    fn all(input: impl Read, delimiter: char) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(input, delimiter).unwrap();
        let mut record = Record::default();
        let mut found = Vec::new();
        while records.next(&mut record).unwrap() {
            found.push((record.line, record.fields().unwrap().map(str::to_owned).collect()));
        }
        found
    }

    #[test]
    fn lines_end_in_any_way() {
        check(
            "a,b\r\n1,2\r3,4\n5,6",
            ',',
            &[(1, &["a", "b"]), (2, &["1", "2"]), (3, &["3", "4"]), (4, &["5", "6"])],
        );
        check("a\n\n1\n\n", ',', &[(1, &["a"]), (2, &[]), (3, &["1"]), (4, &[])]);
        check("a\r\n\r\n1\r\n", ',', &[(1, &["a"]), (2, &[]), (3, &["1"])]);
        check("", ',', &[]);
    }

    #[test]
    fn quotes_protect_and_double() {
        check("\"a,b\",\"c\"\"d\"", ',', &[(1, &["a,b", "c\"d"])]);
        check("\"x\r\ny\",1\n2,3", ',', &[(1, &["x\ny", "1"]), (3, &["2", "3"])]);
        check("a\"b\",\"c\"d", ',', &[(1, &["a\"b\"", "cd"])]);
        check("\"open, end", ',', &[(1, &["open, end"])]);
        check("\"\"\n", ',', &[(1, &[""])]);
    }

    #[test]
    fn delimiters_and_the_mark() {
        check("\u{feff}a;b\n;\n", ';', &[(1, &["a", "b"]), (2, &["", ""])]);
        check("a¦b¦c\n\"x¦y\"¦z¦\n", '¦', &[(1, &["a", "b", "c"]), (2, &["x¦y", "z", ""])]);
        check("a,,\n", ',', &[(1, &["a", "", ""])]);
    }
}
