//! ring, behind tokens and TLS: the only place that names it.

pub mod tls;
