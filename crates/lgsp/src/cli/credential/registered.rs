//! What is said of a credential that the platform has made.

use std::path::Path;
use std::process::ExitCode;

use keys::Zeroizing;
use serde_json::Value;
use wire::problem::Text;

use super::key_file::Reserved;
use crate::cli::control::ControlOptions;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Where credentials are made.
pub(super) const PATH: &str = "/api/v1/credentials";

/// Says what was made, and how to sign with it.
pub(super) fn tell(made: &Value, key: &Path, control: &ControlOptions) {
    if control.json {
        say_json(made);
        return;
    }
    let told = |member: &str| made.get(member).and_then(Value::as_str).unwrap_or_default();
    let (keyid, system, until) = (told("keyid"), told("system"), told("not_after"));
    let (algorithm, key) = (told("algorithm"), key.display());
    let mut lines = Text::new(
        format!(
            "Đã đăng ký khóa {keyid} ({algorithm}) của hệ thống {system}, có hiệu lực đến {until}.\n\
             Khóa bí mật nằm trong {key}, chỉ người dùng này đọc được, và không được gửi đi đâu."
        ),
        format!(
            "Registered the key {keyid} ({algorithm}) of the system {system}, valid until {until}.\n\
             The private key is in {key}, which only this user may read, and was sent to nobody."
        ),
    );
    if let Some(old) = made.get("replaces").and_then(Value::as_str) {
        lines = Text::new(
            format!(
                "{}\nKhóa cũ {old} còn dùng được trong thời gian gối đầu; hãy chuyển hệ thống sang khóa mới \
                 trước khi hết thời gian đó.",
                lines.vi
            ),
            format!(
                "{}\nThe former key {old} is accepted during the overlap: move the system to the new one \
                 before it is over.",
                lines.en
            ),
        );
    }
    if made.get("in_force").and_then(Value::as_bool) == Some(false) {
        lines = Text::new(
            format!("{}\nCác cổng kết nối sẽ nhận khóa này trong chốc lát.", lines.vi),
            format!("{}\nGateways will accept it in a moment.", lines.en),
        );
    }
    say(lines.in_language(control.language()));
    say(format_args!("  lgsp call … --key {key} --keyid {keyid} --alg {algorithm}"));
}

/// Writes the secret that the platform made into its file, and says the rest.
pub(super) fn keep_secret(
    mut made: Value,
    file: Reserved<'_>,
    key: &Path,
    control: &ControlOptions,
) -> Result<ExitCode, Complaint> {
    let secret = made.as_object_mut().and_then(|made| made.remove("secret_base64"));
    let Some(Value::String(secret)) = secret else {
        return Err(Complaint::new("the platform answered without a secret", "look at its log"));
    };
    file.fill(Zeroizing::new(secret).as_bytes())?;
    tell(&made, key, control);
    Ok(ExitCode::SUCCESS)
}

/// A refusal, with what becomes of the pair that was made.
pub(super) fn key_stays(complaint: Complaint, key: &Path) -> Complaint {
    Complaint {
        next_step: format!(
            "{}; the new private key stays in {}: run the command again with --reuse, or delete it",
            complaint.next_step,
            key.display()
        ),
        ..complaint
    }
}
