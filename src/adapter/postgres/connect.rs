//! Opens a session: socket, encryption, authentication, settings.
//!
//! Input: a [`Profile`]. Output: a [`Wire`] that is ready for statements, with the key that cancels them. Called by
//! `server`.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::error::broken;
use super::profile::{Profile, SslMode};
use super::tls;
use super::wire::{Stream, Wire, server_error};
use crate::adapter::{DbError, DbErrorKind, Fetch};
use crate::sql::{Ident, Postgres};

/// What cancels a session's statement: sent on a connection of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct CancelKey {
    process: i32,
    secret: i32,
}

/// Opens a session.
pub(super) fn connect(profile: &Profile) -> Result<(Wire, CancelKey), DbError> {
    let mut last = None;
    for encrypted in ways(profile) {
        match open(profile, *encrypted) {
            Ok(opened) => return Ok(opened),
            Err(error) => last = Some(last.unwrap_or(error)),
        }
    }
    Err(last.unwrap_or_else(|| DbError::new(DbErrorKind::Connection, "there is no way to connect")))
}

/// Asks the server to stop what a session does. Nothing tells whether it did.
pub(super) fn cancel(profile: &Profile, key: CancelKey) -> io::Result<()> {
    let encrypted = ways(profile).first().copied().unwrap_or(false);
    let stream = socket(profile).and_then(|stream| match stream {
        Stream::Plain(socket) if encrypted => negotiate(profile, socket),
        other => Ok(other),
    });
    let mut wire = Wire::new(stream.map_err(|error| io::Error::other(error.message))?);
    wire.send(|out| {
        frontend::cancel_request(key.process, key.secret, out);
        Ok(())
    })
}

/// Whether to encrypt, in the order to try.
fn ways(profile: &Profile) -> &'static [bool] {
    if profile.host.starts_with('/') {
        return &[false];
    }
    match profile.sslmode.unwrap_or_default() {
        SslMode::Disable => &[false],
        SslMode::Allow => &[false, true],
        SslMode::Prefer => &[true, false],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
    }
}

fn open(profile: &Profile, encrypted: bool) -> Result<(Wire, CancelKey), DbError> {
    let stream = match socket(profile)? {
        Stream::Plain(socket) if encrypted => negotiate(profile, socket)?,
        other => other,
    };
    let mut wire = Wire::new(stream);
    wire.set_read_timeout(profile.connect_timeout).map_err(|error| broken(&error))?;
    let key = start(profile, &mut wire)?;
    wire.set_read_timeout(None).map_err(|error| broken(&error))?;
    if let Some(role) = &profile.role {
        wire.query(&format!("set role {}", Ident::new(role, &Postgres)), Fetch::Nothing)
            .map_err(|error| error.help("the profile's `role` is taken on after the connection is made"))?;
    }
    Ok((wire, key))
}

fn socket(profile: &Profile) -> Result<Stream, DbError> {
    let unreachable = |error: &io::Error| {
        let place = format!("\"{}\", port {}", profile.host, profile.port);
        DbError::new(DbErrorKind::Connection, format!("connection to server at {place} failed: {error}"))
            .help("check `host` and `port` in the profile, and that the server accepts connections there")
    };
    #[cfg(unix)]
    if profile.host.starts_with('/') {
        let path = format!("{}/.s.PGSQL.{}", profile.host.trim_end_matches('/'), profile.port);
        let socket = std::os::unix::net::UnixStream::connect(path).map_err(|error| unreachable(&error))?;
        return Ok(Stream::Unix(socket));
    }
    let addresses =
        (profile.host.as_str(), profile.port).to_socket_addrs().map_err(|error| unreachable(&error))?;
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        let wait = profile.connect_timeout.unwrap_or(Duration::from_hours(1));
        match TcpStream::connect_timeout(&address, wait) {
            Ok(socket) => {
                keep_alive(&socket, profile).map_err(|error| unreachable(&error))?;
                return Ok(Stream::Plain(socket));
            }
            Err(error) => last = error,
        }
    }
    Err(unreachable(&last))
}

fn keep_alive(socket: &TcpStream, profile: &Profile) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut settings = socket2::TcpKeepalive::new();
    if let Some(idle) = profile.keepalives_idle {
        settings = settings.with_time(idle);
    }
    socket2::SockRef::from(socket).set_tcp_keepalive(&settings)
}

/// Asks for encryption and begins it. Under `prefer` a server that has none is fine.
fn negotiate(profile: &Profile, mut socket: TcpStream) -> Result<Stream, DbError> {
    use std::io::{Read as _, Write as _};

    let mode = profile.sslmode.unwrap_or_default();
    let mut request = bytes::BytesMut::new();
    frontend::ssl_request(&mut request);
    let mut answer = [0];
    socket
        .set_read_timeout(profile.connect_timeout)
        .and_then(|()| socket.write_all(&request))
        .and_then(|()| socket.read_exact(&mut answer))
        .map_err(|error| broken(&error))?;
    match (answer[0], mode) {
        (b'S', _) => tls::encrypt(profile, mode, socket).map(|stream| Stream::Tls(Box::new(stream))),
        (_, SslMode::Prefer | SslMode::Allow | SslMode::Disable) => Ok(Stream::Plain(socket)),
        _ => Err(DbError::new(DbErrorKind::Connection, "server does not support SSL, but SSL was required")
            .help("`sslmode` in the profile asks for it")),
    }
}

/// Tells who we are, and waits until the server is ready.
fn start(profile: &Profile, wire: &mut Wire) -> Result<CancelKey, DbError> {
    let options =
        profile.search_path.as_ref().map(|path| format!("-c search_path={}", path.replace(' ', "\\ ")));
    let mut settings = vec![
        ("user", profile.user.as_str()),
        ("database", profile.database.as_str()),
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO"),
    ];
    settings.extend(profile.application_name.as_deref().map(|name| ("application_name", name)));
    settings.extend(options.as_deref().map(|options| ("options", options)));
    wire.send(|out| frontend::startup_message(settings, out)).map_err(|error| broken(&error))?;
    let mut key = CancelKey { process: 0, secret: 0 };
    loop {
        match wire.receive().map_err(|error| broken(&error))? {
            Message::AuthenticationCleartextPassword => password(wire, profile.password.reveal().as_bytes())?,
            Message::AuthenticationMd5Password(body) => {
                let (user, password) = (profile.user.as_bytes(), profile.password.reveal().as_bytes());
                self::password(wire, md5_hash(user, password, body.salt()).as_bytes())?;
            }
            Message::AuthenticationSasl(body) => scram(wire, profile, &body)?,
            Message::BackendKeyData(body) => {
                key = CancelKey { process: body.process_id(), secret: body.secret_key() };
            }
            Message::ErrorResponse(body) => {
                let refused = server_error(body.fields()).map_err(|error| broken(&error))?;
                let mut error = refused.into_error("");
                error.kind = DbErrorKind::Connection;
                return Err(error);
            }
            Message::ReadyForQuery(_) => return Ok(key),
            Message::AuthenticationGss
            | Message::AuthenticationSspi
            | Message::AuthenticationKerberosV5
            | Message::AuthenticationScmCredential => {
                let message = "the server asks for a kind of authentication that is not supported";
                return Err(DbError::new(DbErrorKind::Connection, message)
                    .help("passwords (plain, MD5 and SCRAM-SHA-256) and client certificates are"));
            }
            _ => {}
        }
    }
}

fn password(wire: &mut Wire, password: &[u8]) -> Result<(), DbError> {
    wire.send(|out| frontend::password_message(password, out)).map_err(|error| broken(&error))
}

/// SCRAM-SHA-256: neither side tells the other the password.
fn scram(wire: &mut Wire, profile: &Profile, body: &AuthenticationSaslBody) -> Result<(), DbError> {
    let io = |error: io::Error| broken(&error);
    let offered: Vec<&str> = body.mechanisms().collect().map_err(io)?;
    if !offered.contains(&SCRAM_SHA_256) {
        let message = format!("the server offers only {} to authenticate by", offered.join(", "));
        return Err(DbError::new(DbErrorKind::Connection, message));
    }
    let mut scram = ScramSha256::new(profile.password.reveal().as_bytes(), ChannelBinding::unsupported());
    wire.send(|out| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), out)).map_err(io)?;
    loop {
        match wire.receive().map_err(io)? {
            Message::AuthenticationSaslContinue(body) => {
                scram.update(body.data()).map_err(io)?;
                wire.send(|out| frontend::sasl_response(scram.message(), out)).map_err(io)?;
            }
            Message::AuthenticationSaslFinal(body) => return scram.finish(body.data()).map_err(io),
            Message::ErrorResponse(body) => {
                let mut error = server_error(body.fields()).map_err(io)?.into_error("");
                error.kind = DbErrorKind::Connection;
                return Err(error);
            }
            _ => {}
        }
    }
}
