//! Every way the platform can say no, and who has to act.
//!
//! A refusal is told by a code that never changes its meaning (`connection.not_active`), with an
//! HTTP status, the side at fault, whether the same content may be sent again, and two sentences
//! for a person in Vietnamese and in English (`error_code/{vietnamese,english}.rs`). All of them
//! stand in `docs/errors.md`, which a test keeps equal to [`catalogue_markdown`].
//!
//! **Invariant**: a code, once released, is never reused for something else; programs match on it.
//! **Trust**: a text here is shown to strangers, so none tells what only a permitted caller may
//! know: to others an unknown service and a forbidden one are the same code.

mod english;
mod vietnamese;

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use crate::problem::Language;
use crate::text::{Malformed, serde_as_text};

/// Which side has to do something about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Whoever sent the request.
    Caller,
    /// Whoever provides the service.
    Provider,
    /// The platform itself.
    Platform,
    /// What lies between them.
    Network,
}

impl Fault {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Provider => "provider",
            Self::Platform => "platform",
            Self::Network => "network",
        }
    }
}

/// Whether the same content, newly signed, may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before something is changed or checked.
    No,
    /// At once.
    SameRequest,
    /// After this many seconds.
    AfterSeconds(u32),
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("no"),
            Self::SameRequest => f.write_str("same_request"),
            Self::AfterSeconds(seconds) => write!(f, "after:{seconds}"),
        }
    }
}

/// What a code says to a person.
#[derive(Debug, Clone, Copy)]
struct Words {
    title: &'static str,
    next_step: &'static str,
}

macro_rules! error_codes {
    ($($variant:ident $text:literal $status:literal $fault:ident $retry:expr;)+) => {
        /// The code of a refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each code's meaning is its title, in docs/errors.md")]
        pub enum ErrorCode { $($variant,)+ }

        impl ErrorCode {
            /// Every code, grouped by noun.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The written form: `connection.not_active`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// Who has to act.
            pub const fn fault(self) -> Fault {
                match self { $(Self::$variant => Fault::$fault,)+ }
            }

            /// Whether the same content may be sent again.
            pub const fn retry(self) -> Retry {
                use Retry::{AfterSeconds, No, SameRequest};
                match self { $(Self::$variant => $retry,)+ }
            }
        }
    };
}

error_codes! {
    RequestMalformed "request.malformed" 400 Caller No;
    RequestHostInvalid "request.host_invalid" 400 Caller No;
    RequestForwardedInvalid "request.forwarded_invalid" 500 Platform No;
    RequestPathNotNormal "request.path_not_normal" 400 Caller No;
    RequestTrailers "request.trailers" 400 Caller No;
    RequestTimeout "request.timeout" 408 Network SameRequest;
    RequestTooLarge "request.too_large" 413 Caller No;
    RequestForeignAuthority "request.foreign_authority" 421 Caller No;
    RequestHeadTooLarge "request.head_too_large" 431 Caller No;

    BodyMalformed "body.malformed" 400 Caller No;

    DigestMissing "digest.missing" 400 Caller No;
    DigestMalformed "digest.malformed" 400 Caller No;
    DigestUnsupported "digest.unsupported" 400 Caller No;
    DigestMismatch "digest.mismatch" 400 Caller No;

    SignatureMissing "signature.missing" 401 Caller No;
    SignatureMalformed "signature.malformed" 401 Caller No;
    SignatureAmbiguous "signature.ambiguous" 401 Caller No;
    SignatureComponentMissing "signature.component_missing" 401 Caller No;
    SignatureParameterMissing "signature.parameter_missing" 401 Caller No;
    SignatureTooLongLived "signature.too_long_lived" 401 Caller No;
    SignatureExpired "signature.expired" 401 Caller SameRequest;
    SignatureFromTheFuture "signature.from_the_future" 401 Caller No;
    SignatureAlgorithmMismatch "signature.algorithm_mismatch" 401 Caller No;
    SignatureInvalid "signature.invalid" 401 Caller No;
    KeyUnknown "key.unknown" 401 Caller No;
    KeyRevoked "key.revoked" 401 Caller No;
    KeyNotValid "key.not_valid" 401 Caller No;
    NonceReplayed "nonce.replayed" 401 Caller SameRequest;
    NonceStoreFull "nonce.store_full" 503 Platform AfterSeconds(30);

    SystemNetworkNotAllowed "system.network_not_allowed" 403 Caller No;
    AliasEnded "alias.ended" 403 Caller No;
    ServiceRetired "service.retired" 410 Caller No;
    ConnectionNone "connection.none" 403 Caller No;
    ConnectionNotActive "connection.not_active" 403 Caller No;
    ConnectionOutOfPeriod "connection.out_of_period" 403 Caller No;
    ConnectionOperationNotAllowed "connection.operation_not_allowed" 403 Caller No;
    ConnectionStepNotPossible "connection.step_not_possible" 409 Caller No;
    ConnectionConditionsUnmet "connection.conditions_unmet" 409 Caller No;
    ProfileNotAllowed "profile.not_allowed" 403 Caller No;
    ProfileAsymmetricNeeded "profile.asymmetric_needed" 403 Caller No;
    ProfileCredentialRefused "profile.credential_refused" 409 Caller No;
    ProfileTableInvalid "profile.table_invalid" 422 Caller No;
    ProfilePreviewNeeded "profile.preview_needed" 428 Caller No;
    ProfilePreviewChanged "profile.preview_changed" 412 Caller No;
    ServiceNoSandbox "service.no_sandbox" 403 Caller No;
    PurposeNeeded "purpose.needed" 403 Caller No;
    PurposeNotAllowed "purpose.not_allowed" 403 Caller No;
    QuotaExceeded "quota.exceeded" 429 Caller AfterSeconds(1);

    ProviderUnreachable "provider.unreachable" 502 Provider AfterSeconds(5);
    ProviderBrokeOff "provider.broke_off" 502 Provider No;
    ProviderAnswerMalformed "provider.answer_malformed" 502 Provider No;
    ProviderAnswerUnsigned "provider.answer_unsigned" 502 Provider No;
    ProviderAnswerSignatureInvalid "provider.answer_signature_invalid" 502 Provider No;
    ProviderAddressForbidden "provider.address_forbidden" 502 Provider No;
    ProviderCertificateUntrusted "provider.certificate_untrusted" 502 Provider No;
    ProviderCertificateOutOfDate "provider.certificate_out_of_date" 502 Provider No;
    ProviderCertificateWrongName "provider.certificate_wrong_name" 502 Provider No;
    ProviderTlsFailed "provider.tls_failed" 502 Provider No;
    ProviderTimeout "provider.timeout" 504 Provider No;

    LogUnavailable "log.unavailable" 503 Platform AfterSeconds(5);
    DatabaseUnavailable "database.unavailable" 503 Platform AfterSeconds(5);
    PlatformOverloaded "platform.overloaded" 503 Platform AfterSeconds(5);
    PlatformNoDirectory "platform.no_directory" 503 Platform AfterSeconds(5);
    PlatformNonceOwnerUnreachable "platform.nonce_owner_unreachable" 503 Platform SameRequest;
    PlatformInternal "platform.internal" 500 Platform No;

    TokenMissing "token.missing" 401 Caller No;
    TokenInvalid "token.invalid" 401 Caller No;
    RoleNotPermitted "role.not_permitted" 403 Caller No;
    DutiesNotSeparated "duties.not_separated" 409 Caller No;
    ResourceNotFound "resource.not_found" 404 Caller No;
    ResourceExists "resource.exists" 409 Caller No;
    ResourceConflict "resource.conflict" 409 Caller No;
    ResourceClosed "resource.closed" 409 Caller No;
    ResourceInUse "resource.in_use" 409 Caller No;
    ResourceChanged "resource.changed" 412 Caller No;
    ResourceTagNeeded "resource.tag_needed" 428 Caller No;
    IdempotencyDoneAlready "idempotency.done_already" 409 Caller No;
    IdempotencyKeyReused "idempotency.key_reused" 422 Caller No;
    MethodNotAllowed "method.not_allowed" 405 Caller No;
    MediaTypeUnsupported "media_type.unsupported" 415 Caller No;
    FieldInvalid "field.invalid" 422 Caller No;
    FieldUnknown "field.unknown" 422 Caller No;
    ServiceDescriptionInvalid "service.description_invalid" 422 Caller No;

    EvidenceNotFound "evidence.not_found" 404 Caller No;
    EvidencePending "evidence.pending" 503 Platform AfterSeconds(1);
}

impl ErrorCode {
    /// What happened, in one line for a person.
    pub const fn title(self, language: Language) -> &'static str {
        self.words(language).title
    }

    /// What to do now, and who does it.
    pub const fn next_step(self, language: Language) -> &'static str {
        self.words(language).next_step
    }

    const fn words(self, language: Language) -> Words {
        match language {
            Language::Vietnamese => vietnamese::words(self),
            Language::English => english::words(self),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ErrorCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(Malformed { expected: "an error code, see docs/errors.md" })
    }
}

serde_as_text!(ErrorCode);

/// The text of `docs/errors.md`.
pub fn catalogue_markdown() -> String {
    let mut page = String::from(HEAD);
    for code in ErrorCode::ALL {
        let (vi, en) = (code.words(Language::Vietnamese), code.words(Language::English));
        // Writing into a string cannot fail.
        let _ = write!(
            page,
            "\n<a id=\"{code}\"></a>\n\n## {code}\n\nHTTP {status} · fault `{fault}` · retry `{retry}`\n\n\
             - **{vi_title}** {vi_next}\n- **{en_title}** {en_next}\n",
            status = code.status(),
            fault = code.fault().as_str(),
            retry = code.retry(),
            vi_title = vi.title,
            vi_next = vi.next_step,
            en_title = en.title,
            en_next = en.next_step,
        );
    }
    page
}

const HEAD: &str = "\
# Mã lỗi / Error codes

Trang này sinh ra từ mã nguồn (`crates/wire/src/error_code`); `UPDATE_DOCS=1 cargo test -p wire` viết lại nó.
This page is generated from the source; `UPDATE_DOCS=1 cargo test -p wire` rewrites it.

Mọi lời từ chối là `application/problem+json` (RFC 9457). Chương trình nên dựa vào `code`, không dựa vào lời văn.
`fault` cho biết bên nào phải xử lý: `caller` bên gọi, `provider` bên cung cấp, `platform` nền tảng, `network` đường truyền.
`retry` cho biết có nên gửi lại cùng nội dung, ký mới: `no` không, `same_request` gửi lại ngay, `after:<s>` sau chừng ấy giây.

Every refusal is `application/problem+json` (RFC 9457). Programs match on `code`, not on the words.
`fault` is the side that has to act; `retry` says whether the same content, newly signed, may be sent again.
";

#[cfg(test)]
mod tests;
