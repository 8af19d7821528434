# PostgreSQL, reached by the containers alone, over TLS.

resource "aws_db_subnet_group" "database" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "database" {
  name_prefix = "${var.name}-database-"
  description = "PostgreSQL of ${var.name}"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "Containers of ${var.name}"
  referenced_security_group_id = aws_security_group.containers.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

# No special characters, so that it can stand in a URL. The state of Terraform contains it: keep the state encrypted.
resource "random_password" "database" {
  length  = 40
  special = false
}

resource "aws_db_parameter_group" "database" {
  name_prefix = "${var.name}-"
  family      = "postgres${var.database.version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "database" {
  identifier                   = var.name
  engine                       = "postgres"
  engine_version               = var.database.version
  instance_class               = var.database.class
  allocated_storage            = var.database.storage
  max_allocated_storage        = var.database.max_storage
  storage_type                 = "gp3"
  storage_encrypted            = true
  db_name                      = "ingest"
  username                     = "ingest"
  password                     = random_password.database.result
  parameter_group_name         = aws_db_parameter_group.database.name
  db_subnet_group_name         = aws_db_subnet_group.database.name
  vpc_security_group_ids       = [aws_security_group.database.id]
  publicly_accessible          = false
  multi_az                     = var.database.standby
  backup_retention_period      = var.database.backup_days
  copy_tags_to_snapshot        = true
  auto_minor_version_upgrade   = true
  performance_insights_enabled = true
  deletion_protection          = true
  final_snapshot_identifier    = "${var.name}-final"
}

resource "aws_secretsmanager_secret" "database_url" {
  name_prefix = "${var.name}-database-url-"
}

# Encrypted, but without a check of the certificate: the image does not contain the certificates of RDS.
resource "aws_secretsmanager_secret_version" "database_url" {
  secret_id     = aws_secretsmanager_secret.database_url.id
  secret_string = "postgresql://ingest:${random_password.database.result}@${aws_db_instance.database.endpoint}/ingest?sslmode=require"
}
