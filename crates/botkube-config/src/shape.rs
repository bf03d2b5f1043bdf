//! What the declaration says of every key, in a form that can be walked beside a tree.
//! Must not know: single keys; it reads what `schemars` makes of `crate::schema`.

use std::sync::OnceLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map as Json, Value as JsonValue};

use crate::schema::Root;

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Anything; a plugin's own business.
    Any,
    Bool,
    Text,
    /// A whole number between these two.
    Whole(u64, u64),
    /// A duration; whether it must be above zero.
    Span(bool),
    /// A number of bytes above zero.
    Size,
    /// A text nobody may see.
    Secret,
    /// One of these texts.
    Choice(Vec<String>),
    List(Box<List>),
    Map(Box<Map>),
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) item: Shape,
    /// Whether a single text is several, separated by commas.
    pub(crate) commas: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Map {
    /// Keys with a meaning of their own.
    pub(crate) known: Vec<Field>,
    /// What stands below every other key; `None`: there are no others.
    pub(crate) rest: Option<Shape>,
    /// What the other keys name.
    pub(crate) each: String,
    /// Whether the other keys are plugin keys.
    pub(crate) plugins: bool,
    /// Whether the section may be absent, and is then not even filled with defaults.
    pub(crate) optional: bool,
    /// Whether `null` is a map without keys and not the absence of one.
    pub(crate) presence: bool,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// What the key is for, in one line.
    pub(crate) about: String,
    pub(crate) default: Option<JsonValue>,
    /// Whether upstream does not have it.
    pub(crate) ours: bool,
}

/// The shape of a whole configuration.
pub(crate) fn root() -> &'static Map {
    static ROOT: OnceLock<Map> = OnceLock::new();
    ROOT.get_or_init(|| map(schema().as_object().expect("a schema of a struct is an object")))
}

/// JSON Schema of a whole configuration.
pub(crate) fn schema() -> Schema {
    let mut settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Root>();
    Closed.transform(&mut schema);
    schema
}

/// Says of maps with known keys that there are no others.
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".into(), false.into());
        }
        transform_subschemas(self, schema);
    }
}

impl Map {
    /// The known key of this name, in whatever letter case.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.known.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl Shape {
    pub(crate) fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What a value of this shape is called in the documentation.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Any => "anything".into(),
            Self::Bool => "boolean".into(),
            Self::Text => "text".into(),
            Self::Whole(0 | 1, 65_535) => "port".into(),
            Self::Whole(..) => "number".into(),
            Self::Span(_) => "duration".into(),
            Self::Size => "size".into(),
            Self::Secret => "secret".into(),
            Self::Choice(choices) => choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", "),
            Self::List(list) => format!("list of {}s", list.item.name()),
            Self::Map(_) => "map".into(),
        }
    }
}

fn map(object: &Json<String, JsonValue>) -> Map {
    let text = |name: &str| object.get(name).and_then(JsonValue::as_str).unwrap_or_default().to_owned();
    let is = |name: &str| object.get(name).and_then(JsonValue::as_bool).unwrap_or_default();
    let properties = object.get("properties").and_then(JsonValue::as_object);
    let known = properties.into_iter().flatten().filter_map(|(name, schema)| Some(field(name, schema.as_object()?)));
    Map {
        known: known.collect(),
        rest: object.get("additionalProperties").filter(|rest| **rest != JsonValue::Bool(false)).map(shape),
        each: text("x-each"),
        plugins: is("x-plugins"),
        optional: object.get("type").is_some_and(JsonValue::is_array),
        presence: is("x-presence"),
    }
}

fn field(name: &str, object: &Json<String, JsonValue>) -> Field {
    let about = object.get("description").and_then(JsonValue::as_str).unwrap_or_default();
    let mut field = Field {
        name: name.into(),
        shape: shape(&JsonValue::Object(object.clone())),
        about: about.split_whitespace().collect::<Vec<_>>().join(" "),
        default: None,
        ours: object.get("x-ours").is_some(),
    };
    if let Some(default) = object.get("default").filter(|default| !default.is_null()) {
        field.set_default(default);
    }
    field
}

impl Field {
    /// What holds where nothing is written; of a section, each of its keys may have another default than elsewhere.
    fn set_default(&mut self, default: &JsonValue) {
        if let (Shape::Map(map), Some(object)) = (&mut self.shape, default.as_object()) {
            for field in &mut map.known {
                if let Some(default) = object.get(&field.name) {
                    field.set_default(default);
                }
            }
        }
        self.default = Some(default.clone());
    }
}

fn shape(schema: &JsonValue) -> Shape {
    let Some(object) = schema.as_object() else { return Shape::Any };
    match object.get("format").and_then(JsonValue::as_str) {
        Some("secret") => return Shape::Secret,
        Some("go-duration") => return Shape::Span(object.contains_key("exclusiveMinimum")),
        Some("size") => return Shape::Size,
        _ => {}
    }
    if let Some(choices) = object.get("enum").and_then(JsonValue::as_array) {
        return Shape::Choice(choices.iter().filter_map(JsonValue::as_str).map(Into::into).collect());
    }
    // `null` beside a type is what an optional value has; here every value may be null.
    let kind = match object.get("type") {
        Some(JsonValue::String(kind)) => kind.as_str(),
        Some(JsonValue::Array(kinds)) => {
            kinds.iter().filter_map(JsonValue::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    };
    let bound = |name: &str| object.get(name).and_then(JsonValue::as_u64);
    match kind {
        "boolean" => Shape::Bool,
        "string" => Shape::Text,
        "integer" => Shape::Whole(bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(u32::MAX.into())),
        "array" => Shape::List(Box::new(List {
            item: object.get("items").map_or(Shape::Any, shape),
            commas: !object.contains_key("x-whole"),
        })),
        "object" => Shape::Map(Box::new(map(object))),
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the declaration says of one key, to see that nothing is lost on the way.
    #[track_caller]
    fn check(path: &[&str], expected: &str) {
        let (last, way) = path.split_last().unwrap();
        let map = way.iter().fold(root(), |map, key| match map.field(key) {
            Some(field) => field.shape.as_map().unwrap(),
            None => map.rest.as_ref().unwrap().as_map().unwrap(),
        });
        let field = map.field(last).unwrap();
        assert_eq!(format!("{} {:?} {}", field.shape.name(), field.default, field.ours), expected);
    }

    #[test]
    fn every_kind_of_key_keeps_its_type_its_default_and_its_owner() {
        check(&["settings", "clustername"], "text Some(String(\"not-configured\")) false");
        check(&["settings", "metricsPort"], "port Some(Number(2112)) false");
        check(&["plugins", "callTimeout"], "duration Some(String(\"5m\")) true");
        check(&["plugins", "maxAnswerSize"], "size Some(String(\"64Mi\")) true");
        check(
            &["plugins", "restartPolicy", "type"],
            "`DeactivatePlugin`, `RestartAgent` Some(String(\"DeactivatePlugin\")) false",
        );
        check(
            &["settings", "persistentConfig", "startup", "configMap", "name"],
            "text Some(String(\"botkube-startup-config\")) false",
        );
        check(&["communications", "g", "socketSlack", "botToken"], "secret None false");
        check(&["communications", "g", "mattermost", "botName"], "text Some(String(\"Botkube\")) false");
        check(&["communications", "g", "console", "enabled"], "boolean Some(Bool(true)) false");
        check(&["executors", "g", "botkube/echo", "hostFlags"], "boolean Some(Bool(true)) true");
        check(&["executors", "g", "botkube/echo", "config"], "anything None false");
    }
}
