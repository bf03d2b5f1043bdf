//! The reading half: a layer between a derived `Deserialize` and `serde_json` that forgives what Go forgives.
//! Must not know which type it reads; the keys a struct knows come from serde itself.
//!
//! Unknown keys are skipped, keys match in any case, `null` is the zero value, a repeated key replaces the earlier
//! one, broken text becomes U+FFFD. Everything but the last two is decided while the bytes stream by; those two are
//! rare, so the text is then read once more, repaired or with every struct buffered.
//!
//! Whoever reads strictly gets an error instead for unknown keys and texts, for keys in another case, twice, and broken text.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

use crate::nearest::meant;
use crate::path::{Path, Step};

/// Why a text is not the value it should be.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) path: String,
    /// Line and column, both counted from 1; absent where only the path is known.
    pub(crate) position: Option<(usize, usize)>,
    pub(crate) problem: String,
}

/// Reads `bytes` as leniently as Go does.
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let track = Track::default();
    if let Ok(value) = attempt(bytes, &track) {
        return Ok(value);
    }
    let text = repair(bytes);
    let mut track = Track::default();
    let mut result = attempt(&text, &track);
    if track.repeated.get() {
        track = Track { buffer: true, ..Track::default() };
        result = attempt(&text, &track);
    }
    result.map_err(|error| Failure::new(&error, &track))
}

/// Reads `bytes` as the schema is written, so that a slip of the pen is found.
pub(crate) fn from_slice_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let track = Track { is_strict: true, ..Track::default() };
    attempt(bytes, &track).map_err(|error| {
        let mut failure = Failure::new(&error, &track);
        if track.is_unknown.get() {
            failure.position = failure.position.map(|position| beginning(bytes, position));
        }
        failure
    })
}

/// Where the text in quotes begins behind which reading stopped.
fn beginning(bytes: &[u8], (line, column): (usize, usize)) -> (usize, usize) {
    let lines: usize = bytes.split_inclusive(|&byte| byte == b'\n').take(line - 1).map(<[u8]>::len).sum();
    let before = bytes.get(..lines + column).unwrap_or(bytes);
    let quote = |text: &[u8]| text.iter().rposition(|&byte| byte == b'"').unwrap_or_default();
    let mut at = quote(before);
    loop {
        at = quote(&before[..at]);
        let escapes = before[..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if escapes % 2 == 0 {
            break;
        }
    }
    let line_start = before[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    (before[..at].iter().filter(|&&byte| byte == b'\n').count() + 1, at - line_start + 1)
}

fn attempt<T: DeserializeOwned>(bytes: &[u8], track: &Track) -> Result<T, Error> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Lenient { input: &mut input, track })?;
    input.end()?;
    Ok(value)
}

/// Replaces each byte that is not UTF-8, and each half of a surrogate pair, by U+FFFD. Positions of escapes do not move.
fn repair(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            text.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
    let unit = |text: &[u8], at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|&byte| byte == b'\\') {
        at += offset;
        at += match (unit(&text, at), unit(&text, at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                text[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            _ => 2,
        };
        at = at.min(text.len());
    }
    text
}

#[derive(Default)]
struct Track {
    path: RefCell<Path>,
    /// A struct had one of its keys twice, which a derived `Deserialize` refuses.
    repeated: Cell<bool>,
    /// Read whole structs before handing them on, so that the last of two equal keys can win.
    buffer: bool,
    /// Refuse what no one knows.
    is_strict: bool,
    /// Something was refused because no one knows it.
    is_unknown: Cell<bool>,
}

struct Lenient<'t, D> {
    input: D,
    track: &'t Track,
}

/// What the caller asked for, so that `null` can become the zero value of it.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    List,
    Map,
    /// One of these texts, or another that is kept.
    Choice(&'static [&'static str]),
    Struct(&'static [&'static str]),
}

struct Shape<'t, V> {
    visitor: V,
    kind: Kind,
    track: &'t Track,
}

struct Seed<'t, S> {
    seed: S,
    track: &'t Track,
}

struct Items<'t, A> {
    access: A,
    index: usize,
    track: &'t Track,
}

struct Entries<'t, A> {
    access: A,
    key: String,
    track: &'t Track,
}

struct Fields<'t, A> {
    access: A,
    known: &'static [&'static str],
    seen: u64,
    key: &'static str,
    track: &'t Track,
}

struct Buffered<'t, E> {
    fields: std::vec::IntoIter<(&'static str, Value)>,
    next: Option<(&'static str, Value)>,
    track: &'t Track,
    error: PhantomData<E>,
}

/// Reads a key as its index among the known ones.
struct FieldIndex<'t>(&'static [&'static str], &'t Track);

impl Failure {
    fn new(error: &Error, track: &Track) -> Self {
        let position = (error.line() > 0).then(|| (error.line(), error.column()));
        let mut problem = error.to_string();
        if let Some((line, column)) = position {
            let suffix = format!(" at line {line} column {column}");
            problem.truncate(problem.strip_suffix(&suffix).map_or(problem.len(), str::len));
        }
        Self { path: track.path.borrow().to_string(), position, problem }
    }
}

impl Track {
    fn unknown<E: serde::de::Error>(&self, what: &str, found: &str, known: &[&str]) -> E {
        self.is_unknown.set(true);
        E::custom(format_args!("there is no {what} `{found}` here{}", meant(found, known)))
    }

    fn leave<T, E>(&self, result: Result<T, E>, step: impl FnOnce() -> Step) -> Result<T, E> {
        result.inspect_err(|_| self.path.borrow_mut().leave(step()))
    }
}

macro_rules! shaped {
    ($($method:ident => $kind:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.input.deserialize_any(Shape { visitor, kind: Kind::$kind, track: self.track })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Lenient<'_, D> {
    type Error = D::Error;

    /// Whoever asks for anything wants the JSON as it is: raw objects stay untouched.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.input.deserialize_any(visitor)
    }

    shaped! {
        deserialize_str => Text, deserialize_string => Text, deserialize_char => Text, deserialize_bool => Flag,
        deserialize_i8 => Number, deserialize_i16 => Number, deserialize_i32 => Number, deserialize_i64 => Number,
        deserialize_u8 => Number, deserialize_u16 => Number, deserialize_u32 => Number, deserialize_u64 => Number,
        deserialize_f32 => Number, deserialize_f64 => Number, deserialize_seq => List, deserialize_map => Map,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.input.deserialize_option(Shape { visitor, kind: Kind::Map, track: self.track })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.input.deserialize_any(Shape { visitor, kind: Kind::Struct(fields), track: self.track })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.input.deserialize_any(Shape { visitor, kind: Kind::Choice(variants), track: self.track })
    }

    forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any i128 u128
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Shape<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Struct(_) => f.write_str("an object"),
            _ => self.visitor.expecting(f),
        }
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<V::Value, E> {
        self.visitor.visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<V::Value, E> {
        self.visitor.visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<V::Value, E> {
        self.visitor.visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.visitor.visit_f64(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<V::Value, E> {
        if let Kind::Choice(known) = self.kind
            && self.track.is_strict
            && !known.contains(&value)
        {
            return Err(self.track.unknown("value", value, known));
        }
        self.visitor.visit_str(value)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<V::Value, E> {
        match self.kind {
            Kind::Choice(_) => self.visit_str(&value),
            _ => self.visitor.visit_string(value),
        }
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        let nothing = || std::iter::empty::<(&str, &str)>();
        match self.kind {
            Kind::Text | Kind::Choice(_) => self.visitor.visit_str(""),
            Kind::Flag => self.visitor.visit_bool(false),
            Kind::Number => self.visitor.visit_u64(0),
            Kind::List => self.visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<&str>())),
            Kind::Map | Kind::Struct(_) => self.visitor.visit_map(MapDeserializer::new(nothing())),
        }
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Lenient { input, track: self.track })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        if let Kind::Struct(_) = self.kind {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.visitor.visit_seq(Items { access, index: 0, track: self.track })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<V::Value, A::Error> {
        let Self { visitor, kind, track } = self;
        let Kind::Struct(known) = kind else {
            return visitor.visit_map(Entries { access, key: String::new(), track });
        };
        if !track.buffer {
            return visitor.visit_map(Fields { access, known, seen: 0, key: "", track });
        }
        let mut values: Vec<Option<Value>> = vec![None; known.len()];
        while let Some(found) = access.next_key_seed(FieldIndex(known, track))? {
            match found {
                Some(index) => values[index] = Some(access.next_value()?),
                None => drop(access.next_value::<IgnoredAny>()?),
            }
        }
        let fields: Vec<_> = known.iter().copied().zip(values).filter_map(|(key, value)| Some((key, value?))).collect();
        visitor.visit_map(Buffered::<A::Error> { fields: fields.into_iter(), next: None, track, error: PhantomData })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Lenient { input, track: self.track })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let item = self.access.next_element_seed(Seed { seed, track: self.track });
        let item = self.track.leave(item, || Step::Index(self.index))?;
        self.index += 1;
        Ok(item)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        match self.access.next_key::<String>()? {
            Some(key) => {
                self.key = key;
                seed.deserialize(self.key.as_str().into_deserializer()).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.access.next_value_seed(Seed { seed, track: self.track });
        self.track.leave(value, || Step::Key(self.key.clone()))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(found) = self.access.next_key_seed(FieldIndex(self.known, self.track))? {
            let Some(index) = found else {
                self.access.next_value::<IgnoredAny>()?;
                continue;
            };
            self.key = self.known[index];
            let bit = 1u64.checked_shl(index as u32).expect("no struct of this crate has more than 64 fields");
            if self.seen & bit != 0 {
                self.track.repeated.set(true);
                return Err(A::Error::duplicate_field(self.key));
            }
            self.seen |= bit;
            return seed.deserialize(self.key.into_deserializer()).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.access.next_value_seed(Seed { seed, track: self.track });
        self.track.leave(value, || Step::Key(self.key.to_owned()))
    }
}

impl<'de, E: serde::de::Error> MapAccess<'de> for Buffered<'_, E> {
    type Error = E;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, E> {
        self.next = self.fields.next();
        match &self.next {
            Some((key, _)) => seed.deserialize(key.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, E> {
        let (key, value) = self.next.take().expect("serde asks for a value only after its key");
        let value = Seed { seed, track: self.track }.deserialize(value).map_err(E::custom);
        self.track.leave(value, || Step::Key(key.to_owned()))
    }
}

impl<'de> DeserializeSeed<'de> for FieldIndex<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Option<usize>, D::Error> {
        input.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldIndex<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Option<usize>, E> {
        let Self(known, track) = self;
        let exact = known.iter().position(|name| *name == key);
        if exact.is_none() && track.is_strict {
            return Err(track.unknown("key", key, known));
        }
        Ok(exact.or_else(|| known.iter().position(|name| name.eq_ignore_ascii_case(key))))
    }
}
