//! Sorts Interfaces by their dependencies.

use std::collections::HashMap;

use super::data::Model;
use super::interface::Interface;
use crate::Dtmi;

/// Returns the Interfaces in depth-first order, each after its dependencies, starting from the Interfaces in document
/// order. Uses no recursion. A parsed model has no cycles.
pub(super) fn by_dependency(model: &Model) -> Vec<Interface> {
    let mut done: HashMap<Dtmi, bool> = HashMap::new();
    let mut order = Vec::with_capacity(model.len());
    for root in model.interfaces() {
        let mut stack = vec![root];
        while let Some(interface) = stack.last().cloned() {
            match done.get(interface.id()) {
                Some(true) => {
                    stack.pop();
                }
                Some(false) => {
                    stack.pop();
                    done.insert(interface.id().clone(), true);
                    order.push(interface);
                }
                None => {
                    done.insert(interface.id().clone(), false);
                    let dependencies = interface.dependencies();
                    let open = dependencies.iter().filter(|id| !done.contains_key(*id));
                    stack.extend(open.filter_map(|id| model.interface(id.as_str())));
                }
            }
        }
    }
    order
}
