//! Whether a system can call a service at all, by the technical profiles: a condition of connecting.

use store::Database;
use wire::ambient::UtcMicros;
use wire::directory::{Environment, Method, Signer};
use wire::id::{ServiceId, SystemId};
use wire::problem::Text;
use wire::signature::Algorithm;

use super::sql;
use crate::refused::Refused;
use crate::system;

/// Whether some production key of `consumer` passes at a moment at `service`, and why or why not.
pub(crate) async fn fits(
    database: &Database,
    consumer: &SystemId,
    service: &ServiceId,
    at: UtcMicros,
) -> Result<(bool, Text), Refused> {
    let profiles = sql::known_in(database).await?.profiles();
    let provider = service.system_id();
    let holding = [consumer, &provider].map(|system| profiles.holding(system, at));
    if holding.iter().all(Option::is_none) {
        return Ok((true, nothing_holds()));
    }
    let level = async |id: &SystemId| {
        let found = system::sql::find(database, id).await?;
        Ok::<_, Refused>(found.and_then(|system| system.security_level))
    };
    let environment = Environment::Production;
    let demands = profiles.demands(service, level(&provider).await?, environment, at);
    let level = level(consumer).await?;
    let passes = |algorithm: &Algorithm| {
        let algorithm = *algorithm;
        let method = Method::HttpSignature;
        let signer = Signer { system: consumer, level, environment, algorithm, method };
        let proves_too_little = demands.asymmetric && algorithm == Algorithm::HmacSha256;
        profiles.allows(signer, at) && !proves_too_little
    };
    let held = sql::production_algorithms(database, consumer, at).await?;
    let (fit, unfit): (Vec<_>, Vec<_>) = held.into_iter().partition(passes);
    Ok(if fit.is_empty() {
        let allowed = Algorithm::ALL.into_iter().filter(passes).collect::<Vec<_>>();
        (false, none_fits(consumer, &unfit, &allowed, at))
    } else {
        (true, some_fit(consumer, &fit, at))
    })
}

fn nothing_holds() -> Text {
    Text::new(
        "Chưa có hướng dẫn kỹ thuật nào được áp dụng; mọi thuật toán đều được phép.",
        "No technical profile is assigned; every algorithm is allowed.",
    )
}

fn some_fit(consumer: &SystemId, fit: &[Algorithm], at: UtcMicros) -> Text {
    let (fit, _) = named(fit);
    Text::new(
        format!("Hướng dẫn kỹ thuật cho phép khóa {fit} của hệ thống {consumer} vào lúc {at}."),
        format!("The technical profile allows the keys of {consumer} at {at}: {fit}."),
    )
}

fn none_fits(
    consumer: &SystemId,
    unfit: &[Algorithm],
    allowed: &[Algorithm],
    at: UtcMicros,
) -> Text {
    let ((unfit_vi, unfit_en), (allowed_vi, allowed_en)) = (named(unfit), named(allowed));
    Text::new(
        format!(
            "Hệ thống {consumer} không có khóa chính thức nào được hướng dẫn kỹ thuật cho phép vào \
             lúc {at} (đang có: {unfit_vi}; được phép: {allowed_vi})."
        ),
        format!(
            "The system {consumer} has no production key that the technical profile allows at {at} \
             (it has: {unfit_en}; allowed: {allowed_en})."
        ),
    )
}

/// Their names in both languages.
fn named(algorithms: &[Algorithm]) -> (String, String) {
    if algorithms.is_empty() {
        return ("không có".to_owned(), "none".to_owned());
    }
    let names: Vec<_> = algorithms.iter().map(|one| one.as_str()).collect();
    (names.join(", "), names.join(", "))
}
