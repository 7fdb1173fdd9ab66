//! A deletion at work: relationships, twins, then models.

use crate::digitaltwins::delete_jobs::Deletion;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::{Status, is_there, of_run};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::slab::Slot;

/// Places emptied before others may have the graph.
const AT_ONCE: Slot = 1000;

/// Begins at the beginning, also after a restart: what is gone costs nothing. Whether something that is made while the
/// job is open stays is left open, as the job deletes everything; after a restart it goes, too.
pub(crate) fn run(instance: &Instance, job: &Deletion) {
    instance.set_deletion(job, Status::Running);
    let relationships = in_chunks(instance, job, |graph, first, last| {
        for slot in first..last.min(graph.relationship_end()) {
            graph.remove_relationship(slot);
        }
        last < graph.relationship_end()
    });
    let twins = || {
        in_chunks(instance, job, |graph, first, last| {
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
    let models = || {
        let _changing = instance.model_changes.lock();
        let mut graph = instance.graph.write();
        if !instance.has_deletion(job) {
            return None;
        }
        graph.remove_models();
        // In the same step: after it nothing may be deleted any more, not even after a restart.
        instance.set_deletion(job, Status::Succeeded);
        Some(())
    };
    if relationships
        .and_then(|()| twins())
        .and_then(|()| models())
        .is_none()
        && !instance.is_stopping()
    {
        instance.set_deletion(job, Status::Failed);
    }
    instance.poke_journal();
}

/// Calls `empty` for one range of places after the other as long as it says that there are more, but not past the
/// time that the job has.
fn in_chunks(
    instance: &Instance,
    job: &Deletion,
    empty: impl Fn(&mut Graph, Slot, Slot) -> bool,
) -> Option<()> {
    let mut first: Slot = 0;
    loop {
        if instance.now() > job.deadline {
            return None;
        }
        let last = first.saturating_add(AT_ONCE);
        let more = {
            let mut graph = instance.graph.write();
            instance
                .has_deletion(job)
                .then(|| empty(&mut graph, first, last))?
        };
        instance.poke_journal();
        if !more {
            return Some(());
        }
        first = last;
    }
}

impl Instance {
    /// Whether the job is to go on. As long as the graph is locked nobody changes that by loading another state.
    fn has_deletion(&self, job: &Deletion) -> bool {
        !self.is_stopping() && is_there(&self.jobs.lock().deletions, job)
    }

    pub(crate) fn set_deletion(&self, job: &Deletion, status: Status) {
        let now = self.now();
        if let Some(job) = of_run(&mut self.jobs.lock().deletions, job) {
            job.record.status = status;
            job.record.finished = status.is_over().then_some(now);
        }
    }
}
