//! The public catalogue as other catalogues harvest it: DCAT 3 (W3C, 2024) in JSON-LD, with the
//! vocabularies of DCAT-AP where they say what we know. Pure.
//!
//! **Invariant**: only what everyone may know: published services, data sets that are shared and not
//! sensitive, code lists that are kept; no address but the gateway's, and no person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use wire::ambient::UtcMicros;
use wire::id::{ServiceCode, ServiceId};
use wire::organisation_code::OrganisationCode;

use super::index::Shown;
use crate::codelist::CodeList;
use crate::dataset::{DataSet, Sharing};
use crate::service::Classification;

/// Where the platform is reached, without slashes at the end: names in the catalogue begin with these,
/// so they are as stable as the public URLs of the configuration.
#[derive(Debug, Clone)]
pub struct PublicUrls {
    /// Of the control listener.
    pub control: String,
    /// Of the gateway.
    pub gateway: String,
}

/// All that is shown.
pub(super) struct Content<'a> {
    pub(super) services: Vec<&'a Shown>,
    pub(super) data_sets: Vec<DataSet>,
    pub(super) code_lists: Vec<CodeList>,
    pub(super) owners: BTreeMap<OrganisationCode, String>,
}

const ACCESS: &str = "http://publications.europa.eu/resource/authority/access-right/";
const FREQUENCY: &str = "http://publications.europa.eu/resource/authority/frequency/";
/// "Government and public sector" of the EU's vocabulary of data themes.
const THEME: &str = "http://publications.europa.eu/resource/authority/data-theme/GOVE";
const CATALOGUE: &str = "/api/v1/catalogue/dcat";

/// The whole document.
pub(super) fn document(content: &Content<'_>, urls: &PublicUrls) -> Value {
    let writer = Writer { content, urls };
    let shared: Vec<_> = content.data_sets.iter().filter(|set| is_shown(set)).collect();
    let mut sets: Vec<_> = shared.iter().map(|set| writer.data_set(set)).collect();
    sets.extend(content.code_lists.iter().filter_map(|list| writer.code_list(list)));
    let services: Vec<_> = content.services.iter().map(|shown| writer.service(shown)).collect();
    json!({
        "@context": context(),
        "@id": format!("{}{CATALOGUE}", urls.control),
        "@type": "dcat:Catalog",
        "title": vietnamese("Danh mục dịch vụ và dữ liệu dùng chung"),
        "description": vietnamese(
            "Các dịch vụ chia sẻ dữ liệu, tập dữ liệu và danh mục dùng chung trên nền tảng tích hợp, \
             chia sẻ dữ liệu."
        ),
        "publisher": agent(&format!("{}/", urls.control), "Nền tảng tích hợp, chia sẻ dữ liệu"),
        "language": {"@id": "http://publications.europa.eu/resource/authority/language/VIE"},
        "homepage": {"@id": format!("{}/", urls.control)},
        "themeTaxonomy": {"@id": "http://publications.europa.eu/resource/authority/data-theme"},
        "dataset": sets,
        "service": services,
    })
}

/// Whether everyone may know that there is this data set.
fn is_shown(set: &DataSet) -> bool {
    set.about.sharing != Sharing::NotShared && set.about.classification != Classification::Sensitive
}

struct Writer<'a> {
    content: &'a Content<'a>,
    urls: &'a PublicUrls,
}

impl Writer<'_> {
    fn data_set(&self, set: &DataSet) -> Value {
        let about = &set.about;
        let is_open =
            about.sharing == Sharing::Open && about.classification == Classification::Open;
        let id = self.data_set_id(&set.code);
        let keywords: Vec<_> = about.items.iter().map(|item| vietnamese(&item.name)).collect();
        let lists: BTreeSet<_> = about.code_lists().map(|list| self.code_list_id(list)).collect();
        let published = |service: &&ServiceId| {
            self.content.services.iter().any(|shown| shown.service.id == **service)
        };
        let given = set.services.iter().filter(published);
        let mut node = json!({
            "@id": id,
            "@type": "dcat:Dataset",
            "identifier": set.code.to_string(),
            "title": vietnamese(&about.title),
            "description": vietnamese(&described(&about.title, &keywords_of(set))),
            "keyword": keywords,
            "theme": {"@id": THEME},
            "publisher": self.publisher(&set.organisation),
            "contactPoint": {"@type": "vcard:Organization", "fn": vietnamese(&about.steward)},
            "provenance": statement(&about.legal_basis),
            "issued": time(set.registered_at),
            "modified": time(set.updated_at),
            "accrualPeriodicity": {"@id": format!("{FREQUENCY}{}", frequency(about.update_every_days))},
            "accessRights": access(is_open),
            "version": set.version.to_string(),
            "distribution": given.map(|service| self.distribution(&id, service)).collect::<Vec<_>>(),
        });
        if let Some(days) = about.update_every_days {
            let every = json!({"@type": "xsd:duration", "@value": format!("P{days}D")});
            put(&mut node, "temporalResolution", every);
        }
        if !lists.is_empty() {
            let lists = lists.into_iter().map(|list| json!({"@id": list})).collect();
            put(&mut node, "conformsTo", Value::Array(lists));
        }
        node
    }

    /// A list without a version says nothing yet.
    fn code_list(&self, list: &CodeList) -> Option<Value> {
        let version = list.last.as_ref()?;
        let id = self.code_list_id(list.code.as_ref());
        Some(json!({
            "@id": id,
            "@type": ["dcat:Dataset", "skos:ConceptScheme"],
            "identifier": list.code.to_string(),
            "title": vietnamese(&list.about.title),
            "description": vietnamese(&format!("{} ({})", list.about.title, version.decision)),
            "theme": {"@id": THEME},
            "publisher": self.publisher(&list.organisation),
            "contactPoint": {"@type": "vcard:Organization", "fn": vietnamese(&list.about.steward)},
            "provenance": statement(&list.about.legal_basis),
            "issued": time(list.registered_at),
            "modified": time(version.published_at),
            "accrualPeriodicity": {"@id": format!("{FREQUENCY}IRREG")},
            "accessRights": access(false),
            "version": version.number.to_string(),
            "temporal": {
                "@type": "dct:PeriodOfTime",
                "startDate": {"@type": "xsd:date", "@value": version.effective_on.to_string()},
            },
            "distribution": [{
                "@id": format!("{id}#entries"),
                "@type": "dcat:Distribution",
                "accessURL": {"@id": format!("{id}/entries")},
                "mediaType": {"@id": "https://www.iana.org/assignments/media-types/application/json"},
            }],
        }))
    }

    fn service(&self, Shown { service, owner }: &Shown) -> Value {
        let serves = self.content.data_sets.iter();
        let serves = serves.filter(|set| is_shown(set) && set.services.contains(&service.id));
        let serves = serves.map(|set| json!({"@id": self.data_set_id(&set.code)}));
        let about = service.about.as_ref();
        let is_open = about.is_some_and(|about| about.classification == Classification::Open);
        let mut node = json!({
            "@id": self.service_id(&service.id),
            "@type": "dcat:DataService",
            "identifier": service.id.to_string(),
            "title": vietnamese(&service.title),
            "theme": {"@id": THEME},
            "publisher": agent(&self.organisation_id(&service.id.organisation), owner),
            "issued": time(service.published_at),
            "endpointURL": {"@id": format!("{}/{}", self.urls.gateway, service.id)},
            "accessRights": access(is_open),
            "servesDataset": serves.collect::<Vec<_>>(),
        });
        if let Some(about) = about {
            put(&mut node, "description", vietnamese(&about.summary));
        }
        node
    }

    fn distribution(&self, of: &str, service: &ServiceId) -> Value {
        json!({
            "@id": format!("{of}#{service}"),
            "@type": "dcat:Distribution",
            "accessURL": {"@id": format!("{}/{service}", self.urls.gateway)},
            "accessService": {"@id": self.service_id(service)},
        })
    }

    fn publisher(&self, code: &OrganisationCode) -> Value {
        let name = self.content.owners.get(code).map_or(code.as_str(), String::as_str);
        agent(&self.organisation_id(code), name)
    }

    fn organisation_id(&self, code: &OrganisationCode) -> String {
        format!("{}/api/v1/organisations/{code}", self.urls.control)
    }

    fn data_set_id(&self, code: &ServiceCode) -> String {
        format!("{}/api/v1/data-sets/{code}", self.urls.control)
    }

    fn code_list_id(&self, code: &str) -> String {
        format!("{}/api/v1/code-lists/{code}", self.urls.control)
    }

    fn service_id(&self, id: &ServiceId) -> String {
        format!("{}/api/v1/services/{id}", self.urls.control)
    }
}

fn put(node: &mut Value, name: &str, value: Value) {
    if let Some(members) = node.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn agent(id: &str, name: &str) -> Value {
    json!({"@id": id, "@type": "foaf:Agent", "name": vietnamese(name)})
}

fn keywords_of(set: &DataSet) -> String {
    let names: Vec<_> = set.about.items.iter().map(|item| item.name.as_str()).collect();
    names.join("; ")
}

fn described(title: &str, items: &str) -> String {
    format!("{title}. Trường dữ liệu: {items}.")
}

fn statement(legal_basis: &str) -> Value {
    json!({"@type": "dct:ProvenanceStatement", "label": vietnamese(legal_basis)})
}

fn vietnamese(text: &str) -> Value {
    json!({"@language": "vi", "@value": text})
}

fn time(at: UtcMicros) -> Value {
    json!({"@type": "xsd:dateTime", "@value": at.to_string()})
}

fn access(is_open: bool) -> Value {
    json!({"@id": format!("{ACCESS}{}", if is_open { "PUBLIC" } else { "RESTRICTED" })})
}

/// The term of the EU's vocabulary of frequencies that is nearest, where one is near.
fn frequency(days: Option<u32>) -> &'static str {
    match days {
        None => "IRREG",
        Some(1) => "DAILY",
        Some(7) => "WEEKLY",
        Some(14) => "BIWEEKLY",
        Some(28..=31) => "MONTHLY",
        Some(89..=92) => "QUARTERLY",
        Some(180..=184) => "ANNUAL_2",
        Some(365 | 366) => "ANNUAL",
        Some(_) => "OTHER",
    }
}

/// Short names for what stands in the document; it is part of it, so that nothing is to be fetched.
fn context() -> Value {
    let mut context = Map::new();
    for (prefix, base) in [
        ("dcat", "http://www.w3.org/ns/dcat#"),
        ("dct", "http://purl.org/dc/terms/"),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
        ("skos", "http://www.w3.org/2004/02/skos/core#"),
        ("vcard", "http://www.w3.org/2006/vcard/ns#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ("fn", "vcard:fn"),
        ("homepage", "foaf:homepage"),
        ("label", "rdfs:label"),
        ("name", "foaf:name"),
    ] {
        context.insert(prefix.to_owned(), base.into());
    }
    let terms_of_w3c = "accessService accessURL contactPoint dataset distribution endpointURL keyword mediaType \
                servesDataset service startDate temporalResolution theme themeTaxonomy version";
    let dublin_core = "accessRights accrualPeriodicity conformsTo description identifier issued language modified \
               provenance publisher temporal title";
    for (prefix, names) in [("dcat", terms_of_w3c), ("dct", dublin_core)] {
        for name in names.split_whitespace() {
            context.insert(name.to_owned(), format!("{prefix}:{name}").into());
        }
    }
    Value::Object(context)
}
