//! The agent: its parts put together, and its access to Kubernetes.
//!
//! Reading order: [`agent`] puts the corridor together from a configuration · [`credentials`] makes kubeconfigs from the
//! agent's own · [`reload`] what was done about changed configurations · [`inside`] what is seen of a running agent.

pub mod agent;
pub mod credentials;
pub mod inside;
pub mod reload;

mod reach;
