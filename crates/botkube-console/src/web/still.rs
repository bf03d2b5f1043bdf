//! A page that stands alone: the console's page with the entries it shows in it. It knows no server.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};

use super::assets::{PAGE, SCRIPT, STYLE};
use crate::entry::Entry;

/// A page that shows these entries, opens no connection and needs no other file.
#[must_use]
pub fn still(entries: &[Entry]) -> String {
    let data = serde_json::to_string(entries).expect("entries are texts, numbers and lists, under keys that are texts");
    // Within a script nothing ends it but `</script`, and after `<!--` not even that; in JSON and in JavaScript's texts both
    // can be written otherwise.
    let data = data.replace('<', "\\u003c");
    let script = SCRIPT.replace("</script", "<\\/script").replace("<!--", "\\x3c!--");
    let style = STYLE.replace("</style", "<\\/style");
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types lit-html",
        hash(&script),
        hash(&style)
    );
    let mut page = PAGE.to_owned();
    replace(&mut page, "<link rel=\"stylesheet\"", ">", &format!("<style>{style}</style>"));
    replace(&mut page, "<script type=\"module\"", "</script>", "");
    insert(&mut page, "<head>", true, &format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"));
    let scripts = format!(
        "<script type=\"application/json\" id=\"still\">{data}</script>\n<script type=\"module\">{script}</script>\n"
    );
    insert(&mut page, "</body>", false, &scripts);
    page
}

fn hash(content: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(digest::digest(&digest::SHA256, content.as_bytes())))
}

/// Replaces what begins and ends so.
fn replace(page: &mut String, begin: &str, end: &str, with: &str) {
    if let Some(from) = page.find(begin)
        && let Some(length) = page[from..].find(end)
    {
        page.replace_range(from..from + length + end.len(), with);
    }
}

/// Inserts before or after a tag.
fn insert(page: &mut String, tag: &str, is_after: bool, text: &str) {
    let place = page.find(tag).map(|place| if is_after { place + tag.len() } else { place });
    page.insert_str(place.unwrap_or(page.len()), text);
}
