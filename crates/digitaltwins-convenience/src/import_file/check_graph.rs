//! Validation of models, twins and relationships.

use std::collections::HashSet;

use dtdl::{Document, Location, Parser, Relationship, validate_relationship, validate_twin};
use serde_json::{Map, Value};

use super::check::Check;
use super::problem::ImportFileProblemKind as Kind;
use crate::graph::dependencies;

const KB: usize = 1024;
const MAX_TWIN_BYTES: usize = 32 * KB;
const MAX_MODEL_BYTES: usize = KB * KB;
const MAX_MODELS: u64 = 10_000;
const MAX_TWINS: u64 = 2_000_000;
const MAX_RELATIONSHIPS: u64 = 10_000_000;

impl Check<'_> {
    pub(super) fn model(&mut self, object: Map<String, Value>, length: usize) {
        self.report.models += 1;
        if self.report.models == MAX_MODELS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("the file has more than {MAX_MODELS} models"),
            );
        }
        if length > MAX_MODEL_BYTES {
            self.problem(
                Kind::TooLarge,
                format!("the model is larger than {MAX_MODEL_BYTES} bytes"),
            );
        }
        let Some(id) = self.string(&object, "@id") else {
            return;
        };
        if !self.model_ids.insert(id.clone()) {
            return self.problem(Kind::Duplicate, format!("the model {id} is defined twice"));
        }
        self.models.push((self.line, Value::Object(object)));
    }

    /// Parses the models of the file together with the models given to the validator. Models with unknown
    /// dependencies are left out.
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
                        format!("the model {needed} does not exist"),
                    ));
                }
            }
        }
        // A model with an unknown dependency cannot be parsed, nor can models that depend on it.
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
        match Parser::azure_digital_twins().parse(documents()) {
            Ok(model) => self.parsed = Some(model),
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
                        format!("the model {} does not exist", missing.id),
                    ));
                }
                // An empty model, because twins and relationships cannot be checked against invalid models.
                self.parsed = Parser::new().parse(std::iter::empty::<&Value>()).ok();
            }
        }
        for (line, kind, message) in problems {
            self.problem_at(line, kind, message);
        }
    }

    pub(super) fn twin(&mut self, object: Map<String, Value>, length: usize) {
        self.report.twins += 1;
        if self.report.twins == MAX_TWINS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("the file has more than {MAX_TWINS} twins"),
            );
        }
        if length > MAX_TWIN_BYTES {
            self.problem(
                Kind::TooLarge,
                format!("the twin is larger than {MAX_TWIN_BYTES} bytes"),
            );
        }
        let id = self.id(&object, "$dtId");
        let twin = Value::Object(object);
        let Some(model) = twin.pointer("/$metadata/$model").and_then(Value::as_str) else {
            return self.problem(Kind::MissingMember, "the string $metadata.$model is missing");
        };
        if let Some(id) = id {
            let index = self.model_index(model);
            if self.twins.insert(id.clone(), index).is_some() {
                self.problem(Kind::Duplicate, format!("the twin {id:?} is defined twice"));
            }
        }
        match self.parsed.as_ref().and_then(|models| models.interface(model)) {
            Some(interface) => {
                for error in validate_twin(&twin, &interface) {
                    self.problem(Kind::Invalid, error.to_string());
                }
            }
            None if self.options.self_contained && !self.model_ids.contains(model) => {
                self.problem(Kind::UnknownModel, format!("the model {model} does not exist"));
            }
            None => {}
        }
    }

    /// Returns the index of a model in `twin_models`. Twins store the index instead of the id, because a file may have
    /// millions of twins.
    fn model_index(&mut self, model: &str) -> u32 {
        if let Some(number) = self.twin_model_numbers.get(model) {
            return *number;
        }
        #[expect(clippy::expect_used, reason = "2^32 distinct ids do not fit in memory")]
        let number = u32::try_from(self.twin_models.len()).expect("fewer than 2^32 models");
        self.twin_models.push(model.to_owned());
        self.twin_model_numbers.insert(model.to_owned(), number);
        number
    }

    pub(super) fn relationship(&mut self, object: Map<String, Value>) {
        self.report.relationships += 1;
        if self.report.relationships == MAX_RELATIONSHIPS + 1 {
            self.problem(
                Kind::TooLarge,
                format!("the file has more than {MAX_RELATIONSHIPS} relationships"),
            );
        }
        let ids = ["$dtId", "$relationshipId", "$targetId"];
        let [source, id, target] = ids.map(|member| self.id(&object, member));
        let name = self.string(&object, "$relationshipName");
        if source.is_none() && object.contains_key("$sourceId") {
            self.problem(
                Kind::MissingMember,
                "the id of the source is in $sourceId, but belongs in $dtId",
            );
        }
        let (Some(source), Some(id), Some(target), Some(name)) = (source, id, target, name) else {
            return;
        };
        if source == target {
            self.problem(Kind::Invalid, "the source and the target are the same twin");
        }
        if self.options.self_contained {
            for twin in [&source, &target] {
                if !self.twins.contains_key(twin) {
                    self.problem(Kind::UnknownTwin, format!("the twin {twin:?} does not exist"));
                }
            }
        }
        self.check_relationship(&source, &target, &name, object);
        if !self.relationships.insert((source, id.clone())) {
            self.problem(
                Kind::Duplicate,
                format!("the relationship {id:?} of this twin is defined twice"),
            );
        }
    }

    fn check_relationship(&mut self, source: &str, target: &str, name: &str, value: Map<String, Value>) {
        let model_of = |twin: &str| {
            let number = *self.twins.get(twin)?;
            self.twin_models.get(usize::try_from(number).ok()?)
        };
        let Some(models) = &self.parsed else { return };
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
        let value = with_declared_names(&declared, value);
        let mut messages: Vec<String> = validate_relationship(&value, &declared)
            .iter()
            .map(ToString::to_string)
            .collect();
        if let (Some(wanted), Some(found)) = (declared.target_id(), model_of(target))
            && models
                .interface(found)
                .is_some_and(|found| !found.is_subtype_of(wanted.as_str()))
        {
            messages.push(format!("the target of {name:?} must be a {wanted}, is a {found}"));
        }
        for message in messages {
            self.problem(Kind::Invalid, message);
        }
    }
}

/// Renames properties that differ from the declaration only in case, as an import job does.
fn with_declared_names(declared: &Relationship, value: Map<String, Value>) -> Value {
    let names: Vec<String> = declared
        .properties()
        .map(|property| property.name().to_owned())
        .collect();
    let rename = |name: String| {
        let same = |known: &&String| known.eq_ignore_ascii_case(&name);
        match names.iter().find(same) {
            Some(known) if !names.contains(&name) => known.clone(),
            _ => name,
        }
    };
    let members = value.into_iter().map(|(name, value)| (rename(name), value));
    Value::Object(members.collect())
}

/// Returns the number of the line whose model contains `location`.
#[expect(
    clippy::expect_used,
    reason = "`parse_models` names each document by its line"
)]
fn line(location: &Location) -> u64 {
    location.document.parse().expect("a line number")
}
