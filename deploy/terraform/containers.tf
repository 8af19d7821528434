# The workers and, if wanted, the API with the pages, on Fargate.

locals {
  region = element(split(":", aws_sqs_queue.jobs.arn), 3)

  variables = merge(
    {
      AWS_REGION         = local.region
      CSV_BUCKET_NAME    = aws_s3_bucket.files.bucket
      SQS_QUEUE_URL      = aws_sqs_queue.jobs.url
      LOG_FORMAT         = "json"
      METRICS_ADDRESS    = "0.0.0.0:9090"
      WORKER_CONCURRENCY = tostring(var.jobs_per_worker)
    },
    var.events_topic_arn == null ? {} : { EVENTS_TOPIC_ARN = var.events_topic_arn },
    var.collector == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.collector.url },
    var.environment,
  )

  page_variables = var.pages == null ? {} : {
    LISTEN_ADDRESS = "0.0.0.0:8080"
    PUBLIC_URL     = var.pages.url
    OIDC_ISSUER    = var.pages.oidc_issuer
    OIDC_CLIENT_ID = var.pages.oidc_client_id
  }

  database_url = { name = "DATABASE_URL", valueFrom = aws_secretsmanager_secret.database_url.arn }

  # What all containers have in common.
  container = {
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    # Longer than a chunk and a long poll take.
    stopTimeout     = 40
    linuxParameters = { initProcessEnabled = true }
    # ECS ignores the health check of the image.
    healthCheck = { command = ["CMD", "ingest", "health"], interval = 30, timeout = 10, retries = 3, startPeriod = 60 }
    mountPoints = [{ sourceVolume = "temporary", containerPath = "/tmp", readOnly = false }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.logs.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "ingest"
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "logs" {
  name              = "/${var.name}"
  retention_in_days = var.log_days
}

# Container Insights counts the workers that run, which scaling needs.
resource "aws_ecs_cluster" "cluster" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_security_group" "containers" {
  name_prefix = "${var.name}-containers-"
  description = "Containers of ${var.name}"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id            = aws_security_group.containers.id
  description                  = "PostgreSQL"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.containers.id
  description       = "S3, SQS, sign-in, webhooks and the image"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "collector" {
  count = var.collector == null ? 0 : 1

  security_group_id            = aws_security_group.containers.id
  description                  = "The OpenTelemetry collector"
  referenced_security_group_id = var.collector.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.collector.port
  to_port                      = var.collector.port
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "${var.name}-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.worker_size.cpu
  memory                   = var.worker_size.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.start.arn

  ephemeral_storage {
    size_in_gib = var.worker_size.temporary
  }

  volume {
    name = "temporary"
  }

  container_definitions = jsonencode([merge(local.container, {
    name        = "worker"
    command     = ["worker"]
    environment = [for name, value in local.variables : { name = name, value = value }]
    secrets     = [local.database_url]
  })])
}

# A new version migrates the schema when its first container starts; those of the previous version keep working.
resource "aws_ecs_service" "worker" {
  name            = "worker"
  cluster         = aws_ecs_cluster.cluster.id
  task_definition = aws_ecs_task_definition.worker.arn
  desired_count   = var.workers.min
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [aws_security_group.containers.id]
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    # Follows the length of the queue.
    ignore_changes = [desired_count]
  }
}

resource "aws_ecs_task_definition" "pages" {
  count = var.pages == null ? 0 : 1

  family                   = "${var.name}-pages"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.start.arn

  volume {
    name = "temporary"
  }

  container_definitions = jsonencode([merge(local.container, {
    name         = "pages"
    command      = ["serve", "--no-worker"]
    environment  = [for name, value in merge(local.variables, local.page_variables) : { name = name, value = value }]
    secrets      = [local.database_url, { name = "OIDC_CLIENT_SECRET", valueFrom = var.pages.oidc_client_secret_arn }]
    portMappings = [{ containerPort = 8080, protocol = "tcp" }]
  })])
}

resource "aws_vpc_security_group_ingress_rule" "pages" {
  count = var.pages == null ? 0 : 1

  security_group_id            = aws_security_group.containers.id
  description                  = "The load balancer"
  referenced_security_group_id = var.pages.balancer_group_id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_ecs_service" "pages" {
  count = var.pages == null ? 0 : 1

  name            = "pages"
  cluster         = aws_ecs_cluster.cluster.id
  task_definition = aws_ecs_task_definition.pages[0].arn
  desired_count   = var.pages.count
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [aws_security_group.containers.id]
  }

  load_balancer {
    target_group_arn = var.pages.target_group_arn
    container_name   = "pages"
    container_port   = 8080
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}
