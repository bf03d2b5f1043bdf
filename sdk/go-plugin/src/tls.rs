//! AutoMTLS: one-time certificates on both ends, each pinned byte for byte by the other (`contract-plugins §1.8`). It knows
//! no gRPC and no process.
//!
//! A Go peer's certificate is a CA used as a leaf, which web PKI rules refuse; and being printed in the handshake it is
//! public. So the verifier compares the whole certificate *and* checks the peer's signature with its key: without the
//! second, whoever read the line could pose as the plugin.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName as RustlsName, ServerConfig,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const SERVER_NAME: &str = "localhost";
const ALPN: &[u8] = b"h2";

/// What can go wrong before a connection is tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("it is not a certificate in PEM: {0}")]
    Pem(String),
    #[error("cannot make a one-time certificate")]
    Generate(#[source] rcgen::Error),
    #[error("cannot set up TLS")]
    Rustls(#[source] rustls::Error),
}

/// A one-time certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pem: String,
}

impl Identity {
    /// The same kind of certificate as Go's ends make.
    fn generate() -> Result<Self, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).map_err(Error::Generate)?;
        let mut params = CertificateParams::new(vec![SERVER_NAME.to_owned()]).map_err(Error::Generate)?;
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, "HashiCorp");
        name.push(DnType::CommonName, SERVER_NAME);
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).map_err(Error::Generate)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }
}

/// The plugin's end.
#[derive(Clone)]
pub(crate) struct Server {
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

#[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "the plugin's end"))]
impl Server {
    /// A server for the one host whose certificate this is.
    pub(crate) fn for_client(pem: &str) -> Result<Self, Error> {
        let peer = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| Error::Pem(e.to_string()))?;
        let identity = Identity::generate()?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(Error::Rustls)?
            .with_client_cert_verifier(Arc::new(Pinned::new(peer, &provider)))
            .with_single_cert(vec![identity.certificate.clone()], identity.key)
            .map_err(Error::Rustls)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: identity.certificate })
    }

    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> std::io::Result<tokio_rustls::server::TlsStream<S>> {
        self.acceptor.accept(stream).await
    }
}

/// The host's end, before the plugin's certificate is known.
pub(crate) struct Client {
    identity: Identity,
}

#[cfg_attr(not(feature = "host"), expect(dead_code, reason = "the host's end"))]
impl Client {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { identity: Identity::generate()? })
    }

    /// Our certificate, for the plugin's environment.
    pub(crate) fn pem(&self) -> &str {
        &self.identity.pem
    }

    /// Connects to the one plugin whose certificate this is.
    pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        stream: S,
        certificate: Vec<u8>,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<S>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned::new(certificate.into(), &provider)))
            .with_client_auth_cert(vec![self.identity.certificate], self.identity.key)
            .map_err(std::io::Error::other)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        let name = ServerName::try_from(SERVER_NAME).expect("it is a valid name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

/// Trusts exactly one certificate, and only a peer that has its key.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn new(certificate: CertificateDer<'static>, provider: &CryptoProvider) -> Self {
        Self { certificate, algorithms: provider.signature_verification_algorithms }
    }

    fn compare(&self, presented: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        match presented.as_ref() == self.certificate.as_ref() {
            true => Ok(()),
            false => Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.compare(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[RustlsName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.compare(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets the two shake hands in memory.
    async fn handshake(server: Server, client: Client, pinned: Vec<u8>) -> (bool, bool) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (accepted, connected) = tokio::join!(server.accept(theirs), client.connect(ours, pinned));
        (accepted.is_ok(), connected.is_ok())
    }

    #[tokio::test]
    async fn two_ends_that_pinned_each_other_connect() {
        let client = Client::new().unwrap();
        let server = Server::for_client(client.pem()).unwrap();
        let pinned = server.certificate().to_vec();
        assert_eq!(handshake(server, client, pinned).await, (true, true));
    }

    #[tokio::test]
    async fn a_host_refuses_a_plugin_with_another_certificate() {
        let client = Client::new().unwrap();
        let other = Server::for_client(client.pem()).unwrap();
        let server = Server::for_client(client.pem()).unwrap();
        let pinned = other.certificate().to_vec();
        assert_eq!(handshake(server, client, pinned).await, (false, false));
    }

    #[tokio::test]
    async fn a_plugin_refuses_a_host_with_another_certificate() {
        let expected = Client::new().unwrap();
        let server = Server::for_client(expected.pem()).unwrap();
        let pinned = server.certificate().to_vec();
        let (accepted, _) = handshake(server, Client::new().unwrap(), pinned).await;
        assert!(!accepted);
    }

    #[tokio::test]
    async fn knowing_the_certificate_is_not_enough_without_its_key() {
        let client = Client::new().unwrap();
        let genuine = Server::for_client(client.pem()).unwrap();
        let pinned = genuine.certificate().to_vec();
        // The impostor shows the genuine certificate and signs with a key of its own.
        let impostor = Identity::generate().unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&impostor.key).unwrap();
        let certified = rustls::sign::CertifiedKey::new(vec![pinned.clone().into()], key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        let server = Server { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: genuine.certificate.clone() };
        let (_, connected) = handshake(server, client, pinned).await;
        assert!(!connected);
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        assert!(matches!(Server::for_client("hello"), Err(Error::Pem(_))));
    }
}
