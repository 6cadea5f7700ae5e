//! What the newcomer may do, and what nobody may.

use anyhow::Context as _;
use client::{Call, Client, EntryPlace, State};
use reqwest::Method;
use serde_json::Value;
use wire::id::RequestId;

use super::permission::Newcomer;
use super::signed_request::{Outcome, SignedGet};
use super::{Stage, signer};
use crate::demo::certificates;
use crate::demo::city::UNPERMITTED_SYSTEM;
use crate::demo::manifest::DemoCredential;

/// A call that was answered and recorded.
pub(super) struct RecordedCall {
    pub(super) request_id: RequestId,
    pub(super) entry: EntryPlace,
}

/// Known, and still not allowed: deny by default.
pub(super) async fn without_permission(
    stage: &mut Stage<'_>,
    newcomer: &Newcomer,
) -> anyhow::Result<()> {
    stage.tell.chapter("Chưa được phép thì không qua", "Known is not allowed");
    stage.tell.tell(
        "Hệ thống đã có khóa. Nó gọi thử ngay: chữ ký đúng, nhưng chưa ai cho phép.",
        "The system has a key now and calls at once. Its signature is right, but nobody has \
         permitted it anything.",
    );
    let call = signed(stage, &newcomer.credential, &units_url(stage)?)?;
    let outcome = expect(call.send().await?, 403, "connection.none")?;
    stage.tell.refused(
        ("Gọi khi chưa có kết nối.", "A call without a connection."),
        outcome.status,
        &outcome.code,
    );
    for member in ["detail", "next_step"] {
        let text = outcome.problem.get(member).and_then(Value::as_str).unwrap_or_default();
        stage.tell.quote(&format!("{member}: {text}"));
    }
    Ok(())
}

/// The call itself, and what the client checks of the answer.
pub(super) async fn permitted(
    stage: &mut Stage<'_>,
    newcomer: &Newcomer,
) -> anyhow::Result<RecordedCall> {
    stage.tell.chapter("Gọi", "Call");
    stage.tell.tell(
        "Cùng lượt gọi đó, nay đã được phép. Hệ thống ký phương thức và địa chỉ bằng khóa riêng \
         (RFC 9421); cổng kiểm tra, chuyển tới Sở Nội vụ, ghi bản ghi xuống đĩa, rồi mới trả lời.",
        "The same call, now permitted. The system signs method and address with its private key \
         (RFC 9421); the gateway checks it, asks the Department of Home Affairs, writes the record \
         to disk, and only then answers.",
    );
    let url = units_url(stage)?;
    let mut client = Client::new(
        signer(&newcomer.credential)?,
        stage.trust.clone(),
        stage.clock.clone(),
        stage.randomness.clone(),
    )?;
    if let Some(ca) = &stage.manifest.ca {
        client = client.with_ca(ca)?;
    }
    let mut body = Vec::new();
    let answer = client.call(Call::new(Method::GET, url.parse()?), &mut body, None).await?;
    anyhow::ensure!(
        answer.status == 200,
        "GET /units was answered {}: {}",
        answer.status,
        String::from_utf8_lossy(&body)
    );
    stage.tell.done("GET /units → 200", "GET /units → 200");
    show_units(stage, &body)?;
    for finding in &answer.findings {
        anyhow::ensure!(finding.state == State::Proved, "{}", finding.text.en);
        stage.tell.done(&finding.text.vi, &finding.text.en);
    }
    let request_id = answer.request_id.context("the answer has no Lgsp-Request-Id")?;
    let entry = answer.entry.context("the answer has no Lgsp-Entry")?;
    stage.tell.show(&format!("Lgsp-Request-Id: {request_id}"));
    stage.tell.show(&format!("Lgsp-Entry: {entry}"));
    Ok(RecordedCall { request_id, entry })
}

/// What someone on the way, or someone else, might try.
pub(super) async fn refused(stage: &mut Stage<'_>, newcomer: &Newcomer) -> anyhow::Result<()> {
    stage.tell.chapter("Những lượt gọi bị từ chối", "Calls that are refused");
    stage.tell.tell(
        "Kẻ đứng giữa đường bắt được một lượt gọi đã ký. Sửa hay gửi lại đều vô ích; và khóa đúng \
         của người khác cũng không mở được cửa này. Mỗi lần từ chối đều được ghi.",
        "Someone on the way catches a signed call. Neither changing it nor sending it again helps; \
         and somebody else's valid key does not open this door either. Every refusal is recorded.",
    );
    let url = units_url(stage)?;
    let call = signed(stage, &newcomer.credential, &url)?;
    let altered =
        expect(call.send_to(&format!("{url}?kind=all")).await?, 401, "signature.invalid")?;
    say(
        stage,
        ("Bị sửa: thêm ?kind=all vào địa chỉ.", "Altered: ?kind=all added to the address."),
        &altered,
    );

    let first = call.send().await?;
    anyhow::ensure!(first.status == 200, "the untouched call was answered {}", first.status);
    let again = expect(call.send().await?, 401, "nonce.replayed")?;
    say(
        stage,
        ("Gửi lại đúng lượt gọi vừa thành công.", "Replayed: the same call, sent again."),
        &again,
    );

    let mut other = stage.manifest.credentials.iter();
    let other = other.rfind(|one| one.system == UNPERMITTED_SYSTEM.code);
    let other = other.context("demo.json has no credential without permission")?;
    let outsider = signed(stage, other, &url)?;
    let outsider = expect(outsider.send().await?, 403, "connection.none")?;
    say(
        stage,
        (
            "Sở Xây dựng (H24.17) gọi bằng khóa của chính mình, không có kết nối.",
            "The Department of Construction (H24.17) calls with its own key, without a connection.",
        ),
        &outsider,
    );
    Ok(())
}

fn say(stage: &Stage<'_>, what: (&str, &str), outcome: &Outcome) {
    stage.tell.refused(what, outcome.status, &outcome.code);
}

fn signed(stage: &Stage<'_>, credential: &DemoCredential, url: &str) -> anyhow::Result<SignedGet> {
    let signer = signer(credential)?;
    SignedGet::sign(
        certificates::client(stage.manifest.ca.as_deref())?.build()?,
        &signer,
        url,
        stage.clock.as_ref(),
        stage.randomness.as_ref(),
        stage.tell.choose("vi", "en"),
    )
}

fn expect(outcome: Outcome, status: u16, code: &str) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        outcome.status == status && outcome.code == code,
        "expected {status} {code}, got {} {}: {}",
        outcome.status,
        outcome.code,
        outcome.problem
    );
    Ok(outcome)
}

fn units_url(stage: &Stage<'_>) -> anyhow::Result<String> {
    let service = stage.manifest.services.first().context("demo.json names no service")?;
    Ok(format!("{}/units", service.url))
}

fn show_units(stage: &Stage<'_>, body: &[u8]) -> anyhow::Result<()> {
    let list: Value = serde_json::from_slice(body).context("the answer is no JSON")?;
    let units = list.get("units").and_then(Value::as_array).context("the answer has no units")?;
    anyhow::ensure!(units.len() == 114, "there are {} units instead of 114", units.len());
    for unit in units.iter().take(4) {
        let member = |name: &str| unit.get(name).and_then(Value::as_str).unwrap_or_default();
        stage.tell.show(&format!("{} {}", member("kind"), member("name")));
    }
    let more = units.len() - 4;
    stage.tell.show(&format!("… {} {more}", stage.tell.choose("và thêm", "and this many more:")));
    Ok(())
}
