//! A plugin that asks a cluster with the kubeconfig it is given: the twin of the Go program of the same name. It must not
//! know which host runs it, nor what it may do there.
//!
//! The second word of a command says what to do: `whoami`, `list NAMESPACE` (of pods), `secrets NAMESPACE`,
//! `delete NAMESPACE NAME` (of a pod).

use botkube_plugin::{
    kube::{Api, Client, ResourceExt, api::ListParams},
    prelude::*,
};
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    core::v1::{Pod, Secret},
};

struct Pods;

impl Executor for Pods {
    type Config = NoConfig;

    fn about(&self) -> About {
        about!().name("pods").example("Who am I", "pods whoami")
    }

    async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> {
        let client = call.kubeconfig()?.client().await?;
        let words: Vec<&str> = call.command().split_whitespace().skip(1).collect();
        let text = match words[..] {
            ["whoami"] => whoami(client).await?,
            ["list", namespace] => names(Api::<Pod>::namespaced(client, namespace)).await?,
            ["secrets", namespace] => names(Api::<Secret>::namespaced(client, namespace)).await?,
            ["delete", namespace, name] => {
                Api::<Pod>::namespaced(client, namespace).delete(name, &Default::default()).await?;
                format!("deleted {name}")
            }
            _ => return Err(Error::for_user("say whoami, list, secrets or delete")),
        };
        Ok(Reply::code(text))
    }
}

async fn whoami(client: Client) -> Result<String> {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    let said = reviews.create(&Default::default(), &SelfSubjectReview::default()).await?;
    let who = said.status.and_then(|status| status.user_info).unwrap_or_default();
    Ok(format!("{} of {}", who.username.unwrap_or_default(), who.groups.unwrap_or_default().join(" ")))
}

async fn names<K>(objects: Api<K>) -> Result<String>
where
    K: Clone + ResourceExt + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let list = objects.list(&ListParams::default()).await?;
    Ok(list.iter().map(ResourceExt::name_any).collect::<Vec<_>>().join("\n"))
}

fn main() -> std::process::ExitCode {
    serve(Pods)
}
