//! The suite itself: platforms that keep every rule pass, one that breaks a rule is found out, and the document says the same.

mod console;
mod document;
mod fake;
