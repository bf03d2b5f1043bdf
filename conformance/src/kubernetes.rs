//! A real API server for tests, one for a whole test program. It must not know what is tested.

use std::{
    fs,
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::{Value, json};

use crate::{Lines, once, root};

/// A running API server without controllers and scheduler: pods stay as they were made.
pub struct KubeServer {
    /// A kubeconfig of its administrator, who may do everything.
    pub kubeconfig: String,
    token: String,
    lines: Mutex<Lines>,
}

/// The API server of this test program, started by whoever asks first. It ends with the test program, whose end closes its
/// input, however that comes.
///
/// # Panics
///
/// When it cannot be built, for which Go is needed and minutes of time, or does not start.
#[must_use]
pub fn kube_server() -> &'static KubeServer {
    static SERVER: OnceLock<KubeServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let program = once("kube-test-server", || Command::new(root().join("conformance/kube-test-server/build")));
        let mut lines = Lines::start(Command::new(program).arg("-bare").stderr(Stdio::null()));
        let ready = lines.answer();
        let said = |key: &str| ready[key].as_str().unwrap_or_else(|| panic!("{key} is not in {ready}")).to_owned();
        let kubeconfig = said("kubeconfig");
        let kubeconfig = fs::read_to_string(&kubeconfig).unwrap_or_else(|error| panic!("{kubeconfig}: {error}"));
        KubeServer { kubeconfig, token: said("token"), lines: Mutex::new(lines) }
    })
}

impl KubeServer {
    /// A kubeconfig of whoever has this token.
    #[must_use]
    pub fn kubeconfig_with(&self, token: &str) -> String {
        self.kubeconfig.replace(&self.token, token)
    }

    /// Makes an object: what the API server answers to a POST of it.
    ///
    /// # Panics
    ///
    /// When the API server does not make it.
    pub fn create(&self, path: &str, object: &Value) -> Value {
        let answer = self.ask(&format!("POST {path} {object}"));
        assert_eq!(answer["status"], 201, "{answer}");
        answer["body"].clone()
    }

    /// Deletes an object.
    ///
    /// # Panics
    ///
    /// When the API server does not.
    pub fn delete(&self, path: &str) {
        let answer = self.ask(&format!("DELETE {path}"));
        assert_eq!(answer["status"], 200, "{answer}");
    }

    /// Makes a namespace with these pods and a secret named `s`.
    ///
    /// # Panics
    ///
    /// When there is one of this name.
    pub fn namespace(&self, name: &str, pods: &[&str]) {
        self.create("/api/v1/namespaces", &json!({ "metadata": { "name": name } }));
        for pod in pods {
            let spec = json!({ "containers": [{ "name": "c", "image": "none" }] });
            let pod = json!({ "metadata": { "name": pod }, "spec": spec });
            self.create(&format!("/api/v1/namespaces/{name}/pods"), &pod);
        }
        let secret = json!({ "metadata": { "name": "s" }, "stringData": { "k": "v" } });
        self.create(&format!("/api/v1/namespaces/{name}/secrets"), &secret);
    }

    /// Lets a subject (`User` or `Group`) of this name read the pods of a namespace, and nothing else.
    ///
    /// # Panics
    ///
    /// When the rule is there already.
    pub fn let_read_pods(&self, namespace: &str, kind: &str, name: &str) {
        let api = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
        let rule = json!({ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] });
        self.create(&format!("{api}/roles"), &json!({ "metadata": { "name": "read-pods" }, "rules": [rule] }));
        let group = "rbac.authorization.k8s.io";
        let binding = json!({
            "metadata": { "name": "read-pods" },
            "roleRef": { "apiGroup": group, "kind": "Role", "name": "read-pods" },
            "subjects": [{ "apiGroup": group, "kind": kind, "name": name }],
        });
        self.create(&format!("{api}/rolebindings"), &binding);
    }

    fn ask(&self, request: &str) -> Value {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).ask(request)
    }
}
