//! Makes keys.
