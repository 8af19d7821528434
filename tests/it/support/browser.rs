//! A client that handles redirects and cookies like a browser, one step at a time.

use std::collections::HashMap;

use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::Value;

/// Cookies by origin and name, each with its path.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: HashMap<(String, String), (String, String)>,
}

/// Returns a client that neither follows redirects nor stores cookies.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Returns such a client that sends this bearer token, unless a request names another.
pub(crate) fn client_with_bearer(token: &str) -> reqwest::Client {
    let bearer = format!("Bearer {token}").parse().unwrap();
    let headers = [(AUTHORIZATION, bearer)].into_iter().collect();
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.default_headers(headers).build().unwrap()
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl Browser {
    /// Sends a request and stores the cookies of its response.
    pub(crate) async fn request(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Response {
        self.request_with(method, url, form, &[]).await
    }

    /// Sends a request with headers and stores the cookies of its response.
    pub(crate) async fn request_with(
        &mut self,
        method: Method,
        url: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = client().request(method, url);
        if !form.is_empty() {
            request = request.form(form);
        }
        self.send(request, url, headers).await
    }

    /// Sends JSON and stores the cookies of the response.
    pub(crate) async fn send_json(&mut self, url: &str, body: &Value, headers: &[(&str, &str)]) -> Response {
        self.send(client().post(url).json(body), url, headers).await
    }

    async fn send(
        &mut self,
        mut request: reqwest::RequestBuilder,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let url = Url::parse(url).unwrap();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self
            .cookies
            .iter()
            .filter(|((of, _), (_, path))| *of == origin(&url) && url.path().starts_with(path.as_str()));
        let cookies: Vec<String> = cookies.map(|((_, name), (value, _))| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            self.store_cookie(&url, cookie.to_str().unwrap());
        }
        answer
    }

    fn store_cookie(&mut self, url: &Url, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.find_map(|part| part.strip_prefix("path=").or(part.strip_prefix("Path=")));
        let key = (origin(url), name.to_owned());
        match value.is_empty() {
            true => self.cookies.remove(&key),
            false => self.cookies.insert(key, (value.to_owned(), path.unwrap_or("/").to_owned())),
        };
    }

    /// Returns the value of a server's cookie.
    pub(crate) fn cookie(&self, server: &str, name: &str) -> Option<String> {
        let of = origin(&Url::parse(server).unwrap());
        self.cookies.get(&(of, name.to_owned())).map(|(value, _)| value.clone())
    }

    /// Follows redirects from `url` and fills in the provider's pages as `user` until a redirect to an address that
    /// starts with `end`; returns that address without visiting it.
    pub(crate) async fn sign_in_until(&mut self, url: &str, user: &str, end: &str) -> String {
        let mut url = url.to_owned();
        for _ in 0..20 {
            if url.starts_with(end) {
                return url;
            }
            let answer = self.request(Method::GET, &url, &[]).await;
            if answer.status().is_redirection() {
                url = redirect(&url, &answer);
                continue;
            }
            assert_eq!(answer.status(), StatusCode::OK, "{url}: {}", answer.text().await.unwrap());
            let page = answer.text().await.unwrap();
            let action = between(&page, "action=\"", "\"").expect("a page with a form");
            let action = Url::parse(&url).unwrap().join(action).unwrap().to_string();
            let form: &[(&str, &str)] = match page.contains("value=\"login\"") {
                true => &[("prompt", "login"), ("login", user), ("password", "any")],
                false => &[("prompt", "consent")],
            };
            let answer = self.request(Method::POST, &action, form).await;
            url = redirect(&action, &answer);
        }
        panic!("the sign-in did not end: {url}");
    }
}

/// Returns the address that a response redirects to.
#[track_caller]
pub(super) fn redirect(url: &str, answer: &Response) -> String {
    let status = answer.status();
    let location =
        answer.headers().get(LOCATION).unwrap_or_else(|| panic!("{url} answered {status}, no redirect"));
    Url::parse(url).unwrap().join(location.to_str().unwrap()).unwrap().to_string()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(text, _)| text)
}
