//! The model of a twin, and the rules for results.

use std::fmt;

use fastrand::Rng;
use iothub_convenience::{Etag, Precondition};

use super::stores::{CallError, Outcome, TwinStore};
use crate::Failure;

/// The number of a twin; `None` if it does not exist.
type State = Option<u64>;

/// A device or digital twin, and the states that it may have.
#[derive(Debug)]
pub(super) struct Subject {
    id: String,
    pub(super) is_device: bool,
    possible: Vec<State>,
    /// The ETag of the only possible state, if it has been read.
    etag: Option<Etag>,
    /// The last number that was written.
    number: u64,
}

/// Numbers of results.
#[derive(Debug, Default)]
pub(super) struct Counts {
    reads: u64,
    writes: u64,
    /// Calls that failed without an effect.
    failed: u64,
    /// Writes after which more than one state is possible.
    unknown: u64,
    /// Refusals of conditional writes that are explained by an earlier attempt.
    refused: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.refused += other.refused;
    }

    /// Fails if the faults have not caused every kind of result.
    pub(super) fn require(&self, is_conclusive: bool) -> Result<(), Failure> {
        let all = [self.reads, self.writes, self.failed, self.unknown];
        if is_conclusive && all.contains(&0) {
            return Err(
                format!("the run proves nothing, because a kind of result is missing: {self}").into(),
            );
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reads,
            writes,
            failed,
            unknown,
            refused,
        } = self;
        write!(
            formatter,
            "{reads} reads, {writes} writes, {failed} failed without an effect, {unknown} with an unknown outcome, \
             {refused} refused after an earlier attempt"
        )
    }
}

/// A change of a subject.
#[derive(Debug, Clone, Copy)]
enum Change {
    Create,
    Update { number: u64, is_conditional: bool },
    Delete,
}

impl Change {
    /// Returns the state after the change.
    fn target(self) -> State {
        match self {
            Self::Create => Some(0),
            Self::Update { number, .. } => Some(number),
            Self::Delete => None,
        }
    }

    /// Returns whether the service accepts the change in this state.
    fn applies_to(self, state: State) -> bool {
        state.is_some() != matches!(self, Self::Create)
    }
}

impl Subject {
    pub(super) fn new(id: String, is_device: bool) -> Self {
        Self {
            id,
            is_device,
            possible: vec![None],
            etag: None,
            number: 0,
        }
    }

    /// Reads or changes the twin, and compares the result with the model.
    pub(super) async fn step<S: TwinStore>(
        &mut self,
        store: &S,
        random: &mut Rng,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        match self.choose(random) {
            None => {
                counts.reads += 1;
                let read = store.read(&self.id).await;
                self.check_read(read, counts)
            }
            Some(change) => {
                counts.writes += 1;
                let changed = self.send(store, change).await;
                self.check_change(change, changed, counts)
            }
        }
    }

    fn choose(&mut self, random: &mut Rng) -> Option<Change> {
        if random.u8(0..3) == 0 || self.possible.len() > 3 {
            return None;
        }
        if self.possible == [None] {
            return Some(Change::Create);
        }
        Some(match random.u8(0..8) {
            0 => Change::Delete,
            1 => Change::Create,
            choice => {
                self.number += 1;
                Change::Update {
                    number: self.number,
                    is_conditional: choice < 6 && self.etag.is_some(),
                }
            }
        })
    }

    async fn send<S: TwinStore>(&self, store: &S, change: Change) -> Outcome<()> {
        match change {
            Change::Create => store.create(&self.id).await,
            Change::Delete => store.delete(&self.id).await,
            Change::Update {
                number,
                is_conditional,
            } => {
                let etag = self.etag.clone().filter(|_| is_conditional);
                let precondition = etag.map_or(Precondition::Unconditional, Precondition::IfMatch);
                store.update(&self.id, number, precondition).await
            }
        }
    }

    fn check_read(&mut self, read: Outcome<(u64, Etag)>, counts: &mut Counts) -> Result<(), Failure> {
        let (state, etag) = match read {
            Ok((number, etag)) => (Some(number), Some(etag)),
            Err(error) if error.status == Some(404) => (None, None),
            Err(error) => {
                counts.failed += 1;
                return self.require(is_of_a_fault(&error), &format!("a read failed: {error}"));
            }
        };
        self.require(self.possible.contains(&state), &format!("{state:?} was read"))?;
        if let (Some(known), Some(read)) = (&self.etag, &etag) {
            self.require(known == read, &format!("the ETag is {read}"))?;
        }
        self.possible = vec![state];
        self.etag = etag;
        Ok(())
    }

    fn check_change(
        &mut self,
        change: Change,
        changed: Outcome<()>,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        let Err(error) = changed else {
            let may_apply = self.possible.iter().any(|state| change.applies_to(*state));
            self.require(may_apply, &format!("{change:?} succeeded"))?;
            self.possible = vec![change.target()];
            self.etag = None;
            return Ok(());
        };
        // An earlier attempt may have made the change, whatever the answer to the last one is.
        let is_unknown = error.is_unknown_outcome || error.attempts > 1;
        if let Some(404 | 409 | 412) = error.status {
            let may_be_refused =
                self.possible.len() > 1 || !self.possible.iter().all(|state| change.applies_to(*state));
            let text = format!("{change:?} was refused: {error}");
            self.require(is_unknown || may_be_refused, &text)?;
            counts.refused += 1;
        } else {
            self.require(is_of_a_fault(&error), &format!("{change:?} failed: {error}"))?;
        }
        if is_unknown {
            counts.unknown += 1;
            if !self.possible.contains(&change.target()) {
                self.possible.push(change.target());
            }
            self.etag = None;
        } else {
            counts.failed += 1;
        }
        Ok(())
    }

    /// Reads the twin, which must succeed or find that it does not exist.
    pub(super) async fn check_without_faults<S: TwinStore + ?Sized>(
        &mut self,
        store: &S,
    ) -> Result<(), Failure> {
        let read = store.read(&self.id).await;
        if let Err(error) = &read
            && error.status != Some(404)
        {
            return self.require(false, &format!("the final read failed: {error}"));
        }
        self.check_read(read, &mut Counts::default())
    }

    fn require(&self, is_valid: bool, found: &str) -> Result<(), Failure> {
        if is_valid {
            return Ok(());
        }
        let service = if self.is_device {
            "IoT Hub"
        } else {
            "Digital Twins"
        };
        let Self {
            id, possible, etag, ..
        } = self;
        Err(format!(
            "{service}, {id}: {found}, but the possible states are {possible:?} with the ETag {etag:?}"
        )
        .into())
    }
}

/// Returns whether a fault rule explains an error.
fn is_of_a_fault(error: &CallError) -> bool {
    error.is_unknown_outcome || error.is_connection || matches!(error.status, Some(429 | 500 | 503))
}
