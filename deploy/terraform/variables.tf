variable "name" {
  description = "The prefix of all names."
  type        = string
  default     = "ingest"
}

variable "image" {
  description = "The container image, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/data-ingestion-worker:0.1.0."
  type        = string
}

variable "vpc_id" {
  description = "The network. Its private subnets need a way to S3, SQS, Secrets Manager, CloudWatch Logs and the image: endpoints or a NAT gateway."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in at least two availability zones, for the database and the containers."
  type        = list(string)
}

variable "workers" {
  description = "The least and the most workers; between them, their number follows the length of the queue."
  type        = object({ min = number, max = number })
  default     = { min = 1, max = 10 }
}

variable "worker_size" {
  description = "Processor units (1024 are one processor) and MiB of memory of a worker, and GiB of its temporary files (at least 21)."
  type        = object({ cpu = number, memory = number, temporary = number })
  default     = { cpu = 1024, memory = 2048, temporary = 30 }
}

variable "jobs_per_worker" {
  description = "Concurrent jobs of a worker (WORKER_CONCURRENCY)."
  type        = number
  default     = 2
}

variable "database" {
  description = "The database: class of the instance, GiB of storage, version of PostgreSQL, days of backups, and whether it has a standby in another zone."
  type = object({
    class       = optional(string, "db.t4g.large")
    storage     = optional(number, 100)
    max_storage = optional(number, 1000)
    version     = optional(string, "17")
    backup_days = optional(number, 14)
    standby     = optional(bool, true)
  })
  default = {}
}

variable "events_topic_arn" {
  description = "An SNS topic to which workers publish the changes of the jobs of all owners, or null for none."
  type        = string
  default     = null
}

variable "environment" {
  description = "Further variables of workers and pages, as `ingest help config` lists them. No secrets."
  type        = map(string)
  default     = {}
}

variable "collector" {
  description = "An OpenTelemetry collector that receives traces and metrics by OTLP over HTTP, or null for none: its URL, such as http://collector.internal:4318, the port of the URL, and its security group, which has to admit the containers. A collector of a service at port 443 needs only OTEL_EXPORTER_OTLP_ENDPOINT in `environment`."
  type = object({
    url               = string
    port              = optional(number, 4318)
    security_group_id = string
  })
  default = null
}

variable "pages" {
  description = "The API and the review pages, or null for none. Requests come from the load balancer of `target_group_arn`, which has a security group of its own; sign-in is at an OpenID Connect provider. `client_secret_arn`: a secret of Secrets Manager."
  type = object({
    url                    = string
    target_group_arn       = string
    balancer_group_id      = string
    oidc_issuer            = string
    oidc_client_id         = string
    oidc_client_secret_arn = string
    count                  = optional(number, 2)
  })
  default = null
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}
