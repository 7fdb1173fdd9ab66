//! Running a deletion: relationships, twins, then models.

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::jobs::record::{Deletion, Status};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::slab::Slot;

/// Slots emptied before the graph is released.
const CHUNK: Slot = 1000;

/// Starts from the beginning, also after a restart: what is gone costs nothing. Whether something that is created while
/// the job is open stays is not defined, as the job deletes everything; after a restart it goes, too.
pub(super) fn run(instance: &Instance, job: &Deletion) {
    set_status(instance, job, Status::Running);
    let mut session = instance.session();
    if delete_all(&mut session, job).is_none() && !instance.is_stopping() {
        set_status(instance, job, Status::Failed);
    }
    instance.wake_journal();
}

fn set_status(instance: &Instance, job: &Deletion, status: Status) {
    instance.jobs.set_deletion_status(job, status, instance.now());
}

/// Returns `None` if the job is to end before everything is deleted.
fn delete_all(session: &mut Session<'_>, job: &Deletion) -> Option<()> {
    in_chunks(session, job, |graph, first, last| {
        for slot in first..last.min(graph.relationship_end()) {
            graph.remove_relationship(slot);
        }
        last < graph.relationship_end()
    })?;
    in_chunks(session, job, |graph, first, last| {
        for slot in first..last.min(graph.twin_end()) {
            let unrelated = graph
                .node(slot)
                .is_some_and(|node| node.outgoing.is_empty() && node.incoming.is_empty());
            // A twin that got a relationship meanwhile is in use again.
            if unrelated {
                graph.remove_twin(slot);
            }
        }
        last < graph.twin_end()
    })?;
    let instance = session.instance;
    let mut change = session.graph.change_models();
    let mut graph = change.write();
    if !is_wanted(instance, job) {
        return None;
    }
    graph.remove_models();
    // In the same step: after it nothing may be deleted any more, not even after a restart.
    set_status(instance, job, Status::Succeeded);
    Some(())
}

/// Calls `empty` for one range of slots after the other as long as it returns that there are more, but not past the
/// deadline of the job.
fn in_chunks(
    session: &mut Session<'_>,
    job: &Deletion,
    empty: impl Fn(&mut Graph, Slot, Slot) -> bool,
) -> Option<()> {
    let instance = session.instance;
    let mut first: Slot = 0;
    loop {
        if instance.now() > job.deadline {
            return None;
        }
        let last = first.saturating_add(CHUNK);
        let more = {
            let mut graph = session.graph.write();
            is_wanted(instance, job).then(|| empty(&mut graph, first, last))?
        };
        instance.wake_journal();
        if !more {
            return Some(());
        }
        first = last;
    }
}

/// Returns whether the job is to go on. While the graph is locked nobody changes that by loading another state.
fn is_wanted(instance: &Instance, job: &Deletion) -> bool {
    !instance.is_stopping() && instance.jobs.has_deletion(job)
}
