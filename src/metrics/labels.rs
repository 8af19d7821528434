//! The labels of the metrics. Their values are names of our own enums, and routes.

use prometheus_client::encoding::EncodeLabelSet;

/// The program.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Build {
    /// The version of the package.
    pub version: &'static str,
    /// The commit; empty if the build has not set it.
    pub commit: &'static str,
}

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfQueue {
    /// The kind of queue, after OpenTelemetry's `messaging.system`.
    pub messaging_system: &'static str,
}

/// Answers to messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Answered {
    /// The kind of queue.
    pub messaging_system: &'static str,
    /// The answer.
    pub answer: &'static str,
}

/// Renewals by a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Renewed {
    /// What is renewed.
    pub of: &'static str,
    /// How the renewal ended.
    pub outcome: &'static str,
}

/// Results of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    /// The result.
    pub outcome: &'static str,
}

/// Successful runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Finished {
    /// The flow.
    pub flow: &'static str,
    /// The status of the job at the end.
    pub status: &'static str,
}

/// Parts of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Part {
    /// The flow.
    pub flow: &'static str,
    /// The part.
    pub part: &'static str,
}

/// Rows of successful runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfRows {
    /// The flow.
    pub flow: &'static str,
    /// What became of the rows.
    pub outcome: &'static str,
}

/// Contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Changed {
    /// Whether they were created or updated.
    pub change: &'static str,
}

/// Issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfIssueType {
    /// The type.
    pub issue_type: &'static str,
}

/// Retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Retried {
    /// What failed.
    pub cause: &'static str,
}

/// Requests to the HTTP server, after OpenTelemetry's `http.server.request.duration`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Requested {
    /// The method; `_OTHER` if it is not a standard one.
    pub http_request_method: &'static str,
    /// The route, such as `/jobs/{id}`; empty if no route matched.
    pub http_route: String,
    /// The status of the response.
    pub http_response_status_code: u16,
}

/// Connections of a pool, after OpenTelemetry's `db.client.connection.count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Connections {
    /// The pool.
    pub db_client_connection_pool_name: &'static str,
    /// `idle` or `used`.
    pub db_client_connection_state: &'static str,
}

/// A pool of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfPool {
    /// The pool.
    pub db_client_connection_pool_name: &'static str,
}
