//! Where the keys of AWS come from.
