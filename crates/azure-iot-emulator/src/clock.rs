//! The emulator's clock, which tests can move.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use thiserror::Error;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};
use tokio::sync::watch;

/// First and last time with a four-digit year.
const FIRST: OffsetDateTime = datetime!(0000-01-01 00:00 UTC);
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999_999 UTC);

/// The error for a time outside the range of a [`Clock`], the years 0 to 9999 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the time in UTC is outside the years 0 to 9999")]
pub struct ClockRangeError;

/// A clock that tests can move.
///
/// Clones share the time. By default it follows the system clock; after [`advance`](Clock::advance) or
/// [`set`](Clock::set) it keeps running from the new time. A clock created by [`Clock::manual`] changes only by these
/// methods. The range is the years 0 to 9999 in UTC; the time saturates at its ends.
///
/// ```
/// use std::time::Duration;
/// use azure_iot_emulator::Clock;
///
/// let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().unix_timestamp(), 90);
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes sleepers when the clock is moved.
    moves: watch::Sender<u64>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    started: Instant,
    /// Sum of all forward moves.
    moved: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Offset from the system clock.
    Running(time::Duration),
    Manual(OffsetDateTime),
}

impl Default for Clock {
    fn default() -> Self {
        Self::with_mode(Mode::Running(time::Duration::ZERO))
    }
}

impl Clock {
    /// Creates a clock that follows the system clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a clock that stays at `start` until it is moved. Times out of range are clamped.
    pub fn manual(start: OffsetDateTime) -> Self {
        Self::with_mode(Mode::Manual(clamped(start)))
    }

    fn with_mode(mode: Mode) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    mode,
                    started: Instant::now(),
                    moved: Duration::ZERO,
                }),
                moves: watch::Sender::new(0),
            }),
        }
    }

    /// Returns the current time in UTC.
    pub fn now(&self) -> OffsetDateTime {
        self.shared.state.lock().mode.now()
    }

    /// Moves the clock forward, at most to the end of the year 9999.
    pub fn advance(&self, by: Duration) {
        let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
        self.change(|now| clamped(now.saturating_add(by)));
    }

    /// Sets the clock, forward or back. Times out of range are clamped.
    pub fn set(&self, now: OffsetDateTime) {
        let now = clamped(now);
        self.change(|_| now);
    }

    fn change(&self, change: impl FnOnce(OffsetDateTime) -> OffsetDateTime) {
        {
            let mut state = self.shared.state.lock();
            let before = state.mode.now();
            let now = change(before);
            // Backward moves do not decrease the elapsed time.
            let forward = Duration::try_from(now - before).unwrap_or_default();
            state.moved = state.moved.saturating_add(forward);
            state.mode = match state.mode {
                Mode::Running(_) => Mode::Running(now - OffsetDateTime::now_utc()),
                Mode::Manual(_) => Mode::Manual(now),
            };
        }
        self.shared
            .moves
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Sets the clock, forward or back.
    ///
    /// # Errors
    /// If the time is out of range; the clock is not changed.
    pub fn try_set(&self, now: OffsetDateTime) -> Result<(), ClockRangeError> {
        let now = in_range(now).ok_or(ClockRangeError)?;
        self.set(now);
        Ok(())
    }

    /// Returns the monotonic elapsed time, including forward moves.
    pub(crate) fn elapsed(&self) -> Duration {
        let state = *self.shared.state.lock();
        match state.mode {
            Mode::Running(_) => state.moved.saturating_add(state.started.elapsed()),
            Mode::Manual(_) => state.moved,
        }
    }

    /// Waits until the clock reaches `deadline`, by running or by a move.
    pub async fn sleep_until(&self, deadline: OffsetDateTime) {
        let mut moves = self.shared.moves.subscribe();
        loop {
            let mode = self.shared.state.lock().mode;
            let left = deadline - mode.now();
            if !left.is_positive() {
                return;
            }
            match mode {
                Mode::Running(_) => {
                    tokio::select! {
                        () = tokio::time::sleep(left.unsigned_abs()) => {}
                        _ = moves.changed() => {}
                    }
                }
                // `self` owns the sender, so the wait ends only when the clock is moved.
                Mode::Manual(_) => drop(moves.changed().await),
            }
        }
    }
}

impl Mode {
    fn now(self) -> OffsetDateTime {
        match self {
            Mode::Running(offset) => clamped(OffsetDateTime::now_utc().saturating_add(offset)),
            Mode::Manual(now) => now,
        }
    }
}

/// Converts to UTC; `None` if the result is out of range.
fn in_range(time: OffsetDateTime) -> Option<OffsetDateTime> {
    // A local time near an end of the range may be out of range in UTC.
    let time = time.checked_to_offset(UtcOffset::UTC)?;
    (FIRST..=LAST).contains(&time).then_some(time)
}

/// Converts to UTC and clamps to the range.
fn clamped(time: OffsetDateTime) -> OffsetDateTime {
    in_range(time).unwrap_or(if time < FIRST { FIRST } else { LAST })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time_and_a_running_clock_keeps_running() {
        let clock = Clock::new();
        let other = clock.clone();
        clock.set(datetime!(2030-01-01 00:00 UTC));
        let first = other.now();
        assert!(first >= datetime!(2030-01-01 00:00 UTC) && first < datetime!(2030-01-01 00:01 UTC));
        other.advance(Duration::from_secs(3600));
        assert!(clock.now() >= datetime!(2030-01-01 01:00 UTC));
    }

    #[test]
    fn advancing_beyond_the_range_saturates() {
        let clock = Clock::manual(datetime!(2030-01-01 00:00 UTC));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().year(), 9999);
    }

    /// A local time within the years 0 to 9999 may be outside them in UTC.
    #[test]
    fn times_out_of_range_are_refused_or_clamped() {
        for clock in [Clock::new(), Clock::manual(datetime!(2030-01-01 00:00 UTC))] {
            for (beyond, year) in [
                (datetime!(9999-12-31 23:59:59 -1), 9999),
                (datetime!(0000-01-01 00:00 +1), 0),
                (datetime!(-9999-01-01 00:00 +1), 0),
            ] {
                clock.set(datetime!(2030-01-01 00:00 UTC));
                assert_eq!(clock.try_set(beyond), Err(ClockRangeError));
                assert_eq!(clock.now().year(), 2030, "{beyond}");
                clock.set(beyond);
                assert_eq!(clock.now().year(), year, "{beyond}");
                assert_eq!(Clock::manual(beyond).now().year(), year, "{beyond}");
            }
            for (end, year) in [
                (datetime!(9999-12-31 22:59:59 -1), 9999),
                (datetime!(0000-01-01 01:00 +1), 0),
            ] {
                assert_eq!(clock.try_set(end), Ok(()));
                assert_eq!(clock.now().year(), year, "{end}");
            }
        }
    }

    #[test]
    fn setting_a_clock_back_does_not_decrease_its_elapsed_time() {
        for clock in [Clock::new(), Clock::manual(datetime!(2030-01-01 00:00 UTC))] {
            clock.advance(Duration::from_secs(90));
            let elapsed = clock.elapsed();
            assert!(elapsed >= Duration::from_secs(90));
            clock.set(datetime!(2020-01-01 00:00 UTC));
            assert!(clock.elapsed() >= elapsed);
            clock.advance(Duration::from_secs(30));
            assert!(clock.elapsed() >= elapsed + Duration::from_secs(30));
            assert!(clock.elapsed() < Duration::from_secs(3600));
        }
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved() {
        let clock = Clock::manual(datetime!(2030-01-01 00:00 UTC));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(datetime!(2030-01-01 00:05 UTC)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(60));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(240));
        sleeper.await.expect("the sleeper ends");
    }
}
