//! `journal show|merge`; tests/batch_journal.rs has the runs.

use crate::batch::{gets, targets};
use crate::batch_journal::Batch;
use crate::support::c47;

#[test]
fn journals_of_shards_are_merged() {
    let server = targets();
    let batch = Batch::new(&gets(&server, 30));
    for index in 1..=2 {
        let (shard, journal) = (format!("{index}/3"), format!("{index}.j"));
        let words = [
            "http",
            "--batch",
            "in.ndjson",
            "--journal",
            &journal,
            "--shard",
            &shard,
        ];
        c47()
            .current_dir(batch.scratch.path())
            .args(words)
            .run()
            .expect_code(0);
    }
    let merge = |words: &[&str]| {
        let run = c47()
            .current_dir(batch.scratch.path())
            .args(["journal", "merge"]);
        run.args(words).run()
    };
    let done = server.requests().len();
    let two = merge(&["1.j", "2.j"]).expect_code(1);
    assert_eq!(
        two.stdout_text(),
        format!("{done} done, 0 failed, 0 unknown\nwithout a journal: shard 3/3\n")
    );
    let words = [
        "http",
        "--batch",
        "in.ndjson",
        "--journal",
        "3.j",
        "--shard",
        "3/3",
    ];
    c47()
        .current_dir(batch.scratch.path())
        .args(words)
        .run()
        .expect_code(0);
    let all = merge(&["1.j", "3.j", "2.j", "--json"])
        .expect_code(0)
        .json();
    assert_eq!(
        (
            &all["done"],
            all["missing_shards"].as_array().unwrap().len()
        ),
        (&30.into(), 0)
    );
    merge(&["1.j", "1.j"]).expect_code(2);
    merge(&[]).expect_code(2);
    merge(&["in.ndjson"]).expect_code(7);
}
