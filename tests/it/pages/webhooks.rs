//! The pages of webhooks: from a new one to what was sent to it.

use crate::support::{Look, Screen, Server, World, eventually, free_port};
use crate::webhooks::{LOOPBACK, Receiver};

#[tokio::test]
async fn a_webhook_is_created_tried_and_deleted_on_pages() {
    let receiver = Receiver::accepting().await;
    let world = World::database().await.with(&LOOPBACK);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs").await;
    screen.click("footer a[href='/webhooks']").await;
    screen.sees("main h2", "No webhooks yet").await;
    screen.find("input[name=url]").await.send_keys("https://user:secret@example.com/").await.unwrap();
    screen.click("form[action='/webhooks'] button").await;
    screen.sees("[role=alert].notice", "no password").await;
    screen.find("input[name=url]").await.clear().await.unwrap();
    screen.find("input[name=url]").await.send_keys(&receiver.url).await.unwrap();
    screen.click("form[action='/webhooks'] button").await;
    screen.sees(".notice code", "whsec_").await;
    screen.sees("tbody tr td:nth-child(3)", "A job waits for a person").await;

    screen.click("tbody th a").await;
    screen.click("form[action$='/test'] button").await;
    screen.sees("[role=status].notice", "The test is sent within seconds").await;
    receiver.eventually_received(1).await;
    let is_delivered = async || {
        screen.go("/webhooks/1").await;
        screen.count("tbody tr").await == 1
            && screen.find("tbody").await.text().await.unwrap().contains("delivered")
    };
    eventually("the page says that the test was delivered", is_delivered).await;
    screen.click("form[action$='/resend'] button").await;
    screen.sees("[role=status].notice", "The event is sent again").await;
    receiver.eventually_received(2).await;

    screen.click(".deeds summary").await;
    screen.click("form[action$='/delete'] button").await;
    screen.sees("main h2", "No webhooks yet").await;
    screen.close().await;
}
