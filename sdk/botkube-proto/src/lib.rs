//! Upstream's two plugin contracts and our service for live answers as generated code, committed so that no build needs
//! protoc; it knows nothing of what the messages mean.
//!
//! Made by `cargo xtask codegen` from `proto/*.proto`. The names and numbers are upstream's (`contract-plugins §2`).
#![allow(missing_docs, unreachable_pub, clippy::all)]

/// A `Debug` that says how long these fields are and not what they hold: tokens are among them.
macro_rules! sized_only {
    ($($message:ident { $($field:ident),+ }),+) => {$(
        impl ::core::fmt::Debug for $message {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($field), &::core::format_args!("{} bytes", self.$field.len())))+
                    .finish_non_exhaustive()
            }
        }
    )+};
}
use sized_only;

/// The contract of executor plugins.
pub mod executor {
    include!("generated/executor.rs");

    crate::sized_only!(Config { raw_yaml }, ExecuteContext { slack_state, kube_config });
}

/// The contract of source plugins.
pub mod source {
    include!("generated/source.rs");

    crate::sized_only!(Config { raw_yaml }, StreamContext { kube_config });
}

/// Our service for answers that come piece by piece, beside the contract of executor plugins.
pub use botkube::stream::v1 as stream;

/// The folders of the generated code's own names.
mod botkube {
    pub mod stream {
        pub mod v1 {
            include!("generated/botkube.stream.v1.rs");
        }
    }
}

/// All of them as an encoded `google.protobuf.FileDescriptorSet`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// The largest message either end accepts, in bytes: what the Go SDK's host sets (`contract-plugins §1.15`).
pub const MAX_MESSAGE_SIZE: usize = i32::MAX as usize;

/// The environment variable by which a plugin knows that Botkube started it (`contract-plugins §1.1`).
pub const COOKIE_KEY: &str = "BOTKUBE";

/// The one value of [`COOKIE_KEY`]; every plugin ever built has it inside.
pub const COOKIE_VALUE: &str = "52ca7b74-28eb-4fac-ae79-31a9cbda2454";

/// The version of both contracts.
pub const PROTOCOL_VERSION: u32 = 3;

/// The variable in which the agent says where it put a plugin's dependencies.
pub const DEPENDENCY_DIR: &str = "PLUGIN_DEPENDENCY_DIR";

/// How many messages one answer may hold: hosts show the first and fifteen more, and drop the rest (`contract-plugins §2.1`).
pub const MOST_MESSAGES: usize = 16;

/// The longest that is said of a command's progress, in bytes.
pub const LONGEST_PROGRESS: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use super::executor::{Config, ExecuteContext, ExecuteRequest};

    #[test]
    fn debug_output_of_a_request_holds_no_secret() {
        let request = ExecuteRequest {
            command: "get pods".into(),
            configs: vec![Config { raw_yaml: "token: s3cret".into() }],
            context: Some(ExecuteContext { kube_config: "token: s3cret".into(), ..ExecuteContext::default() }),
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("get pods") && shown.contains("13 bytes") && !shown.contains("s3cret"), "{shown}");
    }
}
