//! The kubeconfig of a call: as bytes, as a file for programs that want one, as a client.

use std::{io::Write, path::Path};

use tempfile::NamedTempFile;

use crate::Result;

/// The kubeconfig of one call; its user has exactly the rights the binding gives.
#[derive(Clone, Copy)]
pub struct Kubeconfig<'a> {
    yaml: &'a [u8],
}

/// A kubeconfig in a file that only this process's user can read, deleted when this is dropped.
#[derive(Debug)]
pub struct KubeconfigFile {
    file: NamedTempFile,
}

impl<'a> Kubeconfig<'a> {
    pub(crate) fn new(yaml: &'a [u8]) -> Self {
        Self { yaml }
    }

    /// The YAML.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.yaml
    }

    /// Writes it to a temporary file with mode 0600, for programs that take `--kubeconfig` or `KUBECONFIG`.
    ///
    /// # Errors
    ///
    /// When the file cannot be made or written; nothing is left behind then.
    pub fn to_file(&self) -> Result<KubeconfigFile> {
        let mut file = tempfile::Builder::new().prefix("kubeconfig-").tempfile()?;
        file.write_all(self.yaml)?;
        file.flush()?;
        Ok(KubeconfigFile { file })
    }

    /// A client with these rights.
    ///
    /// # Errors
    ///
    /// When the kubeconfig cannot be understood or its certificates cannot be used.
    #[cfg(feature = "kube")]
    pub async fn client(&self) -> Result<kube::Client> {
        let text = std::str::from_utf8(self.yaml)?;
        let kubeconfig = kube::config::Kubeconfig::from_yaml(text)?;
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await?;
        Ok(kube::Client::try_from(config)?)
    }
}

/// Says how long it is and not what it holds: there is a token in it.
impl std::fmt::Debug for Kubeconfig<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kubeconfig({} bytes)", self.yaml.len())
    }
}

impl KubeconfigFile {
    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

/// What a user reads whose binding gives the plugin no rights.
pub(crate) fn missing(plugin: &str) -> String {
    format!(
        "The kubeconfig data is missing. Please make sure that you have specified a valid RBAC configuration for {plugin} \
         plugin. Learn more at https://docs.botkube.io/configuration/rbac."
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn the_file_is_private_and_goes_when_dropped() {
        let file = Kubeconfig::new(b"kind: Config").to_file().unwrap();
        let path = file.path().to_owned();
        assert_eq!(fs::read(&path).unwrap(), b"kind: Config");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn debug_output_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", Kubeconfig::new(b"token: s3cret")), "Kubeconfig(13 bytes)");
    }
}
