//! The JSON of the report.

use crate::outline::Field;

pub(super) const FIELDS: &[Field] = &[
    Field::string("a", "path of the build in use"),
    Field::string("b", "path of the other build"),
    Field::string("verdict", "can replace or cannot replace"),
    Field::object("counts", "how many symbols differ"),
    Field::number("counts.gone", "symbols of A to which nothing in B is bound"),
    Field::number("counts.added", "symbols that only B exports"),
    Field::number("counts.broken", "changes that break what was linked with A"),
    Field::number("counts.changed", "other changes of symbols"),
    Field::number("counts.needs_added", "symbols that only B needs"),
    Field::number("counts.needs_gone", "symbols that only A needs"),
    Field::boolean(
        "complete",
        "whether the lists of symbols have all; they end at 32 MiB",
    ),
    Field::objects("changes", "properties that differ, breaks first"),
    Field::string("changes[].severity", "break, warning or note"),
    Field::string(
        "changes[].property",
        "machine, type, soname, no_open, version (defined), glibc, glibcxx, cxxabi, cpu, needed, \
         version_need, interpreter, executable_stack, text_relocations, static_tls, rpath, \
         runpath, cxx_abi, os_abi, no_delete or symbolic",
    ),
    Field::string(
        "changes[].a",
        "its value in A; of a list, an entry that only A has",
    )
    .or_null(),
    Field::string("changes[].b", "the same for B").or_null(),
    Field::string(
        "changes[].symbol",
        "a symbol that needs this glibc, glibcxx or cxxabi",
    )
    .or_null(),
    Field::objects("gone", "the symbols that are gone"),
    Field::string("gone[].name", "its name in the file"),
    Field::string("gone[].demangled", "its C++ name").or_null(),
    Field::string("gone[].version", "its version").or_null(),
    Field::boolean("gone[].default", "whether it is the default version"),
    Field::string("gone[].kind", "function, ifunc, object, tls or untyped"),
    Field::number("gone[].size", "its size in bytes"),
    Field::string("gone[].instead", "the version of this name in B").or_null(),
    Field::objects("added", "the symbols that only B exports"),
    Field::string("added[].name", "its name in the file"),
    Field::string("added[].demangled", "its C++ name").or_null(),
    Field::string("added[].version", "its version").or_null(),
    Field::boolean("added[].default", "whether it is the default version"),
    Field::string("added[].kind", "function, ifunc, object, tls or untyped"),
    Field::number("added[].size", "its size in bytes"),
    Field::objects("changed", "symbols that both export, breaks first"),
    Field::string("changed[].name", "its name in the file"),
    Field::string("changed[].demangled", "its C++ name").or_null(),
    Field::string("changed[].version", "its version in A").or_null(),
    Field::string("changed[].severity", "break or note"),
    Field::string(
        "changed[].aspect",
        "kind, size, version, default (version) or binding",
    ),
    Field::string("changed[].a", "its value in A").or_null(),
    Field::string("changed[].b", "its value in B").or_null(),
    Field::objects("needs_added", "undefined symbols that only B has"),
    Field::string("needs_added[].name", "its name in the file"),
    Field::string("needs_added[].demangled", "its C++ name").or_null(),
    Field::string("needs_added[].version", "the version that it needs").or_null(),
    Field::string("needs_added[].library", "the library that must define it").or_null(),
    Field::boolean("needs_added[].weak", "whether it may be undefined"),
];
