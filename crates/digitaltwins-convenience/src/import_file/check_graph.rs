//! Validation of models, twins and relationships.

use std::collections::HashSet;

use dtdl::{Document, Location, Parser, validate_relationship, validate_twin};
use serde_json::{Map, Value};

use super::check::Check;
use super::problem::ImportFileProblemKind as Kind;
use crate::graph::dependencies;

const KB: usize = 1024;
const LARGEST_TWIN: usize = 32 * KB;
const LARGEST_MODEL: usize = KB * KB;
const MOST_MODELS: u64 = 10_000;
const MOST_TWINS: u64 = 2_000_000;
const MOST_RELATIONSHIPS: u64 = 10_000_000;

impl Check<'_> {
    pub(super) fn model(&mut self, object: Map<String, Value>, length: usize) {
        self.report.models += 1;
        if self.report.models == MOST_MODELS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("there are more than {MOST_MODELS} models"),
            );
        }
        if length > LARGEST_MODEL {
            self.problem(
                Kind::TooLarge,
                format!("the model is larger than {LARGEST_MODEL} bytes"),
            );
        }
        let Some(id) = self.text(&object, "@id") else {
            return;
        };
        if !self.model_ids.insert(id.clone()) {
            return self.problem(Kind::Duplicate, format!("the model {id} was there before"));
        }
        self.models.push((self.line, Value::Object(object)));
    }

    /// Parses the models of the file and the stored ones, as far as their dependencies are known.
    pub(super) fn parse_models(&mut self) {
        let mut all = std::mem::take(&mut self.models);
        all.extend(self.options.models.iter().map(|model| (0, model.clone())));
        let ids: HashSet<String> = all
            .iter()
            .filter_map(|(_, model)| dependencies::id(model))
            .map(str::to_owned)
            .collect();
        self.model_ids.clone_from(&ids);
        let mut problems = Vec::new();
        if self.options.self_contained {
            for (line, model) in &all {
                for needed in dependencies::dependencies(model)
                    .into_iter()
                    .filter(|id| !ids.contains(*id))
                {
                    problems.push((
                        *line,
                        Kind::UnknownModel,
                        format!("the model {needed} is not there"),
                    ));
                }
            }
        }
        // A model whose dependencies are not known cannot be parsed.
        let mut complete = ids;
        loop {
            let before = complete.len();
            for (_, model) in &all {
                let Some(id) = dependencies::id(model) else {
                    continue;
                };
                if dependencies::dependencies(model)
                    .iter()
                    .any(|needed| !complete.contains(*needed))
                {
                    complete.remove(id);
                }
            }
            if complete.len() == before {
                break;
            }
        }
        all.retain(|(_, model)| dependencies::id(model).is_some_and(|id| complete.contains(id)));
        let documents = || {
            all.iter()
                .map(|(line, model)| Document::named(line.to_string(), model))
        };
        match Parser::new().versions([2, 3]).parse(documents()) {
            Ok(model) => self.model = Some(model),
            Err(error) => {
                for wrong in &error.diagnostics {
                    let line = line(&wrong.location);
                    let message = format!("{}: {} {}", wrong.location.pointer, wrong.message, wrong.help);
                    problems.push((line, Kind::InvalidModel, message));
                }
                for missing in &error.unresolved {
                    let line = line(&missing.location);
                    problems.push((
                        line,
                        Kind::UnknownModel,
                        format!("the model {} is not there", missing.id),
                    ));
                }
                // Nothing can be checked against invalid models; their problems are reported once.
                self.model = Parser::new().parse(std::iter::empty::<&Value>()).ok();
            }
        }
        for (line, kind, message) in problems {
            self.problem_at(line, kind, message);
        }
    }

    pub(super) fn twin(&mut self, object: Map<String, Value>, length: usize) {
        self.report.twins += 1;
        if self.report.twins == MOST_TWINS + 1 {
            self.problem(Kind::TooLarge, format!("there are more than {MOST_TWINS} twins"));
        }
        if length > LARGEST_TWIN {
            self.problem(
                Kind::TooLarge,
                format!("the twin is larger than {LARGEST_TWIN} bytes"),
            );
        }
        let id = self.text(&object, "$dtId");
        let twin = Value::Object(object);
        let Some(model) = twin.pointer("/$metadata/$model").and_then(Value::as_str) else {
            return self.problem(Kind::MissingMember, "the text $metadata.$model is missing");
        };
        if let Some(id) = id {
            let number = self.number(model);
            if self.twins.insert(id.clone(), number).is_some() {
                self.problem(Kind::Duplicate, format!("the twin {id:?} was there before"));
            }
        }
        match self.model.as_ref().and_then(|models| models.interface(model)) {
            Some(interface) => {
                for error in validate_twin(&twin, &interface) {
                    self.problem(Kind::Invalid, error.to_string());
                }
            }
            None if self.options.self_contained && !self.model_ids.contains(model) => {
                self.problem(Kind::UnknownModel, format!("the model {model} is not there"));
            }
            None => {}
        }
    }

    /// Returns a number for a model, so that two million twins do not hold two million copies of its id.
    fn number(&mut self, model: &str) -> u32 {
        if let Some(number) = self.twin_model_numbers.get(model) {
            return *number;
        }
        #[expect(
            clippy::expect_used,
            reason = "each takes a string, and memory ends before the numbers do"
        )]
        let number = u32::try_from(self.twin_models.len()).expect("fewer than 2^32 models");
        self.twin_models.push(model.to_owned());
        self.twin_model_numbers.insert(model.to_owned(), number);
        number
    }

    pub(super) fn relationship(&mut self, object: Map<String, Value>) {
        self.report.relationships += 1;
        if self.report.relationships == MOST_RELATIONSHIPS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("there are more than {MOST_RELATIONSHIPS} relationships"),
            );
        }
        let members = ["$dtId", "$relationshipId", "$targetId", "$relationshipName"];
        let [source, id, target, name] = members.map(|member| self.text(&object, member));
        let (Some(source), Some(id), Some(target), Some(name)) = (source, id, target, name) else {
            return;
        };
        if source == target {
            self.problem(Kind::Invalid, "the relationship starts and ends at the same twin");
        }
        if self.options.self_contained {
            for twin in [&source, &target] {
                if !self.twins.contains_key(twin) {
                    self.problem(Kind::UnknownTwin, format!("the twin {twin:?} is not there"));
                }
            }
        }
        self.check_relationship(&source, &target, &name, &Value::Object(object));
        if !self.relationships.insert((source, id.clone())) {
            self.problem(
                Kind::Duplicate,
                format!("the twin has had the relationship {id:?} before"),
            );
        }
    }

    fn check_relationship(&mut self, source: &str, target: &str, name: &str, value: &Value) {
        let model_of = |twin: &str| {
            let number = *self.twins.get(twin)?;
            self.twin_models.get(usize::try_from(number).ok()?)
        };
        let Some(models) = &self.model else { return };
        let Some(interface) = model_of(source).and_then(|model| models.interface(model)) else {
            return;
        };
        let Some(declared) = interface
            .relationships()
            .find(|relationship| relationship.name() == name)
        else {
            let message = format!("{} has no relationship {name:?}", interface.id());
            return self.problem(Kind::Invalid, message);
        };
        let mut messages: Vec<String> = validate_relationship(value, &declared)
            .iter()
            .map(ToString::to_string)
            .collect();
        if let (Some(wanted), Some(found)) = (declared.target_id(), model_of(target))
            && models
                .interface(found)
                .is_some_and(|found| !found.is_subtype_of(wanted.as_str()))
        {
            messages.push(format!(
                "the relationship {name:?} ends at {wanted}, and not at {found}"
            ));
        }
        for message in messages {
            self.problem(Kind::Invalid, message);
        }
    }
}

/// Returns the line of the model that a location is in.
#[expect(
    clippy::expect_used,
    reason = "`parse_models` names each document by its line"
)]
fn line(location: &Location) -> u64 {
    location.document.parse().expect("a line number")
}
