use super::expect::Expected;
use super::family::Family;
use super::*;
use crate::seq::image::Format;
use crate::seq::image::header::{Decoding, Header};

fn file(width: u64, left: i32, size: u64) -> Checked {
    Checked {
        frame: None,
        path: PathBuf::new(),
        examined: Examined {
            size: Some(size),
            header: Some(Header {
                format: Format::Exr,
                width,
                height: 10,
                channels: "RGB".to_owned(),
                sample_type: "half".to_owned(),
                compression: "zip".to_owned(),
                data_window: Some([left, 0, 9, 9]),
            }),
            fault: None,
            decoding: Decoding::NotAsked,
            is_being_written: false,
        },
        kinds: Vec::new(),
    }
}

fn kinds(family: &Family, file: &Checked) -> Vec<Kind> {
    let differences = family.differences(&file.examined);
    differences.into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn family_has_the_values_of_most_files() {
    let files = [file(20, 0, 1000), file(10, 0, 1000), file(10, 1, 1000)];
    let family = Family::of(&files, &Expected::default());
    assert_eq!(family.value(Kind::Resolution), Some("10x10"));
    assert_eq!(kinds(&family, &files[0]), [Kind::Resolution]);
    assert_eq!(kinds(&family, &files[1]), []);
    assert_eq!(kinds(&family, &files[2]), [Kind::DataWindow]);
    // Of two values with the same number of files the first counts.
    let family = Family::of(&files[..2], &Expected::default());
    assert_eq!(family.value(Kind::Resolution), Some("20x10"));
}

#[test]
fn data_windows_that_vary_are_no_difference() {
    let files = [file(10, 0, 1000), file(10, 1, 1000), file(10, 2, 1000)];
    let family = Family::of(&files, &Expected::default());
    assert_eq!(family.data_windows, Some(3));
    assert!(files.iter().all(|file| kinds(&family, file).is_empty()));
}

#[test]
fn expected_values_replace_those_of_most_files() {
    let files = [file(10, 0, 1000), file(10, 0, 1000)];
    for (text, is_different) in [
        ("width=10", false),
        ("height=10", false),
        ("width=10,height=10", false),
        ("width=11", true),
        ("channels=B,G,R", false),
        ("channels=RGBA", true),
    ] {
        let expected = Expected::parse(text).unwrap();
        let family = Family::of(&files, &expected);
        assert_eq!(
            !kinds(&family, &files[0]).is_empty(),
            is_different,
            "{text}"
        );
    }
}

#[test]
fn size_is_unusual_from_a_factor_of_ten() {
    let files = [500, 1000, 1000, 1000, 99, 100, 9_999, 11_000].map(|size| file(10, 0, size));
    let family = Family::of(&files, &Expected::default());
    let unusual: Vec<u64> = files
        .iter()
        .filter(|file| kinds(&family, file).contains(&Kind::Size))
        .filter_map(|file| file.examined.size)
        .collect();
    assert_eq!(unusual, [99, 11_000]);
}

#[test]
fn kinds_are_sorted_by_severity_and_have_distinct_words() {
    let severities: Vec<_> = Kind::ALL.map(Kind::severity).into_iter().rev().collect();
    assert!(severities.is_sorted());
    assert!(Kind::ALL.is_sorted());
    let words: std::collections::BTreeSet<_> = Kind::ALL.map(Kind::word).into_iter().collect();
    assert_eq!(words.len(), Kind::ALL.len());
}
