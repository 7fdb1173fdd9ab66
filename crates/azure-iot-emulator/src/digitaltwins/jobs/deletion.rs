//! Execution of a deletion: relationships, then twins, then models.

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::jobs::record::{Deletion, Status};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::slab::Slot;

/// Number of slots emptied between two releases of the graph's lock.
const CHUNK: Slot = 1000;

/// Runs a deletion. After a restart it starts from the beginning, because scanning empty slots is cheap. Whether twins
/// created while the job runs survive is undefined; after a restart they are deleted.
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

/// Deletes everything. Returns `None` if the job must stop early.
fn delete_all(session: &mut Session<'_>, job: &Deletion) -> Option<()> {
    in_chunks(session, job, |graph, first, last| {
        for slot in first..last.min(graph.relationship_end()) {
            graph.remove_relationship(slot);
        }
        last < graph.relationship_end()
    })?;
    in_chunks(session, job, |graph, first, last| {
        for slot in first..last.min(graph.twin_end()) {
            let is_unconnected = graph
                .node(slot)
                .is_some_and(|node| node.outgoing.is_empty() && node.incoming.is_empty());
            // A relationship may have been added to the twin in the meantime.
            if is_unconnected {
                graph.remove_twin(slot);
            }
        }
        last < graph.twin_end()
    })?;
    let instance = session.instance;
    let mut change = session.graph.change_models();
    let mut graph = change.write();
    if !may_continue(instance, job) {
        return None;
    }
    graph.remove_models();
    // Set before the graph is unlocked. Otherwise a restart could run the job again and delete what was created in
    // between.
    set_status(instance, job, Status::Succeeded);
    Some(())
}

/// Calls `empty` with consecutive ranges of slots until it returns false. The graph is unlocked between the calls.
/// Returns `None` if the job must stop or its deadline has passed.
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
            may_continue(instance, job).then(|| empty(&mut graph, first, last))?
        };
        instance.wake_journal();
        if !more {
            return Some(());
        }
        first = last;
    }
}

/// Returns whether the job may continue. Callers hold the graph's lock, without which no other state can be loaded, so
/// the job is not replaced before they release it.
fn may_continue(instance: &Instance, job: &Deletion) -> bool {
    !instance.is_stopping() && instance.jobs.has_deletion(job)
}
