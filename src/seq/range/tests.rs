use super::*;

fn text(frames: &[Frame]) -> String {
    let frames: Vec<String> = frames.iter().map(Frame::to_string).collect();
    frames.join(",")
}

fn read(range: &str, syntax: Syntax) -> String {
    match parse(range, syntax) {
        Ok(frames) => text(&frames),
        Err(error) => error.to_string(),
    }
}

#[test]
fn fileseq_is_read() {
    for (range, frames) in [
        ("1-5", "1,2,3,4,5"),
        ("5-1", "5,4,3,2,1"),
        ("10-1x-3", "10,7,4,1"),
        ("1-10:3", "1,4,7,10,3,5,9,2,6,8"),
        ("10-1:3", "10,7,4,1,8,6,2,9,5,3"),
        ("1-10:99", "1,10,9,8,7,6,5,4,3,2"),
        ("1-10y1", ""),
        ("1-10y3", "2,3,5,6,8,9"),
        ("1-10x2.5", "1,3.5,6,8.5"),
        ("-5--1x2", "-5,-3,-1"),
        ("1-5,3-7", "1,2,3,4,5,6,7"),
        ("3,1-5,2", "3,1,2,4,5"),
        (",1,,2,", "1,2"),
        ("1 5", "15"),
        ("1-2#", "1,2"),
        ("", ""),
        ("1-10x3,2-11x3", "1,4,7,10,2,5,8,11"),
        ("1-999999999999x999999999998,1", "1,999999999999"),
        ("0-1x0.000001,1-999999999999x999999999998", ""),
    ] {
        if frames.is_empty() && range.len() > 30 {
            assert_eq!(parse(range, Syntax::Fileseq).unwrap().len(), 1_000_002);
            continue;
        }
        assert_eq!(read(range, Syntax::Fileseq), frames, "{range}");
    }
    for (range, error) in [
        ("1-10x-3", "'1-10x-3': negative step in an ascending range"),
        ("1-10x0", "'1-10x0': the step is zero"),
        ("5x2", "'5x2': not a frame or range"),
        ("1-10:2.5", "'1-10:2.5': the step has decimals"),
        ("1-10000001", "more than 10000000 frames"),
        ("1-10000000,1", "more than 10000000 frames"),
        ("1-99999999:2", "more than 10000000 frames"),
        ("1-1000000000000", "'1-1000000000000': more than 12 digits"),
    ] {
        assert_eq!(read(range, Syntax::Fileseq), error, "{range}");
    }
}

#[test]
fn far_apart_frames_are_left_out_too() {
    // Close together they are marked in bits, and with a far frame they are looked up in each run.
    for parts in [
        "1-100x7,1-100x5",
        "100-1x7,1-100x5,50-60,3",
        "-20-20x3,20--20x2,0,1,2,-1",
        "1-9x2,2-9x2,1-9",
        "5-5x3,5,1-5x4",
        "1-2x0.5,1-3x0.25,2.75",
    ] {
        let near = parse(parts, Syntax::Fileseq).unwrap();
        let far = format!("{parts},-999999999999");
        let mut all = parse(&far, Syntax::Fileseq).unwrap();
        assert_eq!(all.pop(), Frame::parse("-999999999999").ok());
        assert_eq!(all, near, "{parts}");
        let many = format!("-999999999999,{parts}{}", ",1".repeat(20));
        let mut all = parse(&many, Syntax::Fileseq).unwrap();
        all.retain(|frame| near.contains(frame));
        assert!(near.iter().all(|frame| all.contains(frame)), "{parts}");
    }
}

#[test]
fn deadline_is_read() {
    for (range, frames) in [
        ("1 5", "1,5"),
        ("5 10,15", "5,10,15"),
        ("1:5", "1,2,3,4,5"),
        ("1-10x3", "1,4,7,10"),
        ("1-10:3", "1,4,7,10"),
        ("1:10:3", "1,4,7,10"),
        ("1-10step3", "1,4,7,10"),
        ("1-10by3", "1,4,7,10"),
        ("1-10every3", "1,4,7,10"),
        ("10-1x3", "10,7,4,1"),
        ("1-10x5,1-4", "1,6,2,3,4"),
        ("5,5,5", "5"),
        ("-5--3", "-5,-4,-3"),
    ] {
        assert_eq!(read(range, Syntax::Deadline), frames, "{range}");
    }
    for range in [
        "", ",", "1.5", "1-10x-3", "1-10x0", "1 - 10", "1-10X2", "1-10y2", "1-10x2x",
    ] {
        assert!(parse(range, Syntax::Deadline).is_err(), "{range}");
    }
}

#[test]
fn openjd_is_read() {
    for (range, frames) in [
        ("1-10:3,20", "1,4,7,10,20"),
        ("20,1-3", "1,2,3,20"),
        ("10-1:-3", "10,7,4,1"),
        ("20,3-1:-1", "3,2,1,20"),
        ("3-1:-1,6-4:-1", "1,2,3,4,5,6"),
        ("9-6:-1,5,1", "1,5,6,7,8,9"),
        (" - 5 - - 3 ", "-5,-4,-3"),
        ("5-5:-1", "5"),
        ("1-9:3,8", "1,4,7,8"),
    ] {
        assert_eq!(read(range, Syntax::OpenJd), frames, "{range}");
    }
    for (range, error) in [
        ("1-5,5", "1-5 and 5 overlap"),
        ("1-5:2,2-6:2", "1-5 and 2-6 overlap"),
        ("10-1", "'10-1': a descending range needs a negative step"),
        ("1-10:-1", "'1-10:-1': negative step in an ascending range"),
        ("1,", "'': not a frame or range"),
        (" ", "no frames"),
        ("1 5", "'1 5': not a frame or range"),
        ("--5", "'--5': not a frame or range"),
    ] {
        assert_eq!(read(range, Syntax::OpenJd), error, "{range}");
    }
}

#[test]
fn ranges_are_written() {
    let written = |range: &str, syntax| {
        let frames = parse(range, Syntax::Fileseq).unwrap();
        write(&frames, syntax).unwrap_or_else(|error| error.to_string())
    };
    for (range, fileseq, deadline, openjd) in [
        ("1-10x3", "1-10x3", "1-10x3", "1-10:3"),
        ("1,2", "1-2", "1-2", "1-2"),
        ("1,3", "1,3", "1,3", "1,3"),
        ("1,3,4,5", "1,3-5", "1,3-5", "1,3-5"),
        ("1,2,4,6", "1-2,4,6", "1-2,4,6", "1-2,4,6"),
        ("-5--1", "-5--1", "-5--1", "-5--1"),
    ] {
        assert_eq!(written(range, Syntax::Fileseq), fileseq);
        assert_eq!(written(range, Syntax::Deadline), deadline);
        assert_eq!(written(range, Syntax::OpenJd), openjd);
    }
    assert_eq!(written("5-1", Syntax::Deadline), "5-1");
    assert_eq!(written("5-1", Syntax::OpenJd), "5-1:-1");
    assert_eq!(written("5-1x2,20-16", Syntax::OpenJd), "5-1:-2,20-16:-1");
    for range in ["5,1", "5-7,3-1", "3-1,6-4", "5,9-6"] {
        assert_eq!(
            written(range, Syntax::OpenJd),
            "openjd cannot express the order of the frames"
        );
    }
    assert_eq!(written("1-2x0.25", Syntax::Fileseq), "1-2x0.25");
    assert_eq!(
        written("1-2x0.25", Syntax::Deadline),
        "deadline has no subframes such as 1.25"
    );
    assert_eq!(written("", Syntax::OpenJd), "no frames");
    let frames = parse("-5-100x5", Syntax::Fileseq).unwrap();
    assert_eq!(
        write_padded(&frames, Syntax::Fileseq, 4).unwrap(),
        "-005-0100x5"
    );
}

#[test]
fn range_without_a_syntax_has_one_meaning() {
    let agreed = |range: &str| match parse_agreed(range, None) {
        Ok((syntax, frames)) => format!("{}: {}", syntax.name(), text(&frames)),
        Err(error) => error.to_string(),
    };
    for (range, meaning) in [
        ("1-3", "fileseq: 1,2,3"),
        ("3-1", "fileseq: 3,2,1"),
        ("1-10x5", "fileseq: 1,6"),
        ("1:3", "deadline: 1,2,3"),
        ("1-3:1", "fileseq: 1,2,3"),
        ("1 - 3", "fileseq: 1,2,3"),
        (
            "1-10:3",
            "'1-10:3' has more than one meaning: 1-10x3,3,5,9,2,6,8 in fileseq; \
             1-10x3 in deadline; 1-10x3 in openjd",
        ),
        (
            "1 5",
            "'1 5' has more than one meaning: 15 in fileseq; 1,5 in deadline",
        ),
        (
            "5,1",
            "'5,1' has more than one meaning: 5,1 in fileseq; 5,1 in deadline; 1,5 in openjd",
        ),
        (
            "1-90:9",
            "'1-90:9' has more than one meaning: 1-82x9,9-65x8,81,89,8-50x7,71-85x7,7,13,… \
             in fileseq; 1-82x9 in deadline; 1-82x9 in openjd",
        ),
        ("x", "'x': not a frame or range"),
        (
            "1-5x0",
            "fileseq: '1-5x0': the step is zero; deadline: '1-5x0': the step is zero; \
             openjd: '1-5x0': not a frame or range",
        ),
        // In Deadline it has few enough frames.
        ("1-20000000:3", "more than 10000000 frames"),
    ] {
        assert_eq!(agreed(range), meaning, "{range}");
    }
}

#[test]
fn steps_are_counted_from_an_origin() {
    let from = |range: &str, origin: &str| {
        let origin = Frame::parse(origin).ok();
        text(&parse_from(range, Syntax::Fileseq, origin).unwrap())
    };
    assert_eq!(from("1004-1030x10", "1001"), "1011,1021");
    assert_eq!(from("1004-1030x10", "5001"), "1011,1021");
    assert_eq!(from("1030-1004x10", "1001"), "1021,1011");
    assert_eq!(from("1001-1030x10", "1001"), "1001,1011,1021");
    assert_eq!(from("1002-1005x10", "1001"), "");
    assert_eq!(from("1002-1007y3", "1001"), "1002,1003,1005,1006");
    assert_eq!(from("2-9:4", "1"), "5,9,4,7,3,2,6,8");
    assert_eq!(from("1-2x0.25", "0.1"), "1.1,1.35,1.6,1.85");
    assert_eq!(
        from("7,7.5,1.5-3.5,20-30x5", "1"),
        "7,7.5,1.5,2.5,3.5,21,26"
    );
}
