//! Why rows do not come in, in words.

use wire::problem::Text;

use crate::import::conflict::Conflict;

pub(super) fn circle() -> Text {
    Text::new("Các mục tham chiếu vòng tròn lẫn nhau.", "Rows refer to each other in a circle.")
}

pub(super) fn lacks_value() -> Text {
    Text::new("Thiếu giá trị bắt buộc.", "A value that is needed is missing.")
}

pub(super) fn secret_elsewhere() -> Text {
    Text::new(
        "Khóa HMAC không kèm bí mật; hệ thống phải được cấp khóa mới.",
        "An HMAC credential comes without its secret; its system needs a new one.",
    )
}

pub(super) fn decided() -> Text {
    Text::new("Đã quyết định giữ nội dung hiện có.", "It was decided to keep what is here.")
}

pub(super) fn without(noun: &str, key: &str) -> Text {
    Text::new(
        format!("{noun} «{key}» không được nhập nên mục này cũng không được nhập."),
        format!("The {noun} `{key}` does not come in, so this cannot either."),
    )
}

pub(super) fn refers_to_nothing(noun: &str, key: &str) -> Text {
    Text::new(
        format!("{noun} «{key}» không có trong sổ đăng ký lẫn trong tài liệu."),
        format!("There is no {noun} `{key}`, neither here nor in the document."),
    )
}

pub(super) fn collides() -> Text {
    Text::new(
        "Mã mới trùng với mã của một mục khác trong cùng tài liệu.",
        "Its new name is that of another row of the same document.",
    )
}

pub(super) fn hides(name: &str) -> Text {
    Text::new(
        format!(
            "«{name}» vừa là mã đang dùng vừa là mã cũ được dẫn tới nơi khác; hãy chọn mã khác cho cơ \
             quan, hệ thống này hoặc bỏ mã cũ khỏi tài liệu."
        ),
        format!(
            "`{name}` would be in use and at once a former name that leads elsewhere; choose another \
             code for what bears it, or leave the former name out of the document."
        ),
    )
}

pub(super) fn no_such_choice(conflict: &Conflict) -> Text {
    let choices = conflict.choices.join(", ");
    Text::new(
        format!("Với xung đột này chỉ có thể chọn: {choices}."),
        format!("About this conflict can be decided: {choices}."),
    )
}

pub(super) fn not_as_the_key_says() -> Text {
    Text::new(
        "Giá trị này không khớp với mã của chính mục đó: cấp trên là tiền tố của mã.",
        "It is not what the row's own code says: what it lies below is the prefix.",
    )
}
