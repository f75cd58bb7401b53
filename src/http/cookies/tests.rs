//! Tests of the jar and its parts.
