//! How a system comes to be allowed: registered, requested, consented, tested, approved.

use wire::signature::Algorithm;

use super::Stage;
use crate::demo::city::{self, System, UNITS};
use crate::demo::founding::{Connection, Trial, pair_credential, register_system};
use crate::demo::manifest::DemoCredential;

/// The system whose story is told; a new one each time, so that it can be told again.
pub(super) struct Newcomer {
    pub(super) system: System,
    pub(super) credential: DemoCredential,
}

/// The agency registers a system and the public half of its key.
pub(super) async fn register(stage: &mut Stage<'_>) -> anyhow::Result<Newcomer> {
    stage.tell.chapter("Đăng ký", "Register");
    stage.tell.tell(
        "Trung tâm Phục vụ hành chính công (H24.14) có một hệ thống mới cần danh sách xã, phường, \
         đặc khu do Sở Nội vụ (H24.12) giữ. Trước hết hệ thống phải được biết đến. Cơ quan tự tạo \
         cặp khóa và chỉ nộp khóa công khai; khóa bí mật không rời khỏi cơ quan.",
        "The Public Administration Service Centre (H24.14) has a new system that needs the list of \
         communes kept by the Department of Home Affairs (H24.12). First the system must be known. \
         The agency makes a key pair itself and hands in only the public half; the private half \
         never leaves the agency.",
    );
    let mut tag = [0; 4];
    stage.randomness.fill(&mut tag);
    let system = System {
        organisation: city::CONSUMER_SYSTEM.organisation,
        code: format!("ke-chuyen-{}", hex::encode(tag)).into(),
        name: "Hệ thống trong câu chuyện",
    };
    register_system(&stage.offices, &system).await?;
    let credential = pair_credential(&stage.offices, &system, Algorithm::Ed25519).await?;
    stage.tell.done("Đã đăng ký hệ thống và khóa:", "System and key are registered:");
    stage.tell.show(&system.id());
    stage.tell.show(&format!("keyid {}  ({})", credential.keyid, credential.alg));
    Ok(Newcomer { system, credential })
}

/// From the wish to the permission, each step by another party.
pub(super) async fn grant(stage: &mut Stage<'_>, newcomer: &Newcomer) -> anyhow::Result<()> {
    stage.tell.chapter("Đề nghị và phê duyệt", "Request and approval");
    stage.tell.tell(
        "Một kết nối nói rõ: hệ thống nào, dịch vụ nào, để làm gì, theo căn cứ pháp lý nào, thao \
         tác nào, bao nhiêu lần, từ bao giờ đến bao giờ. Nó đi qua tay nhiều người.",
        "A connection says which system may use which service, for what purpose, on which legal \
         basis, which operations, how often, and from when until when. It passes through many \
         hands.",
    );
    let tell = &stage.tell;
    let offices = &stage.offices;
    let connection = Connection::request(offices, &newcomer.system.id(), &UNITS).await?;
    tell.done(
        "H24.14 lập hồ sơ đề nghị và nộp (submitted).",
        "H24.14 drafts the request and hands it in (submitted).",
    );
    tell.show(&format!("{} → {}", newcomer.system.id(), UNITS.id()));
    tell.show(&format!("GET /units, GET /units/{{id}}   {}", UNITS.legal_basis));

    let oneself = connection.approve_oneself(offices).await?;
    anyhow::ensure!(oneself.status == 403, "approving oneself was answered {}", oneself.status);
    tell.refused(
        ("H24.14 thử tự phê duyệt hồ sơ của mình.", "H24.14 tries to approve its own request."),
        oneself.status.as_u16(),
        oneself.code(),
    );
    connection.consent(offices).await?;
    tell.done(
        "H24.12 giữ dữ liệu, đồng ý cho dùng (consented).",
        "H24.12 keeps the data and consents to its use (consented).",
    );
    connection.test(offices).await?;
    tell.done(
        "H24.15.1 vận hành nền tảng, mở thử nghiệm (testing).",
        "H24.15.1 operates the platform and opens the connection for testing (testing).",
    );
    let trial = Trial::prepare(stage.plan, stage.running, offices, &newcomer.system).await?;
    let entries = trial.call_all(&UNITS).await?;
    tell.done(
        "H24.14 gọi thử từng thao tác bằng khóa của môi trường thử nghiệm; bản ghi là bằng chứng:",
        "H24.14 tries every operation with a sandbox key; the entries are the evidence:",
    );
    for entry in &entries {
        tell.show(entry);
    }
    connection.confirm_test(offices, &entries).await?;
    tell.done(
        "H24.15.1 xác nhận kết quả thử nghiệm theo các bản ghi đó.",
        "H24.15.1 confirms the test by those entries.",
    );
    connection.approve(offices).await?;
    tell.done(
        "H24.15 quản lý nhà nước, phê duyệt (approved).",
        "H24.15 is the state manager and approves (approved).",
    );
    connection.activate(offices).await?;
    tell.done(
        "H24.15.1 kích hoạt (active). Cổng biết ngay, không cần khởi động lại.",
        "H24.15.1 activates it (active). The gateway knows at once, without a restart.",
    );
    tell.show(&format!("connection {}", connection.id()));
    Ok(())
}
