//! Saying no: the code, what it was this time, and what the caller's program should be told in
//! header lines.

use http::StatusCode;
use transport::CertificateFault;
use wire::error_code::{ErrorCode, Retry};
use wire::problem::{Problem, Text};
use wire::signature::policy::SignatureRefusal;

use crate::fields::Fields;
use crate::upstream::UpstreamFault;

/// One refusal. A result, not an error: it is recorded and answered like any other outcome.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    /// Lines beside those every refusal has.
    pub(crate) headers: Fields,
}

/// What a signature must look like (RFC 9421 §5.1).
const WANTED_SIGNATURE: &str =
    "lgsp=(\"@method\" \"@target-uri\");created;expires;nonce;keyid;tag=\"lgsp\"";
/// A 401 names a scheme (RFC 9110 §11.6.1); no registered one stands for RFC 9421.
const WANTED_SCHEME: &str = "Signature realm=\"lgsp\"";

impl Refusal {
    /// A refusal with its detail in Vietnamese and English.
    pub(crate) fn new(
        code: ErrorCode,
        vi: impl Into<std::borrow::Cow<'static, str>>,
        en: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self { problem: Problem::new(code, Text::new(vi, en)), headers: Fields::default() }
    }

    /// Tells when to try again.
    pub(crate) fn after_seconds(mut self, seconds: u32) -> Self {
        self.problem.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.problem.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The lines this refusal is answered with, without those about the body.
    pub(crate) fn into_headers(self) -> Fields {
        let mut headers = self.headers;
        if self.problem.code.status() == 401 {
            headers.say("www-authenticate", WANTED_SCHEME);
            headers.say("accept-signature", WANTED_SIGNATURE);
        }
        if let Retry::AfterSeconds(seconds) = self.problem.retry() {
            headers.say("retry-after", seconds.to_string());
        }
        headers
    }

    /// The log does not take the record, so nothing may happen that it should show.
    pub(crate) fn unrecordable(reason: evidence::LogUnavailable) -> Self {
        let code = match reason {
            evidence::LogUnavailable::Overloaded => ErrorCode::PlatformOverloaded,
            evidence::LogUnavailable::Disk
            | evidence::LogUnavailable::Closed
            | evidence::LogUnavailable::Unrecordable => ErrorCode::LogUnavailable,
        };
        Self::new(
            code,
            "Nhật ký bằng chứng lúc này không ghi được, nên nền tảng không chuyển lượt gọi nào.",
            "The evidence log cannot be written at the moment, so the platform passes no call.",
        )
    }

    /// A provider gave no answer that could be passed on.
    pub(crate) fn provider(fault: UpstreamFault) -> Self {
        match fault {
            UpstreamFault::Unreachable => Self::new(
                ErrorCode::ProviderUnreachable,
                "Không kết nối được tới hệ thống của bên cung cấp.",
                "The provider's system cannot be connected to.",
            ),
            UpstreamFault::AddressForbidden => Self::new(
                ErrorCode::ProviderAddressForbidden,
                "Địa chỉ của hệ thống bên cung cấp thuộc dải không được phép.",
                "The address of the provider's system is one that is not permitted.",
            ),
            UpstreamFault::BrokeOff => Self::new(
                ErrorCode::ProviderBrokeOff,
                "Bên cung cấp đóng kết nối trước khi trả lời xong; không rõ đã xử lý hay chưa.",
                "The provider closed the connection before its answer was whole; it may have acted.",
            ),
            UpstreamFault::Malformed => Self::new(
                ErrorCode::ProviderAnswerMalformed,
                "Câu trả lời của bên cung cấp không phải là HTTP hợp lệ.",
                "The provider's answer is not valid HTTP.",
            ),
            UpstreamFault::Certificate(fault) => Self::certificate(fault),
        }
    }

    /// A provider did not prove who it is; nothing was sent to it.
    fn certificate(fault: CertificateFault) -> Self {
        match fault {
            CertificateFault::Untrusted => Self::new(
                ErrorCode::ProviderCertificateUntrusted,
                "Chứng thư số của hệ thống bên cung cấp không dẫn tới tổ chức chứng thực được tin cậy.",
                "The certificate of the provider's system leads to no authority that is trusted.",
            ),
            CertificateFault::OutOfDate => Self::new(
                ErrorCode::ProviderCertificateOutOfDate,
                "Chứng thư số của hệ thống bên cung cấp đã hết hạn hoặc chưa có hiệu lực.",
                "The certificate of the provider's system is expired or not valid yet.",
            ),
            CertificateFault::WrongName => Self::new(
                ErrorCode::ProviderCertificateWrongName,
                "Chứng thư số của hệ thống bên cung cấp không phải của tên máy đã đăng ký.",
                "The certificate of the provider's system is not for the host that is registered.",
            ),
            CertificateFault::Handshake => Self::new(
                ErrorCode::ProviderTlsFailed,
                "Bắt tay TLS với hệ thống bên cung cấp không thành công.",
                "The TLS handshake with the provider's system failed.",
            ),
        }
    }

    /// A provider took too long.
    pub(crate) fn provider_timeout() -> Self {
        Self::new(
            ErrorCode::ProviderTimeout,
            "Bên cung cấp không trả lời trong thời hạn; không rõ đã xử lý hay chưa.",
            "The provider did not answer in time; it may have acted.",
        )
    }
}

impl From<SignatureRefusal> for Refusal {
    fn from(refusal: SignatureRefusal) -> Self {
        let problem = Problem::new(refusal.code, refusal.detail);
        Self { problem, headers: Fields::default() }
    }
}
