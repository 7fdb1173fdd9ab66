//! A deletion at work: relationships, twins, then models.

use super::Status;
use super::deletions::Deletion;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::slab::Slot;

/// Places emptied before others may have the graph.
const AT_ONCE: Slot = 1000;

pub(super) fn run(instance: &Instance, job: &Deletion) {
    instance.set_deletion(&job.id, Status::Running);
    let relationships = in_chunks(instance, job, |first, last| {
        let mut graph = instance.graph.write();
        for slot in first..last.min(graph.relationship_end()) {
            graph.remove_relationship(slot);
        }
        last < graph.relationship_end()
    });
    let twins = || {
        in_chunks(instance, job, |first, last| {
            let mut graph = instance.graph.write();
            for slot in first..last.min(graph.twin_end()) {
                let alone = graph
                    .node(slot)
                    .is_some_and(|node| node.outgoing.is_empty() && node.incoming.is_empty());
                // One that got a relationship meanwhile is in use again.
                if alone {
                    graph.remove_twin(slot);
                }
            }
            last < graph.twin_end()
        })
    };
    let status = match relationships.and_then(|()| twins()) {
        Some(()) => {
            let _changing = instance.model_changes.lock();
            instance.graph.write().remove_models();
            Status::Succeeded
        }
        None if instance.is_stopping() => return,
        None => Status::Failed,
    };
    instance.set_deletion(&job.id, status);
}

/// Calls `empty` for one range of places after the other as long as it says that there are more, but not past the
/// time that the job has.
fn in_chunks(instance: &Instance, job: &Deletion, empty: impl Fn(Slot, Slot) -> bool) -> Option<()> {
    let mut first: Slot = 0;
    loop {
        if instance.is_stopping() || instance.now() > job.deadline {
            return None;
        }
        let last = first.saturating_add(AT_ONCE);
        if !empty(first, last) {
            return Some(());
        }
        first = last;
    }
}

impl Instance {
    fn set_deletion(&self, id: &str, status: Status) {
        let now = self.now();
        if let Some(job) = self.jobs.lock().deletions.get_mut(id) {
            job.status = status;
            job.finished = status.is_over().then_some(now);
        }
    }
}
