//! Follows docs/writing-a-plugin.md as a stranger would: writes its files, types its commands, compares their output.
//! It knows nothing of what the tutorial teaches.

use std::{env, fs, os::unix::fs::symlink, process::Command};

use conformance::root;

/// One thing the page asks for.
#[derive(Debug, PartialEq)]
enum Step {
    /// A file with this content.
    File(String, String),
    /// A command and the output shown below it; nothing shown means nothing compared.
    Command(String, String),
}

/// The page's fenced blocks: ```` ```lang path ```` is a file, ```` ```console ```` holds commands.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, path)) => steps.push(Step::File(path.to_owned(), block.join("\n") + "\n")),
            None if info == "console" => steps.extend(commands(&block)),
            None => {}
        }
    }
    steps
}

fn commands(block: &[&str]) -> Vec<Step> {
    let mut commands: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push(Step::Command(command.to_owned(), String::new())),
            (None, Some(Step::Command(_, output))) => *output += &format!("{line}\n"),
            _ => panic!("output without a command: {line}"),
        }
    }
    commands
}

#[test]
fn the_tutorial_works_as_printed() {
    let build =
        Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "botkube"]).current_dir(root()).status();
    assert!(build.unwrap().success());
    let built = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let path = format!("{}:{}", built.display(), env::var("PATH").unwrap());

    let folder = tempfile::tempdir().unwrap();
    // In place of the clone and the installation.
    symlink(root(), folder.path().join("botkube-rs")).unwrap();
    let page = fs::read_to_string(root().join("docs/writing-a-plugin.md")).unwrap();
    let mut dir = folder.path().to_owned();
    let mut typed = 0;
    for step in steps(&page) {
        match step {
            Step::File(name, content) => {
                let file = dir.join(name);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            Step::Command(command, _) if command.starts_with("git clone") || command.starts_with("cargo install") => {}
            Step::Command(command, expected) => {
                if let Some(to) = command.strip_prefix("cd ") {
                    dir.push(to);
                    // What is built here is kept, so that the next run need not build the SDK's dependencies again.
                    let kept = built.parent().unwrap().join("tutorial");
                    fs::create_dir_all(&kept).unwrap();
                    symlink(kept, dir.join("target")).unwrap();
                    continue;
                }
                let output = Command::new("sh")
                    .args(["-c", &command])
                    .current_dir(&dir)
                    .env("PATH", &path)
                    .env_remove("CARGO_TARGET_DIR")
                    .env_remove("BOTKUBE_CONFIG_PATHS")
                    .output()
                    .unwrap();
                let (stdout, stderr) =
                    (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "$ {command}\n{stdout}{stderr}");
                assert!(
                    expected.is_empty() || stdout == expected,
                    "$ {command}\n{stdout}\nand not\n{expected}\n{stderr}"
                );
                typed += 1;
            }
        }
    }
    assert!(typed > 5, "the page has lost its commands");
}

#[test]
fn files_and_commands_are_told_apart() {
    let page = "text\n```rust src/main.rs\nfn main() {}\n```\n```console\n$ a b\nout\n$ c\n```\n```yaml\nx: 1\n```\n";
    let expected = [
        Step::File("src/main.rs".into(), "fn main() {}\n".into()),
        Step::Command("a b".into(), "out\n".into()),
        Step::Command("c".into(), String::new()),
    ];
    assert_eq!(steps(page), expected);
}
