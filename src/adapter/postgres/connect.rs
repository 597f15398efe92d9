//! Opens a session: socket, encryption, login.
//!
//! Input: [`Settings`]. Output: a [`Wire`] that is ready for statements, with what cancels them; or why not, and
//! whether trying again can help. Called by `server`; `login` does the last part.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use postgres_protocol::message::frontend;

use super::error::broken;
use super::login::{CancelKey, log_in};
use super::profile::SslMode;
use super::settings::{Place, Settings};
use super::tls;
use super::wire::{Stream, Wire};
use crate::adapter::{DbError, DbErrorKind, Fetch};
use crate::sql::{Ident, Postgres};

/// What was opened.
pub(super) struct Opened {
    pub(super) wire: Wire,
    pub(super) canceller: Canceller,
}

/// What cancels a session's statement: a message on a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Canceller {
    key: CancelKey,
    place: Place,
    encrypted: bool,
}

/// Why a session was not opened.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: DbError,
    /// Whether it may be better in a moment: the server is starting, or the network is away.
    pub(super) may_pass: bool,
}

impl Failure {
    pub(super) fn for_good(error: DbError) -> Self {
        Self { error, may_pass: false }
    }

    pub(super) fn broken(error: &io::Error) -> Self {
        Self { error: broken(error), may_pass: true }
    }
}

/// Opens a session on the first server that is there.
pub(super) fn connect(settings: &Settings) -> Result<Opened, Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for place in &settings.places {
        for encrypted in ways(settings, place) {
            match open(settings, place, *encrypted) {
                Ok(opened) => return Ok(opened),
                Err(failure) => failures.push(failure),
            }
        }
    }
    // One sentence a try, as libpq has it; the same sentence once.
    let may_pass = failures.iter().any(|failure| failure.may_pass);
    let mut failures = failures.into_iter().map(|failure| failure.error);
    let mut all =
        failures.next().unwrap_or_else(|| DbError::new(DbErrorKind::Connection, "there is no server to try"));
    for other in failures {
        if !all.message.contains(&other.message) {
            all.message.push_str(&format!("\n{}", other.message));
            all.help.extend(other.help);
        }
    }
    all.help.dedup();
    Err(Failure { error: all, may_pass })
}

impl Canceller {
    /// Asks the server to stop what the session does. Nothing tells whether it did.
    pub(super) fn cancel(&self, settings: &Settings) -> io::Result<()> {
        let said = |failure: Failure| io::Error::other(failure.error.message);
        let (stream, _) = socket(settings, &self.place).map_err(said)?;
        let stream = encrypt(settings, &self.place, stream, self.encrypted).map_err(said)?;
        let mut wire = Wire::new(stream);
        wire.send(|out| {
            frontend::cancel_request(self.key.process, self.key.secret, out);
            Ok(())
        })
    }
}

/// Whether to encrypt, in the order to try.
fn ways(settings: &Settings, place: &Place) -> &'static [bool] {
    if place.socket().is_some() {
        return &[false];
    }
    match settings.sslmode {
        SslMode::Disable => &[false],
        SslMode::Allow => &[false, true],
        SslMode::Prefer => &[true, false],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
    }
}

fn open(settings: &Settings, place: &Place, encrypted: bool) -> Result<Opened, Failure> {
    let (stream, name) = socket(settings, place)?;
    let opened = || -> Result<Opened, Failure> {
        let stream = encrypt(settings, place, stream, encrypted)?;
        let mut wire = Wire::new(stream);
        let io = |error: io::Error| Failure::broken(&error);
        wire.set_read_timeout(settings.connect_timeout).map_err(io)?;
        let key = log_in(settings, place, &mut wire)?;
        wire.set_read_timeout(None).map_err(io)?;
        let canceller = Canceller { key, place: place.clone(), encrypted };
        Ok(Opened { wire, canceller })
    };
    let mut opened = opened().map_err(|mut failure| {
        failure.error.message = format!("connection to server {name} failed: {}", failure.error.message);
        failure
    })?;
    take_role(settings, &mut opened.wire).map_err(Failure::for_good)?;
    Ok(opened)
}

/// Takes on the role of the profile; nothing else is set then.
pub(super) fn take_role(settings: &Settings, wire: &mut Wire) -> Result<(), DbError> {
    if let Some(role) = &settings.role {
        wire.query(&set_role(role), Fetch::Nothing)
            .map_err(|error| error.help("the profile's `role` is taken on after the connection is made"))?;
    }
    wire.has_no_settings();
    Ok(())
}

/// Returns the statement that takes on a role.
pub(super) fn set_role(role: &str) -> String {
    format!("set role {}", Ident::new(role, &Postgres))
}

/// Opens a socket; returns it with the words for where it leads.
fn socket(settings: &Settings, place: &Place) -> Result<(Stream, String), Failure> {
    let unreachable = |name: &str, error: &io::Error| {
        let reason = match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timeout expired".to_owned(),
            _ => error.to_string(),
        };
        let message = format!("connection to server {name} failed: {reason}");
        let error = DbError::new(DbErrorKind::Connection, message)
            .help("check `host` and `port` in the profile, and that the server accepts connections there");
        Failure { error, may_pass: true }
    };
    #[cfg(unix)]
    if let Some(file) = place.socket() {
        let name = format!("on socket \"{}\"", file.display());
        let socket =
            std::os::unix::net::UnixStream::connect(file).map_err(|error| unreachable(&name, &error))?;
        return Ok((Stream::Unix(socket), name));
    }
    let mut name = format!("at \"{}\", port {}", place.host, place.port);
    let target = place.address.as_deref().unwrap_or(&place.host);
    let addresses = (target, place.port).to_socket_addrs().map_err(|error| unreachable(&name, &error))?;
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        if address.ip().to_string() != place.host {
            name = format!("at \"{}\" ({}), port {}", place.host, address.ip(), place.port);
        }
        let wait = settings.connect_timeout.unwrap_or(Duration::from_hours(1));
        match TcpStream::connect_timeout(&address, wait) {
            Ok(socket) => {
                keep_alive(&socket, settings).map_err(|error| unreachable(&name, &error))?;
                return Ok((Stream::Plain(socket), name));
            }
            Err(error) => last = error,
        }
    }
    Err(unreachable(&name, &last))
}

fn keep_alive(socket: &TcpStream, settings: &Settings) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut alive = socket2::TcpKeepalive::new();
    if let Some(idle) = settings.keepalives_idle {
        alive = alive.with_time(idle);
    }
    socket2::SockRef::from(socket).set_tcp_keepalive(&alive)
}

/// Asks for encryption and begins it. Under `prefer` a server that has none is fine.
fn encrypt(settings: &Settings, place: &Place, stream: Stream, encrypted: bool) -> Result<Stream, Failure> {
    let Stream::Plain(mut socket) = stream else { return Ok(stream) };
    if !encrypted {
        return Ok(Stream::Plain(socket));
    }
    let mut request = bytes::BytesMut::new();
    frontend::ssl_request(&mut request);
    let mut answer = [0];
    socket
        .set_read_timeout(settings.connect_timeout)
        .and_then(|()| socket.write_all(&request))
        .and_then(|()| socket.read_exact(&mut answer))
        .map_err(|error| Failure::broken(&error))?;
    match (answer[0], settings.sslmode) {
        (b'S', _) => match tls::encrypt(settings, &place.host, socket) {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(tls::Failure::Broken(error)) => Err(Failure::broken(&error)),
            Err(tls::Failure::Refused(error)) => Err(Failure::for_good(error)),
        },
        (_, SslMode::Prefer | SslMode::Disable) => Ok(Stream::Plain(socket)),
        _ => Err(Failure::for_good(
            DbError::new(DbErrorKind::Connection, "server does not support SSL, but SSL was required")
                .help("`sslmode` in the profile asks for it"),
        )),
    }
}
