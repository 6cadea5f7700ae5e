//! What was wrong with a server's certificate.

use std::error::Error;

use rustls::CertificateError;

/// Why a server was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFault {
    /// It leads to no root that is trusted, or is not fit to be a server's.
    Untrusted,
    /// Its time is over, or has not come.
    OutOfDate,
    /// It is another name's.
    WrongName,
    /// There is no certificate to judge: the handshake failed before, or TLS is not spoken there.
    Handshake,
}

/// Looks through an error and what caused it; `None` if it is not TLS that failed.
pub fn certificate_fault(error: &(dyn Error + 'static)) -> Option<CertificateFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(fault_of(tls));
        }
        // `io::Error` shows as its source what its own cause is caused by, not the cause.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn fault_of(error: &rustls::Error) -> CertificateFault {
    let rustls::Error::InvalidCertificate(reason) = error else {
        return CertificateFault::Handshake;
    };
    match reason {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::OutOfDate,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        _ => CertificateFault::Untrusted,
    }
}
