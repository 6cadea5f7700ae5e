//! What serde expected, said as a person would: "expected u32" is a whole number from 0 on.

use wire::problem::Text;

/// What a field must be, from serde's sentence about what it is not; nothing if that sentence is
/// of no kind known here.
pub(super) fn read(message: &str) -> Option<Text> {
    if let Some((_, expected)) = message.split_once(", expected ") {
        return if message.starts_with("unknown variant `") {
            Some(one_of(expected))
        } else {
            kind(expected)
        };
    }
    // What the standard library says of digits in a query string.
    let is_about_digits = ["invalid digit", "cannot parse integer", "number too "];
    is_about_digits.iter().any(|beginning| message.starts_with(beginning)).then(natural)
}

fn kind(expected: &str) -> Option<Text> {
    let (vi, en) = match expected {
        "a string" | "a borrowed string" | "a character" => ("một chuỗi", "a string"),
        "a boolean" => ("true hoặc false", "true or false"),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => return Some(natural()),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => ("một số nguyên", "a whole number"),
        "f32" | "f64" => ("một số", "a number"),
        "a sequence" => ("một mảng JSON", "a JSON array"),
        "a map" => ("một đối tượng JSON", "a JSON object"),
        _ if expected.starts_with("struct ") => ("một đối tượng JSON", "a JSON object"),
        _ if expected.starts_with("enum ") => ("một chuỗi", "a string"),
        _ => return None,
    };
    Some(Text::new(vi, en))
}

fn natural() -> Text {
    Text::new(
        "một số nguyên không âm trong giới hạn cho phép",
        "a whole number from 0 on, in range",
    )
}

/// `known` names the values, each between backticks.
fn one_of(known: &str) -> Text {
    let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    let known = known.join(", ");
    Text::new(format!("một trong các giá trị {known}"), format!("one of {known}"))
}
