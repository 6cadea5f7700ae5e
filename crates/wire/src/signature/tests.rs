use super::*;

mod policy;
mod reading;
mod vectors;

/// A message as a list of its parts.
#[derive(Default)]
struct Parts {
    derived: Vec<(Name<'static>, &'static str)>,
    fields: Vec<(&'static str, &'static str)>,
    request: Option<Box<Parts>>,
}

impl Message for Parts {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        self.derived.iter().find(|(known, _)| known == name).map(|(_, value)| (*value).into())
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let lines: Vec<_> = self
            .fields
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| *value)
            .collect();
        if lines.is_empty() { None } else { Some(lines.join(", ").into()) }
    }

    fn request(&self) -> Option<&dyn Message> {
        self.request.as_deref().map(|request| request as &dyn Message)
    }
}
