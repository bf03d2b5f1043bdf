//! JSON text as Go's `encoding/json` writes and reads it (contract-plugins §3.1).
//! Knows no type of the message model: the rules hang on serde's own calls.

mod decode;
mod encode;

pub(crate) use decode::{Failure, from_slice, from_slice_strict};
pub(crate) use encode::to_vec;
