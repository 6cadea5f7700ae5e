//! Why a certificate or a request is refused, for whoever handed it in.

use wire::ambient::UtcMicros;
use wire::problem::Text;
use wire::public_key::NotAPublicKey;

use super::{DocumentKind, MAX_BYTES, MAX_RSA_BITS};

/// Why it is refused. The fault of whoever sent it; the same is refused again, but for
/// [`NotYetValid`](Self::NotYetValid).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAKeyDocument {
    /// A private key was sent, alone or beside something else.
    #[error("this is a private key: it has left its place and counts as compromised")]
    Private,
    /// Not exactly one document of this kind, or damaged.
    #[error("not one {} in PEM or base64, or damaged", .0.as_str())]
    Form(DocumentKind),
    /// Longer than any.
    #[error("longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Its key is none to work with.
    #[error(transparent)]
    Key(NotAPublicKey),
    /// An RSA key of so many bits.
    #[error("the RSA key has {0} bits; 2048 to {MAX_RSA_BITS} are accepted")]
    RsaLength(usize),
    /// The certificate's key is not for signatures.
    #[error("the certificate's key usage lacks digitalSignature")]
    NotForSigning,
    /// Its end is not after its beginning.
    #[error("the certificate ends before it begins")]
    DatesOutOfOrder,
    /// It counts from then on.
    #[error("the certificate is not valid before {0}")]
    NotYetValid(UtcMicros),
    /// It counted until then.
    #[error("the certificate expired at {0}")]
    Expired(UtcMicros),
    /// The request is signed with an algorithm that proves nothing, or not here.
    #[error("the request is signed with {0}")]
    SignatureAlgorithm(String),
    /// The request is not signed by the key that it names.
    #[error("the request is not signed by its own key")]
    NotItsSignature,
}

impl NotAKeyDocument {
    /// The same for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Private => return NotAPublicKey::Private.text(),
            Self::Key(why) => return why.text(),
            Self::Form(DocumentKind::Certificate) => {
                return Text::new(
                    "Phải là đúng một chứng thư X.509 còn nguyên vẹn: dạng PEM (khối CERTIFICATE) hoặc \
                     DER mã hóa base64; không kèm chứng thư khác.",
                    "It must be exactly one X.509 certificate, whole: as PEM (block CERTIFICATE) or its \
                     DER in base64, with no other certificate beside.",
                );
            }
            Self::Form(DocumentKind::Request) => {
                return Text::new(
                    "Phải là đúng một yêu cầu cấp chứng thư PKCS#10 còn nguyên vẹn: dạng PEM (khối \
                     CERTIFICATE REQUEST) hoặc DER mã hóa base64.",
                    "It must be exactly one PKCS#10 certificate request, whole: as PEM (block \
                     CERTIFICATE REQUEST) or its DER in base64.",
                );
            }
            _ => {}
        }
        let (vi, en) = match self {
            Self::TooLong => (
                format!("Dài hơn {MAX_BYTES} byte; chỉ gửi riêng một chứng thư hoặc một yêu cầu."),
                format!("Longer than {MAX_BYTES} bytes; send one certificate or one request alone."),
            ),
            Self::RsaLength(bits) => (
                format!("Khóa RSA dài {bits} bit; chỉ nhận khóa từ 2048 đến {MAX_RSA_BITS} bit."),
                format!(
                    "The RSA key has {bits} bits; keys of 2048 to {MAX_RSA_BITS} bits are accepted."
                ),
            ),
            Self::NotForSigning => (
                "Chứng thư không cho phép dùng khóa để ký: mục keyUsage thiếu digitalSignature \
                 (RFC 5280 mục 4.2.1.3)."
                    .to_owned(),
                "The certificate does not allow to sign with its key: its keyUsage lacks \
                 digitalSignature (RFC 5280 section 4.2.1.3)."
                    .to_owned(),
            ),
            Self::DatesOutOfOrder => (
                "Chứng thư hết hạn trước khi có hiệu lực.".to_owned(),
                "The certificate ends before it begins.".to_owned(),
            ),
            Self::NotYetValid(from) => (
                format!("Chứng thư chưa có hiệu lực; có hiệu lực từ {from}."),
                format!("The certificate is not valid yet; it is from {from}."),
            ),
            Self::Expired(until) => (
                format!("Chứng thư đã hết hạn từ {until}."),
                format!("The certificate expired at {until}."),
            ),
            Self::SignatureAlgorithm(oid) => (
                format!(
                    "Yêu cầu cấp chứng thư được ký bằng thuật toán {oid}; chỉ nhận chữ ký Ed25519, \
                     hoặc RSA và ECDSA với SHA-2, đúng loại khóa."
                ),
                format!(
                    "The request is signed with {oid}; accepted are signatures of Ed25519, and of \
                     RSA and ECDSA with SHA-2, of the key's own type."
                ),
            ),
            _ => (
                "Chữ ký trên yêu cầu cấp chứng thư không phải của chính khóa trong yêu cầu: không \
                 chứng minh được bên gửi giữ khóa bí mật. Chữ ký RSA-PSS phải có salt dài bằng giá trị \
                 băm."
                    .to_owned(),
                "The request is not signed by the key that it names, which would prove that its \
                 sender has the private key. A signature of RSA-PSS needs a salt as long as its hash."
                    .to_owned(),
            ),
        };
        Text::new(vi, en)
    }
}
