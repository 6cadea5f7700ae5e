//! `lgsp credential compromised`

use std::io::stdin;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use wire::id::{KeyId, SystemId};
use wire::problem::{Language, Text};

use crate::cli::control::ControlOptions;
use crate::cli::on_runtime;
use crate::complaint::Complaint;
use crate::terminal::{complain, say, say_json};

/// Report that others may have a system's keys: revoke them and suspend what the system calls.
///
/// All of its credentials, or those that --only names, are refused at every gateway from the answer on,
/// and its active connections as a consumer are suspended, in one entry of the log. It cannot be taken
/// back: the system needs a new key, and the operator puts each connection back into force. Type the
/// system's id to confirm, or give --yes. Exits 0 if it was done; 1 if it was not confirmed or was
/// refused; 2 if the options are wrong.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The system whose keys others may have.
    #[arg(value_name = "SYSTEM")]
    system: SystemId,
    /// What happened; shown to those concerned, never in the log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only this credential; may be given several times.
    #[arg(long, value_name = "KEYID")]
    only: Vec<KeyId>,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    control: ControlOptions,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let control = options.control.control()?;
    if !options.yes && !is_confirmed(options, control.language) {
        return Err(Complaint::new(
            "nothing was done: the system's id was not typed",
            "type it as it was given, or give --yes",
        ));
    }
    let path = format!("/api/v1/systems/{}/compromise", options.system);
    let only: Vec<_> = options.only.iter().map(ToString::to_string).collect();
    let form = json!({"reason": options.reason, "credentials": only});
    let done = on_runtime(control.post(&path, &form))?;
    if options.control.json {
        say_json(&done);
    } else {
        say(told(&options.system, &done).in_language(control.language));
    }
    Ok(ExitCode::SUCCESS)
}

/// On standard error, so that what is asked is no part of the answer.
fn is_confirmed(options: &Options, language: Language) -> bool {
    let system = &options.system;
    let question = Text::new(
        format!(
            "Sẽ thu hồi khóa của hệ thống {system} và tạm ngừng các kết nối đang khai thác; không hoàn \
             tác được.\nGõ lại mã hệ thống để xác nhận:"
        ),
        format!(
            "This revokes keys of the system {system} and suspends the connections that it calls by; it \
             cannot be taken back.\nType the system's id to confirm:"
        ),
    );
    complain(question.in_language(language));
    let mut line = String::new();
    stdin().read_line(&mut line).is_ok() && line.trim() == system.to_string()
}

/// What was done, and what to do next.
fn told(system: &SystemId, done: &Value) -> Text {
    let list = |member: &str| {
        let items = done.get(member).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(|id| format!("\n    {id}")).collect::<Vec<_>>()
    };
    let (revoked, suspended) = (list("revoked"), list("suspended"));
    let at = done.get("at").and_then(Value::as_str).unwrap_or_default();
    let (keys, connections) = (revoked.len(), suspended.len());
    let (revoked, suspended) = (revoked.concat(), suspended.concat());
    Text::new(
        format!(
            "Hệ thống {system}, lúc {at}:\n  đã thu hồi {keys} khóa{revoked}\n  đã tạm ngừng {connections} \
             kết nối{suspended}\nMọi cổng kết nối từ chối các khóa này.\n\nViệc tiếp theo:\n  1. Kiểm tra và \
             làm sạch máy chủ trước khi tạo khóa mới.\n  2. Tạo khóa mới: lgsp credential new {system} --key \
             TỆP-MỚI --register\n  3. Đề nghị đơn vị vận hành khôi phục từng kết nối sau khi xác nhận an \
             toàn.\n  4. Rà soát các lượt gọi trước {at} trong nhật ký; báo cáo sự cố theo Thông tư \
             20/2017/TT-BTTTT."
        ),
        format!(
            "The system {system}, at {at}:\n  revoked {keys} credentials{revoked}\n  suspended {connections} \
             connections{suspended}\nEvery gateway refuses these keys.\n\nNext:\n  1. Examine and clean the \
             machine before a new key is made on it.\n  2. Make a new key: lgsp credential new {system} \
             --key NEW-FILE --register\n  3. Ask the operator to put each connection back into force, once \
             that is safe.\n  4. Look through the calls before {at} in the log; report the incident by \
             Thông tư 20/2017/TT-BTTTT."
        ),
    )
}
