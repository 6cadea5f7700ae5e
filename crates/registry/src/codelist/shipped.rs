//! Lists that come with the platform, ready to be published by whoever keeps them.
//!
//! Administrative units of the present Hải Phòng with those that there were before 2025-07-01: the
//! names of the 114 units are those of Nghị quyết 1669/NQ-UBTVQH15; the codes of the present units,
//! the former units and which became which are taken from the open data set of the PyPI package
//! `vietnamadminunits` 1.0.4 (MIT, Tran Ngoc Minh Hieu); two former communes named Hòa Bình, which it
//! cannot tell apart, were parted by hand. Where a former unit was divided all its successors stand.
//! Nobody has compared it with the official gazette yet, and the decision under which it is published
//! is to be named by who publishes it.

use serde::Serialize;
use utoipa::ToSchema;

/// A list that comes with the platform.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ShippedCodeList)]
pub(crate) struct Shipped {
    /// Its code.
    #[schema(example = "don-vi-hanh-chinh")]
    pub(crate) code: &'static str,
    /// What people call it.
    pub(crate) title: &'static str,
    /// Where its data come from, and how far they were checked.
    pub(crate) source: &'static str,
    /// As a sheet.
    #[serde(skip)]
    pub(crate) sheet: &'static str,
}

/// All of them, in the order of their codes.
pub(crate) const SHIPPED: &[Shipped] = &[Shipped {
    code: "don-vi-hanh-chinh",
    title: "Danh mục đơn vị hành chính thành phố Hải Phòng, kèm đơn vị trước ngày 01/7/2025",
    source: "Tên 114 đơn vị: Nghị quyết 1669/NQ-UBTVQH15. Mã, đơn vị trước sắp xếp và quan hệ kế \
             thừa: bộ dữ liệu mở vietnamadminunits 1.0.4 (PyPI, giấy phép MIT); hai xã cùng tên \
             Hòa Bình được tách thủ công. Chưa đối chiếu với Công báo.",
    sheet: include_str!("shipped/don-vi-hanh-chinh.csv"),
}];
