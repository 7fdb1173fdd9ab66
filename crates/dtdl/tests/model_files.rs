//! Models from files, folders and strings.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use dtdl::{Code, ModelFiles, ModelFilesError, Parser};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dtdl-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn interface(name: &str, base: Option<&str>) -> String {
    let extends = base.map_or_else(String::new, |base| {
        format!(", \"extends\": \"dtmi:com:example:{base};1\"")
    });
    format!(
        "{{\"@context\": \"dtmi:dtdl:context;3\",\r\n \"@id\": \"dtmi:com:example:{name};1\", \"@type\": \"Interface\"{extends}}}"
    )
}

fn ids(files: &ModelFiles) -> Vec<String> {
    let models = files.models().unwrap();
    models
        .iter()
        .map(|model| model["@id"].as_str().unwrap().replace("dtmi:com:example:", ""))
        .collect()
}

#[test]
fn a_folder_yields_all_json_files_below_it() {
    let folder = Folder::new("folder");
    folder.write("b.json", format!("\u{feff}{}", interface("B", Some("A"))));
    folder.write(
        "a/a.JSON",
        format!("[{},\r\n{}]", interface("A", None), interface("Z", None)),
    );
    folder.write("readme.md", "no model");
    folder.write(".vscode/settings.json", "{}");
    let files = ModelFiles::read(&folder.0).unwrap();
    assert_eq!(ids(&files), ["A;1", "Z;1", "B;1"]);
    assert_eq!(Parser::new().parse(files.documents()).unwrap().len(), 3);
}

#[test]
fn a_file_may_be_utf_16_with_a_byte_order_mark() {
    let folder = Folder::new("utf16");
    let text = interface("Büro", None).replace("Büro", "A");
    let units = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
        marked.flat_map(to_bytes).collect()
    };
    for bytes in [units(u16::to_le_bytes), units(u16::to_be_bytes)] {
        let file = folder.write("a.json", bytes);
        assert_eq!(ids(&ModelFiles::read(file).unwrap()), ["A;1"]);
    }
}

#[test]
fn a_string_may_have_a_byte_order_mark_and_an_array() {
    let text = format!(
        "\u{feff}[{}, {}]",
        interface("B", Some("A")),
        interface("A", None)
    );
    let mut files = ModelFiles::from_text("text", text);
    files.extend([ModelFiles::from_text("more", interface("C", None))]);
    assert_eq!(ids(&files), ["B;1", "A;1", "C;1"]);
}

#[test]
fn errors_name_the_file() {
    let folder = Folder::new("errors");
    let error = ModelFiles::read(&folder.0).unwrap_err();
    assert!(matches!(error, ModelFilesError::Empty { .. }), "{error}");
    let error = ModelFiles::read(folder.0.join("none.json")).unwrap_err();
    assert!(error.to_string().contains("none.json"), "{error}");
    let file = folder.write("latin1.json", b"\"B\xfcro\"");
    let error = ModelFiles::read(file).unwrap_err();
    assert!(matches!(error, ModelFilesError::Encoding { .. }), "{error}");
    folder.write("latin1.json", "{}");
    folder.write("x.json", "[1,\n");
    let files = ModelFiles::read(&folder.0).unwrap();
    let error = files.models().unwrap_err();
    assert!(error.to_string().contains("x.json is not valid JSON"), "{error}");
    let error = Parser::new().parse(files.documents()).unwrap_err();
    let invalid = error
        .diagnostics
        .iter()
        .find(|one| one.code == Code::InvalidJson)
        .unwrap();
    assert!(invalid.location.document.ends_with("x.json"), "{invalid}");
}
