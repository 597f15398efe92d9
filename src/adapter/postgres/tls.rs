//! Encryption of a connection, in libpq's modes.
//!
//! Input: certificates and mode of the settings. Output: a stream that encrypts. Called by `connect`.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use super::certificate;
use super::password_file::others_may_read;
use super::profile::SslMode;
use super::settings::{Certificates, Settings};
use crate::adapter::{DbError, DbErrorKind};

/// An encrypted connection.
pub(super) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// Why encryption did not begin.
pub(super) enum Failure {
    /// The network, or a server that hangs up: it may work the next time.
    Broken(std::io::Error),
    /// One side does not accept the other.
    Refused(DbError),
}

/// Begins encryption; the server has agreed to it.
pub(super) fn encrypt(settings: &Settings, host: &str, socket: TcpStream) -> Result<TlsStream, Failure> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| refused(format!("`{host}` is not a name that a certificate can hold")))?;
    let config = config(settings).map_err(Failure::Refused)?;
    let client = ClientConnection::new(Arc::new(config), name).map_err(|error| refused(error.to_string()))?;
    let mut stream = StreamOwned::new(client, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|error| {
            let Some(Ok(found)) = error.get_ref().map(|inner| inner.downcast_ref::<Error>().ok_or(())) else {
                return Failure::Broken(error);
            };
            Failure::Refused(failed(format!("SSL error: {found}")).help(advice(found)))
        })?;
    }
    Ok(stream)
}

/// Returns the hash of the server's certificate that a login can be tied to.
pub(super) fn binding(stream: &TlsStream) -> Option<Vec<u8>> {
    certificate::binding(stream.conn.peer_certificates()?.first()?)
}

fn advice(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "under `sslmode: verify-full` the certificate must name the `host` of the profile",
        Error::AlertReceived(_) => {
            "`sslcert` and `sslkey` of the profile say who you are, if the server asks for a certificate"
        }
        _ => "`sslmode` and `sslrootcert` of the profile say which server is trusted",
    }
}

fn failed(message: String) -> DbError {
    DbError::new(DbErrorKind::Connection, message)
}

fn refused(message: String) -> Failure {
    Failure::Refused(failed(message))
}

fn config(settings: &Settings) -> Result<ClientConfig, DbError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(&settings.certificates, settings.sslmode, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some((certificate, key)) = &settings.certificates.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate)?;
    if others_may_read(key) && key.exists() {
        let message = format!("private key file \"{}\" has group or world access", key.display());
        return Err(failed(message).help("let nobody but you read it: chmod 600"));
    }
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| failed(format!("private key file \"{}\": {error}", key.display())))?;
    builder
        .with_client_auth_cert(chain, secret)
        .map_err(|error| failed(format!("certificate \"{}\": {error}", certificate.display())))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, DbError> {
    let read = |error: &dyn std::fmt::Display| failed(format!("{}: {error}", file.display()));
    let found = CertificateDer::pem_file_iter(file).map_err(|error| read(&error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| read(&error))?;
    if found.is_empty() { Err(failed(format!("{} holds no certificate", file.display()))) } else { Ok(found) }
}

/// Checks the server's certificate as far as the mode asks.
#[derive(Debug)]
struct Verifier {
    mode: SslMode,
    provider: Arc<CryptoProvider>,
    /// Trusted certificates with the check against them; without any, every server is trusted.
    trusted: Option<(Vec<CertificateDer<'static>>, Arc<WebPkiServerVerifier>)>,
}

impl Verifier {
    fn new(files: &Certificates, mode: SslMode, provider: Arc<CryptoProvider>) -> Result<Self, DbError> {
        let Some(file) = &files.root else { return Ok(Self { mode, provider, trusted: None }) };
        let trusted = certificates(file)?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        let check = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| failed(format!("{}: {error}", file.display())))?;
        Ok(Self { mode, provider, trusted: Some((trusted, check)) })
    }

    /// A certificate that is trusted by itself needs no authority; its name may still matter.
    fn is_trusted_itself(&self, certificate: &CertificateDer<'_>) -> bool {
        self.trusted.as_ref().is_some_and(|(trusted, _)| trusted.iter().any(|known| known == certificate))
    }

    /// Checks the name, if it matters; the common name counts where a certificate has no other.
    fn name(
        &self,
        checked: Result<(), Error>,
        certificate: &[u8],
        name: &ServerName<'_>,
    ) -> Result<(), Error> {
        match checked {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.mode != SslMode::VerifyFull
                || certificate::only_name(certificate)
                    .is_some_and(|known| certificate::matches(&known, &name.to_str())) =>
            {
                Ok(())
            }
            other => other,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some((_, check)) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        let checked = if self.is_trusted_itself(certificate) {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
        } else {
            check.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop)
        };
        self.name(checked, certificate, name).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.trusted.is_none() {
            // Whoever the server is will do; so old certificates, which rustls cannot read, are no obstacle.
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.trusted.is_none() {
            // Whoever the server is will do; so old certificates, which rustls cannot read, are no obstacle.
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
