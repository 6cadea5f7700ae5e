//! Why a text or bytes are no public key to work with, for whoever handed them in.

use crate::problem::Text;
use crate::signature::Algorithm;

/// Why a key is refused. The fault of whoever sent it; the same key is refused again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPublicKey {
    /// The algorithm works with a secret.
    #[error("hmac-sha256 has no public key")]
    Secret,
    /// A private key was sent.
    #[error("this is a private key; send the public one, and make a new pair")]
    Private,
    /// Neither of the forms that are read, or damaged.
    #[error("not a public key as PEM (block PUBLIC KEY), or damaged")]
    Form,
    /// A key, but for another algorithm.
    #[error("the key is of another type than {0} needs")]
    OtherType(Algorithm),
    /// An RSA modulus of so many bits.
    #[error("the RSA key has {0} bits; 2048 to 8192 are accepted")]
    RsaLength(usize),
    /// An RSA exponent that is even, small or huge.
    #[error("the RSA key's public exponent must be odd and at least 65537, at most 33 bits")]
    RsaExponent,
    /// A point that is not on the curve.
    #[error("the key is no point of the curve")]
    OffCurve,
    /// A point under which anyone can sign.
    #[error("a weak key: anyone can sign under it")]
    SmallOrder,
}

impl NotAPublicKey {
    /// The same for people.
    pub fn text(self) -> Text {
        let vi = match self {
            Self::Secret => "Thuật toán hmac-sha256 không có khóa công khai.".to_owned(),
            Self::Private => "Đây là khóa bí mật. Nền tảng không lưu lại, nhưng phải coi khóa này \
                              là đã lộ vì đã rời khỏi nơi giữ: hãy ngừng dùng, tạo cặp khóa mới và \
                              chỉ gửi khóa công khai."
                .to_owned(),
            Self::Form => {
                "Khóa phải là khóa công khai dạng PEM (khối PUBLIC KEY), còn nguyên vẹn; \
                           riêng ed25519 có thể gửi 32 byte ở dạng base64."
                    .to_owned()
            }
            Self::OtherType(algorithm) => {
                format!("Khóa không đúng loại: thuật toán {algorithm} cần {}.", type_vi(algorithm))
            }
            Self::RsaLength(bits) => {
                format!("Khóa RSA dài {bits} bit; chỉ nhận khóa từ 2048 đến 8192 bit.")
            }
            Self::RsaExponent => "Số mũ công khai của khóa RSA phải lẻ, từ 65537 trở lên và không \
                                  quá 33 bit."
                .to_owned(),
            Self::OffCurve => "Khóa không phải là một điểm trên đường cong.".to_owned(),
            Self::SmallOrder => "Khóa yếu: ai cũng ký được bằng khóa này.".to_owned(),
        };
        let en = match self {
            Self::Secret => "The algorithm hmac-sha256 has no public key.".to_owned(),
            Self::Private => "This is a private key. It is not kept here, but it has left its \
                              place, so consider it compromised: stop using it, make a new pair \
                              and send the public key only."
                .to_owned(),
            Self::Form => "The key must be a public key as PEM (block PUBLIC KEY), whole; for \
                           ed25519 its 32 bytes in base64 will do."
                .to_owned(),
            Self::OtherType(algorithm) => {
                format!("The key is of another type: {algorithm} needs {}.", type_en(algorithm))
            }
            Self::RsaLength(bits) => {
                format!("The RSA key has {bits} bits; keys of 2048 to 8192 bits are accepted.")
            }
            Self::RsaExponent => "The public exponent of the RSA key must be odd, at least 65537 \
                                  and at most 33 bits."
                .to_owned(),
            Self::OffCurve => "The key is no point of the curve.".to_owned(),
            Self::SmallOrder => "A weak key: anyone can sign under it.".to_owned(),
        };
        Text::new(vi, en)
    }
}

const fn type_vi(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "một khóa bí mật dùng chung",
        Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => "một khóa RSA",
        Algorithm::EcdsaP256Sha256 => "một khóa EC trên đường cong P-256",
        Algorithm::EcdsaP384Sha384 => "một khóa EC trên đường cong P-384",
        Algorithm::Ed25519 => "một khóa Ed25519",
    }
}

const fn type_en(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "a shared secret",
        Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => "an RSA key",
        Algorithm::EcdsaP256Sha256 => "an EC key on the curve P-256",
        Algorithm::EcdsaP384Sha384 => "an EC key on the curve P-384",
        Algorithm::Ed25519 => "an Ed25519 key",
    }
}
