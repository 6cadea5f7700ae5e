//! The bounds of what people say about a data set.

use std::collections::BTreeSet;

use web::{Refusal, field};
use wire::id::ServiceCode;
use wire::problem::Text;

use super::DataSetAbout;

const TEXT_CHARS: usize = 1_000;
const NAME_CHARS: usize = 250;
const MAX_ITEMS: usize = 500;

impl DataSetAbout {
    /// The same with its texts trimmed, or the rule that one of its parts breaks.
    pub(super) fn read(mut self) -> Result<Self, Refusal> {
        self.title = field::sentence("title", &self.title, NAME_CHARS)?;
        self.steward = field::sentence("steward", &self.steward, NAME_CHARS)?;
        self.legal_basis = field::sentence("legal_basis", &self.legal_basis, TEXT_CHARS)?;
        if let Some(days) = self.update_every_days {
            field::within("update_every_days", days, 1..=3_660)?;
        }
        field::within("items", self.items.len(), 1..=MAX_ITEMS)?;
        let mut codes = BTreeSet::new();
        for (place, item) in self.items.iter_mut().enumerate() {
            let name = format!("items[{place}]");
            let code: ServiceCode = field::parse(&format!("{name}.code"), &item.code)?;
            item.code = code.to_string();
            item.name = field::sentence(&format!("{name}.name"), &item.name, NAME_CHARS)?;
            if let Some(list) = &item.code_list {
                let code: ServiceCode = field::parse(&format!("{name}.code_list"), list)?;
                item.code_list = Some(code.to_string());
            }
            if !codes.insert(item.code.clone()) {
                let rule = Text::new("các mã khác nhau.", "different codes.");
                return Err(field::invalid("items", &rule));
            }
        }
        Ok(self)
    }
}
