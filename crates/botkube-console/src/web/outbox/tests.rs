//! What a slow browser is told.
