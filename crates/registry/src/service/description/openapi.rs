//! OpenAPI 3.0 and 3.1. The schemas that its authors publish judge the form; what a schema cannot
//! say is judged here: references, the parameters of paths, names that must be the only ones.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use wire::directory::Operation;
use wire::problem::Text;

use super::budget::{Budget, MAX_LOOKED_AT, MAX_NAMED, Spent};
use super::mistake::{MAX_MISTAKES, MAX_TOLD, Mistake, Mistakes, cut, none_of, note};
use super::placed::{Member, Placed, below};
use super::{Described, DescribedOperation, MAX_OPERATIONS, fields, references};

static OPENAPI_3_0: LazyLock<Option<Validator>> =
    LazyLock::new(|| validator(include_str!("schemas/openapi-3.0.json")));
static OPENAPI_3_1: LazyLock<Option<Validator>> =
    LazyLock::new(|| validator(include_str!("schemas/openapi-3.1.json")));

/// The methods of a path item; TRACE never passes the platform.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

pub(super) fn read(document: &Placed) -> Result<Described, Mistakes> {
    let version = document.text_of("openapi").unwrap_or_default();
    let (specification, schema) = if version.starts_with("3.0.") {
        ("OpenAPI 3.0", &OPENAPI_3_0)
    } else if version.starts_with("3.1.") {
        ("OpenAPI 3.1", &OPENAPI_3_1)
    } else {
        return Err(other_version(document).into());
    };
    // The files are ours, and a test compiles them.
    if let Some(schema) = schema.as_ref() {
        let value = document.to_value();
        let broken = schema.iter_errors(&value).take(2 * MAX_TOLD);
        none_of(broken.map(|error| against_schema(document, specification, &error)).collect())?;
    }
    none_of(references::mistakes(document))?;
    let operations = operations(document)?;
    let info = document.get("info");
    Ok(Described {
        specification: specification.to_owned(),
        version: info.and_then(|info| info.text_of("version")).map(cut),
        operations,
        unresolved: Vec::new(),
    })
}

fn validator(schema: &str) -> Option<Validator> {
    let schema = serde_json::from_str(schema).ok()?;
    jsonschema::validator_for(&schema).inspect_err(|error| tracing::error!(%error)).ok()
}

fn operations(document: &Placed) -> Result<Vec<DescribedOperation>, Mistakes> {
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let mut forms: HashMap<String, &str> = HashMap::new();
    let paths = document.get("paths").map(Placed::members).unwrap_or_default();
    let mut budget = Budget::of_a_document();
    for path in paths.iter().filter(|path| path.name.starts_with('/')) {
        if mistakes.len() >= MAX_MISTAKES {
            break;
        }
        // Only what is shown of it counts, and every mistake tells it.
        let part = below("/paths", &cut(&path.name));
        if let Some(first) = forms.insert(form(&path.name), &path.name) {
            note(&mut mistakes, same_form(path, first, &part));
        }
        let item = references::followed(document, &path.value);
        let spent = |_: Spent| grows_too_large(path, &part);
        budget.look_at(item.members().len()).map_err(spent)?;
        for method in item.members().iter().filter(|member| METHODS.contains(&&*member.name)) {
            let spent = |_: Spent| grows_too_large(path, &part);
            let part = below(&part, &method.name);
            let id = method.value.member("operationId");
            if let Some(id) = id.filter(|id| id.value.text().is_some_and(|id| !ids.insert(id))) {
                note(&mut mistakes, id_twice(id, &below(&part, "operationId")));
            }
            let lists = [item.get("parameters"), method.value.get("parameters")];
            let parameters: Vec<_> = lists.into_iter().flatten().flat_map(Placed::items).collect();
            budget.look_at(parameters.len()).map_err(spent)?;
            undeclared(document, path, &parameters, method, &part, &mut mistakes);
            match Operation::new(&method.name.to_uppercase(), &as_template(&path.name)) {
                Ok(operation) => found.push(DescribedOperation {
                    method: operation.method,
                    path: operation.path,
                    name: method.value.text_of("operationId").map(cut),
                    summary: method.value.text_of("summary").map(cut),
                    fields: fields::of_answers(document, &method.value, &mut budget)
                        .map_err(spent)?,
                }),
                Err(_) => note(&mut mistakes, not_a_path(path, &part)),
            }
            if found.len() > MAX_OPERATIONS {
                return Err(too_many_operations(method, &part).into());
            }
        }
    }
    none_of(mistakes)?;
    if found.is_empty() {
        return Err(nothing_to_call(document).into());
    }
    Ok(found)
}

/// The path as a connection asks for it: a segment with a parameter in it is a parameter, and its
/// name is of letters, digits and `_`.
fn as_template(path: &str) -> String {
    let segment = |segment: &str| {
        if !segment.contains('{') {
            return segment.to_owned();
        }
        let name = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let inner: String = segment.trim_matches(['{', '}']).chars().map(name).collect();
        format!("{{{inner}}}")
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Paths of one form are one path to whoever is called (OpenAPI 3.1.1 §4.8.8.2).
fn form(path: &str) -> String {
    let mut form = String::with_capacity(path.len());
    let mut within = false;
    for character in path.chars() {
        within = (within || character == '{') && character != '}';
        if !within {
            form.push(character);
        }
    }
    form
}

/// Each `{name}` of a path is declared by a parameter, and each path parameter stands in the path.
fn undeclared(
    document: &Placed,
    path: &Member,
    parameters: &[&Placed],
    method: &Member,
    part: &str,
    mistakes: &mut Vec<Mistake>,
) {
    let in_path: BTreeSet<&str> = path
        .name
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect();
    let mut declared = BTreeSet::new();
    for parameter in parameters {
        if mistakes.len() >= MAX_MISTAKES {
            return;
        }
        let parameter = references::followed(document, parameter);
        if parameter.text_of("in") == Some("path") {
            let name = parameter.text_of("name").unwrap_or_default();
            declared.insert(name);
            if !in_path.contains(name) {
                let name = cut(name);
                let what = Text::new(
                    format!("Tham số đường dẫn «{name}» không có trong đường dẫn."),
                    format!("The path parameter `{name}` does not stand in the path."),
                );
                let rule = "OpenAPI 3.0.3 §4.7.12.1, 3.1.1 §4.8.12.1";
                note(mistakes, Mistake::new(parameter.place, part, what, rule));
            }
        }
    }
    for name in in_path.difference(&declared) {
        let name = cut(name);
        let what = Text::new(
            format!("Đường dẫn có «{{{name}}}» nhưng không khai báo tham số này."),
            format!("The path has `{{{name}}}` but no parameter declares it."),
        );
        let rule = "OpenAPI 3.0.3 §4.7.8.1, 3.1.1 §4.8.8.1";
        note(mistakes, Mistake::new(method.place, part, what, rule));
    }
}

/// What the schema does not allow, told of the innermost part that breaks it.
fn against_schema(document: &Placed, specification: &str, error: &ValidationError<'_>) -> Mistake {
    let error = innermost(error);
    let mut pointer = error.instance_path().to_string();
    if let Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } =
        error.kind()
        && let Some(name) = unexpected.first()
    {
        pointer = below(&pointer, name);
    }
    let place = document.find(&pointer).map_or(document.place, |(place, _)| place);
    let rule = format!("{specification} schema{}", error.schema_path());
    Mistake::new(place, pointer, said(error), rule)
}

/// Of alternatives that all fail, the one that goes deepest is the one that was meant.
fn innermost<'a, 'e>(error: &'a ValidationError<'e>) -> &'a ValidationError<'e> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return error;
    };
    let depth =
        |error: &ValidationError<'_>| error.instance_path().to_string().matches('/').count();
    let inner = context.iter().flatten().map(innermost);
    // An alternative that is a bare reference only says that `$ref` is missing.
    let is_reference = |error: &ValidationError<'_>| matches!(error.kind(), Kind::Required { property } if property == "$ref");
    let inner = inner.filter(|error| !is_reference(error));
    inner.max_by_key(|inner| depth(inner)).unwrap_or(error)
}

fn said(error: &ValidationError<'_>) -> Text {
    let names = |names: &[String]| names.iter().take(3).map(|name| cut(name)).collect::<Vec<_>>();
    match error.kind() {
        Kind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            Text::new(
                format!("Thiếu thành phần bắt buộc «{property}»."),
                format!("The required member `{property}` is missing."),
            )
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let names = names(unexpected).join(", ");
            Text::new(
                format!("Không có thành phần nào tên «{names}» ở đây."),
                format!("There is no member `{names}` here."),
            )
        }
        Kind::Enum { options } => Text::new(
            format!("Giá trị phải là một trong {options}."),
            format!("The value must be one of {options}."),
        ),
        Kind::Pattern { pattern } => Text::new(
            format!("Giá trị không đúng mẫu {pattern}."),
            format!("The value is not of the form {pattern}."),
        ),
        kind => Text::new(
            format!("Không đúng quy tắc «{}» của đặc tả.", kind.keyword()),
            format!(
                "It breaks `{}` of the specification: {}.",
                kind.keyword(),
                cut(&error.masked().to_string())
            ),
        ),
    }
}

fn other_version(document: &Placed) -> Mistake {
    let at = document.member("openapi").or_else(|| document.member("swagger"));
    let what = Text::new(
        "Tài liệu phải là OpenAPI 3.0 hoặc 3.1 («openapi: 3.1.0»).",
        "The document must be OpenAPI 3.0 or 3.1 (`openapi: 3.1.0`).",
    );
    let place = at.map_or(document.place, |member| member.place);
    Mistake::new(place, "/openapi", what, "OpenAPI 3.1.1 §4.1")
}

fn same_form(path: &Member, first: &str, part: &str) -> Mistake {
    let first = cut(first);
    let what = Text::new(
        format!("Đường dẫn này trùng dạng với «{first}»."),
        format!("This path is of the same form as `{first}`."),
    );
    Mistake::new(path.place, part, what, "OpenAPI 3.0.3 §4.7.8.2, 3.1.1 §4.8.8.2")
}

fn id_twice(id: &Member, part: &str) -> Mistake {
    let what = Text::new("«operationId» này đã dùng.", "This `operationId` is another's already.");
    Mistake::new(id.value.place, part, what, "OpenAPI 3.0.3 §4.7.10.1, 3.1.1 §4.8.10.1")
}

fn not_a_path(path: &Member, part: &str) -> Mistake {
    let what = Text::new(
        "Đường dẫn có ký tự hoặc đoạn mà cổng kết nối không chuyển tiếp.",
        "The path has characters or segments that gateways do not pass on.",
    );
    Mistake::new(path.place, part, what, "RFC 3986 §3.3")
}

fn too_many_operations(method: &Member, part: &str) -> Mistake {
    let what = Text::new(
        format!("Tài liệu có quá {MAX_OPERATIONS} thao tác."),
        format!("It describes more than {MAX_OPERATIONS} operations."),
    );
    Mistake::new(method.place, part, what, super::mistake::OUR_BOUNDS)
}

/// What its references repeat is more than is made of one document. Mistakes found before are
/// not told: whoever mends this writes another document.
fn grows_too_large(path: &Member, part: &str) -> Mistakes {
    let what = Text::new(
        format!(
            "Khi thay tham chiếu bằng nội dung, tài liệu vượt quá {MAX_LOOKED_AT} phần tử hoặc tên \
             các trường dữ liệu trả về vượt quá {MAX_NAMED} byte; đề nghị chia thành nhiều dịch vụ."
        ),
        format!(
            "With its references followed it has more than {MAX_LOOKED_AT} parts, or the names of \
             the fields it answers with take more than {MAX_NAMED} bytes; divide it among several \
             services."
        ),
    );
    Mistake::new(path.place, part, what, super::mistake::OUR_BOUNDS).into()
}

fn nothing_to_call(document: &Placed) -> Mistake {
    let at = document.member("paths").map_or(document.place, |paths| paths.place);
    let what = Text::new(
        "Tài liệu không mô tả thao tác nào để gọi.",
        "The document describes nothing to call.",
    );
    Mistake::new(at, "/paths", what, super::mistake::OUR_BOUNDS)
}
