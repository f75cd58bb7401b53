//! The syntaxes of frame ranges.

/// A program's syntax of frame ranges. They contradict each other: `1-10:3` is a stagger in fileseq
/// and a step in the others, `1 5` is frame 15 in fileseq and two frames in Deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// fileseq 3: `1-10x2,20`, `1-10y2`, `1-10:4`, `10-1`, `1-2x0.25`. White space, `#` and `@` are
    /// ignored.
    Fileseq,
    /// The frame list of a Deadline job, as the manual of Deadline 7.2 to 10 describes it ("Frame List
    /// Formatting Options"): `1-10`, `1:10`, `5 10,15`, `10-1`, and a step after `x`, `:`, `step`, `by`
    /// or `every`. The manual is the only source: how Deadline reads other texts is not known, and they
    /// are refused.
    Deadline,
    /// The range expression of an Open Job Description template: `1-10:3,20`, `10-1:-3`. The
    /// ranges ascend in any order of writing, and may not overlap; one with a negative step descends. As
    /// in openjd-model 0.14, ranges with the same step that follow each other are one that ascends.
    OpenJd,
}

impl Syntax {
    /// All, in the order of preference for output.
    pub(crate) const ALL: [Syntax; 3] = [Syntax::Fileseq, Syntax::Deadline, Syntax::OpenJd];

    /// The word for options and output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Syntax::Fileseq => "fileseq",
            Syntax::Deadline => "deadline",
            Syntax::OpenJd => "openjd",
        }
    }

    /// The syntax with this name.
    pub(crate) fn from_name(name: &str) -> Option<Syntax> {
        Syntax::ALL.into_iter().find(|syntax| syntax.name() == name)
    }
}
