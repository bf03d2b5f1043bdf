//! The headers of a plugin repository, with what this agent is filled in.
//! Must not know: which requests they are sent with.

use std::collections::BTreeMap;

use gotmpl::{MissingKey, Template, TemplateError, Value};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::RemoteIdentity;

/// Renders the values that are Go templates, with the data of contract-plugins §6.5. No error shows a value.
pub(super) fn render(headers: &BTreeMap<String, SecretString>, remote: &RemoteIdentity) -> Result<HeaderMap, String> {
    let mut rendered = HeaderMap::new();
    let mut wrong = Vec::new();
    for (name, value) in headers {
        match header(name, value.expose_secret(), remote) {
            Ok((name, value)) => {
                rendered.insert(name, value);
            }
            Err(why) => wrong.push(format!("the header `{}` {why}", name.escape_debug())),
        }
    }
    if wrong.is_empty() { Ok(rendered) } else { Err(wrong.join("; ")) }
}

fn header(name: &str, value: &str, remote: &RemoteIdentity) -> Result<(HeaderName, HeaderValue), String> {
    let rendered = if value.contains("{{") { fill_in(value, remote)? } else { value.to_owned() };
    let name = HeaderName::try_from(name).map_err(|_| "has a name that no header can have; mend it")?;
    let mut value = HeaderValue::try_from(rendered.trim())
        .map_err(|_| "has a value that no header can have, perhaps of several lines; mend it")?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn fill_in(template: &str, remote: &RemoteIdentity) -> Result<String, String> {
    // Without an identifier there is no remote, whatever else is set: as upstream has it.
    let known = !remote.identifier.is_empty();
    let text = |text: &str| Value::from(if known { text } else { "" });
    let remote = Value::from_entries([
        ("Endpoint".into(), text(&remote.endpoint)),
        ("Identifier".into(), text(&remote.identifier)),
        ("APIKey".into(), text(remote.api_key.expose_secret())),
    ]);
    let data = Value::from_entries([("Remote".into(), remote)]);
    let template = Template::new("").missing_key(MissingKey::Error).parse(template);
    template.and_then(|template| template.execute_to_string(&data)).map_err(|error| match error {
        TemplateError::Parse { line, col, .. } | TemplateError::Lex { line, col, .. } => {
            format!("is no Go template: look at line {line}, column {col} of its value")
        }
        TemplateError::MissingKey { .. } => {
            "asks for what is not there; there is .Remote.Endpoint, .Remote.Identifier and .Remote.APIKey".into()
        }
        TemplateError::UndefinedFunction(_) => "calls a function that is not there; Go's own are".into(),
        _ => "is a Go template that cannot be filled in; mend its value".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(identifier: &str) -> RemoteIdentity {
        RemoteIdentity { endpoint: "https://e".into(), identifier: identifier.into(), api_key: "key".into() }
    }

    #[track_caller]
    fn check(value: &str, remote: &RemoteIdentity, expected: Result<&str, &str>) {
        let headers = BTreeMap::from([("X-Test".to_owned(), SecretString::from(value))]);
        match (render(&headers, remote), expected) {
            (Ok(headers), Ok(expected)) => {
                assert_eq!(headers["x-test"], expected);
                assert!(!format!("{headers:?}").contains(expected), "shown: {headers:?}");
            }
            (Err(error), Err(expected)) => {
                assert!(error.contains(expected), "{error}");
                assert!(!error.contains("hush"), "shown: {error}");
            }
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    #[test]
    fn templates_are_filled_in_and_other_values_left_as_they_are() {
        check("Bearer {{ .Remote.APIKey }}", &remote("id"), Ok("Bearer key"));
        check("{{ .Remote.Endpoint }} {{ .Remote.Identifier }}", &remote("id"), Ok("https://e id"));
        check("plain } value", &remote("id"), Ok("plain } value"));
    }

    #[test]
    fn without_an_identifier_there_is_nothing_to_fill_in() {
        check("x{{ .Remote.APIKey }}x", &remote(""), Ok("xx"));
    }

    #[test]
    fn a_wrong_value_is_said_and_not_shown() {
        check("hush {{ .Remote.APIKey ", &remote("id"), Err("the header `X-Test` is no Go template: look at line 1"));
        check("{{ .Remote.hush }}", &remote("id"), Err("there is .Remote.Endpoint"));
        check("{{ hush }}", &remote("id"), Err("`X-Test`"));
        check("hush\nhush", &remote("id"), Err("perhaps of several lines"));
    }
}
