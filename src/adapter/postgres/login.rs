//! Logs in: who we are, the proof of it, and what cancels us later.
//!
//! Input: [`Settings`] and an open [`Wire`]. Output: the key of the session. Passwords go to the server in the way it
//! asks for (plain, MD5, SCRAM-SHA-256) and nowhere else. Called by `connect`.

use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::backend::{AuthenticationSaslBody, ErrorFields, Message};
use postgres_protocol::message::frontend;

use super::connect::Failure;
use super::password_file::{Found, look_up};
use super::profile::Password;
use super::settings::{Binding, Place, Settings};
use super::tls;
use super::wire::{Stream, Wire, server_error};
use crate::adapter::{DbError, DbErrorKind};

/// What names a session to the server when it is to be cancelled.
#[derive(Clone, Copy, Debug)]
pub(super) struct CancelKey {
    pub(super) process: i32,
    pub(super) secret: i32,
}

/// Tells who we are, and waits until the server is ready.
pub(super) fn log_in(settings: &Settings, place: &Place, wire: &mut Wire) -> Result<CancelKey, Failure> {
    let mut startup = vec![("user", settings.user.as_str()), ("database", settings.database.as_str())];
    startup.extend(settings.startup.iter().map(|(name, value)| (*name, value.as_str())));
    let mut key = CancelKey { process: 0, secret: 0 };
    let mut login = Login { settings, place, password: None, bound: false };
    let io = |error: io::Error| Failure::broken(&error);
    wire.send(|out| frontend::startup_message(startup, out)).map_err(io)?;
    loop {
        match wire.receive().map_err(io)? {
            Message::AuthenticationOk if settings.binding == Binding::Require && !login.bound => {
                return Err(no_binding());
            }
            Message::AuthenticationCleartextPassword => {
                let password = login.password()?.reveal().to_owned();
                wire.send(|out| frontend::password_message(password.as_bytes(), out)).map_err(io)?;
            }
            Message::AuthenticationMd5Password(body) => {
                let password = login.password()?.reveal().as_bytes();
                let hash = md5_hash(settings.user.as_bytes(), password, body.salt());
                wire.send(|out| frontend::password_message(hash.as_bytes(), out)).map_err(io)?;
            }
            Message::AuthenticationSasl(body) => login.scram(wire, &body)?,
            Message::BackendKeyData(body) => {
                key = CancelKey { process: body.process_id(), secret: body.secret_key() };
            }
            Message::ErrorResponse(body) => return Err(login.refused(body.fields())),
            Message::ReadyForQuery(_) => return Ok(key),
            Message::AuthenticationGss
            | Message::AuthenticationSspi
            | Message::AuthenticationKerberosV5
            | Message::AuthenticationScmCredential => {
                return Err(connection("the server asks for a kind of authentication that is not supported")
                    .advise("passwords (plain, MD5 and SCRAM-SHA-256) and client certificates are"));
            }
            _ => {}
        }
    }
}

/// One login.
struct Login<'a> {
    settings: &'a Settings,
    place: &'a Place,
    /// What was found in the password file.
    password: Option<Found>,
    /// Whether the login was tied to the encrypted connection.
    bound: bool,
}

impl Login<'_> {
    /// The password of the profile or the environment, else that of the password file.
    fn password(&mut self) -> Result<&Password, Failure> {
        if !self.settings.password.is_empty() {
            return Ok(&self.settings.password);
        }
        let look = || match &self.settings.password_file {
            Some(file) => look_up(file, self.place, self.settings),
            None => Found::Nothing,
        };
        match self.password.get_or_insert_with(look) {
            Found::Password(password) => Ok(password),
            Found::Nothing => Err(connection("fe_sendauth: no password supplied")
                .advise("set `password` in the profile, the variable PGPASSWORD, or a line in ~/.pgpass")),
            Found::Open => {
                let file = self.settings.password_file.as_deref().unwrap_or_else(|| "".as_ref()).display();
                let message = format!(
                    "fe_sendauth: no password supplied; password file \"{file}\" is ignored, since it has group or world access"
                );
                Err(connection(&message).advise("let nobody but you read it: chmod 600"))
            }
        }
    }

    /// SCRAM-SHA-256: neither side tells the other the password.
    fn scram(&mut self, wire: &mut Wire, body: &AuthenticationSaslBody) -> Result<(), Failure> {
        let io = |error: io::Error| Failure::broken(&error);
        let offered: Vec<&str> = body.mechanisms().collect().map_err(io)?;
        let hash = match wire.stream() {
            Stream::Tls(stream) if self.settings.binding != Binding::Disable => tls::binding(stream),
            _ => None,
        };
        let (mechanism, binding) = match hash {
            Some(hash) if offered.contains(&SCRAM_SHA_256_PLUS) => {
                self.bound = true;
                (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(hash))
            }
            _ if self.settings.binding == Binding::Require => return Err(no_binding()),
            Some(_) => (SCRAM_SHA_256, ChannelBinding::unrequested()),
            None => (SCRAM_SHA_256, ChannelBinding::unsupported()),
        };
        if !offered.contains(&mechanism) {
            let message = format!("the server offers only {} to authenticate by", offered.join(", "));
            return Err(connection(&message));
        }
        let mut scram = ScramSha256::new(self.password()?.reveal().as_bytes(), binding);
        wire.send(|out| frontend::sasl_initial_response(mechanism, scram.message(), out)).map_err(io)?;
        loop {
            match wire.receive().map_err(io)? {
                Message::AuthenticationSaslContinue(body) => {
                    scram.update(body.data()).map_err(|error| connection(&error.to_string()))?;
                    wire.send(|out| frontend::sasl_response(scram.message(), out)).map_err(io)?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    return scram.finish(body.data()).map_err(|error| connection(&error.to_string()));
                }
                Message::ErrorResponse(body) => return Err(self.refused(body.fields())),
                _ => {}
            }
        }
    }

    /// The server's refusal; some pass: it starts or ends, or has no place left.
    fn refused(&self, fields: ErrorFields<'_>) -> Failure {
        let refused = match server_error(fields) {
            Ok(refused) => refused,
            Err(error) => return Failure::broken(&error),
        };
        let may_pass =
            refused.state.starts_with("57P") || matches!(refused.state.as_str(), "53300" | "53400");
        let wrong_password = refused.state == "28P01";
        let mut error = refused.into_error("");
        error.kind = DbErrorKind::Connection;
        error.message.insert_str(0, "FATAL:  ");
        if let (Some(Found::Password(_)), true, Some(file)) =
            (&self.password, wrong_password, &self.settings.password_file)
        {
            error.message.push_str(&format!("\npassword retrieved from file \"{}\"", file.display()));
        }
        Failure { error, may_pass }
    }
}

fn connection(message: &str) -> Failure {
    Failure::for_good(DbError::new(DbErrorKind::Connection, message))
}

fn no_binding() -> Failure {
    connection("channel binding required, but server authenticated client without channel binding")
        .advise("the variable PGCHANNELBINDING asks for it; it needs SCRAM on an encrypted connection")
}

impl Failure {
    fn advise(mut self, help: &str) -> Self {
        self.error = self.error.help(help);
        self
    }
}
