//! WSDL 1.1 and 2.0, by the rules by which an operation can be named and called. A document type
//! is refused: it is how XML reads files and grows without end.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use wire::problem::Text;

use super::mistake::{
    Mistake, Mistakes, OUR_BOUNDS, Place, counted, cut, none_of, note, too_deep, too_many_parts,
};
use super::{Described, DescribedOperation, MAX_DEPTH, MAX_OPERATIONS, MAX_PARTS, Unresolved};

/// Which words an element belongs to. Whose namespace is none of these is never asked, so its name,
/// which may be as long as the document, is not kept with every element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Namespace {
    Wsdl11,
    Wsdl20,
    XmlSchema,
    Other,
}

/// An element with what stands in it.
#[derive(Debug)]
struct Element {
    namespace: Namespace,
    name: String,
    attributes: Vec<(String, String)>,
    place: Place,
    children: Vec<Element>,
}

/// What the words of one version are.
struct Words {
    specification: &'static str,
    namespace: Namespace,
    interface: &'static str,
    binding_of: &'static str,
    endpoint: &'static str,
    rules: &'static str,
}

const WORDS_1_1: Words = Words {
    specification: "WSDL 1.1",
    namespace: Namespace::Wsdl11,
    interface: "portType",
    binding_of: "type",
    endpoint: "port",
    rules: "WSDL 1.1 §2",
};

const WORDS_2_0: Words = Words {
    specification: "WSDL 2.0",
    namespace: Namespace::Wsdl20,
    interface: "interface",
    binding_of: "interface",
    endpoint: "endpoint",
    rules: "WSDL 2.0 §2",
};

pub(super) fn read(text: &str) -> Result<Described, Mistakes> {
    let root = tree(text)?;
    let words = match (root.namespace, root.name.as_str()) {
        (Namespace::Wsdl11, "definitions") => &WORDS_1_1,
        (Namespace::Wsdl20, "description") => &WORDS_2_0,
        _ => return Err(not_wsdl(&root).into()),
    };
    let mut document =
        Document { root: &root, words, mistakes: Vec::new(), named: BTreeSet::new() };
    document.judge();
    none_of(document.mistakes)?;
    let mut operations: Vec<DescribedOperation> = root
        .all(words.namespace, words.interface)
        .flat_map(|interface| interface.all(words.namespace, "operation"))
        .map(described)
        .collect();
    operations.truncate(MAX_OPERATIONS);
    if operations.is_empty() {
        let what = Text::new(
            "Tài liệu không mô tả thao tác nào để gọi.",
            "The document describes nothing to call.",
        );
        return Err(root.mistake(what, OUR_BOUNDS).into());
    }
    let mut unresolved = Vec::new();
    elsewhere(&root, &mut unresolved);
    Ok(Described {
        specification: words.specification.to_owned(),
        version: None,
        operations,
        unresolved,
    })
}

/// SOAP posts every operation to the service's own address.
fn described(operation: &Element) -> DescribedOperation {
    DescribedOperation {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        name: operation.attribute("name").map(cut),
        summary: None,
        fields: Vec::new(),
    }
}

struct Document<'a> {
    root: &'a Element,
    words: &'a Words,
    mistakes: Vec<Mistake>,
    /// `kind name` of everything that has been named.
    named: BTreeSet<String>,
}

impl Document<'_> {
    fn judge(&mut self) {
        let (root, words) = (self.root, self.words);
        self.must_have(root, "targetNamespace");
        let kinds = ["message", words.interface, "binding", "service"];
        for kind in kinds {
            for element in root.all(words.namespace, kind) {
                self.must_be_the_only_one(element, kind);
            }
        }
        for import in
            root.all(words.namespace, "import").chain(root.all(words.namespace, "include"))
        {
            let what = Text::new(
                "Tài liệu nhập tài liệu WSDL khác; nền tảng không bao giờ tải tài liệu khác, đề \
                 nghị gộp vào một tài liệu.",
                "It imports another WSDL document; the platform never fetches another, so put both \
                 into one.",
            );
            note(&mut self.mistakes, import.mistake(what, OUR_BOUNDS));
        }
        for interface in root.all(words.namespace, words.interface) {
            for operation in interface.all(words.namespace, "operation") {
                self.must_have(operation, "name");
                for part in &operation.children {
                    if matches!(part.name.as_str(), "input" | "output" | "fault")
                        && words.specification == WORDS_1_1.specification
                    {
                        self.must_lead_to(part, "message", "message");
                    }
                }
            }
        }
        let operations = operations_by_interface(root, words);
        for binding in root.all(words.namespace, "binding") {
            if words.specification == WORDS_1_1.specification
                || binding.attribute(words.binding_of).is_some()
            {
                self.must_lead_to(binding, words.binding_of, words.interface);
            }
            if words.specification == WORDS_1_1.specification {
                self.operations_of_binding(binding, &operations);
            }
        }
        for service in root.all(words.namespace, "service") {
            for endpoint in service.all(words.namespace, words.endpoint) {
                self.must_have(endpoint, "name");
                self.must_lead_to(endpoint, "binding", "binding");
            }
        }
    }

    fn operations_of_binding(
        &mut self,
        binding: &Element,
        operations: &BTreeMap<&str, BTreeSet<&str>>,
    ) {
        let named = binding.attribute(self.words.binding_of).map(local).unwrap_or_default();
        let Some(known) = operations.get(named) else {
            return;
        };
        for operation in binding.all(self.words.namespace, "operation") {
            let name = operation.attribute("name").unwrap_or_default();
            if !known.contains(name) {
                let name = cut(name);
                let what = Text::new(
                    format!("«portType» không có thao tác «{name}»."),
                    format!("The portType has no operation `{name}`."),
                );
                note(&mut self.mistakes, operation.mistake(what, "WSDL 1.1 §2.5"));
            }
        }
    }

    fn must_have(&mut self, element: &Element, attribute: &str) {
        if element.attribute(attribute).is_none_or(|value| value.trim().is_empty()) {
            let what = Text::new(
                format!("Thiếu thuộc tính «{attribute}»."),
                format!("The attribute `{attribute}` is missing."),
            );
            note(&mut self.mistakes, element.mistake(what, self.words.rules));
        }
    }

    fn must_be_the_only_one(&mut self, element: &Element, kind: &str) {
        self.must_have(element, "name");
        let name = element.attribute("name").unwrap_or_default();
        if !name.is_empty() && !self.named.insert(format!("{kind} {name}")) {
            let name = cut(name);
            let what = Text::new(
                format!("Đã có «{kind}» tên «{name}»."),
                format!("There is a {kind} named `{name}` already."),
            );
            note(&mut self.mistakes, element.mistake(what, self.words.rules));
        }
    }

    /// The qualified name in `attribute` is that of a `kind` of this document.
    fn must_lead_to(&mut self, element: &Element, attribute: &str, kind: &str) {
        self.must_have(element, attribute);
        let name = element.attribute(attribute).map(local).unwrap_or_default();
        if !name.is_empty() && !self.named.contains(&format!("{kind} {name}")) {
            let name = cut(name);
            let what = Text::new(
                format!("Tài liệu không có «{kind}» tên «{name}»."),
                format!("The document has no {kind} named `{name}`."),
            );
            note(&mut self.mistakes, element.mistake(what, self.words.rules));
        }
    }
}

/// The names of the operations of each interface, made once: a document may bind one interface
/// as often as it has room for.
fn operations_by_interface<'a>(
    root: &'a Element,
    words: &Words,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut operations = BTreeMap::new();
    for interface in root.all(words.namespace, words.interface) {
        if let Some(name) = interface.attribute("name") {
            operations.entry(name).or_insert_with(|| {
                interface
                    .all(words.namespace, "operation")
                    .filter_map(|operation| operation.attribute("name"))
                    .collect()
            });
        }
    }
    operations
}

impl Namespace {
    fn of(name: &str) -> Self {
        match name {
            "http://schemas.xmlsoap.org/wsdl/" => Self::Wsdl11,
            "http://www.w3.org/ns/wsdl" => Self::Wsdl20,
            "http://www.w3.org/2001/XMLSchema" => Self::XmlSchema,
            _ => Self::Other,
        }
    }
}

impl Element {
    fn all(&self, namespace: Namespace, name: &str) -> impl Iterator<Item = &Self> {
        let is_one = move |child: &&Self| child.namespace == namespace && child.name == name;
        self.children.iter().filter(is_one)
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn mistake(&self, what: Text, rule: &str) -> Mistake {
        let part = match self.attribute("name") {
            Some(name) => format!("{} {}", self.name, cut(name)),
            None => self.name.clone(),
        };
        Mistake::new(self.place, part, what, rule)
    }
}

fn local(qualified: &str) -> &str {
    qualified.rsplit_once(':').map_or(qualified, |(_, name)| name)
}

/// Types that stand in other files: told, not fetched.
fn elsewhere(element: &Element, found: &mut Vec<Unresolved>) {
    const MAX_TOLD: usize = 100;
    for child in &element.children {
        let location = child.attribute("schemaLocation");
        if let Some(location) = location.filter(|_| child.namespace == Namespace::XmlSchema)
            && found.len() < MAX_TOLD
        {
            found.push(Unresolved { line: child.place.line, location: cut(location) });
        }
        elsewhere(child, found);
    }
}

fn not_wsdl(root: &Element) -> Mistake {
    let what = Text::new(
        "Phần tử gốc phải là «definitions» của WSDL 1.1 hoặc «description» của WSDL 2.0.",
        "The root element must be `definitions` of WSDL 1.1 or `description` of WSDL 2.0.",
    );
    root.mistake(what, "WSDL 1.1 §2.1; WSDL 2.0 §2.1")
}

/// How long what is made of a document is when written down, with all that it holds.
#[cfg(test)]
pub(super) fn written_length(text: &str) -> usize {
    format!("{:?}", tree(text)).len()
}

fn tree(text: &str) -> Result<Element, Mistakes> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut parts = 0;
    let mut here = Cursor { text, offset: 0, line: 0, column: 0 };
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(offset);
            not_xml(Place::of(text, at), &error.to_string())
        })?;
        let place = here.at(offset);
        parts += 1;
        if parts > MAX_PARTS {
            return Err(too_many_parts(place));
        }
        let done = match event {
            Event::Eof => break,
            Event::DocType(_) => return Err(document_type(place)),
            Event::GeneralRef(reference) => {
                let is_known = reference.is_char_ref()
                    || ["lt", "gt", "amp", "apos", "quot"].contains(&&*reference);
                if !is_known {
                    return Err(entity(place));
                }
                None
            }
            Event::Start(start) => {
                let element = element(&reader, &start, place)?;
                if open.len() >= MAX_DEPTH {
                    return Err(too_deep(place));
                }
                open.push(element);
                None
            }
            Event::Empty(start) => Some(element(&reader, &start, place)?),
            Event::End(_) => open.pop(),
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().and_then(Result::ok);
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(not_xml(place, "encoding: UTF-8"));
                }
                None
            }
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) => None,
        };
        if let Some(done) = done {
            match open.last_mut() {
                Some(around) => around.children.push(done),
                None if root.is_none() => root = Some(done),
                None => return Err(not_xml(done.place, "two root elements")),
            }
        }
    }
    match (root, open.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(not_xml(Place::of(text, text.len()), "unexpected end")),
    }
}

/// Where the reader is. Counting from the beginning each time would take the square of the time.
struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
    column: usize,
}

impl Cursor<'_> {
    /// The place of a byte that does not stand before the last one asked for.
    fn at(&mut self, offset: usize) -> Place {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        match passed.rsplit_once('\n') {
            Some((lines, last)) => {
                self.line += 1 + lines.bytes().filter(|byte| *byte == b'\n').count();
                self.column = last.chars().count();
            }
            None => self.column += passed.chars().count(),
        }
        self.offset = self.offset.max(offset);
        Place { line: counted(self.line), column: counted(self.column) }
    }
}

fn element(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
    place: Place,
) -> Result<Element, Mistakes> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => Namespace::of(namespace.as_ref()),
        ResolveResult::Unbound => Namespace::Other,
        ResolveResult::Unknown(_) => {
            return Err(not_xml(place, "a prefix without a namespace"));
        }
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| not_xml(place, &error.to_string()))?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| entity(place))?;
        let key = attribute.key.as_ref().to_owned();
        attributes.push((key, value.into_owned()));
    }
    let name = name.as_ref().to_owned();
    Ok(Element { namespace, name, attributes, place, children: Vec::new() })
}

fn not_xml(place: Place, why: &str) -> Mistakes {
    let why = cut(why);
    let what = Text::new(
        format!("Không phải XML hợp lệ ({why})."),
        format!("It is not well-formed XML ({why})."),
    );
    Mistake::new(place, "", what, "XML 1.0 §2.1").into()
}

fn document_type(place: Place) -> Mistakes {
    let what = Text::new(
        "Không nhận «<!DOCTYPE»: kiểu tài liệu và thực thể có thể đọc tệp khác hoặc phình to vô hạn.",
        "`<!DOCTYPE` is not taken: a document type and its entities can read other files or grow \
         without end.",
    );
    Mistake::new(place, "!DOCTYPE", what, OUR_BOUNDS).into()
}

fn entity(place: Place) -> Mistakes {
    let what = Text::new(
        "Không nhận thực thể ngoài &lt; &gt; &amp; &apos; &quot;.",
        "No entities are taken but &lt; &gt; &amp; &apos; &quot;.",
    );
    Mistake::new(place, "", what, "XML 1.0 §4.6").into()
}
