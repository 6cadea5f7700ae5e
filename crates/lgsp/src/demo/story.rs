//! What `--once` plays: a permission from wish to use, a call, calls that are refused, and the
//! proof of it all. Everything happens for real while it is told.
//!
//! Read first: [`tell`]. `permission` is how a system comes to be allowed, `calls` what it may and
//! may not do, `proof` what is left of it.
//!
//! **Invariant**: a step that does not do exactly what it says ends the story with its name.

mod calls;
mod permission;
mod proof;
mod signed_request;

use std::sync::Arc;

use keys::{SigningKey, SystemRandomness};
use wire::ambient::{Clock, Randomness};
use wire::trust::TrustFile;

use super::Plan;
use super::city::AGENCIES;
use super::founding::Offices;
use super::manifest::{DemoCredential, Manifest};
use super::narrator::Narrator;
use super::welcome::program;
use crate::ambient::SystemClock;
use crate::assembly::Running;
use crate::complaint::Complaint;

/// All that the chapters share.
struct Stage<'a> {
    tell: Narrator,
    plan: &'a Plan,
    running: &'a Running,
    manifest: &'a Manifest,
    offices: Offices,
    trust: TrustFile,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// Tells the whole story; a complaint names the step that went wrong.
pub(super) async fn tell(
    plan: &Plan,
    running: &Running,
    manifest: &Manifest,
) -> Result<(), Complaint> {
    let offices = Offices::of(manifest).map_err(|error| went_wrong("opening", &error))?;
    let mut stage = Stage {
        tell: Narrator::new(plan.language),
        plan,
        running,
        manifest,
        offices,
        trust: running.trust(),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
    };
    stage.open();
    let newcomer =
        permission::register(&mut stage).await.map_err(|e| went_wrong("register", &e))?;
    calls::without_permission(&mut stage, &newcomer)
        .await
        .map_err(|e| went_wrong("call without permission", &e))?;
    permission::grant(&mut stage, &newcomer).await.map_err(|e| went_wrong("permission", &e))?;
    let call = calls::permitted(&mut stage, &newcomer).await.map_err(|e| went_wrong("call", &e))?;
    calls::refused(&mut stage, &newcomer).await.map_err(|e| went_wrong("refusals", &e))?;
    proof::in_the_log(&mut stage, &call).await.map_err(|e| went_wrong("proof in the log", &e))?;
    let bundle = proof::bundle(&mut stage, &call).await.map_err(|e| went_wrong("bundle", &e))?;
    proof::tampered(&mut stage, &bundle).map_err(|e| went_wrong("tampered bundle", &e))?;
    stage.close();
    Ok(())
}

fn went_wrong(step: &str, error: &anyhow::Error) -> Complaint {
    Complaint::new(
        format_args!("the step \"{step}\" did not do what it should: {error:#}"),
        "run it again with LGSP__LOG__LEVEL=debug, and report what it shows",
    )
}

impl Stage<'_> {
    fn open(&self) {
        let tell = &self.tell;
        tell.heading(
            "LGSP: các cơ quan chia sẻ dữ liệu, có bằng chứng",
            "LGSP: agencies share data, with proof",
        );
        tell.tell(
            "Một thành phố có nhiều cơ quan; cơ quan này cần dữ liệu của cơ quan kia. LGSP đứng ở \
             giữa: kiểm tra ai hỏi, theo sự cho phép nào, chuyển câu hỏi đi, và ghi lại để sau này \
             ai cũng kiểm chứng được. Mọi việc dưới đây đang thật sự diễn ra trên máy này: nền \
             tảng thật, chữ ký thật, HTTP thật. Tên loại cơ quan là thật, mã và khóa chỉ để minh \
             họa; danh sách 114 xã, phường, đặc khu của Hải Phòng là dữ liệu thật.",
            "A city has many agencies, and one needs data that another keeps. LGSP stands between \
             them: it checks who asks and under which permission, carries the question, and \
             records it so that anyone can verify it later. Everything below really happens now, \
             on this machine: a real platform, real signatures, real HTTP. The kinds of agencies \
             are real, their codes and keys are illustrative; the list of the 114 communes, wards \
             and special zones of Hải Phòng is real.",
        );
        tell.heading("Ai tham gia", "Who takes part");
        for agency in AGENCIES {
            let name = tell.choose(agency.name, agency.name_en);
            tell.show(&format!("{:9} {name}", agency.code));
        }
    }

    fn close(&self) {
        let tell = &self.tell;
        tell.heading("Vì sao tin được", "Why this can be believed");
        for (vietnamese, english) in REASONS {
            tell.point(vietnamese, english);
        }
        tell.heading("Tiếp theo", "What next");
        let program = program();
        let keeps = tell.choose("chạy tiếp, mở", "keeps running:");
        let (tls, scheme) = if self.plan.tls { (" --tls", "https") } else { ("", "http") };
        tell.show(&format!("{program} demo{tls}    {keeps} {scheme}://127.0.0.1:8080"));
        if !self.plan.folder.is_temporary() {
            let folder = self.plan.folder.path().display();
            tell.show(&format!(
                "{program} verify {folder}/bundle.asice --trust {folder}/trust.json"
            ));
        }
    }
}

/// A signer for a credential of the demo.
fn signer(credential: &DemoCredential) -> anyhow::Result<client::Signer> {
    use base64::Engine as _;
    let key = match (&credential.private_key_pem, &credential.secret_base64) {
        (Some(pem), _) => SigningKey::from_pem(pem, Some(credential.alg.parse()?))?,
        (None, Some(secret)) => {
            let secret = base64::engine::general_purpose::STANDARD.decode(secret)?;
            SigningKey::hmac_sha256(&secret)?
        }
        (None, None) => anyhow::bail!("{} has no key in demo.json", credential.keyid),
    };
    Ok(client::Signer::new(credential.keyid.parse()?, key))
}

const REASONS: &[(&str, &str)] = &[
    (
        "Bên gọi không thể chối bỏ: yêu cầu mang chữ ký bằng khóa bí mật mà chỉ bên gọi giữ; nền \
         tảng chỉ có khóa công khai.",
        "The caller cannot deny it: the question carries a signature by a key only they hold; the \
         platform has only its public half.",
    ),
    (
        "Không ai tự cho phép mình: bên đề nghị, bên giữ dữ liệu, bên vận hành và bên phê duyệt \
         là bốn bên khác nhau, và mỗi bước đều nằm trong nhật ký.",
        "Nobody permits themselves: who requests, who keeps the data, who operates and who \
         approves are four different parties, and each step stands in the log.",
    ),
    (
        "Không có câu trả lời nào rời nền tảng trước khi bản ghi của nó nằm chắc trên đĩa.",
        "No answer leaves the platform before its record is safe on disk.",
    ),
    (
        "Nhật ký chỉ thêm, không sửa: mỗi điểm kiểm chứng đã ký ràng buộc toàn bộ quá khứ (cây Merkle, \
         C2SP tlog-tiles). Sửa một chữ cũ thì mọi điểm kiểm chứng đã phát ra đều vạch trần.",
        "The log only grows: each signed checkpoint binds the whole past (a Merkle tree, C2SP \
         tlog-tiles). Change one old letter and every checkpoint handed out gives it away.",
    ),
    (
        "Bạn không cần tin chúng tôi: gói bằng chứng kiểm tra được khi không có mạng, bằng khóa \
         công khai, với định dạng mở.",
        "You need not trust us: a bundle is checked without any network, with public keys and \
         open formats.",
    ),
];
