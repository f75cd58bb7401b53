//! Checks of single objects: what dlopen refuses, and what is dangerous.

use std::path::PathBuf;

use super::bind::{Bindings, Reach};
use super::finding::Finding;
use super::known::{Unreadable, open, unreadable};
use super::static_tls::Block;
use crate::elf::demangle::Spelling;
use crate::elf::requirements::Requirements;
use crate::elf::search::LibraryCache;
use crate::elf::tree::Tree;
use crate::elf::verdict::{self, Verdict};
use crate::platform::{Limits, Version};

/// What each object from number `first` on does that dlopen refuses or that is dangerous.
pub(super) fn of_objects(
    reach: &Reach,
    first: usize,
    library_cache: &LibraryCache,
    glibc: Option<Version>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let there = library_cache.settings.cpu.level;
    for (number, loaded) in reach.tree.objects.iter().enumerate().skip(first) {
        let Some(known) = reach.known(number) else {
            continue;
        };
        let object = PathBuf::from(&loaded.path);
        let facts = &known.facts;
        if facts.no_open {
            findings.push(Finding::NoOpen {
                object: object.clone(),
            });
        }
        if facts.program {
            findings.push(Finding::Program {
                object: object.clone(),
            });
        }
        if let Some(needed) = facts.isa.filter(|needed| *needed > there) {
            findings.push(Finding::Cpu {
                object: object.clone(),
                needed,
                there,
            });
        }
        if facts.exec_stack {
            findings.push(Finding::ExecutableStack {
                object: object.clone(),
                glibc,
            });
        }
        if facts.text_relocations {
            findings.push(Finding::TextRelocations { object });
        }
    }
    findings
}

/// The objects whose TLS must be in the static block. Those in `initial` were there when the
/// process started, and have their place.
pub(super) fn static_tls(reach: &Reach, bindings: &Bindings, initial: &[usize]) -> Option<Finding> {
    let tls = |number: usize| reach.known(number)?.facts.tls;
    let mut block = Block::of(initial.iter().filter_map(|&number| tls(number)));
    let available = block.free();
    let (mut objects, mut bytes, mut enough) = (Vec::new(), 0_u64, true);
    // What is needed is relocated before what needs it.
    for &number in bindings.static_tls.iter().rev() {
        let (Some(tls), Some(loaded)) = (tls(number), reach.tree.objects.get(number)) else {
            continue;
        };
        if !initial.contains(&number) {
            enough &= block.take(tls);
            bytes = bytes.saturating_add(tls.size);
            objects.push(PathBuf::from(&loaded.path));
        }
    }
    (!objects.is_empty()).then_some(Finding::StaticTls {
        objects,
        bytes,
        available,
        enough,
    })
}

/// Why the objects from number `first` on do not run on a target.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn of_target(
    library_cache: &LibraryCache,
    tree: &Tree,
    first: usize,
    limits: Option<&Limits>,
) -> Result<Vec<Finding>, Unreadable> {
    let Some(limits) = limits else {
        return Ok(Vec::new());
    };
    let mut findings = Vec::new();
    let mut buffer = Vec::new();
    for loaded in tree.objects.iter().skip(first) {
        let path = PathBuf::from(&loaded.path);
        let object = open(library_cache, &loaded.path)?;
        let required = Requirements::of_object(&path, &object, &mut buffer)
            .map_err(|fault| unreadable(&loaded.path, fault))?;
        match verdict::evaluate(&required, limits, Spelling::Demangled) {
            Verdict::Runs => {}
            Verdict::InTheWay(reasons) => {
                findings.extend(reasons.into_iter().map(|reason| Finding::Target {
                    object: path.clone(),
                    reason,
                }));
            }
        }
    }
    Ok(findings)
}
