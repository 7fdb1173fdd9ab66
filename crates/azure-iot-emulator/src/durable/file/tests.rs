//! What is read back from files, damaged ones included.

use super::*;
use serde_json::json;

fn change(key: &str, value: u32) -> BTreeMap<&'static str, Vec<StateChange>> {
    let change = StateChange {
        path: vec![key.to_owned()],
        value: Some(json!(value)),
    };
    BTreeMap::from([("s", vec![change])])
}

/// A data file as a start leaves it.
fn started(path: &Path) -> DataFile {
    let (mut file, _) = DataFile::open(path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    file
}

fn state(path: &Path) -> Value {
    let (_, saved) = DataFile::open(path).unwrap();
    saved.services.get("s").cloned().unwrap_or_default()
}

#[test]
fn what_was_appended_is_read_and_a_line_cut_short_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    file.append(&change("b", 2)).unwrap();
    assert!(matches!(DataFile::open(&path), Err(DataFileError::InUse)));
    drop(file);
    let journal = folder.path().join("data.json.journal");
    let whole = std::fs::read(&journal).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // Wherever the last write is cut, the state is the one before it.
    for end in first..whole.len() {
        std::fs::write(&journal, &whole[..end]).unwrap();
        assert_eq!(state(&path), json!({"a": 1}), "{end}");
    }
    std::fs::write(&journal, &whole).unwrap();
    assert_eq!(state(&path), json!({"a": 1, "b": 2}));
    // And goes on from there.
    std::fs::write(&journal, &whole[..whole.len() - 3]).unwrap();
    let (mut file, _) = DataFile::open(&path).unwrap();
    file.append(&change("c", 3)).unwrap();
    drop(file);
    assert_eq!(state(&path), json!({"a": 1, "c": 3}));
}

#[test]
fn damage_in_the_middle_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    drop(started(&path));
    std::fs::write(
        folder.path().join("data.json.journal"),
        "garbage\n{\"sequence\":2,\"changes\":{}}\n",
    )
    .unwrap();
    assert!(matches!(
        DataFile::open(&path),
        Err(DataFileError::DamagedJournal(1))
    ));
    std::fs::remove_file(folder.path().join("data.json.journal")).unwrap();
    std::fs::write(&path, "{\"format\": 2}").unwrap();
    assert!(matches!(
        DataFile::open(&path),
        Err(DataFileError::NotUnderstood(_))
    ));
}

#[test]
fn a_journal_that_was_not_emptied_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    let lines = std::fs::read(&journal).unwrap();
    file.replace(&[], &Map::from_iter([("s".to_owned(), json!({"a": 5}))]))
        .unwrap();
    assert_eq!(std::fs::read(&journal).unwrap().len(), 0);
    file.append(&change("b", 2)).unwrap();
    let later = std::fs::read(&journal).unwrap();
    drop(file);
    // As if the program had ended between the rename and the emptying.
    std::fs::write(&journal, &lines).unwrap();
    assert_eq!(state(&path), json!({"a": 5}));
    std::fs::write(&journal, [lines, later].concat()).unwrap();
    assert_eq!(state(&path), json!({"a": 5, "b": 2}));
}

/// Lines are nothing without the state that they go on from.
#[test]
fn a_journal_without_its_data_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    drop(file);
    std::fs::remove_file(&path).unwrap();
    let lines = std::fs::read(&journal).unwrap();
    for end in [lines.len(), lines.len() / 2] {
        std::fs::write(&journal, &lines[..end]).unwrap();
        let error = DataFile::open(&path).unwrap_err();
        assert!(matches!(error, DataFileError::OnlyJournal(_)), "{error}");
        assert!(error.to_string().contains(journal.to_str().unwrap()), "{error}");
        assert_eq!(std::fs::read(&journal).unwrap(), lines[..end], "it is as it was");
    }
    // An empty one is what a start leaves that got no further.
    std::fs::write(&journal, "").unwrap();
    assert_eq!(state(&path), Value::Null);
}

#[test]
fn a_gap_between_lines_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    let mut lines = Vec::new();
    for number in 1..=3 {
        file.append(&change("a", number)).unwrap();
        let text = std::fs::read_to_string(&journal).unwrap();
        lines.push(text.lines().last().unwrap().to_owned() + "\n");
    }
    drop(file);
    for (damaged, line) in [
        (vec![1, 2], 1),
        (vec![0, 2], 2),
        (vec![0, 1, 1], 3),
        (vec![1, 0], 1),
        (vec![0, 1, 0], 3),
    ] {
        let text: String = damaged.iter().map(|at: &usize| lines[*at].as_str()).collect();
        std::fs::write(&journal, text).unwrap();
        let error = DataFile::open(&path).unwrap_err();
        assert!(
            matches!(error, DataFileError::MissingLines(at) if at == line),
            "{damaged:?}: {error}"
        );
    }
    std::fs::write(&journal, lines.concat()).unwrap();
    assert_eq!(state(&path), json!({"a": 3}));
}

/// A folder with the name of the data file can't be replaced by a file.
#[test]
fn a_replacement_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut file, _) = DataFile::open(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.replace(&[], &Map::new()).is_err());
    assert!(!folder.path().join("data.json.new").exists());
    std::fs::remove_dir(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    assert!(path.is_file());
}

/// On a disk that is full for long, every line would be followed by a whole state in vain.
#[test]
fn a_replacement_that_failed_is_not_due_before_the_journal_has_grown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let mut file = started(&path);
    let much = || {
        let mut change = change("a", 1);
        change.get_mut("s").unwrap()[0].value = Some(json!("x".repeat(5 * 1024 * 1024)));
        change
    };
    assert!(!file.needs_compaction());
    file.append(&much()).unwrap();
    assert!(file.needs_compaction());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.replace(&[], &Map::new()).is_err());
    assert!(!file.needs_compaction());
    file.append(&change("b", 1)).unwrap();
    assert!(!file.needs_compaction());
    file.append(&much()).unwrap();
    assert!(file.needs_compaction());
    std::fs::remove_dir(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    assert!(!file.needs_compaction());
}

#[test]
#[cfg(unix)]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut file, _) = DataFile::open(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    for name in ["data.json", "data.json.journal"] {
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
