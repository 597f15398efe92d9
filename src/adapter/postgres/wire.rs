//! One socket to a server: messages out, messages in, statement by statement.
//!
//! Input: SQL. Output: what the server answers. Invariant: between calls the server is ready for the next statement,
//! or the wire is broken, which every later call says. Called by `connect` and `session`.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::copy::push_row;
use super::error::{ServerError, broken};
use super::tls::TlsStream;
use super::types::Type;
use crate::adapter::{
    AdapterResponse, Cell, DbError, Feed, Fetch, QueryResult, ResultColumn, ResultTable, unique_names,
};

/// What a `copy` from the program is told where nothing is to be copied.
const NO_ROWS: &str = "data from the client is not available here";

/// What goes before the first statement of a transaction, in its message.
const BEGIN_WITH: &str = "BEGIN; ";

/// How much is read from the socket at once, and sent at once of rows.
const CHUNK: usize = 64 * 1024;

/// What bytes travel on.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Sets how long a read may wait; `None` is for ever.
    pub(super) fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.set_read_timeout(time),
            Self::Tls(stream) => stream.sock.set_read_timeout(time),
            #[cfg(unix)]
            Self::Unix(socket) => socket.set_read_timeout(time),
        }
    }

    /// Sets whether reads return at once, with what is there.
    fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.set_nonblocking(on),
            Self::Tls(stream) => stream.sock.set_nonblocking(on),
            #[cfg(unix)]
            Self::Unix(socket) => socket.set_nonblocking(on),
        }
    }

    /// Returns the socket for others, who can only end it.
    pub(super) fn socket(&self) -> io::Result<Socket> {
        Ok(match self {
            Self::Plain(socket) => Socket::Network(socket.try_clone()?),
            Self::Tls(stream) => Socket::Network(stream.sock.try_clone()?),
            #[cfg(unix)]
            Self::Unix(socket) => Socket::Unix(socket.try_clone()?),
        })
    }
}

/// A socket that somebody else uses.
pub(super) enum Socket {
    Network(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// Ends it: whoever reads from it learns that nothing comes any more.
    pub(super) fn shut_down(&self) {
        let _ = match self {
            Self::Network(socket) => socket.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Self::Unix(socket) => socket.shutdown(Shutdown::Both),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
            #[cfg(unix)]
            Self::Unix(socket) => socket.flush(),
        }
    }
}

/// A session's end of the line.
pub(super) struct Wire {
    stream: Stream,
    incoming: BytesMut,
    outgoing: BytesMut,
    chunk: Box<[u8]>,
    in_transaction: bool,
    has_settings: bool,
    /// How many statements were sent whose answers nobody read.
    owed: usize,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let (incoming, outgoing) = (BytesMut::new(), BytesMut::new());
        Self { stream, incoming, outgoing, chunk, in_transaction: false, has_settings: false, owed: 0 }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(time)
    }

    /// Sends what `write` puts together.
    pub(super) fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> io::Result<()> {
        self.outgoing.clear();
        write(&mut self.outgoing)?;
        self.stream.write_all(&self.outgoing)?;
        self.stream.flush()
    }

    /// Waits for the next message.
    pub(super) fn receive(&mut self) -> io::Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.incoming)? {
                return Ok(message);
            }
            match self.stream.read(&mut self.chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.incoming.extend_from_slice(&self.chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells whether the server has a transaction open, be it a failed one.
    pub(super) fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Tells whether a `set` ran, whose effect would be lost with the connection.
    pub(super) fn has_settings(&self) -> bool {
        self.has_settings
    }

    /// Notes that nothing is set but what every new connection has.
    pub(super) fn has_no_settings(&mut self) {
        self.has_settings = false;
    }

    /// Tells whether the server ended the connection while nothing was asked of it.
    pub(super) fn is_gone(&mut self) -> bool {
        if self.stream.set_nonblocking(true).is_err() {
            return true;
        }
        let gone = loop {
            match self.stream.read(&mut self.chunk) {
                Ok(0) => break true,
                Ok(read) => self.incoming.extend_from_slice(&self.chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error.kind() != io::ErrorKind::WouldBlock,
            }
        };
        // A server that ends says so first; other messages that nobody asked for (notices) change nothing.
        gone || self.stream.set_nonblocking(false).is_err() || self.is_told_to_go()
    }

    fn is_told_to_go(&mut self) -> bool {
        loop {
            match Message::parse(&mut self.incoming) {
                Ok(Some(Message::ErrorResponse(_))) | Err(_) => return true,
                Ok(Some(_)) => {}
                Ok(None) => return false,
            }
        }
    }

    /// Sends statements that leave no transaction open, each by itself, and does not wait for the answers.
    pub(super) fn post(&mut self, statements: &[String]) -> Result<(), DbError> {
        let sent = self.send(|out| statements.iter().try_for_each(|sql| frontend::query(sql, out)));
        sent.map_err(|error| broken(&error))?;
        self.owed += statements.len();
        self.in_transaction = false;
        Ok(())
    }

    /// Waits for the answers to what was posted. Errors when one of the statements did not work.
    pub(super) fn settle(&mut self) -> Result<(), DbError> {
        let mut outcome = Ok(());
        while self.owed > 0 {
            self.owed -= 1;
            let answer = self.answer(Fetch::Nothing, None).map_err(|error| broken(&error))?;
            outcome = outcome.and(answer.map(drop).map_err(|refused| refused.into_error("")));
        }
        outcome
    }

    /// Runs the statements of a text; the result is that of the last one. What was posted is settled before.
    pub(super) fn query(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        self.run(("", sql), fetch, None)
    }

    /// As [`query`](Self::query), in a transaction that begins with it: one message, one answer.
    pub(super) fn begin_with(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError> {
        self.run((BEGIN_WITH, sql), fetch, None)
    }

    /// Runs a statement that takes rows; they are sent as the server asks for them.
    pub(super) fn copy_in(&mut self, sql: &str, feed: &mut Feed<'_>) -> Result<QueryResult, DbError> {
        self.run(("", sql), Fetch::Nothing, Some(feed))
    }

    /// Sends `sql` behind `prefix`, which is ASCII; errors have their place in `sql`.
    fn run(
        &mut self,
        (prefix, sql): (&str, &str),
        fetch: Fetch,
        feed: Option<&mut Feed<'_>>,
    ) -> Result<QueryResult, DbError> {
        if sql.contains('\0') {
            let message = "a statement cannot contain the character NUL";
            return Err(DbError::new(crate::adapter::DbErrorKind::Statement, message));
        }
        self.settle()?;
        let whole = if prefix.is_empty() { Cow::Borrowed(sql) } else { Cow::Owned([prefix, sql].concat()) };
        self.send(|out| frontend::query(&whole, out)).map_err(|error| broken(&error))?;
        let answer = self.answer(fetch, feed).map_err(|error| broken(&error))?;
        answer.map_err(|mut refused| {
            refused.position = refused.position.and_then(|at| at.checked_sub(prefix.len()));
            refused.into_error(sql)
        })
    }

    /// Collects messages until the server is ready again.
    fn answer(
        &mut self,
        fetch: Fetch,
        mut feed: Option<&mut Feed<'_>>,
    ) -> io::Result<Result<QueryResult, ServerError>> {
        let mut result = QueryResult { response: AdapterResponse::message(""), table: None };
        let mut reading: Option<Reading> = None;
        let mut refused = None;
        loop {
            match self.receive()? {
                Message::RowDescription(body) => reading = Some(Reading::new(&body, fetch)?),
                Message::DataRow(body) => {
                    if let Some(reading) = &mut reading {
                        reading.row(&body)?;
                    }
                }
                Message::CommandComplete(body) => {
                    self.has_settings |= body.tag()? == "SET";
                    result.response = response(body.tag()?);
                    result.table =
                        reading.take().map(|reading| reading.table).filter(|_| fetch != Fetch::Nothing);
                }
                Message::EmptyQueryResponse => result = QueryResult::default(),
                Message::ErrorResponse(body) => {
                    let error = server_error(body.fields())?;
                    refused.get_or_insert(error);
                }
                Message::CopyInResponse(_) => match feed.take() {
                    Some(feed) => self.send_rows(feed)?,
                    None => self.send(|out| frontend::copy_fail(NO_ROWS, out))?,
                },
                Message::ReadyForQuery(body) => {
                    self.in_transaction = body.status() != b'I';
                    return Ok(refused.map_or(Ok(result), Err));
                }
                _ => {}
            }
        }
    }

    /// Sends the rows of a `copy`. What the server says about one of them is read afterwards: until then it drops the rest.
    fn send_rows(&mut self, feed: &mut Feed<'_>) -> io::Result<()> {
        let mut broken_pipe = None;
        let mut lines = Vec::with_capacity(2 * CHUNK);
        let fed = feed(&mut |row| {
            push_row(&mut lines, row);
            if lines.len() < CHUNK {
                return Ok(());
            }
            let sent = self.send(|out| copy_data(&lines, out));
            lines.clear();
            sent.map_err(|error| {
                let told = broken(&error);
                broken_pipe = Some(error);
                told
            })
        });
        if let Some(error) = broken_pipe {
            return Err(error);
        }
        self.send(|out| match fed {
            Ok(()) => {
                copy_data(&lines, out)?;
                frontend::copy_done(out);
                Ok(())
            }
            Err(error) => frontend::copy_fail(&error.message, out),
        })
    }

    /// Says goodbye; a server that is gone already does not matter.
    pub(super) fn terminate(&mut self) {
        let _ = self.send(|out| {
            frontend::terminate(out);
            Ok(())
        });
    }
}

fn copy_data(lines: &[u8], out: &mut BytesMut) -> io::Result<()> {
    frontend::CopyData::new(lines)?.write(out);
    Ok(())
}

/// Rows on their way in.
struct Reading {
    types: Vec<Type>,
    limit: usize,
    table: ResultTable,
}

impl Reading {
    fn new(body: &RowDescriptionBody, fetch: Fetch) -> io::Result<Self> {
        let mut fields = body.fields();
        let (mut names, mut types) = (Vec::new(), Vec::new());
        while let Some(field) = fields.next()? {
            names.push(field.name().to_owned());
            types.push(Type::of(field.type_oid()));
        }
        let column =
            |(name, ty): (String, &Type)| ResultColumn { name, type_name: ty.name(), ty: ty.cell_type() };
        let columns = unique_names(names).into_iter().zip(&types).map(column).collect();
        let limit = match fetch {
            Fetch::Nothing => 0,
            Fetch::All => usize::MAX,
            Fetch::Limit(rows) => rows,
        };
        Ok(Self { types, limit, table: ResultTable { columns, rows: Vec::new() } })
    }

    /// Keeps a row, unless there are enough.
    fn row(&mut self, body: &DataRowBody) -> io::Result<()> {
        if self.table.rows.len() >= self.limit {
            return Ok(());
        }
        let mut ranges = body.ranges();
        let mut types = self.types.iter();
        let mut row = Vec::with_capacity(self.types.len());
        while let (Some(range), Some(ty)) = (ranges.next()?, types.next()) {
            row.push(match range {
                None => Cell::Null,
                Some(range) => ty.cell(&String::from_utf8_lossy(&body.buffer()[range])),
            });
        }
        self.table.rows.push(row);
        Ok(())
    }
}

/// Reads a command's tag as dbt does: `INSERT 0 3` is the code `INSERT` with 3 rows.
fn response(tag: &str) -> AdapterResponse {
    let words: Vec<&str> = tag.split(' ').filter(|word| word.parse::<u64>().is_err()).collect();
    let rows = tag.rsplit(' ').next().and_then(|word| word.parse().ok());
    AdapterResponse {
        message: tag.to_owned(),
        code: Some(words.join(" ")),
        rows_affected: Some(rows.unwrap_or(-1)),
    }
}

/// Reads the fields of an error.
pub(super) fn server_error(mut fields: ErrorFields<'_>) -> io::Result<ServerError> {
    let mut error = ServerError::default();
    while let Some(field) = fields.next()? {
        let text = || String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => error.state = text(),
            b'M' => error.message = text(),
            b'D' => error.detail = Some(text()),
            b'H' => error.hint = Some(text()),
            b'W' => error.context = text(),
            b'P' => error.position = text().parse().ok(),
            _ => {}
        }
    }
    Ok(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_dbt_reads_them() {
        let check = |tag: &str, code: &str, rows: i64| {
            let response = response(tag);
            assert_eq!((response.code.as_deref(), response.rows_affected), (Some(code), Some(rows)), "{tag}");
            assert_eq!(response.message, tag);
        };
        check("INSERT 0 3", "INSERT", 3);
        check("SELECT 12", "SELECT", 12);
        check("CREATE TABLE", "CREATE TABLE", -1);
        check("DROP MATERIALIZED VIEW", "DROP MATERIALIZED VIEW", -1);
    }
}
