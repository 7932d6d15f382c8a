//! The key table of the README comes from the action table. `UPDATE_DOCS=1 cargo test --test readme` writes it again.

use quantlearn::input::{ACTIONS, Action, Context};

const BEGIN: &str = "<!-- keys: made from the action table -->\n";
const END: &str = "<!-- end of keys -->\n";

fn table() -> String {
    let mut rows: Vec<(String, Vec<String>, &str)> = Vec::new();
    for row in ACTIONS {
        let keys: Vec<String> = match row.action {
            Action::Entry(_) => vec!["0-9 . -".into()],
            Action::Answer(_) => vec!["a-f 1-6".into()],
            _ => row.keys.iter().map(ToString::to_string).collect(),
        };
        let (what, help) = match row.action {
            Action::Entry(_) => ("entry".to_owned(), row.help),
            Action::Answer(_) => ("answer".to_owned(), "option or partner"),
            _ => (row.name.to_owned(), row.help),
        };
        match rows.iter_mut().find(|(name, _, text)| *name == what && *text == help) {
            Some((_, known, _)) => known.extend(keys.into_iter().filter(|key| !known.contains(key)).collect::<Vec<_>>()),
            None => rows.push((what, keys, help)),
        }
    }
    let line = |(_, keys, help): (String, Vec<String>, &str)| {
        let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
        format!("| {keys} | {help} |\n")
    };
    format!("| keys | what |\n|---|---|\n{}", rows.into_iter().map(line).collect::<String>())
}

#[test]
fn the_readme_lists_the_keys_of_the_action_table() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let start = readme.find(BEGIN).expect("the README has the place") + BEGIN.len();
    let end = start + readme[start..].find(END).expect("the README has the place");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write("README.md", format!("{}{}{}", &readme[..start], table(), &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[start..end], table(), "run UPDATE_DOCS=1 cargo test --test readme");
}

#[test]
fn every_context_has_a_name_in_help() {
    assert!(Context::ALL.iter().all(|context| !context.title().is_empty()));
}
