//! No request reaches data of another owner.

use reqwest::Method;
use serde_json::{Value, json};

use super::{DIRTY, post, serving, uploaded};
use crate::support::Server;

/// Fills in the path's parameters with ids of objects that belong to one owner.
fn filled(path: &str, upload: &str) -> String {
    let path = ["job", "issue", "action", "contact", "mapping", "webhook", "delivery", "id"]
        .iter()
        .fold(path.replace("{row}", "2"), |path, name| path.replace(&format!("{{{name}}}"), "1"));
    let path = path.replace("{upload}", upload);
    if path.ends_with("/export") { path + "?format=csv" } else { path }
}

/// The headers of the tus protocol.
const OF_PARTS: [(&str, &str); 3] =
    [("tus-resumable", "1.0.0"), ("upload-offset", "0"), ("content-type", "application/offset+octet-stream")];

fn body_of(path: &str, method: &Method) -> Option<Value> {
    let decision = json!({ "decision": "discard" });
    match path.rsplit('/').next()? {
        "{upload}" => None,
        "resolution" => Some(decision),
        "assign" => Some(json!({ "to": "me" })),
        "note" => Some(json!({ "note": "mine" })),
        "bulk" | "preview" => Some(json!({ "decision": decision })),
        "retry" => Some(json!({})),
        "reread" => Some(json!({ "encoding": "UTF-8" })),
        "map" => Some(json!({ "columns": { "email": 0 } })),
        "delete" => Some(json!({ "filter": { "all": true }, "expected": 0 })),
        "policy" => Some(json!({ "policy": "HOLD" })),
        "webhooks" => Some(json!({ "url": "https://others.invalid" })),
        "tokens" => Some(json!({ "name": "a", "roles": [] })),
        "rows" => Some(json!({ "rows": [{ "row": 2, "values": { "company": "Mine" } }] })),
        _ if *method == Method::PUT => Some(json!({ "values": { "company": "Mine" } })),
        _ if *method == Method::PATCH => Some(json!({ "company": "Mine" })),
        _ => None,
    }
}

#[tokio::test]
async fn no_operation_reaches_another_owners_data() {
    let server = serving().await;
    let job = uploaded(&server, DIRTY).await;
    assert_eq!(job, 1);
    let (_, effect) = post(
        &server,
        "/api/v1/jobs/1/bulk",
        json!({ "filter": { "text": "bad" }, "decision": { "decision": "discard" } }),
    )
    .await;
    assert_eq!(effect["changed"]["rows"], 1);
    uploaded(&server, "email,first_name,last_name,company\nsecret@example.com,Se,Cret,Acme\n").await;
    let file = server.world.file("mine.csv", "a,b,c,d\nmapped@example.com,Ann,Lee,Acme\n");
    let columns = ["email=1", "first_name=2", "last_name=3", "company=4"].map(|column| ["--column", column]);
    let arguments = [["import", &file].as_slice(), columns.as_flattened()].concat();
    server.world.ingest(&arguments).await.expect_status(0);
    post(&server, "/api/v1/tokens", json!({ "name": "mine", "roles": [] })).await;
    post(&server, "/api/v1/webhooks", json!({ "url": "https://mine.invalid" })).await;
    post(&server, "/api/v1/webhooks/1/test", json!({})).await;
    let headers = [("tus-resumable", "1.0.0"), ("upload-length", "5")];
    let made = server.send(Method::POST, "/api/v1/uploads/resumable", None, &headers).await;
    let upload = made.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let made = server
        .world
        .ingest(&["token", "create", "theirs", "--roles", "uploader,editor", "--owner", "other"])
        .await;
    made.expect_status(0);
    let token = made.stdout.split_whitespace().find(|word| word.starts_with("ing_")).unwrap().to_owned();
    let before: String = state(&server).await;

    let (_, document) = server.get("/api/openapi.json").await;
    let mut requests = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for name in ["get", "head", "post", "put", "patch", "delete"] {
            if operations.get(name).is_none() || !path.starts_with("/api/v1/") || path.ends_with("/uploads") {
                continue;
            }
            let method: Method = name.to_uppercase().parse().unwrap();
            let bearer = format!("Bearer {token}");
            let mut headers = vec![("authorization", bearer.as_str()), ("if-match", "*")];
            if path.contains("/resumable") {
                headers.extend(OF_PARTS);
            }
            let target = filled(path, &upload);
            let answer = server.send(method.clone(), &target, body_of(path, &method), &headers).await;
            let (status, text) = (answer.status().as_u16(), beginning(answer).await);
            requests += 1;
            match path.contains('{') {
                // A token cannot manage tokens, whoever owns them.
                true if path.contains("/tokens/") => assert_eq!(status, 403, "{method} {path}: {text}"),
                true => assert_eq!(status, 404, "{method} {path}: {text}"),
                false => assert!(
                    !["tester", "example.com", "a.csv", "mine"].iter().any(|theirs| text.contains(theirs)),
                    "{method} {path}: {status} {text}"
                ),
            }
        }
    }
    assert!(requests >= 25, "the document has {requests} operations");
    assert_eq!(state(&server).await, before, "nothing has changed");
}

/// Returns the body of a response, of a stream without an end what arrives in a second.
async fn beginning(mut answer: reqwest::Response) -> String {
    if answer.headers().get("content-type").is_none_or(|kind| kind != "text/event-stream") {
        return answer.text().await.unwrap();
    }
    let mut text = Vec::new();
    let second = std::time::Duration::from_secs(1);
    while let Ok(Ok(Some(more))) = tokio::time::timeout(second, answer.chunk()).await {
        text.extend(more);
    }
    String::from_utf8(text).unwrap()
}

/// Returns everything that the tables contain about the first owner.
async fn state(server: &Server) -> String {
    let query = "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
            SELECT jobs::text AS line FROM jobs UNION ALL SELECT staging::text FROM staging
            UNION ALL SELECT issues::text FROM issues UNION ALL SELECT contacts::text FROM contacts
            UNION ALL SELECT column_mappings::text FROM column_mappings
            UNION ALL SELECT uploads::text FROM uploads WHERE upload_owner = 'tester'
            UNION ALL SELECT webhooks::text FROM webhooks WHERE webhook_owner = 'tester'
            UNION ALL SELECT delivery_message::text FROM webhook_deliveries WHERE delivery_owner = 'tester'
            UNION ALL SELECT actions::text FROM actions WHERE action_owner = 'tester'
            UNION ALL SELECT token_name || coalesce(token_revoked_at::text, '') FROM api_tokens
                WHERE token_owner = 'tester') AS all_lines";
    sqlx::query_scalar(query).fetch_one(&server.world.pool).await.unwrap()
}
