//! The browsers that pages are tested with, and what WebDriver does differently in each. BROWSER chooses: `chromium`, which is
//! the default, or `firefox`.

use std::sync::{Arc, OnceLock};

use axum::http::Method;
use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use super::chromium::Look;
use super::servers::Driver;

/// A browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// Chromium, driven by chromedriver.
    Chromium,
    /// Firefox, driven by geckodriver.
    Firefox,
}

/// A command of Chromium's DevTools protocol, with its parameters.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

/// A command that returns what Chromium has logged since the last one.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

impl Engine {
    /// Returns the browser of this test run.
    pub(super) fn chosen() -> Engine {
        match std::env::var("BROWSER").as_deref() {
            Err(_) | Ok("" | "chromium") => Engine::Chromium,
            Ok("firefox") => Engine::Firefox,
            Ok(other) => panic!("BROWSER is chromium or firefox, not {other}"),
        }
    }

    /// Returns a driver for one more browser. A geckodriver drives only one.
    pub(super) fn driver(self) -> Arc<Driver> {
        static SHARED: OnceLock<Arc<Driver>> = OnceLock::new();
        match self {
            Engine::Chromium => SHARED.get_or_init(|| Arc::new(Driver::start("chromedriver"))).clone(),
            Engine::Firefox => Arc::new(Driver::start("geckodriver")),
        }
    }

    /// Returns what a new session asks for. Firefox makes its profile itself.
    pub(super) fn capabilities(self, look: Look, profile: &TempDir) -> Value {
        match self {
            Engine::Chromium => chromium(look, profile),
            Engine::Firefox => firefox(look),
        }
    }

    /// Changes the browser's time zone.
    pub(super) async fn time_zone(self, client: &Client, name: &str) {
        self.dev_tools(client, "Emulation.setTimezoneOverride", json!({ "timezoneId": name })).await;
    }

    /// Sets the size of the page in CSS pixels; each is `zoom` pixels of the screen wide.
    pub(super) async fn resize(self, client: &Client, width: u32, height: u32, zoom: u32) {
        match self {
            Engine::Firefox if zoom == 1 => {
                client.set_window_size(width, height).await.unwrap();
            }
            Engine::Chromium | Engine::Firefox => {
                let metrics =
                    json!({ "width": width, "height": height, "deviceScaleFactor": zoom, "mobile": false });
                self.dev_tools(client, "Emulation.setDeviceMetricsOverride", metrics).await;
            }
        }
    }

    /// Shows the page as it is printed, or as on a screen again.
    pub(super) async fn print_style(self, client: &Client, is_on: bool) {
        let media = json!({ "media": if is_on { "print" } else { "" } });
        self.dev_tools(client, "Emulation.setEmulatedMedia", media).await;
    }

    async fn dev_tools(self, client: &Client, command: &'static str, parameters: Value) {
        assert_eq!(
            self,
            Engine::Chromium,
            "{command} is only in Chromium: skip the test with BROWSER=firefox"
        );
        client.issue_cmd(DevTools(command, parameters)).await.unwrap();
    }

    /// Returns what scripts of the server at `url` have thrown and, in Chromium, what the policy for content has blocked; but not what
    /// scripts have logged, such as refused requests.
    pub(super) async fn script_errors(self, client: &Client, driver: &Driver, url: &str) -> Vec<String> {
        match self {
            Engine::Chromium => {
                let log = client.issue_cmd(BrowserLog).await.unwrap();
                let is_error =
                    |entry: &&Value| entry["source"] == "javascript" || entry["source"] == "security";
                let entries = log.as_array().unwrap().iter().filter(is_error);
                entries.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
            }
            // It writes to the log of its driver, with the address of the script.
            Engine::Firefox => {
                let log = std::fs::read(&driver.log).unwrap();
                let start = format!("JavaScript error: {url}/");
                let log = String::from_utf8_lossy(&log);
                log.lines().filter(|line| line.starts_with(&start)).map(str::to_owned).collect()
            }
        }
    }
}

fn chromium(look: Look, profile: &TempDir) -> Value {
    let mut arguments = vec![
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--window-size={},1000", look.width),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    if look.dark {
        arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let mut options = json!({ "args": arguments });
    if look.width < 600 {
        // A window cannot be that narrow, so the device is emulated.
        let metrics = json!({ "width": look.width, "height": 844, "pixelRatio": 1 });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "SEVERE" } })
}

fn firefox(look: Look) -> Value {
    let scheme = i32::from(!look.dark);
    let preferences = json!({
        "layout.css.prefers-color-scheme.content-override": scheme,
        "intl.accept_languages": "en-US",
    });
    let arguments = json!(["-headless", format!("--width={}", look.width), "--height=1000"]);
    json!({ "browserName": "firefox", "moz:firefoxOptions": { "args": arguments, "prefs": preferences } })
}
