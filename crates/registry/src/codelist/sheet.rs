//! A code list as spreadsheets write it: CSV with a byte order mark or without, with commas,
//! semicolons or tabs, and headers in Vietnamese.

use csv::{ReaderBuilder, StringRecord};
use wire::problem::Text;

use super::MAX_ENTRIES;
use super::entry::{Entry, is_attribute};
use super::rules::{MAX_TOLD, Mistake, Placed};
use crate::calendar::Day;
use crate::import::sheet::{Lines, delimiter};
use crate::plain::plain;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Code,
    Name,
    Parent,
    ValidFrom,
    ValidUntil,
    Successors,
}

/// What people call columns.
const HEADERS: &[(&str, Member)] = &[
    ("Mã", Member::Code),
    ("code", Member::Code),
    ("Tên", Member::Name),
    ("Tên gọi", Member::Name),
    ("name", Member::Name),
    ("Mã cấp trên", Member::Parent),
    ("parent", Member::Parent),
    ("Có hiệu lực từ", Member::ValidFrom),
    ("Ngày có hiệu lực", Member::ValidFrom),
    ("valid_from", Member::ValidFrom),
    ("Hết hiệu lực từ", Member::ValidUntil),
    ("valid_until", Member::ValidUntil),
    ("Mã kế thừa", Member::Successors),
    ("Mã thay thế", Member::Successors),
    ("successors", Member::Successors),
];

enum Column {
    Member(Member),
    Attribute(String),
}

/// The longest line with headers, in bytes.
const MAX_HEADER: usize = 4 << 10;

/// The entries of a sheet, each with its line; or the mistakes of the sheet. No more of it is read than
/// a list may hold, and no more mistakes are looked for than are told.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Placed>, Vec<Mistake>> {
    let text = std::str::from_utf8(bytes).map_err(|_| vec![not_utf8()])?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.lines().next().is_some_and(|first| first.len() > MAX_HEADER) {
        return Err(vec![header_too_long()]);
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| vec![unreadable(1)])?.clone();
    let columns = columns(&headers)?;
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    let mut lines = Lines::of(text);
    for record in reader.records() {
        if mistakes.len() == MAX_TOLD || rows.len() > MAX_ENTRIES {
            break;
        }
        match record {
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => {
                let place = at_line(lines.line(record.position()));
                match entry(&columns, &record) {
                    Ok(entry) => rows.push(Placed { place, entry }),
                    Err(member) => mistakes.push(not_a_day(&place, member)),
                }
            }
            Err(error) => mistakes.push(unreadable(lines.line(error.position()))),
        }
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

/// A header that is neither known nor can be an attribute's name is a mistake: a misspelt one would
/// be lost without a word.
fn columns(headers: &StringRecord) -> Result<Vec<Column>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut columns = Vec::new();
    for header in headers {
        let wanted = plain(header);
        let known = HEADERS.iter().find(|(name, _)| *name == header || plain(name) == wanted);
        match known {
            Some((_, member)) if has(&columns, *member) => mistakes.push(twice(header)),
            Some((_, member)) => columns.push(Column::Member(*member)),
            None if is_attribute(header) => columns.push(Column::Attribute(header.to_owned())),
            None => mistakes.push(no_such_header(header)),
        }
    }
    for needed in [Member::Code, Member::Name] {
        if !has(&columns, needed) {
            mistakes.push(header_missing(needed));
        }
    }
    mistakes.truncate(MAX_TOLD);
    if mistakes.is_empty() { Ok(columns) } else { Err(mistakes) }
}

fn has(columns: &[Column], wanted: Member) -> bool {
    columns.iter().any(|one| matches!(one, Column::Member(member) if *member == wanted))
}

/// The entry of a row, or the member that is no day.
fn entry(columns: &[Column], record: &StringRecord) -> Result<Entry, &'static str> {
    let mut entry = Entry {
        code: String::new(),
        name: String::new(),
        parent: None,
        valid_from: None,
        valid_until: None,
        successors: Vec::new(),
        attributes: std::collections::BTreeMap::new(),
    };
    for (cell, column) in record.iter().zip(columns) {
        if cell.is_empty() {
            continue;
        }
        let day = |name: &'static str| day(cell).ok_or(name);
        match column {
            Column::Member(Member::Code) => cell.clone_into(&mut entry.code),
            Column::Member(Member::Name) => cell.clone_into(&mut entry.name),
            Column::Member(Member::Parent) => entry.parent = Some(cell.to_owned()),
            Column::Member(Member::ValidFrom) => entry.valid_from = Some(day("valid_from")?),
            Column::Member(Member::ValidUntil) => entry.valid_until = Some(day("valid_until")?),
            Column::Member(Member::Successors) => {
                let parts = cell.split([' ', ',', ';', '|']).filter(|part| !part.is_empty());
                entry.successors = parts.map(ToOwned::to_owned).collect();
            }
            Column::Attribute(name) => {
                entry.attributes.insert(name.clone(), cell.to_owned());
            }
        }
    }
    Ok(entry)
}

/// `2025-07-01`, or `01/07/2025` as people write it.
fn day(cell: &str) -> Option<Day> {
    if let Ok(day) = cell.parse() {
        return Some(day);
    }
    let mut parts = cell.split('/').map(str::parse::<u16>);
    let (day, month, year) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some(())?;
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

fn at_line(number: u64) -> Text {
    Text::new(format!("dòng {number}"), format!("line {number}"))
}

fn unreadable(line: u64) -> Mistake {
    Mistake {
        place: at_line(line),
        rule: Text::new(
            "một dòng có số ô như dòng tiêu đề, dấu ngoặc kép có mở có đóng.",
            "a line with as many cells as the header, each quote closed.",
        ),
    }
}

fn not_utf8() -> Mistake {
    Mistake {
        place: Text::new("tệp", "the file"),
        rule: Text::new(
            "ở dạng UTF-8 (trong bảng tính: «CSV UTF-8»).",
            "in UTF-8 (in a spreadsheet: \"CSV UTF-8\").",
        ),
    }
}

fn not_a_day(Text { vi, en }: &Text, name: &str) -> Mistake {
    Mistake {
        place: Text::new(format!("{vi}, {name}"), format!("{en}, {name}")),
        rule: Text::new(
            "một ngày (ví dụ 2025-07-01 hoặc 01/07/2025).",
            "a day (example: 2025-07-01 or 01/07/2025).",
        ),
    }
}

fn no_such_header(header: &str) -> Mistake {
    let shown: String = header.chars().filter(|one| !one.is_control()).take(60).collect();
    let known = HEADERS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    Mistake {
        place: Text::new(format!("dòng 1, «{shown}»"), format!("line 1, `{shown}`")),
        rule: Text::new(
            format!("một trong: {known}; hoặc tên thuộc tính gồm a-z, 0-9, «_»."),
            format!("one of: {known}; or an attribute's name of a-z, 0-9, `_`."),
        ),
    }
}

fn header_too_long() -> Mistake {
    Mistake {
        place: at_line(1),
        rule: Text::new(
            format!("dòng tiêu đề dài tối đa {MAX_HEADER} byte."),
            format!("a header line of at most {MAX_HEADER} bytes."),
        ),
    }
}

/// Which of the two columns counts would be a guess.
fn twice(header: &str) -> Mistake {
    Mistake {
        place: Text::new(format!("dòng 1, «{header}»"), format!("line 1, `{header}`")),
        rule: Text::new(
            "một cột chưa có ở trước; hai cột không cùng một nội dung.",
            "a column of its own; another one holds the same member.",
        ),
    }
}

fn header_missing(member: Member) -> Mistake {
    let name = if member == Member::Code { "Mã" } else { "Tên" };
    Mistake {
        place: at_line(1),
        rule: Text::new(
            format!("dòng tiêu đề có cột «{name}»."),
            format!("a header line with the column `{name}`."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_read_as_a_spreadsheet_writes_it() {
        let sheet = "\u{feff}MÃ;ten;Mã cấp trên;Có hiệu lực từ;Hết hiệu lực từ;Mã kế thừa;loai\r\n\
                     10510;\"Phường Bình Hàn; cũ\";288;;01/07/2025;10507 10525;phường\r\n;;;;;;\r\n\
                     10507;Phường Thành Đông;31;2025-07-01;;;\r\n";
        let rows = read(sheet.as_bytes()).unwrap();
        let first = &rows[0].entry;
        assert_eq!((first.code.as_str(), first.name.as_str()), ("10510", "Phường Bình Hàn; cũ"));
        assert_eq!(first.successors, ["10507", "10525"]);
        assert_eq!(first.valid_until, "2025-07-01".parse().ok());
        assert_eq!(first.attributes["loai"], "phường");
        assert_eq!(rows[1].entry.valid_from, first.valid_until);
        assert_eq!((rows.len(), rows[1].place.en.as_ref()), (2, "line 4"));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let told = |sheet: &[u8]| {
            let mistakes = read(sheet).unwrap_err().into_iter();
            mistakes.map(|mistake| mistake.place.en.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told("Mã,Tên,Ngày nào\n1,x,y\n".as_bytes()), ["line 1, `Ngày nào`"]);
        assert_eq!(told(b"code,name\n1,x\n2\n3,y,z\n"), ["line 3", "line 4"]);
        assert_eq!(told(b"code,loai\n1,x\n"), ["line 1"]);
        let late = b"code,name,valid_until\n1,x,31/02/2025\n2,y,2025-7-1\n";
        assert_eq!(told(late), ["line 2, valid_until", "line 3, valid_until"]);
        assert_eq!(told(b"code,name\n1,\xff\n"), ["the file"]);
        assert_eq!(told(b""), ["line 1", "line 1"]);
        assert_eq!(told("Mã,code,Tên\n1,2,x\n".as_bytes()), ["line 1, `code`"]);
        assert_eq!(told("Mã,Tên,Ngày hết hiệu lực\n".as_bytes()), ["line 1, `Ngày hết hiệu lực`"]);
    }

    #[test]
    fn no_more_is_read_or_told_than_a_list_may_hold() {
        let mistakes = |sheet: &str| read(sheet.as_bytes()).unwrap_err().len();
        assert_eq!(mistakes(&",".repeat(8 << 20)), 1);
        assert_eq!(mistakes(&format!("code,name\n{}", "x\n".repeat(1 << 20))), MAX_TOLD);
        assert_eq!(mistakes(&format!("{}code,name\n", "?,".repeat(1_000))), MAX_TOLD);
        let long = format!("code,name\n{}", "x,y\n".repeat(2 * MAX_ENTRIES));
        assert_eq!(read(long.as_bytes()).unwrap().len(), MAX_ENTRIES + 1);
    }
}
