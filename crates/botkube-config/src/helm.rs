//! Helm values of upstream's chart: a configuration among keys that only the chart reads (contract-host §9.3).
//! Must not know: keys of the configuration.

use std::collections::BTreeMap;

use crate::report::Findings;
use crate::tree::{Entry, Node, Value};

/// Keys at the top level that tell values from a configuration.
const CHART_ONLY: [&str; 32] = [
    "affinity",
    "config",
    "containerSecurityContext",
    "deployment",
    "existingCommunicationsSecretName",
    "extraAnnotations",
    "extraEnv",
    "extraLabels",
    "extraObjects",
    "extraVolumeMounts",
    "extraVolumes",
    "fullnameOverride",
    "global",
    "image",
    "imagePullSecrets",
    "kubeconfig",
    "nameOverride",
    "nodeSelector",
    "podAnnotations",
    "podLabels",
    "podSecurityPolicy",
    "podSecurityContext",
    "priorityClassName",
    "rbac",
    "replicaCount",
    "securityContext",
    "service",
    "serviceAccount",
    "serviceMonitor",
    "ssl",
    "tolerations",
    "topologySpreadConstraints",
];
/// A key of the chart that was once one of the configuration, too.
const AMBIGUOUS: &str = "resources";

/// What the chart would add to the files.
#[derive(Default)]
pub(crate) struct Values {
    /// Variables with a value of their own.
    pub(crate) variables: BTreeMap<String, String>,
    /// Whether platforms are in a Secret of the cluster.
    pub(crate) communications_elsewhere: bool,
}

/// Whether these are values of the chart.
pub(crate) fn is_values(root: &Node) -> bool {
    root.entries().iter().any(|entry| CHART_ONLY.contains(&entry.key.as_str()))
}

/// Where values of the chart were given for a configuration: the first of two keys that only the chart has. One alone may
/// be a slip.
pub(crate) fn mistaken(root: &Node) -> Option<&Entry> {
    let mut chart = root.entries().iter().filter(|entry| CHART_ONLY.contains(&entry.key.as_str()));
    let first = chart.next()?;
    chart.next().map(|_| first)
}

/// Leaves the configuration in `root`.
pub(crate) fn strip(root: &mut Node, findings: &mut Findings) -> Values {
    let mut values = Values::default();
    let Value::Map(entries) = &mut root.value else { return values };
    let (chart, rest): (Vec<_>, Vec<_>) = std::mem::take(entries)
        .into_iter()
        .partition(|entry| CHART_ONLY.contains(&entry.key.as_str()) || entry.key == AMBIGUOUS);
    *entries = rest;
    let Some(first) = chart.first() else { return values };
    let message = format!("`{}` is a key of upstream's chart: this file was taken as Helm values", first.key);
    let help = "what the chart alone reads was left out; the agent itself is given files without it";
    findings.warning(&[first.key.as_str()], first.place, message, help);
    for entry in &chart {
        match (entry.key.as_str(), &entry.node.value) {
            ("existingCommunicationsSecretName", Value::Text(name)) if !name.is_empty() => {
                values.communications_elsewhere = true;
            }
            ("extraEnv", Value::List(items)) => variables(entry, items, &mut values, findings),
            ("rbac", _) => {
                for key in ["staticGroupName", "rules"] {
                    if let Some(old) = entry.node.get(key) {
                        let message = format!("`{key}` is an older key of the chart");
                        findings.warning(&["rbac", key], old.place, message, "define groups below `rbac.groups`");
                    }
                }
            }
            _ => {}
        }
    }
    values
}

fn variables(entry: &Entry, items: &[Node], values: &mut Values, findings: &mut Findings) {
    for (index, item) in items.iter().enumerate() {
        let Some(Value::Text(name)) = item.get("name").map(|entry| &entry.node.value) else { continue };
        if !name.starts_with("BOTKUBE_") {
            continue;
        }
        match item.get("value").map(|entry| &entry.node.value) {
            Some(Value::Text(value)) => {
                values.variables.insert(name.clone(), value.clone());
            }
            _ => {
                let message = format!("the value of `{name}` is in the cluster, so what it sets was not checked");
                let index = format!("[{index}]");
                let help = "check the rest with the variable set in this environment";
                findings.warning(&[entry.key.as_str(), &index], item.place, message, help);
            }
        }
    }
}
