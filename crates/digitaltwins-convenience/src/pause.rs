//! Waiting.

use std::time::Duration;

/// Waits.
pub(crate) async fn pause(duration: Duration) {
    azure_core::sleep::sleep(duration.try_into().unwrap_or(azure_core::time::Duration::MAX)).await;
}

/// Waits that grow, with some chance in them so that those who collided do not meet again.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// The next wait: between half and all of twice the one before.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        // A new UUID has more random bits than needed; a generator of random numbers would be one more dependency.
        let chance = uuid::Uuid::new_v4().as_u128() as u16;
        wait / 2 + (wait / 2).mul_f64(f64::from(chance) / f64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        for whole in [100, 200, 350, 350] {
            let wait = backoff.next();
            assert!(
                wait >= Duration::from_millis(whole / 2) && wait <= Duration::from_millis(whole),
                "{wait:?}"
            );
        }
    }
}
