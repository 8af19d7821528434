output "bucket" {
  description = "The bucket of the files."
  value       = aws_s3_bucket.files.bucket
}

output "queue_url" {
  description = "The queue of the messages."
  value       = aws_sqs_queue.jobs.url
}

output "dead_letter_queue_url" {
  description = "The queue of messages that failed."
  value       = aws_sqs_queue.dead_letters.url
}

output "database_url_secret_arn" {
  description = "The secret with the database's URL."
  value       = aws_secretsmanager_secret.database_url.arn
}

output "task_role_arn" {
  description = "The role of the containers."
  value       = aws_iam_role.task.arn
}
