//! The gallery as a program of its own.

fn main() -> std::process::ExitCode {
    botkube_plugin::serve(botkube_testkit::gallery::Gallery)
}
