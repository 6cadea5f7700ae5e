//! A table as spreadsheets write it: CSV with a byte order mark or without, with commas, semicolons
//! or tabs, and headers in Vietnamese.

use csv::ReaderBuilder;
use serde_json::{Map, Value};
use wire::problem::Text;

use super::document::{DocumentProblem, problem};
use super::shape::{Kind, Table, table};
use crate::plain::plain;

/// What people call columns; anything else is the column's own name.
const HEADERS: &[(&str, &str, &str)] = &[
    ("organisation", "Mã định danh", "code"),
    ("organisation", "Mã cơ quan", "code"),
    ("organisation", "Mã đơn vị", "code"),
    ("organisation", "Mã định danh cấp trên", "parent"),
    ("organisation", "Mã cơ quan cấp trên", "parent"),
    ("organisation", "Tên cơ quan", "name"),
    ("organisation", "Tên đơn vị", "name"),
    ("organisation", "Tên cơ quan, tổ chức", "name"),
    ("organisation", "Tên tiếng Anh", "name_en"),
    ("organisation", "Mã cũ", "legacy_code"),
    ("organisation", "Mã theo QCVN 102", "legacy_code"),
    ("organisation", "Ngày đăng ký", "registered_at"),
    ("system", "Mã hệ thống", "id"),
    ("system", "Mã định danh hệ thống", "id"),
    ("system", "Mã cơ quan", "organisation"),
    ("system", "Mã định danh cơ quan", "organisation"),
    ("system", "Tên hệ thống", "name"),
    ("system", "Tên hệ thống thông tin", "name"),
    ("system", "Ngày đăng ký", "registered_at"),
    ("service", "Mã dịch vụ", "id"),
    ("service", "Mã hệ thống", "system"),
    ("service", "Tên dịch vụ", "title"),
    ("service", "Địa chỉ", "upstream"),
    ("service", "Địa chỉ máy chủ", "upstream"),
    ("service", "Thời gian chờ (ms)", "timeout_ms"),
    ("service", "Ngày công bố", "published_at"),
];

/// Reads a table of `noun` into the rows of a document. Empty cells are not known. All problems are
/// told, each with its line.
pub fn rows(noun: &str, bytes: &[u8]) -> Result<Vec<Value>, Vec<(String, Text)>> {
    read(noun, bytes).map_err(|problems| {
        problems.into_iter().map(|problem| (problem.place, problem.rule)).collect()
    })
}

fn read(noun: &str, bytes: &[u8]) -> Result<Vec<Value>, Vec<DocumentProblem>> {
    let Some(table) = table(noun) else {
        return Err(vec![problem(noun, no_such_noun())]);
    };
    let text = std::str::from_utf8(bytes).map_err(|_| vec![problem(noun, not_utf8())])?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| vec![unreadable(1)])?.clone();
    let (columns, mut problems) = columns(table, &headers);
    let mut rows = Vec::new();
    let mut lines = Lines::of(text);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(unreadable(lines.line(error.position())));
                continue;
            }
        };
        let line = lines.line(record.position());
        let mut row = Map::new();
        for (cell, column) in record.iter().zip(&columns) {
            let Some(column) = column.filter(|_| !cell.is_empty()) else {
                continue;
            };
            match value(column.kind, cell) {
                Ok(value) => drop(row.insert(column.name.to_owned(), value)),
                Err(rule) => problems.push(problem(place(line, column.name), rule)),
            }
        }
        if !row.is_empty() {
            rows.push(Value::Object(row));
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// The column of each header; a header that names none is a problem, for a misspelt one would be
/// lost without a word.
fn columns(
    table: &'static Table,
    headers: &csv::StringRecord,
) -> (Vec<Option<&'static super::shape::Column>>, Vec<DocumentProblem>) {
    let mut problems = Vec::new();
    let columns = headers.iter().map(|header| {
        let wanted = plain(header);
        let known =
            HEADERS.iter().find(|(noun, name, _)| *noun == table.name && plain(name) == wanted);
        let name = known.map_or(header, |(_, _, column)| column);
        let column = table.column(name);
        if column.is_none() {
            problems.push(problem(place(1, header), no_such_header(table)));
        }
        column
    });
    (columns.collect(), problems)
}

/// What parts the cells of the first line: whichever of them stands there most often.
pub(crate) fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |wanted: u8| first.bytes().filter(|byte| *byte == wanted).count();
    [b';', b'\t', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

/// Counts the lines of a sheet as its reader gets on. The reader's own count is one behind where lines
/// end with `\r\n`: it takes the `\n` for the beginning of the next record.
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line on which what begins at this position stands; positions only grow.
    pub(crate) fn line(&mut self, position: Option<&csv::Position>) -> u64 {
        let begins = position.and_then(|position| usize::try_from(position.byte()).ok());
        let passed = begins.and_then(|to| self.text.as_bytes().get(self.at..to));
        let passed = passed.unwrap_or_default();
        let rest = self.text.as_bytes().get(self.at + passed.len()..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let all = passed.iter().chain(ends.clone());
        self.line += all.filter(|byte| **byte == b'\n').count() as u64;
        self.at += passed.len() + ends.count();
        self.line
    }
}

/// Spreadsheets write dates as people do; a date is the beginning of that day here.
fn value(kind: Kind, cell: &str) -> Result<Value, Text> {
    match kind {
        Kind::Time => Ok(Value::String(date(cell).unwrap_or_else(|| cell.to_owned()))),
        Kind::Json => {
            serde_json::from_str(cell).map_err(|_| Text::new("Phải là JSON.", "It must be JSON."))
        }
        _ => Ok(Value::String(cell.to_owned())),
    }
}

/// `dd/mm/yyyy` in Việt Nam (UTC+7, all year) as a time.
fn date(cell: &str) -> Option<String> {
    let mut parts = cell.split('/').map(str::parse::<u16>);
    let (day, month, year) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let noon: wire::ambient::UtcMicros =
        format!("{year:04}-{month:02}-{day:02}T07:00:00Z").parse().ok()?;
    parts.next().is_none().then_some(())?;
    Some(noon.saturating_sub(std::time::Duration::from_hours(14)).to_string())
}

fn place(line: u64, column: &str) -> String {
    format!("dòng/line {line}, {column}")
}

fn unreadable(line: u64) -> DocumentProblem {
    problem(
        place(line, "CSV"),
        Text::new(
            "Số ô của dòng khác với dòng tiêu đề, hoặc dấu ngoặc kép chưa đóng.",
            "The line has another number of cells than the header, or a quote is not closed.",
        ),
    )
}

fn no_such_noun() -> Text {
    Text::new("Không có loại đối tượng này.", "There is no such noun.")
}

fn not_utf8() -> Text {
    Text::new(
        "Tệp phải ở dạng UTF-8 (trong bảng tính: «CSV UTF-8»).",
        "The file must be UTF-8 (in a spreadsheet: \"CSV UTF-8\").",
    )
}

fn no_such_header(table: &Table) -> Text {
    let known = HEADERS.iter().filter(|(noun, _, _)| *noun == table.name);
    let names = known.map(|(_, name, _)| *name).chain(table.columns.iter().map(|it| it.name));
    let names = names.collect::<Vec<_>>().join(", ");
    Text::new(
        format!("Không có cột này; các cột là: {names}."),
        format!("There is no such column; there are: {names}."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sheet_as_a_spreadsheet_writes_it_is_read() {
        let sheet = "\u{feff}Mã định danh;Tên cơ quan;Mã cũ;Ngày đăng ký\r\n\
                     H23.12;\"Sở Nội vụ; Hải Dương\";000.00.12.H23;01/07/2024\r\n\r\n\
                     H23.13;Sở Y tế;;\r\n";
        let rows = rows("organisation", sheet.as_bytes()).unwrap();
        assert_eq!(
            rows,
            [
                json!({"code": "H23.12", "name": "Sở Nội vụ; Hải Dương",
                    "legacy_code": "000.00.12.H23",
                    "registered_at": "2024-06-30T17:00:00.000000Z"}),
                json!({"code": "H23.13", "name": "Sở Y tế"}),
            ]
        );
    }

    #[test]
    fn headers_may_lack_their_marks_and_commas_or_tabs_part_cells() {
        for sheet in ["ma dinh danh,TEN CO QUAN\nH23,x\n", "code\tname\nH23\tx\n"] {
            assert_eq!(
                rows("organisation", sheet.as_bytes()).unwrap(),
                [json!({"code": "H23", "name": "x"})]
            );
        }
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let told = |sheet: &[u8]| {
            rows("organisation", sheet)
                .unwrap_err()
                .into_iter()
                .map(|(place, _)| place)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(b"code,nmae\nH23,x\n"), ["dòng/line 1, nmae"]);
        assert_eq!(told(b"code,name\nH23,x\nH24\n"), ["dòng/line 3, CSV"]);
        assert_eq!(told(b"code,name\r\nH23,x\r\nH24\r\n"), ["dòng/line 3, CSV"]);
        assert_eq!(told(b"code,name\nH23,\xff\n"), ["organisation"]);
        assert!(rows("planet", b"").is_err());
    }
}
