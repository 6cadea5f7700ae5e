//! What is left of a call: an entry in the log, and a bundle that convinces without the platform.

use std::time::Duration;

use anyhow::Context as _;
use client::{LogReader, State, verify_bundle};

use wire::bundle::Bundle;

use super::Stage;
use super::calls::RecordedCall;
use crate::demo::city::CONSUMER_SYSTEM;

/// How long a checkpoint over the call may take; it comes within a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Proves from the public log that the call was recorded.
pub(super) async fn in_the_log(stage: &mut Stage<'_>, call: &RecordedCall) -> anyhow::Result<()> {
    stage.tell.chapter("Bằng chứng trong nhật ký", "The proof in the log");
    stage.tell.tell(
        "Mỗi giây, nền tảng ký một điểm kiểm chứng trên toàn bộ nhật ký. Máy khách tải các mảnh công \
         khai của nhật ký và tự tính lại đường đi từ bản ghi của lượt gọi tới điểm kiểm chứng đã ký.",
        "Each second the platform signs a checkpoint over its whole log. The client fetches the \
         public pieces of the log and computes for itself the path from the call's entry to the \
         signed checkpoint.",
    );
    let log = stage.manifest.logs.first().context("demo.json names no log")?;
    let mut reader = LogReader::new(&log.url.parse()?)?;
    if let Some(ca) = &stage.manifest.ca {
        reader = reader.with_ca(ca)?;
    }
    let proved = reader.prove(&call.entry, &stage.trust, PATIENCE).await?;
    let finding = proved.finding(call.request_id);
    anyhow::ensure!(finding.state == State::Proved, "{}", finding.text.en);
    stage.tell.done(&finding.text.vi, &finding.text.en);
    for (name, value) in &proved.entry.subject {
        stage.tell.show(&format!("{name}: {value}"));
    }
    stage.tell.tell(
        "Bản ghi không chứa nội dung, chỉ chứa cam kết (băm có muối) của câu hỏi và câu trả lời: \
         công khai được mà không lộ gì.",
        "The entry holds no content, only commitments (salted hashes) to question and answer: it \
         can be shown without giving anything away.",
    );
    Ok(())
}

/// Fetches the bundle as the consumer and verifies it without a network.
pub(super) async fn bundle(stage: &mut Stage<'_>, call: &RecordedCall) -> anyhow::Result<Vec<u8>> {
    stage.tell.chapter("Gói bằng chứng", "The bundle");
    stage.tell.tell(
        "Bên gọi tải về một tệp ASiC-E: bản ghi, chứng minh, điểm kiểm chứng đã ký, phần được mở của \
         các cam kết, và chính sách lúc đó. Tệp này tự nói lên mọi điều, không cần mạng, không cần \
         nền tảng còn tồn tại.",
        "The caller downloads one ASiC-E file: entry, proof, signed checkpoint, opened \
         commitments, and the policy of that time. It speaks for itself, with no network, and even \
         if the platform is gone.",
    );
    let path = format!("/evidence/v1/bundles/{}", call.request_id);
    let token = stage.offices.administrator(CONSUMER_SYSTEM.organisation)?;
    let bundle = stage.offices.api.must_download(token, &path).await?;
    if !stage.plan.folder.is_temporary() {
        std::fs::write(stage.plan.folder.path().join("bundle.asice"), &bundle)?;
    }
    let verified = verify_bundle(&bundle, &stage.trust)
        .map_err(|refusal| anyhow::anyhow!("the bundle was refused: {refusal}"))?;
    let verdict = verified.verdict;
    anyhow::ensure!(!verdict.proved.is_empty(), "the bundle proves nothing");
    for proved in &verdict.proved {
        stage.tell.done(&proved.vi, &proved.en);
    }
    if !verdict.not_proved.is_empty() {
        stage.tell.tell("Không được chứng minh, và nói rõ:", "Not proved, and said so:");
        for not_proved in &verdict.not_proved {
            stage.tell.point(&not_proved.vi, &not_proved.en);
        }
    }
    Ok(bundle)
}

/// One bit changed anywhere, and the bundle convinces nobody.
pub(super) fn tampered(stage: &mut Stage<'_>, bundle: &[u8]) -> anyhow::Result<()> {
    stage.tell.chapter("Sửa một bit", "One bit changed");
    stage.tell.tell(
        "Ai đó sửa đúng một bit của gói, ở ba chỗ khác nhau.",
        "Somebody changes a single bit of the bundle, in three different places.",
    );
    for part in 1..=3 {
        let place = bundle.len() * part / 4;
        let mut altered = bundle.to_vec();
        let byte = altered.get_mut(place).context("the bundle is empty")?;
        *byte ^= 1;
        must_be_refused(stage, &altered, &format!("byte {place}"))?;
    }
    stage.tell.tell(
        "Kẻ khéo hơn, có mọi công cụ của nền tảng, đổi kết quả 200 trong bản ghi thành 404 rồi \
         dựng lại cả gói: bản tóm tắt, bảng kê, mã kiểm đều khớp.",
        "A cleverer forger with all the platform's tools turns the outcome 200 in the entry into \
         404 and builds the whole bundle anew: summary, manifest and checksums all fit.",
    );
    must_be_refused(stage, &forged(bundle)?, "200 → 404")
}

fn must_be_refused(stage: &Stage<'_>, bundle: &[u8], what: &str) -> anyhow::Result<()> {
    let Err(refusal) = verify_bundle(bundle, &stage.trust) else {
        anyhow::bail!("an altered bundle was believed ({what})");
    };
    stage.tell.done(&format!("{what}: bị từ chối"), &format!("{what}: refused"));
    let reason = refusal.reason.in_language(stage.plan.language);
    stage.tell.quote(&format!("{}: {reason}", refusal.file));
    Ok(())
}

/// A well-formed bundle whose first entry says that there was another outcome.
fn forged(bundle: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut parts = Bundle::open(bundle)?.parts().clone();
    let entry = parts.entries.first_mut().context("the bundle holds no entry")?;
    let text = std::str::from_utf8(&entry.bytes)?;
    let other = text.replace("\"outcome\":\"200\"", "\"outcome\":\"404\"");
    anyhow::ensure!(other != text, "the entry has no outcome 200");
    entry.bytes = other.into_bytes();
    Ok(Bundle::assemble(parts)?)
}
