//! The program's whole output, so that a reviewer sees every word that changes. `INSTA_UPDATE=always` accepts new
//! output.

use crate::support::World;

const CONTACTS: &str = "email,first_name,last_name,company
ann@example.com,Ann,Lee,Acme
ann@example.com,Anna,Lee,Acme
bo@exmaple.com,Bo,,Acme
carl@,Carl,Ray,Acme
dora@example.com,Dora,Ray,Acme,surplus
";

/// Replaces what differs between runs.
fn steady(text: &str, world: &World) -> String {
    let folder = world.path("").display().to_string();
    let text = text.replace(folder.trim_end_matches('/'), "FOLDER");
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let lines = text.lines().map(|line| {
        if line.starts_with("ok    database ") {
            return "ok    database      PostgreSQL VERSION, database NAME".to_owned();
        }
        if line.starts_with("ok    temp files ") {
            return "ok    temp files    TMPDIR has N MiB free".to_owned();
        }
        let mut words: Vec<&str> = line.split(' ').collect();
        for at in 1..words.len() {
            if words[at].trim_end_matches([',', '.', ';', ')']) == "s"
                && is_number(words[at - 1].trim_start_matches('('))
            {
                words[at - 1] = "N";
            }
        }
        for word in &mut words {
            let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b'-';
            let has_two_hyphens = word.bytes().filter(|byte| *byte == b'-').count() == 2;
            let is_date = word.len() == 10 && has_two_hyphens && word.bytes().all(is_digit);
            match *word {
                _ if is_date => *word = "DATE",
                time if time.ends_with('Z') && time.contains(':') => *word = "TIME",
                role if role.starts_with("ingest_requests_") => *word = "ROLE",
                _ => {}
            }
        }
        words.join(" ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn help_of_every_command_matches_the_snapshot() {
    let world = World::without_database().await;
    let help = world.ingest(&["--help"]).await.stdout;
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands =
        listed.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    let commands = commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let mut all = help.clone();
    // The settings are the same for every command and appear above.
    for command in commands {
        let help = world.ingest(&[command, "--help"]).await.stdout;
        let own = help.split("\nConfiguration:").next().unwrap();
        all.push_str(&format!("\n======== ingest {command} --help\n\n{own}"));
    }
    insta::assert_snapshot!("help", steady(&all, &world));
}

#[tokio::test]
async fn a_first_import_and_its_issues_match_the_snapshot() {
    let world = World::database().await.with(&[("INGEST_OWNER", "ann")]);
    let file = world.file("contacts.csv", CONTACTS);
    let mut all = String::new();
    let commands: &[&[&str]] = &[
        &["check", &file],
        &["import", &file],
        &["issues", "1"],
        &["bulk", "1", "correct", "--type", "INVALID_EMAIL", "--preview"],
        &["discard", "4"],
        &["resolve", "1", "1", "keep-row", "--row", "1"],
        &["reprocess", "1"],
        &["edit", "999", "--company", "Acme"],
        &["undo", "999"],
        &["contacts"],
        &["jobs"],
        &["audit"],
        &["cancel", "7"],
        &["doctor"],
    ];
    for command in commands {
        let ended = world.ingest(command).await;
        let shown = command.join(" ");
        all.push_str(&format!(
            "$ ingest {shown}\n{}{}(exit status {:?})\n\n",
            ended.stdout, ended.stderr, ended.status
        ));
    }
    insta::assert_snapshot!("first_import", steady(&all, &world));
}
