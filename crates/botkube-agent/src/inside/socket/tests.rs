//! The socket as its agent and those who ask meet it.

use tempfile::TempDir;

use super::*;

/// A directory whose path is short.
fn place() -> (TempDir, Vec<PathBuf>) {
    let dir = tempfile::Builder::new().prefix("bk-").tempdir_in("/tmp").unwrap();
    let places = vec![dir.path().join("run")];
    (dir, places)
}

/// Asks on a thread that may wait.
async fn asked(path: &Path) -> Result<String, AskError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || ask(&path)).await.unwrap()
}

#[tokio::test]
async fn who_connects_gets_the_document() {
    let (_dir, places) = place();
    let (listener, socket) = open(&places).unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, || "{\"schema\":1}".to_owned(), stop.clone()));
    assert_eq!(asked(&socket.path).await.unwrap(), "{\"schema\":1}");
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn nobody_else_can_reach_the_socket() {
    let (_dir, places) = place();
    let (_listener, socket) = open(&places).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&places[0]), mode(&socket.path)), (0o700, 0o600));
}

#[tokio::test]
async fn a_directory_that_was_open_to_others_is_closed() {
    let (_dir, places) = place();
    fs::create_dir(&places[0]).unwrap();
    fs::set_permissions(&places[0], Permissions::from_mode(0o755)).unwrap();
    let _open = open(&places).unwrap();
    assert_eq!(fs::metadata(&places[0]).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn the_socket_goes_with_its_agent() {
    let (_dir, places) = place();
    let (_listener, socket) = open(&places).unwrap();
    assert_eq!(agents(&places), std::slice::from_ref(&socket.path));
    drop(socket);
    assert_eq!(fs::read_dir(&places[0]).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_dead_agent_left_is_removed_by_who_looks() {
    let (_dir, places) = place();
    fs::create_dir(&places[0]).unwrap();
    let left = places[0].join("77.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(agents(&places).is_empty() && !left.exists());
}

#[tokio::test]
async fn a_directory_that_is_a_link_is_not_used() {
    let (dir, places) = place();
    std::os::unix::fs::symlink(dir.path(), &places[0]).unwrap();
    assert!(open(&places).unwrap_err().contains("not a directory of this user's own"));
}

#[tokio::test]
async fn the_next_directory_is_used_where_the_path_would_be_too_long() {
    let (dir, places) = place();
    let long = dir.path().join("x".repeat(LONGEST_PATH));
    let (_listener, socket) = open(&[long, places[0].clone()]).unwrap();
    assert!(socket.path.starts_with(&places[0]));
}

#[tokio::test]
async fn an_error_says_where_nobody_answered() {
    let (_dir, places) = place();
    let path = places[0].join("1.sock");
    let error = asked(&path).await.unwrap_err().to_string();
    assert_eq!(error, format!("no agent answers at `{}`", path.display()));
}
