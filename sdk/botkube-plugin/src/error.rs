//! What an author's `?` produces; it knows no wire format.

use std::{error, fmt};

use crate::Reply;

/// The result of everything an author writes.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. Any [`std::error::Error`] becomes one through `?`, others through [`Error::from_boxed`]; the chat shows
/// the text and the texts of its causes.
pub struct Error(Kind);

enum Kind {
    Text(String),
    Source(Box<dyn error::Error + Send + Sync>),
    Reply(Box<Reply>),
}

impl Error {
    /// An error whose text was written for the person who typed the command.
    pub fn for_user(text: impl Into<String>) -> Self {
        Self(Kind::Text(text.into()))
    }

    /// An error of a kind that `?` does not take, such as `anyhow::Error`: `.map_err(Error::from_boxed)?`.
    pub fn from_boxed(error: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self(Kind::Source(error.into()))
    }

    /// Not a failure but an early answer, such as a help text someone asked for: the call ends with it and succeeds.
    pub fn answer(reply: impl Into<Reply>) -> Self {
        Self(Kind::Reply(Box::new(reply.into())))
    }

    /// The early answer, if this is one.
    pub(crate) fn into_answer(self) -> std::result::Result<Reply, Self> {
        match self.0 {
            Kind::Reply(reply) => Ok(*reply),
            other => Err(Self(other)),
        }
    }
}

impl<E: error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Kind::Source(Box::new(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Text(text) => f.write_str(text),
            Kind::Reply(reply) => write!(f, "{reply:?}"),
            Kind::Source(error) => {
                let mut shown = error.to_string();
                f.write_str(&shown)?;
                let mut source = error.source();
                while let Some(cause) = source {
                    let text = cause.to_string();
                    // Many errors print their cause themselves: twice is no help.
                    if !shown.contains(&text) {
                        write!(f, ": {text}")?;
                        shown = text;
                    }
                    source = cause.source();
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
