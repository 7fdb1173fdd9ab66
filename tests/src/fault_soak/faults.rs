//! Random fault rules.

use std::time::Duration;

use azure_iot_emulator::{Fault, FaultAction, Faults};
use fastrand::Rng;

/// Pause between two rules.
const PAUSE: Duration = Duration::from_millis(3);
/// Maximum number of rules that wait for their requests.
const MAX_RULES: usize = 4;

/// Adds rules until the task is aborted.
pub(super) async fn inject(faults: Faults, seed: u64) {
    let mut random = Rng::with_seed(seed);
    loop {
        tokio::time::sleep(PAUSE).await;
        if faults.list().len() < MAX_RULES {
            // The rules have valid statuses.
            faults.add(rule(&mut random)).ok();
        }
    }
}

fn rule(random: &mut Rng) -> Fault {
    let fault = match random.u8(0..10) {
        0 => Fault::status(429),
        1 => Fault::status(429).retry_after(0),
        2 => Fault::status(500),
        3 => Fault::status(503),
        4 => Fault::latency(Duration::from_millis(random.u64(1..20))),
        5 => Fault::reset(),
        6 | 7 => Fault::new(FaultAction::Reset { processed: true }),
        _ => Fault::truncate(),
    };
    let fault = match random.u8(0..5) {
        0 => fault.on("PATCH", "*"),
        1 => fault.on("DELETE", "*"),
        2 => fault.on("PUT", "*"),
        _ => fault,
    };
    // More in a row than the attempts of a call, at times.
    fault.times(if random.u8(0..4) == 0 { 6 } else { 1 })
}
