//! The agent: its parts put together, and its access to Kubernetes.
//!
//! Reading order: [`agent`] puts the corridor together from a configuration · [`credentials`] makes kubeconfigs from the
//! agent's own.

pub mod agent;
pub mod credentials;
pub mod reload;

mod reach;
