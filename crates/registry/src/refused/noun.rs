//! What the registry knows, named in both languages.

/// The things that the registry knows, in the words of the glossary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// `OrganisationCode` and names.
    Organisation,
    /// A reorganisation on a day to come.
    Plan,
    /// Whom to call at an organisation.
    Contacts,
    /// A former code or id.
    Alias,
    /// An information system of an organisation.
    System,
    /// A key of a system.
    Credential,
    /// A version of a service.
    Service,
    /// A revision of a service's description.
    ServiceDescription,
    /// Data that an organisation keeps for all.
    DataSet,
    /// Codes that many systems must agree on.
    CodeList,
    /// A version of a code list.
    CodeListVersion,
    /// What a code means in one period.
    CodeListEntry,
    /// A permission to use a service.
    Connection,
    /// An objection of a side of a connection.
    Dispute,
    /// A process of the platform.
    Node,
    /// The working days of a year.
    WorkingYear,
    /// A technical profile.
    Profile,
    /// For whom a technical profile holds.
    ProfileAssignment,
    /// A document of another registry.
    Import,
}

impl Noun {
    pub(super) fn vi(self) -> &'static str {
        match self {
            Self::Organisation => "cơ quan, tổ chức",
            Self::Plan => "kế hoạch sắp xếp",
            Self::Contacts => "đầu mối liên hệ của",
            Self::Alias => "mã cũ",
            Self::System => "hệ thống thông tin",
            Self::Credential => "khóa",
            Self::Service => "dịch vụ",
            Self::ServiceDescription => "tài liệu mô tả dịch vụ",
            Self::DataSet => "tập dữ liệu",
            Self::CodeList => "danh mục dùng chung",
            Self::CodeListVersion => "phiên bản có hiệu lực của danh mục dùng chung",
            Self::CodeListEntry => "mã trong danh mục",
            Self::Connection => "kết nối",
            Self::Dispute => "khiếu nại",
            Self::Node => "máy chủ",
            Self::WorkingYear => "lịch làm việc của năm",
            Self::Profile => "hướng dẫn kỹ thuật",
            Self::ProfileAssignment => "lần áp dụng hướng dẫn kỹ thuật",
            Self::Import => "lần nhập sổ đăng ký",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Plan => "planned reorganisation",
            Self::Contacts => "list of contacts of",
            Self::Alias => "alias",
            Self::System => "system",
            Self::Credential => "credential",
            Self::Service => "service",
            Self::ServiceDescription => "service description",
            Self::DataSet => "data set",
            Self::CodeList => "code list",
            Self::CodeListVersion => "version of the code list",
            Self::CodeListEntry => "code in the list",
            Self::Connection => "connection",
            Self::Dispute => "dispute",
            Self::Node => "node",
            Self::WorkingYear => "calendar of the year",
            Self::Profile => "technical profile",
            Self::ProfileAssignment => "profile assignment",
            Self::Import => "import",
        }
    }
}
