//! Execution of an import or export job.
//!
//! A run holds no lock between its steps, so a request can cancel the job or load another state. The run then ends at
//! its next step.

use crate::iothub::hub::IotHub;
use crate::iothub::store::Store;
use crate::iothub::store::transfer::{Transfer, TransferKind, TransferStatus};

impl Store {
    /// Returns the ids of the unfinished jobs, in order of creation.
    pub(crate) fn active_transfers(&self) -> Vec<String> {
        let mut active: Vec<&Transfer> = self
            .transfers
            .values()
            .filter(|transfer| !transfer.status.is_final())
            .collect();
        active.sort_by_key(|transfer| transfer.started);
        active.into_iter().map(|transfer| transfer.id.clone()).collect()
    }

    /// Updates an unfinished job; returns `false` if there is no unfinished job with this id.
    pub(crate) fn update_active_transfer(&mut self, id: &str, update: impl FnOnce(&mut Transfer)) -> bool {
        match self.transfers.get_mut(id) {
            Some(transfer) if !transfer.status.is_final() => {
                update(transfer);
                true
            }
            _ => false,
        }
    }
}

impl IotHub {
    pub(crate) async fn run_transfer(&self, id: &str) {
        let started = self.write(|store| {
            store.update_active_transfer(id, |transfer| transfer.status = TransferStatus::Running);
            store.transfers.get(id).cloned()
        });
        let Some(transfer) = started.filter(|transfer| !transfer.status.is_final()) else {
            return;
        };
        let result = match transfer.kind {
            TransferKind::Export => self.export(&transfer).await,
            TransferKind::Import => self.import(&transfer).await,
        };
        let now = self.now();
        self.write(|store| {
            store.update_active_transfer(id, |transfer| {
                transfer.ended = Some(now);
                match result {
                    Ok(()) => {
                        transfer.status = TransferStatus::Completed;
                        transfer.progress = 100;
                    }
                    Err(reason) => {
                        transfer.status = TransferStatus::Failed;
                        transfer.failure = Some(reason);
                    }
                }
            });
        });
    }

    /// Records the progress of a job; returns `false` if it was canceled.
    pub(super) fn record_progress(&self, id: &str, done: usize, all: usize) -> bool {
        let percent = u8::try_from(done.saturating_mul(100) / all.max(1)).unwrap_or(100);
        self.write(|store| store.update_active_transfer(id, |transfer| transfer.progress = percent.min(99)))
    }
}
