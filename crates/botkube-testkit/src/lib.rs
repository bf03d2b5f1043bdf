//! What tests of platforms need. It knows no platform.

pub mod gallery;
