//! `tracing` events as hclog JSON lines; it does not know where the lines go.

use std::{
    fmt,
    io::Write,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use serde_json::{Map, Value};
use tracing::{Event, Metadata, Subscriber, field::Field};
use tracing_subscriber::layer::Context;

use super::Level;

/// Writes every event as one line, as hclog does: `@level`, `@message`, `@timestamp` with microseconds, `@module`, then
/// the event's fields.
///
/// Nothing is filtered by level, as in Go plugins: the host decides. Only what the HTTP stack says of itself is held back
/// below warnings, since it would log about the very connection that logs travel on.
pub struct Layer<W> {
    writer: Mutex<W>,
}

impl<W: Write> Layer<W> {
    /// Writes lines to `writer`, each with a single call.
    pub fn new(writer: W) -> Self {
        Self { writer: Mutex::new(writer) }
    }
}

/// Formats one line, its end included.
pub(crate) fn line(level: Level, module: &str, message: String, fields: Map<String, Value>) -> Vec<u8> {
    let mut entry = Map::new();
    entry.insert("@level".into(), level.as_str().into());
    entry.insert("@message".into(), message.into());
    entry.insert("@module".into(), module.into());
    entry.insert("@timestamp".into(), humantime::format_rfc3339_micros(SystemTime::now()).to_string().into());
    entry.extend(fields);
    let mut line = Value::Object(entry).to_string().into_bytes();
    line.push(b'\n');
    line
}

impl<S: Subscriber, W: Write + 'static> tracing_subscriber::Layer<S> for Layer<W> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let noisy = ["h2", "hyper", "hyper_util", "tonic", "tower", "rustls"];
        let module = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= tracing::Level::WARN || !noisy.contains(&module)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut visitor = Visitor::default();
        event.record(&mut visitor);
        let level = match *event.metadata().level() {
            tracing::Level::TRACE => Level::Trace,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::INFO => Level::Info,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::ERROR => Level::Error,
        };
        let line = line(level, event.metadata().target(), visitor.message, visitor.fields);
        // A log line that cannot be written has nowhere else to go.
        let _ = self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
    }
}

#[derive(Default)]
struct Visitor {
    message: String,
    fields: Map<String, Value>,
}

impl Visitor {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl tracing::field::Visit for Visitor {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.put(field, format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.to_owned();
        } else {
            self.put(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::hclog::Entry;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(buf);
            Ok(buf.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let sink = Sink::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Layer::new(sink.clone())), log);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_that_a_host_reads_back() {
        let text = logged(|| tracing::warn!(target: "mine", pods = 3, "half\nway"));
        assert_eq!(text.matches('\n').count(), 1);
        let entry = Entry::parse(text.trim_end());
        assert_eq!((entry.level, entry.message.as_str()), (Level::Warn, "half\nway"));
        assert_eq!(entry.fields["pods"], 3);
        assert_eq!(entry.fields["@module"], "mine");
        let timestamp = entry.timestamp.unwrap();
        assert!(timestamp.ends_with('Z') && timestamp.len() == "2024-11-05T10:00:00.000001Z".len(), "{timestamp}");
    }

    #[test]
    fn the_http_stack_speaks_only_up_from_warnings() {
        assert_eq!(logged(|| tracing::debug!(target: "h2::codec", "frame")), "");
        assert_ne!(logged(|| tracing::warn!(target: "h2::codec", "flood")), "");
    }
}
