//! The little of a certificate that rustls does not tell: its common name, and which hash it was signed with.
//!
//! Input: a certificate in DER (X.509, RFC 5280). Output: `None` for what cannot be read; nothing here decides whom to
//! trust. Called by `tls`.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
/// Extensions, in the part that is signed.
const EXTENSIONS: u8 = 0xa3;
/// The version, in front of the part that is signed.
const VERSION: u8 = 0xa0;
/// `id-at-commonName`.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `id-ce-subjectAltName`.
const OTHER_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// `sha384WithRSAEncryption`, `ecdsa-with-SHA384`.
const SHA_384: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]];
/// `sha512WithRSAEncryption`, `ecdsa-with-SHA512`.
const SHA_512: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]];
/// Signatures whose hash is not told by their name, where no binding is defined: `id-Ed25519`, `id-RSASSA-PSS`.
const NO_HASH: [&[u8]; 2] = [&[0x2b, 0x65, 0x70], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]];

/// Elements of DER, one after the other: tag and content.
struct Elements<'d>(&'d [u8]);

impl<'d> Iterator for Elements<'d> {
    type Item = (u8, &'d [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let digits = usize::from(first & 0x7f);
            if digits > 4 || digits > rest.len() {
                return None;
            }
            length = rest[..digits].iter().fold(0, |all, byte| (all << 8) | usize::from(*byte));
            rest = &rest[digits..];
        }
        let content = rest.get(..length)?;
        self.0 = &rest[length..];
        Some((tag, content))
    }
}

/// Returns the parts of a certificate: what is signed, the kind of signature, the signature.
fn parts(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, whole) = Elements(certificate).next().filter(|(tag, _)| *tag == SEQUENCE)?;
    let mut parts = Elements(whole);
    let (_, signed) = parts.next()?;
    let (_, algorithm) = parts.next()?;
    let (_, id) = Elements(algorithm).next().filter(|(tag, _)| *tag == OBJECT_ID)?;
    Some((signed, id))
}

/// Returns the common name of a certificate that names no hosts otherwise; such names are how it was done long ago,
/// and what Postgres's manual still makes.
pub(super) fn only_name(certificate: &[u8]) -> Option<String> {
    let (signed, _) = parts(certificate)?;
    let mut fields: Vec<(u8, &[u8])> = Elements(signed).collect();
    if fields.first()?.0 == VERSION {
        fields.remove(0);
    }
    let extensions = fields.iter().filter(|(tag, _)| *tag == EXTENSIONS);
    let mut extensions =
        extensions.filter_map(|(_, list)| Elements(list).next()).flat_map(|(_, each)| Elements(each));
    if extensions.any(|(_, extension)| Elements(extension).next().is_some_and(|(_, id)| id == OTHER_NAMES)) {
        return None;
    }
    // Serial number, signature, issuer, validity, subject.
    let (_, subject) = fields.get(4)?;
    Elements(subject).flat_map(|(_, set)| Elements(set)).find_map(|(_, attribute)| {
        let mut pair = Elements(attribute);
        let (_, id) = pair.next()?;
        let (_, value) = pair.next()?;
        (id == COMMON_NAME).then(|| String::from_utf8_lossy(value).into_owned())
    })
}

/// Returns the hash that ties a login to this certificate (`tls-server-end-point`, RFC 5929 section 4.1): that of its
/// signature, but SHA-256 in place of weaker ones.
pub(super) fn binding(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, id) = parts(certificate)?;
    if NO_HASH.contains(&id) {
        return None;
    }
    Some(if SHA_384.contains(&id) {
        Sha384::digest(certificate).to_vec()
    } else if SHA_512.contains(&id) {
        Sha512::digest(certificate).to_vec()
    } else {
        Sha256::digest(certificate).to_vec()
    })
}

/// Tells whether a name of a certificate is that of a host; `*.` stands for one label.
pub(super) fn matches(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
        [head, content].concat()
    }

    fn certificate(algorithm: &[u8], extension: Option<&[u8]>) -> Vec<u8> {
        let attribute =
            element(SEQUENCE, &[&element(OBJECT_ID, &[COMMON_NAME]), &element(0x0c, &[b"db.shop"])]);
        let subject = element(SEQUENCE, &[&element(0x31, &[&attribute])]);
        let (number, empty) = (element(2, &[&[1]]), element(SEQUENCE, &[]));
        let mut fields: Vec<u8> =
            [&element(VERSION, &[&number])[..], &number, &empty, &empty, &empty, &subject].concat();
        if let Some(id) = extension {
            let extension = element(SEQUENCE, &[&element(OBJECT_ID, &[id])]);
            fields.extend(element(EXTENSIONS, &[&element(SEQUENCE, &[&extension])]));
        }
        let kind = element(SEQUENCE, &[&element(OBJECT_ID, &[algorithm])]);
        element(SEQUENCE, &[&element(SEQUENCE, &[&fields]), &kind, &element(3, &[&[0; 90]])])
    }

    #[test]
    fn the_common_name_counts_where_no_other_names_are() {
        assert_eq!(only_name(&certificate(SHA_384[0], None)).as_deref(), Some("db.shop"));
        assert_eq!(
            only_name(&certificate(SHA_384[0], Some(&[0x55, 0x1d, 0x13]))).as_deref(),
            Some("db.shop")
        );
        assert_eq!(only_name(&certificate(SHA_384[0], Some(OTHER_NAMES))), None);
        assert_eq!(only_name(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn the_binding_has_the_hash_of_the_signature() {
        let length = |algorithm: &[u8]| binding(&certificate(algorithm, None)).map(|hash| hash.len());
        assert_eq!(length(SHA_384[1]), Some(48));
        assert_eq!(length(SHA_512[0]), Some(64));
        assert_eq!(length(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]), Some(32));
        assert_eq!(length(NO_HASH[0]), None);
    }

    #[test]
    fn a_star_is_one_label() {
        assert!(matches("*.shop", "DB.shop") && matches("db.shop", "db.Shop"));
        assert!(!matches("*.shop", "a.b.shop") && !matches("*.shop", "shop") && !matches("db", "db.shop"));
    }
}
