//! The rules of Python for extension modules.
//!
//! Source: PEP 3149 (tags in file names), PEP 489 (`PyInit_`).

use std::path::Path;

use super::finding::Finding;

/// What Python's import requires of the module at `path`, for a host that is this release of
/// Python. `has` says whether the module defines a function.
pub(super) fn findings(path: &Path, release: &str, has: impl Fn(&str) -> bool) -> Vec<Finding> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
        return Vec::new();
    };
    let Some(stem) = name.strip_suffix(".so") else {
        return Vec::new();
    };
    // A library of a package is not a module.
    if stem.starts_with("lib") {
        return Vec::new();
    }
    let (module, tag) = stem.split_once('.').unwrap_or((stem, ""));
    let mut findings = Vec::new();
    let own = format!("cpython-{}", release.replace('.', ""));
    let number = |tag: &str| {
        tag.strip_prefix("cpython-")
            .map(|rest| rest.split('-').next().unwrap_or(rest).to_owned())
    };
    if let Some(built_for) = number(tag)
        && Some(&built_for) != number(&own).as_ref()
    {
        findings.push(Finding::PythonTag {
            object: path.to_owned(),
            tag: tag.to_owned(),
            python: release.to_owned(),
        });
    }
    let function = format!("PyInit_{module}");
    if module.is_ascii() && !has(&function) {
        findings.push(Finding::NoPythonInit {
            object: path.to_owned(),
            function,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_for_another_python_is_found() {
        let kinds = |name: &str, has: bool| -> Vec<&str> {
            let found = findings(Path::new(name), "3.11", |_| has);
            found.iter().map(Finding::kind).collect()
        };
        for (name, expected) in [
            ("a/_x.cpython-311-x86_64-linux-gnu.so", &[][..]),
            ("_x.abi3.so", &[]),
            ("_x.so", &[]),
            ("libx.so", &[]),
            ("x.so.1", &[]),
            ("_x.cpython-310-x86_64-linux-gnu.so", &["python_tag"]),
            ("_x.cpython-311d-x86_64-linux-gnu.so", &["python_tag"]),
        ] {
            assert_eq!(kinds(name, true), expected, "{name}");
        }
        assert_eq!(kinds("_x.so", false), ["no_python_init"]);
    }
}
