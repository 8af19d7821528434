//! `ingest open`: the page of a job in the browser.

use std::os::unix::fs::PermissionsExt;

use reqwest::Method;

use super::{HEADER, on_terminal};
use crate::support::{Browser, Server, World};

/// Replaces the desktop's program by one that writes its argument to a file.
fn browser_of(world: World, program: &str) -> World {
    let folder = world.path("bin");
    std::fs::create_dir(&folder).unwrap();
    let path = world.file("bin/xdg-open", &format!("#!/bin/sh\n{program}\n"));
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    world.with(&[("PATH", &path)])
}

async fn imported() -> World {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}ann@example.com,Ann,Lee,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    world
}

#[tokio::test]
async fn a_job_is_opened_on_the_running_server() {
    let world = browser_of(imported().await, "echo \"$@\" > opened");
    let none = world.ingest(&["open", "1"]).await;
    none.expect_status(1);
    assert!(none.stderr.contains("`ingest serve`") && none.stdout.is_empty(), "{}", none.stderr);

    let mut server = Server::start(world).await;
    let address = format!("{}/jobs/1", server.url);
    let opened = || std::fs::read_to_string(server.world.path("opened")).ok();
    let printed = server.world.ingest(&["open", "1", "--print"]).await;
    assert_eq!(
        (printed.status, printed.stdout, printed.stderr),
        (Some(0), format!("{address}\n"), String::new())
    );
    assert_eq!(opened(), None);
    let shown = server.world.ingest(&["open", "1", "--print", "--json"]).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown.stdout).unwrap()["url"], address.as_str());

    let run = server.world.ingest(&["open", "1"]).await;
    run.expect_status(0);
    // Others can see the arguments of programs, so the token is not among them.
    assert_eq!((opened().unwrap().trim(), run.stdout.trim()), (address.as_str(), address.as_str()));
    assert!(!run.stderr.contains("token"), "{}", run.stderr);

    let unknown = server.world.ingest(&["open", "9"]).await;
    unknown.expect_status(1);
    assert!(unknown.stderr.contains("`ingest jobs`"), "{}", unknown.stderr);

    // The address of a stopped server is not used.
    assert_eq!(server.stop().await, Some(0));
    server.world.ingest(&["open", "1", "--print"]).await.expect_status(1);
    let world = server.world.with(&[("PUBLIC_URL", "https://contacts.example.com")]);
    let elsewhere = world.ingest(&["open", "1", "--print"]).await;
    assert_eq!(elsewhere.stdout.trim(), "https://contacts.example.com/jobs/1");
}

#[tokio::test]
async fn an_address_for_a_person_signs_the_browser_in() {
    let server = Server::start(browser_of(imported().await, "exit 3")).await;
    let shown = on_terminal(&server.world, 200, "", &["open", "1"]).await;
    shown.expect_status(0);
    assert!(shown.stdout.contains("cannot open a browser"), "{}", shown.stdout);
    let address = format!("{}/jobs/1?token={}", server.url, server.token().unwrap());
    assert!(shown.stdout.contains(&address), "{}", shown.stdout);

    let mut browser = Browser::default();
    let page = format!("{}/jobs/1", server.url);
    assert_eq!(browser.request(Method::GET, &page, &[]).await.status(), 401);
    let entered = browser.request(Method::GET, &address, &[]).await;
    assert_eq!(
        (entered.status().as_u16(), entered.headers()["location"].to_str().unwrap()),
        (303, "/jobs/1")
    );
    assert_eq!(browser.request(Method::GET, &page, &[]).await.status(), 200);
    let settings = ["open", "1", "--public-url", "https://contacts.example.com"];
    let shown = on_terminal(&server.world, 200, "", &settings).await;
    assert!(shown.stdout.contains("https://contacts.example.com/jobs/1"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("token"), "the token of this server is for no other: {}", shown.stdout);

    let elsewhere = address.replace("/jobs/1", "//jobs/1");
    assert_ne!(Browser::default().request(Method::GET, &elsewhere, &[]).await.status(), 303);
}
