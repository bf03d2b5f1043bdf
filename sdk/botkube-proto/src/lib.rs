//! Upstream's two plugin contracts as generated code, committed so that no build needs protoc; it knows nothing of what
//! the messages mean.
//!
//! Made by `cargo xtask codegen` from `proto/*.proto`. The names and numbers are upstream's (`contract-plugins §2`).
#![allow(missing_docs, unreachable_pub, clippy::all)]

/// The contract of executor plugins.
pub mod executor {
    include!("generated/executor.rs");
}

/// The contract of source plugins.
pub mod source {
    include!("generated/source.rs");
}

/// Both contracts as an encoded `google.protobuf.FileDescriptorSet`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// The largest message either end accepts, in bytes: what the Go SDK's host sets (`contract-plugins §1.15`).
pub const MAX_MESSAGE_SIZE: usize = i32::MAX as usize;
