//! Encryption of a connection, in libpq's modes.
//!
//! Input: the profile's certificates and mode. Output: a stream that encrypts. Called by `connect`.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
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

use super::profile::{Profile, SslMode};
use crate::adapter::{DbError, DbErrorKind};

/// An encrypted connection.
pub(super) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// Begins encryption; the server has agreed to it.
pub(super) fn encrypt(profile: &Profile, mode: SslMode, socket: TcpStream) -> Result<TlsStream, DbError> {
    let name = ServerName::try_from(profile.host.clone())
        .map_err(|_| failed(format!("`{}` is not a name that a certificate can hold", profile.host)))?;
    let config = config(profile, mode)?;
    let client = ClientConnection::new(Arc::new(config), name).map_err(|error| failed(error.to_string()))?;
    let mut stream = StreamOwned::new(client, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|error| {
            let error = failed(format!("SSL error: {error}"));
            error.help("`sslmode` and `sslrootcert` of the profile say which server is trusted")
        })?;
    }
    Ok(stream)
}

fn failed(message: String) -> DbError {
    DbError::new(DbErrorKind::Connection, message)
}

fn config(profile: &Profile, mode: SslMode) -> Result<ClientConfig, DbError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(profile, mode, provider)?));
    let (Some(certificate), Some(key)) = (&profile.sslcert, &profile.sslkey) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(Path::new(certificate))?;
    let key =
        PrivateKeyDer::from_pem_file(key).map_err(|error| failed(format!("`sslkey` {key}: {error}")))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| failed(format!("`sslcert`: {error}")))
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
    fn new(profile: &Profile, mode: SslMode, provider: Arc<CryptoProvider>) -> Result<Self, DbError> {
        let Some(file) = root_file(profile, mode)? else { return Ok(Self { mode, provider, trusted: None }) };
        let trusted = certificates(&file)?;
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
}

/// libpq's rules: the file given, else `~/.postgresql/root.crt`, which must exist where certificates are checked.
fn root_file(profile: &Profile, mode: SslMode) -> Result<Option<PathBuf>, DbError> {
    if let Some(file) = &profile.sslrootcert {
        return Ok(Some(PathBuf::from(file)));
    }
    let usual =
        std::env::home_dir().map(|home| home.join(".postgresql/root.crt")).filter(|file| file.exists());
    match (usual, mode) {
        (None, SslMode::VerifyCa | SslMode::VerifyFull) => {
            let message = "there are no certificates to check the server's against".to_owned();
            Err(failed(message)
                .help("name a PEM file with those of the authority as `sslrootcert` in the profile"))
        }
        (usual, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => Ok(usual),
        _ => Ok(None),
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
        let names_matter = self.mode == SslMode::VerifyFull;
        if self.is_trusted_itself(certificate) {
            if names_matter {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match check.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !names_matter => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
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
