//! How whoever started the agent gets into its console with a browser: a link that works once, said to them alone.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use botkube_console::web::{Links, Web};
use tokio::signal::unix::{SignalKind, signal};

use crate::{complain, setup};

/// Says how to get in, now and whenever SIGUSR1 asks for it: a link works once.
pub(crate) fn offer(web: &Web) {
    let links = web.links();
    // Listened to before anybody is told: unheard, the signal would end the agent.
    let asked = signal(SignalKind::user_defined1());
    say_link(&links);
    if let Ok(mut asked) = asked {
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                say_link(&links);
            }
        });
    }
}

/// Gives a new link to the person at this terminal. Without one, what is said here goes to a log, which others read: then the
/// link is in a file of its owner's.
fn say_link(links: &Links) {
    let Some(link) = links.link() else { return };
    if io::stderr().is_terminal() {
        return complain(&format!("the console in a browser, for one person and ten minutes: {link}"));
    }
    let path = setup::state_dir().join("console-link");
    match keep_link(&path, &link) {
        Ok(()) => complain(&format!(
            "the console in a browser: the link is in {}, for one person and ten minutes; SIGUSR1 writes another",
            path.display()
        )),
        Err(error) => complain(&format!(
            "no link to the console in a browser: {} cannot be written: {error}; SIGUSR1 tries again",
            path.display()
        )),
    }
}

/// Writes a link in place of the one before, for nobody else to read.
fn keep_link(path: &Path, link: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    setup::private_dir(dir)?;
    // It has mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    writeln!(file, "{link}")?;
    file.persist(path)?;
    Ok(())
}
