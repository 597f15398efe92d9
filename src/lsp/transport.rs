//! Messages on stdin and stdout, framed as the protocol wants it.
//!
//! A thread reads and a thread writes, so that the loop between them never waits for the editor. What is no message is
//! passed on as such instead of ending the conversation. Called by `server`.

use std::io::{self, BufRead, Write as _};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use lsp_server::Message;

/// What came from the editor.
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something else in a frame of its own.
    Garbage(String),
    /// Nothing more.
    End,
}

/// No message is larger, in bytes: a number beyond it is a broken frame.
const LARGEST: usize = 1 << 28;

/// Reads one frame; `None` at the end. Errors where frames cannot be told apart any more.
fn frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if let Some((_, value)) = header {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let length = length.filter(|length| *length <= LARGEST);
    let length = length.ok_or_else(|| io::Error::other("a message came without a `Content-Length`"))?;
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

/// Reads all frames and passes them on; returns when there are no more, or nobody listens.
pub(super) fn read(mut input: impl BufRead, mut pass: impl FnMut(Incoming) -> bool) {
    loop {
        let read = match frame(&mut input) {
            Ok(Some(body)) => match serde_json::from_slice(&body) {
                Ok(message) => Incoming::Message(message),
                Err(error) => Incoming::Garbage(error.to_string()),
            },
            Ok(None) | Err(_) => Incoming::End,
        };
        let is_end = matches!(read, Incoming::End);
        if !pass(read) || is_end {
            return;
        }
    }
}

/// Starts the thread that writes to stdout, which ends when all senders are gone.
pub(super) fn write() -> io::Result<(Sender<Message>, JoinHandle<()>)> {
    let (sender, inbox): (Sender<Message>, Receiver<Message>) = channel();
    let writer = thread::Builder::new().name("lsp-writer".into()).spawn(move || {
        let mut output = io::stdout().lock();
        for message in inbox {
            // An editor that went away hears no more; the reader notices and ends everything.
            if message.write(&mut output).and_then(|()| output.flush()).is_err() {
                return;
            }
        }
    })?;
    Ok((sender, writer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str) -> Vec<String> {
        let mut seen = Vec::new();
        read(input.as_bytes(), |incoming| {
            seen.push(match incoming {
                Incoming::Message(Message::Notification(note)) => note.method,
                Incoming::Message(other) => format!("{other:?}"),
                Incoming::Garbage(_) => "garbage".to_owned(),
                Incoming::End => "end".to_owned(),
            });
            true
        });
        seen
    }

    #[test]
    fn garbage_in_a_frame_is_passed_on_and_reading_goes_on() {
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let framed = |body: &str| format!("content-length: {}\r\nX: y\r\n\r\n{body}", body.len());
        let input = [framed("{nonsense"), framed("[1]"), framed(exit)].concat();
        assert_eq!(check(&input), ["garbage", "garbage", "exit", "end"]);
        assert_eq!(check("Content-Length: 99999999999999999999\r\n\r\n{}"), ["end"]);
        assert_eq!(check("Content-Length: 50\r\n\r\n{}"), ["end"]);
        assert_eq!(check("\u{0}garbage"), ["end"]);
    }
}
