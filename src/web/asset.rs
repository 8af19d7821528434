//! Styles and scripts, compiled into the program. Their names contain their hash, so that browsers cache them forever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::Problem;

/// A file that pages load.
struct Asset {
    path: String,
    kind: &'static str,
    content: &'static str,
}

/// The files that pages load. Templates use their paths.
pub(crate) struct Assets {
    style: Asset,
    htmx: Asset,
    keys: Asset,
    edits: Asset,
    cells: Asset,
    grid: Asset,
    many: Asset,
    live: Asset,
    times: Asset,
    upload: Asset,
    sending: Asset,
    resuming: Asset,
    steps: Asset,
    checking: Asset,
    matching: Asset,
    icon: Asset,
}

/// The files of this build.
pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let script = "text/javascript; charset=utf-8";
    Assets {
        style: asset("pages", "css", "text/css; charset=utf-8", include_str!("../../static/pages.css")),
        htmx: asset("htmx", "js", script, include_str!("../../static/htmx.min.js")),
        keys: asset("keys", "js", script, include_str!("../../static/keys.js")),
        edits: asset("edits", "js", script, include_str!("../../static/edits.js")),
        cells: asset("cells", "js", script, include_str!("../../static/cells.js")),
        grid: asset("grid", "js", script, include_str!("../../static/grid.js")),
        many: asset("many", "js", script, include_str!("../../static/many.js")),
        live: asset("live", "js", script, include_str!("../../static/live.js")),
        times: asset("times", "js", script, include_str!("../../static/times.js")),
        upload: asset("upload", "js", script, include_str!("../../static/upload.js")),
        sending: asset("sending", "js", script, include_str!("../../static/sending.js")),
        resuming: asset("resuming", "js", script, include_str!("../../static/resuming.js")),
        steps: asset("steps", "js", script, include_str!("../../static/steps.js")),
        checking: asset("checking", "js", script, include_str!("../../static/checking.js")),
        matching: asset("matching", "js", script, include_str!("../../static/matching.js")),
        icon: asset("icon", "svg", "image/svg+xml", include_str!("../../static/icon.svg")),
    }
});

fn asset(name: &str, end: &str, kind: &'static str, content: &'static str) -> Asset {
    let hash = blake3::hash(content.as_bytes()).to_hex();
    Asset { path: format!("/static/{name}-{}.{end}", &hash[..12]), kind, content }
}

impl Assets {
    /// Returns the path of the styles.
    pub(crate) fn style(&self) -> &str {
        &self.style.path
    }

    /// Returns the path of htmx 2.0.11, unmodified (Zero-Clause BSD), which lets forms and links replace a part of a page.
    pub(crate) fn htmx(&self) -> &str {
        &self.htmx.path
    }

    /// Returns the path of the script for keyboard shortcuts.
    pub(crate) fn keys(&self) -> &str {
        &self.keys.path
    }

    /// Returns the path of the script that keeps what is not saved yet.
    pub(crate) fn edits(&self) -> &str {
        &self.edits.path
    }

    /// Returns the path of the script that saves and shows the cells of the table of a review.
    pub(crate) fn cells(&self) -> &str {
        &self.cells.path
    }

    /// Returns the path of the script that makes the table of a review an editable grid.
    pub(crate) fn grid(&self) -> &str {
        &self.grid.path
    }

    /// Returns the path of the script that selects cases or rows for a decision about many.
    pub(crate) fn many(&self) -> &str {
        &self.many.path
    }

    /// Returns the path of the script for the files to import.
    pub(crate) fn upload(&self) -> &str {
        &self.upload.path
    }

    /// Returns the path of the script that sends them.
    pub(crate) fn sending(&self) -> &str {
        &self.sending.path
    }

    /// Returns the path of the script that sends large ones in parts.
    pub(crate) fn resuming(&self) -> &str {
        &self.resuming.path
    }

    /// Returns the path of the script that shows one step of an upload at a time.
    pub(crate) fn steps(&self) -> &str {
        &self.steps.path
    }

    /// Returns the path of the script that checks a file before its import.
    pub(crate) fn checking(&self) -> &str {
        &self.checking.path
    }

    /// Returns the path of the script for the columns of a file.
    pub(crate) fn matching(&self) -> &str {
        &self.matching.path
    }

    /// Returns the path of the script for live progress.
    pub(crate) fn live(&self) -> &str {
        &self.live.path
    }

    /// Returns the path of the script that shows times in the browser's time zone.
    pub(crate) fn times(&self) -> &str {
        &self.times.path
    }

    /// Returns the path of the icon.
    pub(crate) fn icon(&self) -> &str {
        &self.icon.path
    }
}

/// Serves a file, without authentication.
pub(super) async fn serve(Path(name): Path<String>) -> Result<Response, Problem> {
    let Assets { style, htmx, keys, edits, cells, grid, many, live, times, icon, .. } = &*ASSETS;
    let Assets { upload, sending, resuming, steps, checking, matching, .. } = &*ASSETS;
    let all = [
        style, htmx, keys, edits, cells, grid, many, live, times, icon, upload, sending, resuming, steps,
        checking, matching,
    ];
    let asset = all.into_iter().find(|asset| asset.path.strip_prefix("/static/") == Some(name.as_str()));
    let asset = asset.ok_or_else(|| Problem::not_found("no such file"))?;
    let headers =
        [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.content).into_response())
}
