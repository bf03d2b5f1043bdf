//! The sys executor as a program of its own.

fn main() -> std::process::ExitCode {
    botkube_plugin::serve(executor_sys::Sys)
}
