//! What is left of a call: an entry in the log, and a bundle that convinces without the platform.

use std::time::Duration;

use anyhow::Context as _;
use client::{LogReader, State, verify_bundle};

use super::Stage;
use super::calls::RecordedCall;
use crate::demo::city::CONSUMER_SYSTEM;

/// How long a checkpoint over the call may take; it comes within a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Proves from the public log that the call was recorded.
pub(super) async fn in_the_log(stage: &mut Stage<'_>, call: &RecordedCall) -> anyhow::Result<()> {
    stage
        .tell
        .chapter("Bằng chứng trong nhật ký", "The proof in the log");
    stage.tell.tell(
        "Mỗi giây, nền tảng ký một điểm kiểm trên toàn bộ nhật ký. Máy khách tải các mảnh công \
         khai của nhật ký và tự tính lại đường đi từ bản ghi của lời gọi tới điểm kiểm đã ký.",
        "Each second the platform signs a checkpoint over its whole log. The client fetches the \
         public pieces of the log and computes for itself the path from the call's entry to the \
         signed checkpoint.",
    );
    let log = stage
        .manifest
        .logs
        .first()
        .context("demo.json names no log")?;
    let reader = LogReader::new(&log.url.parse()?)?;
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
        "Bên gọi tải về một tệp ASiC-E: bản ghi, chứng minh, điểm kiểm đã ký, phần được mở của \
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
        stage.tell.tell(
            "Không được chứng minh, và nói rõ:",
            "Not proved, and said so:",
        );
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
        "Ai đó sửa đúng một bit ở ba chỗ khác nhau của gói.",
        "Somebody changes a single bit, in three different places of the bundle.",
    );
    for part in 1..=3 {
        let place = bundle.len() * part / 4;
        let mut altered = bundle.to_vec();
        let byte = altered.get_mut(place).context("the bundle is empty")?;
        *byte ^= 1;
        match verify_bundle(&altered, &stage.trust) {
            Ok(_) => anyhow::bail!("a bundle altered at byte {place} was believed"),
            Err(refusal) => {
                let what = format!("byte {place}:");
                stage
                    .tell
                    .done(&format!("{what} bị từ chối"), &format!("{what} refused"));
                stage.tell.show(&format!(
                    "{}: {}",
                    refusal.file,
                    refusal.reason.in_language(stage.plan.language)
                ));
            }
        }
    }
    Ok(())
}
