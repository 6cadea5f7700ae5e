//! A document whose every part knows its place.

use std::collections::HashMap;

use serde_json::{Map, Value};
use wire::problem::Text;

use super::mistake::{Mistake, Mistakes, Place, cut};

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) place: Place,
    pub(super) held: Held,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held {
    /// A text, number, truth value or nothing.
    Scalar(Value),
    List(Vec<Placed>),
    Map(Members),
}

/// The members of a map in their order, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Members {
    list: Vec<Member>,
    /// Where a name stands: a document may have as many as it has references to them.
    index: HashMap<String, usize>,
}

/// A name with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) value: Placed,
}

impl Members {
    /// Adds a member. One name twice is a mistake: which of the two counts would be anyone's guess.
    pub(super) fn add(
        &mut self,
        name: String,
        place: Place,
        value: Placed,
    ) -> Result<(), Mistakes> {
        if self.index.insert(name.clone(), self.list.len()).is_some() {
            return Err(twice(place, &name));
        }
        self.list.push(Member { name, place, value });
        Ok(())
    }
}

impl Placed {
    /// The members, if it is a map.
    pub(super) fn members(&self) -> &[Member] {
        match &self.held {
            Held::Map(members) => &members.list,
            Held::Scalar(_) | Held::List(_) => &[],
        }
    }

    /// The items, if it is a list.
    pub(super) fn items(&self) -> &[Placed] {
        match &self.held {
            Held::List(items) => items,
            Held::Scalar(_) | Held::Map(_) => &[],
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        match &self.held {
            Held::Map(members) => members.list.get(*members.index.get(name)?),
            Held::Scalar(_) | Held::List(_) => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.member(name).map(|member| &member.value)
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.held {
            Held::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Self::text)
    }

    /// What a JSON pointer (RFC 6901) points to, and the place of the name it ends with.
    pub(super) fn find(&self, pointer: &str) -> Option<(Place, &Self)> {
        let mut found = (self.place, self);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            found = match &found.1.held {
                Held::Map(_) => found.1.member(&token).map(|member| (member.place, &member.value)),
                Held::List(items) => {
                    token.parse().ok().and_then(|at: usize| items.get(at)).map(|it| (it.place, it))
                }
                Held::Scalar(_) => None,
            }?;
        }
        Some(found)
    }

    /// The same without places.
    pub(super) fn to_value(&self) -> Value {
        match &self.held {
            Held::Scalar(value) => value.clone(),
            Held::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Held::Map(members) => Value::Object(
                members
                    .list
                    .iter()
                    .map(|member| (member.name.clone(), member.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The pointer to the member `name` of what `pointer` points to.
pub(super) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn twice(place: Place, name: &str) -> Mistakes {
    let name = cut(name);
    let what = Text::new(
        format!("Thành phần «{name}» xuất hiện hai lần."),
        format!("The member `{name}` stands here twice."),
    );
    Mistake::new(place, name, what, "RFC 8259 §4; YAML 1.2.2 §3.2.1.3").into()
}
