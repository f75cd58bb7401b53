//! The compressions of EXR files. A leaf.

/// A compression, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Rle,
    Zips,
    Zip,
    Piz,
    Pxr24,
    B44,
    B44a,
    Dwaa,
    Dwab,
    Htj2k256,
    Htj2k32,
    Lj2k,
    Zstd,
}

/// Number in the file, name, and lines of a chunk of scan lines.
const TABLE: [(Compression, &str, u64); 14] = [
    (Compression::None, "none", 1),
    (Compression::Rle, "rle", 1),
    (Compression::Zips, "zips", 1),
    (Compression::Zip, "zip", 16),
    (Compression::Piz, "piz", 32),
    (Compression::Pxr24, "pxr24", 16),
    (Compression::B44, "b44", 32),
    (Compression::B44a, "b44a", 32),
    (Compression::Dwaa, "dwaa", 32),
    (Compression::Dwab, "dwab", 256),
    (Compression::Htj2k256, "htj2k256", 256),
    (Compression::Htj2k32, "htj2k32", 32),
    (Compression::Lj2k, "lj2k", 256),
    (Compression::Zstd, "zstd", 1),
];

impl Compression {
    pub(super) fn from_number(number: u8) -> Option<Compression> {
        TABLE.get(usize::from(number)).map(|row| row.0)
    }

    fn row(self) -> (&'static str, u64) {
        let row = TABLE.iter().find(|row| row.0 == self);
        row.map_or(("", 1), |row| (row.1, row.2))
    }

    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// The lines of a chunk; the last chunk may have fewer.
    pub(super) fn lines(self) -> u64 {
        self.row().1
    }

    /// Whether deep data may have it.
    pub(super) fn is_for_deep(self) -> bool {
        const ALL: [Compression; 4] = [
            Compression::None,
            Compression::Rle,
            Compression::Zips,
            Compression::Zstd,
        ];
        ALL.contains(&self)
    }
}
