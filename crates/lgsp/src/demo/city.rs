//! A few agencies of Hải Phòng, what they provide and what they need.
//!
//! The agencies are of real kinds; the codes are illustrative, and no person stands here. All of
//! it is registered through the control API, with the tokens of those whose part it is.

use std::borrow::Cow;

/// An agency that takes part.
#[derive(Debug)]
pub(super) struct Agency {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) name_en: &'static str,
}

/// All agencies, each after the one above it.
pub(super) const AGENCIES: &[Agency] = &[
    Agency {
        code: CITY,
        name: "Ủy ban nhân dân thành phố Hải Phòng",
        name_en: "People's Committee of Hải Phòng",
    },
    Agency { code: "H24.12", name: "Sở Nội vụ", name_en: "Department of Home Affairs" },
    Agency { code: "H24.13", name: "Sở Tư pháp", name_en: "Department of Justice" },
    Agency {
        code: "H24.14",
        name: "Trung tâm Phục vụ hành chính công",
        name_en: "Public Administration Service Centre",
    },
    Agency {
        code: STATE_MANAGER,
        name: "Sở Khoa học và Công nghệ",
        name_en: "Department of Science and Technology",
    },
    Agency {
        code: OPERATOR,
        name: "Trung tâm Công nghệ thông tin và Truyền thông",
        name_en: "ICT Centre",
    },
    Agency { code: "H24.17", name: "Sở Xây dựng", name_en: "Department of Construction" },
    Agency { code: AUDITOR, name: "Thanh tra thành phố", name_en: "City Inspectorate" },
];

/// The city, root of all codes.
pub(super) const CITY: &str = "H24";
/// Who approves connections.
pub(super) const STATE_MANAGER: &str = "H24.15";
/// Who runs the platform.
pub(super) const OPERATOR: &str = "H24.15.1";
/// Who only reads.
pub(super) const AUDITOR: &str = "H24.18";

/// A system of an agency.
#[derive(Debug)]
pub(super) struct System {
    pub(super) organisation: &'static str,
    pub(super) code: Cow<'static, str>,
    pub(super) name: &'static str,
}

impl System {
    /// `<organisation>/<system>`.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.organisation, self.code)
    }
}

/// Keeps the list of communes, wards and special zones.
pub(super) static UNITS_SYSTEM: System = System {
    organisation: "H24.12",
    code: Cow::Borrowed("don-vi-hanh-chinh"),
    name: "Danh mục đơn vị hành chính",
};
/// Keeps the civil-status register.
pub(super) static CIVIL_STATUS_SYSTEM: System =
    System {
        organisation: "H24.13", code: Cow::Borrowed("ho-tich"), name: "Hộ tịch điện tử"
    };
/// The platform's own: serves the code lists that agencies publish.
pub(super) static CODE_LISTS_SYSTEM: System = System {
    organisation: OPERATOR,
    code: Cow::Borrowed("danh-muc-dung-chung"),
    name: "Danh mục dùng chung",
};
/// Calls all three.
pub(super) static CONSUMER_SYSTEM: System =
    System {
        organisation: "H24.14", code: Cow::Borrowed("mot-cua"), name: "Một cửa điện tử"
    };
/// Has keys and no permission.
pub(super) static UNPERMITTED_SYSTEM: System =
    System {
        organisation: "H24.17", code: Cow::Borrowed("quy-hoach"), name: "Bản đồ quy hoạch"
    };

/// All systems.
pub(super) static SYSTEMS: &[&System] = &[
    &UNITS_SYSTEM,
    &CIVIL_STATUS_SYSTEM,
    &CONSUMER_SYSTEM,
    &UNPERMITTED_SYSTEM,
    &CODE_LISTS_SYSTEM,
];

/// An operation that a connection allows.
pub(super) type Operation = (&'static str, &'static str);

/// A service of a system, and the permission its consumer asks for.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) system: &'static System,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) operations: &'static [Operation],
    pub(super) purpose: &'static str,
    pub(super) usage: &'static str,
    pub(super) legal_basis: &'static str,
    pub(super) data_item: &'static str,
    pub(super) per_minute: u32,
}

impl Service {
    /// `<organisation>/<system>/<service>/v1`.
    pub(super) fn id(&self) -> String {
        format!("{}/{}/v1", self.system.id(), self.code)
    }
}

/// The 114 communes, wards and special zones: real, public data.
pub(super) static UNITS: Service = Service {
    system: &UNITS_SYSTEM,
    code: "danh-muc",
    title: "Danh mục 114 xã, phường, đặc khu của Hải Phòng",
    operations: &[("GET", "/units"), ("GET", "/units/{id}")],
    purpose: "giai-quyet-thu-tuc",
    usage: "Điền địa chỉ trong hồ sơ một cửa",
    legal_basis: "Nghị quyết 1669/NQ-UBTVQH15",
    data_item: "Tên và loại đơn vị hành chính cấp xã",
    per_minute: 60_000,
};

/// A look-up by reference number: synthetic data.
pub(super) static CIVIL_STATUS: Service = Service {
    system: &CIVIL_STATUS_SYSTEM,
    code: "tra-cuu",
    title: "Tra cứu hộ tịch (dữ liệu giả lập)",
    operations: &[("POST", "/lookup")],
    purpose: "giai-quyet-thu-tuc",
    usage: "Đối chiếu giấy tờ hộ tịch trong hồ sơ một cửa",
    legal_basis: "Luật Hộ tịch 60/2014/QH13",
    data_item: "Loại việc, ngày và nơi đăng ký hộ tịch",
    per_minute: 60_000,
};

/// The same units as the platform itself serves them: as a code list, with those before the merger.
pub(super) static CODE_LIST: Service = Service {
    system: &CODE_LISTS_SYSTEM,
    code: "don-vi-hanh-chinh",
    title: "Danh mục dùng chung: đơn vị hành chính và mã trước ngày 01/7/2025",
    operations: &[
        ("GET", "/entries"),
        ("GET", "/entries/{code}"),
        ("GET", "/entries/{code}/successors"),
        ("GET", "/changes"),
    ],
    purpose: "giai-quyet-thu-tuc",
    usage: "Đổi mã đơn vị hành chính cũ trong hồ sơ một cửa sang mã hiện hành",
    legal_basis: "QĐ 01/2025/QĐ-UBND",
    data_item: "Mã, tên, thời hạn hiệu lực và mã kế thừa của đơn vị hành chính",
    per_minute: 60_000,
};

/// All services; the first is the one visitors are shown.
pub(super) static SERVICES: &[&Service] = &[&UNITS, &CIVIL_STATUS, &CODE_LIST];

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::{ServiceId, SystemId};
    use wire::organisation_code::OrganisationCode;

    #[test]
    fn every_code_is_well_formed_and_every_agency_stands_after_the_one_above_it() {
        let mut seen: Vec<OrganisationCode> = Vec::new();
        for agency in AGENCIES {
            let code: OrganisationCode = agency.code.parse().unwrap();
            assert!(code.parent().is_none_or(|parent| seen.contains(&parent)), "{code}");
            seen.push(code);
        }
        for system in SYSTEMS {
            let id: SystemId = system.id().parse().unwrap();
            assert!(seen.contains(&id.organisation), "{id}");
        }
        for service in SERVICES {
            service.id().parse::<ServiceId>().unwrap();
        }
    }
}
