//! What of WSDL is taken.

use crate::service::description::*;

const CIVIL: &str = include_str!("civil.wsdl");
const CIVIL_2: &str = include_str!("civil-2.wsdl");

fn refused(text: &str, line: u32, says: &str) {
    let Mistakes(mistakes) = read(Format::Xml, text.as_bytes()).unwrap_err();
    let Mistake { place, what, part, .. } = &mistakes[0];
    assert!(what.en.contains(says), "{} ({part})", what.en);
    assert_eq!(place.line, line, "{} ({part})", what.en);
}

fn with(old: &str, new: &str) -> String {
    assert!(CIVIL.contains(old), "{old}");
    CIVIL.replacen(old, new, 1)
}

#[test]
fn the_operations_of_both_versions_are_listed_and_types_elsewhere_are_told() {
    for (text, specification) in [(CIVIL, "WSDL 1.1"), (CIVIL_2, "WSDL 2.0")] {
        let described = read(Format::Xml, text.as_bytes()).unwrap();
        assert_eq!(described.specification, specification);
        let names: Vec<_> = described.operations.iter().map(|one| one.name.as_deref()).collect();
        assert_eq!(names, [Some("TraCuu"), Some("XacNhan")]);
        assert!(described.operations.iter().all(|one| one.method == "POST" && one.path == "/"));
        let unresolved: Vec<_> =
            described.unresolved.iter().map(|one| (one.line, one.location.as_str())).collect();
        assert_eq!(unresolved, [(5, "kieu-du-lieu.xsd")]);
    }
}

#[test]
fn a_name_that_leads_nowhere_is_told_by_its_line() {
    refused(
        &with("message=\"tns:TraCuuYeuCau\"", "message=\"tns:Khac\""),
        12,
        "no message named `Khac`",
    );
    refused(&with("type=\"tns:HoTich\"", "type=\"tns:Khac\""), 20, "no portType named `Khac`");
    refused(
        &with("binding=\"tns:HoTichSoap\"", "binding=\"tns:Khac\""),
        26,
        "no binding named `Khac`",
    );
    refused(&with("<operation name=\"XacNhan\">", "<operation>"), 15, "`name` is missing");
    refused(
        &with("<message name=\"TraCuuTraLoi\"/>", "<message name=\"TraCuuYeuCau\"/>"),
        9,
        "already",
    );
    let other = CIVIL.replacen("<operation name=\"TraCuu\"/>", "<operation name=\"La\"/>", 1);
    refused(&other, 22, "no operation `La`");
    let other = CIVIL_2.replace("interface=\"tns:HoTich\"", "interface=\"tns:Khac\"");
    refused(&other, 12, "no interface named `Khac`");
}

#[test]
fn document_types_entities_and_other_documents_are_refused() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE d [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]>\n<d>&b;</d>";
    refused(bomb, 2, "DOCTYPE");
    let outside = "<!DOCTYPE d SYSTEM \"file:///etc/passwd\">\n<d/>";
    refused(outside, 1, "DOCTYPE");
    refused(&with("Hộ tịch", "&la;"), 3, "entities");
    refused(&with("name=\"HoTich\"", "name=\"&la;\""), 2, "entities");
    refused(
        &with("<types>", "<import namespace=\"x\" location=\"http://h/x.wsdl\"/><types>"),
        4,
        "another WSDL",
    );
}

#[test]
fn a_long_namespace_is_not_kept_with_every_element() {
    let text = format!("<a xmlns=\"{}\">{}</a>", "n".repeat(64 << 10), "<b/>".repeat(1_000));
    let held = wsdl::written_length(&text);
    assert!(held < 5 * text.len(), "{held} bytes are made of {}", text.len());
}

#[test]
fn every_binding_of_an_interface_is_held_against_its_operations() {
    let bindings: Vec<_> = (0..200)
        .map(|n| {
            format!(
                "<binding name=\"b{n}\" type=\"tns:HoTich\"><operation name=\"o{n}\"/></binding>\n"
            )
        })
        .collect();
    let text = with("<service", &format!("{}<service", bindings.concat()));
    let Mistakes(mistakes) = read(Format::Xml, text.as_bytes()).unwrap_err();
    assert_eq!(mistakes.len(), 100, "no more are looked for");
    let named = |n: usize| format!("no operation `o{n}`");
    assert!(mistakes.iter().enumerate().all(|(n, one)| one.what.en.contains(&named(n))));
}

#[test]
fn what_is_no_wsdl_is_told() {
    refused("<a/>", 1, "root element");
    refused("<a>\n<b></a>", 2, "well-formed");
    refused("<a/><b/>", 1, "two root elements");
    refused("", 1, "well-formed");
    refused("<x:a/>", 1, "prefix");
    refused("<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>", 1, "UTF-8");
    let deep = "<a>".repeat(1_000);
    refused(&deep, 1, "levels deep");
    let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_PARTS));
    refused(&wide, 1, "parts");
    refused(&with("targetNamespace=\"urn:ho-tich\"", ""), 2, "`targetNamespace` is missing");
}
