//! Libraries of one family that meet in the process: two versions of libtbb, libImath or libusd.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use object::elf;

use super::bind::{Bindings, Reach};
use super::finding::{Bound, FamilyClash, FamilyMember};
use super::known::{Known, Unreadable, unreadable};
use super::table::{Only, Wanted};
use crate::elf::family;
use crate::elf::tree::{Loaded, Resolution, Tree};

/// The libraries of a family, by number.
#[derive(Debug)]
pub(super) struct Family {
    name: String,
    members: Vec<usize>,
}

/// The families with several libraries, one of them new. `first_new` is the number of the first
/// object that the host does not have.
pub(super) fn families(tree: &Tree, first_new: usize) -> Vec<Family> {
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, object) in tree.objects.iter().enumerate() {
        let name = file_name(soname(object));
        if name.contains(".so") {
            families
                .entry(family::family(&name))
                .or_default()
                .push(number);
        }
    }
    let meets = |members: &Vec<usize>| {
        members.len() > 1 && members.iter().any(|&number| number >= first_new)
    };
    families
        .into_iter()
        .filter(|(_, members)| meets(members))
        .map(|(name, members)| Family { name, members })
        .collect()
}

/// All members of the families.
pub(super) fn members(families: &[Family]) -> BTreeSet<usize> {
    families
        .iter()
        .flat_map(|family| family.members.iter().copied())
        .collect()
}

/// What a family means for the process, after all references were bound.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn clash(
    family: &Family,
    reach: &Reach,
    bindings: &Bindings,
    first_new: usize,
) -> Result<FamilyClash, Unreadable> {
    let tree = reach.tree;
    let member = |number: &usize| {
        let object = tree.objects.get(*number)?;
        Some(FamilyMember {
            soname: file_name(soname(object)),
            path: PathBuf::from(&object.path),
            version: version(object),
            in_host: *number < first_new,
        })
    };
    let bound = bindings.bound.iter();
    let bound = bound.filter(|((_, provider), _)| family.members.contains(provider));
    let bound = bound.filter_map(|(&(by, provider), tally)| {
        let object = tree.objects.get(by)?;
        Some(Bound {
            object: PathBuf::from(&object.path),
            provider: PathBuf::from(&tree.objects.get(provider)?.path),
            symbols: tally.count,
            example: tally.example.clone(),
            other_needed: other_needed(object, provider, &family.members),
        })
    });
    Ok(FamilyClash {
        family: family.name.clone(),
        members: family.members.iter().filter_map(member).collect(),
        shared_symbols: shared_symbols(family, reach)?,
        bound: bound.collect(),
    })
}

/// The name of the member that an object needs, if it is not the provider.
fn other_needed(object: &Loaded, provider: usize, members: &[usize]) -> Option<String> {
    let needed = object
        .wants
        .iter()
        .filter_map(|(name, wanted)| match wanted {
            Resolution::Loaded(number) if members.contains(number) => Some((name, *number)),
            Resolution::Loaded(_) | Resolution::Missing(_) => None,
        });
    let needed: Vec<_> = needed.collect();
    if needed.iter().any(|(_, number)| *number == provider) {
        return None;
    }
    needed
        .first()
        .map(|(name, _)| name.to_string_lossy().into_owned())
}

/// How many symbols of the second library and those after it an earlier one has too.
fn shared_symbols(family: &Family, reach: &Reach) -> Result<usize, Unreadable> {
    let known: Vec<(&Loaded, &Known)> = family
        .members
        .iter()
        .filter_map(|&number| Some((reach.tree.objects.get(number)?, reach.known(number)?)))
        .collect();
    let Some(((first, first_known), others)) = known.split_first() else {
        return Ok(0);
    };
    let mut shared = 0;
    let mut failed = None;
    for (object, known) in others {
        let offered = Reach::offered(known, |name, version, symbol| {
            if symbol.is_weak() || symbol.is_unique() {
                return;
            }
            let wanted = Wanted {
                name,
                gnu_hash: elf::gnu_hash(name),
                version,
                only: Only::Defined,
            };
            match first_known.table.find(wanted) {
                Ok(found) => shared += usize::from(found.is_some()),
                Err(fault) => failed = Some(fault),
            }
        });
        offered.map_err(|fault| unreadable(&object.path, fault))?;
    }
    match failed {
        Some(fault) => Err(unreadable(&first.path, fault)),
        None => Ok(shared),
    }
}

/// The SONAME of an object, or the name by which it was loaded.
pub(super) fn soname(object: &Loaded) -> &OsStr {
    let soname = object.library.linkage.soname.as_deref();
    soname.unwrap_or(&object.name)
}

fn file_name(name: &OsStr) -> String {
    let base = Path::new(name).file_name().unwrap_or(name);
    base.to_string_lossy().into_owned()
}

/// The version in the name of the file, or else in the SONAME.
fn version(object: &Loaded) -> Option<String> {
    family::version(&file_name(&object.path))
        .or_else(|| family::version(&file_name(soname(object))))
}
