//! The catalogue's DCAT, read by a stranger (PyPI `rdflib`) that knows RDF and nothing of us.

use std::process::Command;

use serde_json::{Value, json};

use crate::drill::python;
use crate::running::Demo;

/// Reads JSON-LD from a file and says what the graph holds, by the vocabularies' own names.
const READER: &str = r#"
import json, sys
from rdflib import Graph, Namespace
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, XSD
graph = Graph().parse(sys.argv[1], format="json-ld")
def one(subject, predicate):
    values = list(graph.objects(subject, predicate))
    assert len(values) == 1, (subject, predicate, values)
    return values[0]
catalogs = list(graph.subjects(RDF.type, DCAT.Catalog))
assert len(catalogs) == 1, catalogs
services, sets = set(graph.objects(catalogs[0], DCAT.service)), set(graph.objects(catalogs[0], DCAT.dataset))
assert services == set(graph.subjects(RDF.type, DCAT.DataService))
assert sets == set(graph.subjects(RDF.type, DCAT.Dataset))
for subject in services | sets | set(catalogs):
    assert one(subject, DCTERMS.title).language == "vi"
    assert one(one(subject, DCTERMS.publisher), FOAF.name).language == "vi"
for subject in sets:
    assert one(subject, DCTERMS.description) and one(subject, DCTERMS.accrualPeriodicity)
    assert one(subject, DCTERMS.modified).datatype == XSD.dateTime
    assert one(subject, DCTERMS.modified).toPython().tzinfo is not None
    for distribution in graph.objects(subject, DCAT.distribution):
        assert (distribution, RDF.type, DCAT.Distribution) in graph
        assert one(distribution, DCAT.accessURL)
for subject in services:
    for given in graph.objects(subject, DCAT.servesDataset):
        assert given in sets
starts = [str(value) for value in graph.objects(None, DCAT.startDate)]
print(json.dumps({
    "services": sorted(str(one(it, DCAT.endpointURL)) for it in services),
    "sets": sorted(str(it) for it in sets), "starts": starts,
    "served": sorted(str(it) for it in graph.objects(None, DCAT.servesDataset)),
}))
"#;

#[tokio::test]
async fn a_stranger_reads_the_catalogue_as_dcat() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let service = demo.manifest["services"][0]["id"].as_str().unwrap().to_owned();
    let administrator = demo.token("organisation_admin", Some("H24.12"));
    let form = json!({"code": "xa-phuong", "organisation": "H24.12", "about": {
        "title": "Xã, phường, đặc khu", "steward": "Phòng Xây dựng chính quyền",
        "legal_basis": "QĐ 01/2025/QĐ-UBND", "classification": "open", "sharing": "open",
        "items": [{"code": "ten-xa", "name": "Tên xã", "type": "text", "code_list": "don-vi-hanh-chinh"}],
        "update_every_days": 30,
    }});
    demo.post(administrator, "data-sets", &form).await;
    demo.post(administrator, "data-sets/xa-phuong/services", &json!({"services": [service]})).await;
    let portal = demo.text("portal");
    let answer = demo.http().get(format!("{portal}/api/v1/catalogue/dcat")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/ld+json");
    let file = folder.path().join("dcat.jsonld");
    std::fs::write(&file, answer.bytes().await.unwrap()).unwrap();
    let output = Command::new(python()).args(["-c", READER]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let set = format!("{portal}/api/v1/data-sets/xa-phuong");
    assert_eq!(read["sets"], json!([format!("{portal}/api/v1/code-lists/don-vi-hanh-chinh"), set]));
    assert_eq!(read["served"], json!([set]));
    assert_eq!(read["starts"], json!(["2025-07-01"]));
    let services = demo.manifest["services"].as_array().unwrap();
    assert_eq!(read["services"].as_array().unwrap().len(), services.len());
    let endpoint = &services[0]["url"];
    assert!(read["services"].as_array().unwrap().contains(endpoint), "{read}");
    assert_eq!(demo.stop(), Some(0));
}
