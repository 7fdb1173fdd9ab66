//! What has changed from one API description to another, and what of it breaks callers.
//!
//! A change is breaking when a program that is right by the old description can go wrong with a service that follows
//! the new one: its request is refused, or the answer is not what it reads.

mod report;

use std::collections::{BTreeMap, BTreeSet};

pub use report::{Change, How, Noun, Report};

use crate::facts::{Facts, Member, Operation, Response, Shape};

/// Compares two descriptions.
pub fn diff(old: &Facts, new: &Facts) -> Report {
    let mut differ = Differ { changes: Vec::new() };
    differ.each(
        &old.operations,
        &new.operations,
        |differ, place, pair| match pair {
            Pair::Both(old, new) => differ.operation(place, old, new),
            Pair::Old(old) => differ.push(
                Noun::Operation,
                format!("{place} ({})", old.id),
                How::Removed,
                true,
            ),
            Pair::New(new) => differ.push(
                Noun::Operation,
                format!("{place} ({})", new.id),
                How::Added,
                false,
            ),
        },
    );
    let (old_sent, old_read) = old.used();
    let (new_sent, new_read) = new.used();
    differ.each(&old.types, &new.types, |differ, place, pair| {
        let used = Used {
            sent: old_sent.contains(place) || new_sent.contains(place),
            read: old_read.contains(place) || new_read.contains(place),
        };
        match pair {
            Pair::Both(old, new) => differ.shape(place, old, new, used),
            // A type comes and goes with what mentions it, and that is reported there.
            Pair::Old(_) => differ.push(Noun::Type, place.to_owned(), How::Removed, false),
            Pair::New(_) => differ.push(Noun::Type, place.to_owned(), How::Added, false),
        }
    });
    Report {
        old: old.version.clone(),
        new: new.version.clone(),
        changes: differ.changes,
    }
}

/// Whether something travels to the service, from it, or both.
#[derive(Clone, Copy)]
struct Used {
    sent: bool,
    read: bool,
}

const SENT: Used = Used {
    sent: true,
    read: false,
};
const READ: Used = Used {
    sent: false,
    read: true,
};

enum Pair<'a, T> {
    Both(&'a T, &'a T),
    Old(&'a T),
    New(&'a T),
}

struct Differ {
    changes: Vec<Change>,
}

impl Differ {
    fn push(&mut self, noun: Noun, place: String, how: How, breaking: bool) {
        self.changes.push(Change {
            noun,
            place,
            how,
            breaking,
        });
    }

    fn each<T>(
        &mut self,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        mut compare: impl FnMut(&mut Self, &str, Pair<'_, T>),
    ) {
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys {
            match (old.get(key), new.get(key)) {
                (Some(old), Some(new)) => compare(self, key, Pair::Both(old, new)),
                (Some(old), None) => compare(self, key, Pair::Old(old)),
                (None, Some(new)) => compare(self, key, Pair::New(new)),
                (None, None) => {}
            }
        }
    }

    fn operation(&mut self, place: &str, old: &Operation, new: &Operation) {
        if old.id != new.id {
            // The name of the generated method follows the id.
            let how = How::Changed(old.id.clone(), new.id.clone());
            self.push(Noun::Operation, place.to_owned(), how, true);
        }
        self.members(Noun::Parameter, place, &old.parameters, &new.parameters, SENT);
        match (&old.body, &new.body) {
            (Some((old, was_required)), Some((new, is_required))) => {
                if was_required != is_required {
                    let how = How::Changed(requiredness(*was_required), requiredness(*is_required));
                    self.push(Noun::Body, place.to_owned(), how, *is_required);
                }
                self.content(place, old, new, SENT);
            }
            (Some(_), None) => self.push(Noun::Body, place.to_owned(), How::Removed, true),
            (None, Some((_, required))) => self.push(Noun::Body, place.to_owned(), How::Added, *required),
            (None, None) => {}
        }
        self.each(&old.responses, &new.responses, |differ, code, pair| {
            let success = code.starts_with('2');
            let noun = if success {
                Noun::SuccessCode
            } else {
                Noun::ErrorResponse
            };
            let here = format!("{place} {code}");
            match pair {
                Pair::Both(old, new) => differ.response(&here, old, new),
                Pair::Old(_) => differ.push(noun, here, How::Removed, false),
                // A client that does not know a success takes it for an error.
                Pair::New(_) => differ.push(noun, here, How::Added, success),
            }
        });
        self.each(&old.marks, &new.marks, |differ, mark, pair| {
            let here = format!("{place} {mark}");
            match pair {
                Pair::Both(old, new) if old != new => {
                    differ.push(Noun::Mark, here, How::Changed(old.clone(), new.clone()), true);
                }
                Pair::Both(..) => {}
                Pair::Old(_) => differ.push(Noun::Mark, here, How::Removed, true),
                Pair::New(_) => differ.push(Noun::Mark, here, How::Added, true),
            }
        });
    }

    fn response(&mut self, place: &str, old: &Response, new: &Response) {
        self.content(place, &old.content, &new.content, READ);
        self.each(&old.headers, &new.headers, |differ, name, pair| {
            let here = format!("{place} {name}");
            match pair {
                Pair::Both(old, new) => differ.shape(&here, old, new, READ),
                Pair::Old(_) => differ.push(Noun::Header, here, How::Removed, true),
                Pair::New(_) => differ.push(Noun::Header, here, How::Added, false),
            }
        });
    }

    fn content(
        &mut self,
        place: &str,
        old: &BTreeMap<String, Shape>,
        new: &BTreeMap<String, Shape>,
        used: Used,
    ) {
        self.each(old, new, |differ, media, pair| {
            let here = format!("{place} {media}");
            match pair {
                Pair::Both(old, new) => differ.shape(&here, old, new, used),
                Pair::Old(_) => differ.push(Noun::ContentType, here, How::Removed, true),
                Pair::New(_) => differ.push(Noun::ContentType, here, How::Added, false),
            }
        });
    }

    /// Parameters or properties.
    fn members(
        &mut self,
        noun: Noun,
        place: &str,
        old: &BTreeMap<String, Member>,
        new: &BTreeMap<String, Member>,
        used: Used,
    ) {
        let separator = if noun == Noun::Property { '.' } else { ' ' };
        self.each(old, new, |differ, name, pair| {
            let here = format!("{place}{separator}{name}");
            match pair {
                Pair::Both(old, new) => {
                    if old.required != new.required {
                        // What must be sent now was not sent before; what was always there to read may be missing.
                        let breaking = if new.required { used.sent } else { used.read };
                        let how = How::Changed(requiredness(old.required), requiredness(new.required));
                        differ.push(noun, here.clone(), how, breaking);
                    }
                    differ.shape(&here, &old.shape, &new.shape, used);
                }
                Pair::Old(_) => differ.push(noun, here, How::Removed, true),
                Pair::New(new) => differ.push(noun, here, How::Added, new.required && used.sent),
            }
        });
    }

    fn shape(&mut self, place: &str, old: &Shape, new: &Shape, used: Used) {
        if old.kind != new.kind {
            let how = How::Changed(old.kind.clone(), new.kind.clone());
            self.push(Noun::Shape, place.to_owned(), how, true);
            return;
        }
        // Lists of values are open, so one more is no surprise; a list where there was none refuses other values.
        let closed = old.values.is_empty() && !new.values.is_empty() && used.sent;
        for value in new.values.difference(&old.values) {
            self.push(Noun::EnumValue, format!("{place} `{value}`"), How::Added, closed);
        }
        for value in old.values.difference(&new.values) {
            let breaking = !new.values.is_empty();
            self.push(
                Noun::EnumValue,
                format!("{place} `{value}`"),
                How::Removed,
                breaking,
            );
        }
        self.each(&old.limits, &new.limits, |differ, name, pair| {
            let here = format!("{place} {name}");
            let harmless = matches!(name, "default" | "readOnly") || name.starts_with("x-");
            match pair {
                Pair::Both(old, new) if old != new => {
                    differ.push(
                        Noun::Constraint,
                        here,
                        How::Changed(old.clone(), new.clone()),
                        !harmless,
                    );
                }
                Pair::Both(..) => {}
                // May be null now: no matter for who sends, but for who reads. The other way round likewise.
                Pair::New(_) if name == "nullable" => {
                    differ.push(Noun::Constraint, here, How::Added, used.read)
                }
                Pair::Old(_) if name == "nullable" => {
                    differ.push(Noun::Constraint, here, How::Removed, used.sent)
                }
                Pair::Old(_) => differ.push(Noun::Constraint, here, How::Removed, false),
                Pair::New(_) => differ.push(Noun::Constraint, here, How::Added, used.sent && !harmless),
            }
        });
        self.members(Noun::Property, place, &old.properties, &new.properties, used);
        let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            old.inner.iter().cloned().collect(),
            new.inner.iter().cloned().collect(),
        );
        self.each(&old, &new, |differ, part, pair| {
            let here = match part {
                "items" => format!("{place}[]"),
                "additionalProperties" => format!("{place}{{}}"),
                part => format!("{place} {part}"),
            };
            match pair {
                Pair::Both(old, new) => differ.shape(&here, old, new, used),
                Pair::Old(old) => differ.push(
                    Noun::Shape,
                    here,
                    How::Changed(old.kind.clone(), "nothing".into()),
                    true,
                ),
                Pair::New(new) => differ.push(
                    Noun::Shape,
                    here,
                    How::Changed("nothing".into(), new.kind.clone()),
                    true,
                ),
            }
        });
    }
}

fn requiredness(required: bool) -> String {
    if required {
        "required".to_owned()
    } else {
        "optional".to_owned()
    }
}
