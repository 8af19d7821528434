//! Drives a browser as a person does: looks at pages and presses keys.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::engine::Engine;
use super::server::Server;
use super::servers::Driver;

/// Longer than a page takes to change, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The appearance of a screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The width in pixels.
    pub width: u32,
    /// Whether dark colours are preferred.
    pub dark: bool,
}

impl Look {
    /// A desktop screen with light colours.
    pub(crate) const DESK: Look = Look { width: 1440, dark: false };
}

/// A browser with one page.
pub(crate) struct Screen {
    engine: Engine,
    driver: Arc<Driver>,
    client: Client,
    url: String,
    /// The address that makes the user known.
    entry: String,
    _profile: TempDir,
}

impl Screen {
    /// Opens a browser for the server at `url`.
    pub(crate) async fn open(server: &Server, look: Look) -> Screen {
        let profile = tempfile::tempdir().unwrap();
        let engine = Engine::chosen();
        let wanted = engine.capabilities(look, &profile);
        let driver = engine.driver();
        let driver_url = format!("http://127.0.0.1:{}", driver.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted.as_object().unwrap().clone()).connect(&driver_url).await;
        let client = client.expect("a browser starts");
        let screen = Screen {
            engine,
            driver,
            client,
            url: server.url.clone(),
            entry: server.entry_url(),
            _profile: profile,
        };
        screen.enter().await;
        screen
    }

    /// Opens the server's address with the token of its user.
    pub(crate) async fn enter(&self) {
        self.client.goto(&self.entry).await.unwrap();
    }

    /// Changes the browser's time zone.
    pub(crate) async fn time_zone(&self, name: &str) {
        self.engine.time_zone(&self.client, name).await;
    }

    /// Sets the width of the page in CSS pixels; each is `zoom` pixels of the screen wide.
    pub(crate) async fn resize(&self, width: u32, zoom: u32) {
        self.engine.resize(&self.client, width, 1000 / zoom, zoom).await;
    }

    /// Sets the size of the page in pixels.
    pub(crate) async fn resize_to(&self, width: u32, height: u32) {
        self.engine.resize(&self.client, width, height, 1).await;
    }

    /// Shows the page as it is printed, or as on a screen again.
    pub(crate) async fn print_style(&self, is_on: bool) {
        self.engine.print_style(&self.client, is_on).await;
    }

    /// Removes the cookies, so that the user is not known any more.
    pub(crate) async fn forget_user(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    /// Opens a page of the server.
    pub(crate) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.url)).await.unwrap();
    }

    /// Waits for an element and returns it.
    #[track_caller]
    pub(crate) fn find<'s>(&'s self, css: &'s str) -> impl Future<Output = Element> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let element = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
            match element {
                Ok(element) => element,
                Err(error) => panic!("{caller}: {css}: {error}\n{}", self.body().await),
            }
        }
    }

    /// Waits until no such element exists.
    #[track_caller]
    pub(crate) fn gone<'s>(&'s self, css: &'s str) -> impl Future<Output = ()> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let script = "return document.querySelector(arguments[0]) === null";
            for _ in 0..200 {
                if self.run(script, vec![json!(css)]).await == json!(true) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("{caller}: {css} stays\n{}", self.body().await);
        }
    }

    /// Waits for an element that contains this text.
    #[track_caller]
    pub(crate) fn sees<'s>(&'s self, css: &'s str, text: &'s str) -> impl Future<Output = ()> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let script = "return [...document.querySelectorAll(arguments[0])].some(e => e.innerText.includes(arguments[1]))";
            for _ in 0..200 {
                if self.run(script, vec![json!(css), json!(text)]).await == json!(true) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("{caller}: no {css} says {text}\n{}", self.body().await);
        }
    }

    /// Goes to a step of an upload, once it can be reached.
    pub(crate) async fn step(&self, name: &str) {
        self.click(&format!("#steps [data-to={name}]:enabled")).await;
        self.find(&format!("#step-{name}:focus")).await;
    }

    /// Presses a button, or follows a link.
    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Presses keys one after the other, in the focused element.
    pub(crate) async fn press(&self, keys: &str) {
        // No key is pressed while one page, or the focused part of it, replaces another.
        for _ in 0..20 {
            if let Ok(focused) = self.client.active_element().await
                && focused.send_keys(keys).await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Presses a key of the keyboard, wherever the focus is.
    pub(crate) async fn press_key(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Returns the number of such elements.
    pub(crate) async fn count(&self, css: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.run(script, vec![json!(css)]).await.as_u64().unwrap()
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        // No script can run while one page replaces another.
        for _ in 0..20 {
            if let Ok(result) = self.client.execute(script, arguments.clone()).await {
                return result;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Returns the accessibility violations that axe-core reports.
    pub(crate) async fn accessibility_violations(&self) -> Vec<String> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("axe-core is not installed: run scripts/setup --test");
        self.client.execute(&axe, Vec::new()).await.unwrap();
        let ask = "const done = arguments[arguments.length - 1];
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((results) =>
                done(results.violations.map((one) =>
                    one.id + ': ' + one.nodes.slice(0, 4).map((node) => node.html + ' ' + node.failureSummary).join(' | '))));";
        let result = self.client.execute_async(ask, Vec::new()).await.unwrap();
        let result = result.as_array().unwrap();
        result.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    /// Returns requests to other hosts, and violations of the content security policy.
    pub(crate) async fn foreign_requests(&self) -> Vec<String> {
        let ask = "const done = arguments[arguments.length - 1];
            const elsewhere = performance.getEntriesByType('resource').map((one) => one.name)
                .filter((name) => new URL(name).origin !== location.origin);
            const observer = new ReportingObserver((reports) => {
                done(elsewhere.concat(reports.map((one) => JSON.stringify(one.body))));
            }, { types: ['csp-violation'], buffered: true });
            observer.observe();
            setTimeout(() => done(elsewhere), 300);";
        let result = self.client.execute_async(ask, Vec::new()).await.unwrap();
        result.as_array().unwrap().iter().map(ToString::to_string).collect()
    }

    /// Returns a screenshot of the visible part of the page, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// Closes the browser. Fails if a script has failed.
    pub(crate) async fn close(self) {
        let errors = self.engine.script_errors(&self.client, &self.driver, &self.url).await;
        self.client.close().await.unwrap();
        assert_eq!(errors, Vec::<String>::new(), "errors of scripts");
    }

    async fn body(&self) -> String {
        let text =
            self.client.execute("return location.href + '\\n' + document.body.innerText", Vec::new()).await;
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
