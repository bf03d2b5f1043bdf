//! What only shows from outside the crate: that our outcomes are the original's.
//! Must not know the crate's internals.

mod vectors;
