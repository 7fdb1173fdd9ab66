//! What the generated protocol crates need at run time.
